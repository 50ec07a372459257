#include "kms/http/tls.hpp"

#include <boost/asio/buffer.hpp>

#include "mikey/crypto/certificate.hpp"

namespace mikey::kms::http {
namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

boost::asio::const_buffer buffer_of(ByteView octets) {
  return {octets.data(), octets.size()};
}

Error unusable(const char* what, const error_code& ec) {
  return bad_request(std::string(what) + ": " + ec.message());
}

Status use_own(ssl::context& c, const std::string& chain, const SecretBytes& key) {
  error_code ec;
  c.use_certificate_chain(buffer_of(as_bytes(chain)), ec);
  if (ec) return unusable("expected a chain of certificates in PEM", ec);
  c.use_private_key(buffer_of(key.reveal()), ssl::context::pem, ec);
  if (ec) return unusable("expected the private key of the first certificate in PEM", ec);
  if (SSL_CTX_check_private_key(c.native_handle()) != 1)
    return bad_request("the private key is not that of the certificate");
  return {};
}

Status trust(ssl::context& c, const std::string& ca) {
  error_code ec;
  c.add_certificate_authority(buffer_of(as_bytes(ca)), ec);
  if (ec) return unusable("expected certificates of authorities in PEM", ec);
  return {};
}

}  // namespace

mikey::Result<TlsContext> server_context(const TlsOptions& o) {
  error_code ec;
  auto c = std::make_shared<ssl::context>(ssl::context::tls_server);
  SSL_CTX_set_min_proto_version(c->native_handle(), o.tls_1_2 ? TLS1_2_VERSION : TLS1_3_VERSION);
  c->set_options(ssl::context::default_workarounds | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                     SSL_OP_CIPHER_SERVER_PREFERENCE,
                 ec);
  if (ec) return unusable("TLS", ec);
  SSL_CTX_set_mode(c->native_handle(), SSL_MODE_RELEASE_BUFFERS);  // idle connections are many
  if (auto s = use_own(*c, o.chain, o.key); !s) return std::move(s).error();
  // What a resumed session may be resumed for.
  constexpr std::string_view kContext = "mikey-kms";
  SSL_CTX_set_session_id_context(c->native_handle(), as_bytes(kContext).data(), kContext.size());
  if (o.client_certificate == ClientCertificate::none) return c;
  if (auto s = trust(*c, o.client_ca); !s) return std::move(s).error();
  auto names = crypto::Certificate::from_pem(o.client_ca);
  if (!names) return bad_request("expected certificates of authorities in PEM: " + names.error().detail);
  c->set_verify_mode(o.client_certificate == ClientCertificate::required
                         ? ssl::verify_peer | ssl::verify_fail_if_no_peer_cert
                         : ssl::verify_mode(ssl::verify_peer),
                     ec);
  if (ec) return unusable("TLS", ec);
  return c;
}

mikey::Result<TlsContext> client_context(const HttpEndpoint& e) {
  error_code ec;
  auto c = std::make_shared<ssl::context>(ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(c->native_handle(), TLS1_2_VERSION);
  if (e.ca.empty()) {
    c->set_default_verify_paths(ec);
    if (ec) return unusable("the system's certificates of authorities", ec);
  } else if (auto s = trust(*c, e.ca); !s) {
    return std::move(s).error();
  }
  if (!e.certificate.empty()) {
    if (!e.key) return bad_request("a certificate needs its private key");
    if (auto s = use_own(*c, e.certificate, *e.key); !s) return std::move(s).error();
  }
  c->set_verify_mode(ssl::verify_peer, ec);
  if (ec) return unusable("TLS", ec);
  return c;
}

std::vector<std::string> peer_uris(SSL* connection) {
  X509* const x = SSL_get1_peer_certificate(connection);
  if (x == nullptr) return {};
  const int size = i2d_X509(x, nullptr);
  Bytes der(size > 0 ? static_cast<std::size_t>(size) : 0);
  std::uint8_t* to = der.data();
  const bool written = size > 0 && i2d_X509(x, &to) == size;
  X509_free(x);
  if (!written) return {};
  auto certificate = crypto::Certificate::from_der(der);
  if (!certificate) return {};
  return certificate->subject_uris();
}

bool set_server_name(SSL* connection, const std::string& host) {
  return SSL_set_tlsext_host_name(connection, host.c_str()) == 1;
}

}  // namespace mikey::kms::http
