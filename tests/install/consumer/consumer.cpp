#include <iostream>
#include <mikey/base/bytes.hpp>
#ifdef HAS_KMS
#include <mikey/kms/xml.hpp>
#endif
#ifdef HAS_KMS_HTTP
#include <mikey/kms/http_client.hpp>
#endif
#ifdef HAS_KMS_STORE
#include <mikey/kms/store.hpp>
#endif

int main() {
#ifdef HAS_KMS_HTTP
  // Links TLS, too.
  mikey::kms::HttpEndpoint endpoint;
  endpoint.url = "https://kms.example.com";
  if (!mikey::kms::HttpClient::open(endpoint).ok()) return 1;
#endif
#ifdef HAS_KMS_STORE
  // Links both databases: neither is there.
  const auto rng = mikey::crypto::openssl_rng();
  const auto master = mikey::kms::symmetric_master_key(mikey::crypto::openssl(), mikey::Bytes(32, 1));
  for (const char* url : {"sqlite:/nonexistent/kms.db", "host=/nonexistent dbname=kms"})
    if (mikey::kms::Store::open(url, mikey::crypto::openssl(), *rng, {*master, false}, 0).ok()) return 1;
#endif
#ifdef HAS_KMS
  // Links the parser of documents, and what it needs.
  const auto document = mikey::kms::read_xml(mikey::crypto::openssl(), mikey::as_bytes("<KmsCertCache/>"));
  if (!document) return 1;
#endif
  const mikey::Bytes octets{0, 1, 2, 3, 4, 5};
  std::cout << mikey::to_base64(octets) << '\n';
}
