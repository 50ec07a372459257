/// \file
/// A connection that speaks HTTP/1.1.
#pragma once

#include <boost/asio/ip/tcp.hpp>

#include "kms/http/tls.hpp"
#include "kms/http/worker.hpp"

namespace mikey::kms::http {

/// Begins to serve the connection; it lives until it ends. In the worker's thread.
/// Without a slot all it is told is that there are too many; Shared::being_refused counts it.
std::shared_ptr<Session> start_http(Worker& worker, asio::ip::tcp::socket socket,
                                    std::shared_ptr<ConnectionSlot> slot);
std::shared_ptr<Session> start_https(Worker& worker, asio::ip::tcp::socket socket, TlsContext tls,
                                     std::shared_ptr<ConnectionSlot> slot);
/// MIKEY behind a length in two octets.
std::shared_ptr<Session> start_framed(Worker& worker, asio::ip::tcp::socket socket,
                                      std::shared_ptr<ConnectionSlot> slot);

}  // namespace mikey::kms::http
