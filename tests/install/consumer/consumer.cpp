#include <iostream>
#include <mikey/base/bytes.hpp>
#ifdef HAS_KMS
#include <mikey/kms/xml.hpp>
#endif
#ifdef HAS_KMS_HTTP
#include <mikey/kms/http_client.hpp>
#endif

int main() {
#ifdef HAS_KMS_HTTP
  // Links TLS, too.
  mikey::kms::HttpEndpoint endpoint;
  endpoint.url = "https://kms.example.com";
  if (!mikey::kms::HttpClient::open(endpoint).ok()) return 1;
#endif
#ifdef HAS_KMS
  // Links the parser of documents, and what it needs.
  const auto document = mikey::kms::read_xml(mikey::crypto::openssl(), mikey::as_bytes("<KmsCertCache/>"));
  if (!document) return 1;
#endif
  const mikey::Bytes octets{0, 1, 2, 3, 4, 5};
  std::cout << mikey::to_base64(octets) << '\n';
}
