/// \file
/// What the KMS's server reads beside MIKEY messages and what Boost.Beast parses. The first octet says what:
/// 0 a request to the key services (target, Authorization and body, an end of line between them); 1 a token
/// file; 2 a Content-Type; 3 addresses and URLs; 4 values in the log, whose lines must be JSON in UTF-8.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "fuzz_support.hpp"
#include "kms/http/reply.hpp"
#include "mikey/kms/key_service.hpp"
#include "mikey/kms/xml.hpp"

namespace {

using namespace mikey;
using fuzz::require;

constexpr std::string_view kToken = "aliceALICEalice0123";
constexpr std::string_view kUser = "sip:alice@example.com";

/// Keys of a KMS cost a while; they are made once.
kms::HttpService make_service() {
  static const ManualClock clock(NtpTime::from_unix(1790000000));
  fuzz::CountingRng rng(1);
  auto o = std::make_shared<kms::KeyServiceOptions>();
  auto master = ibc::make_master(rng, "kms.example.com", {SakkeIdScheme::mcx_hashed_uid, 2592000, 0});
  require(master.ok());
  o->master = std::move(*master);
  auto tokens =
      kms::TokenTable::parse(crypto::openssl(), rng, std::string(kToken) + " " + std::string(kUser));
  require(tokens.ok() && tokens->size() == 1);
  o->tokens = std::move(*tokens);
  o->ahead = 0;
  auto service = kms::make_key_service(std::move(o), clock);
  require(service.ok());
  return std::move(*service);
}

std::string_view line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view out = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return out;
}

/// Whoever is not Alice gets nothing; what Alice gets is a document that this library reads.
void request(std::string_view text) {
  static const kms::HttpService service = make_service();
  kms::HttpRequest r;
  r.method = "POST";
  r.target = line(text);
  r.authorization = line(text);
  r.body = as_bytes(text);
  r.secure = true;
  const kms::HttpReply reply = service(r);
  require(reply.status >= 200 && reply.status < 600);
  if (reply.status != 200) return;
  require(r.authorization == "Bearer " + std::string(kToken));
  const auto document = kms::read_xml(crypto::openssl(), reply.body.reveal());
  require(document.ok());
  const auto* response = std::get_if<kms::Response>(&document->body);
  require(response != nullptr && response->user_uri == kUser);
}

void addresses(std::string_view text) {
  if (const auto a = kms::ListenAddress::parse(text)) {
    const auto again = kms::ListenAddress::parse(a->text());
    require(again.ok() && *again == *a);
  }
  if (!text.starts_with("http:")) return;  // of https a context with the system's certificates would be made
  kms::HttpEndpoint e;
  e.url = text;
  (void)kms::HttpClient::open(std::move(e));
}

void log(std::string_view text) {
  const std::string made = kms::log_line(true, 1790000000000, kms::LogLevel::info, text, {{"value", text}});
  require(made.find('\n') == std::string::npos);
  const auto parsed = nlohmann::json::parse(made, nullptr, false);
  require(parsed.is_object() && parsed["event"] == parsed["value"]);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text = as_text({data + 1, size - 1});
  fuzz::CountingRng rng(1);
  switch (data[0] % 5) {
    case 0:
      request(text);
      break;
    case 1:
      if (const auto t = kms::TokenTable::parse(crypto::openssl(), rng, text)) require(!t->identity_of(""));
      break;
    case 2:
      if (kms::http::is_mikey_type(text)) require(text.size() >= kms::http::kMikeyType.size());
      break;
    case 3:
      addresses(text);
      break;
    default:
      log(text);
  }
  return 0;
}
