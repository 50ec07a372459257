/// \file
/// TLS for servers and clients, by Boost.Asio.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>
#include <vector>

#include "mikey/kms/server.hpp"

namespace mikey::kms::http {

using TlsContext = std::shared_ptr<boost::asio::ssl::context>;

/// ErrorCode::bad_request, saying what is not good.
mikey::Result<TlsContext> server_context(const TlsOptions& options);
/// TLS 1.2 and 1.3. The host's name is to be checked for each connection.
mikey::Result<TlsContext> client_context(const HttpEndpoint& endpoint);

/// subjectAltName URIs of the peer's certificate, which the handshake has verified.
std::vector<std::string> peer_uris(SSL* connection);

/// Server name indication (RFC 6066 3).
bool set_server_name(SSL* connection, const std::string& host);

}  // namespace mikey::kms::http
