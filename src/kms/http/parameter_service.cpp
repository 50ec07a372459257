#include "mikey/kms/parameter_service.hpp"

#include "mikey/ibc/ibake_files.hpp"

namespace mikey::kms {
namespace {

constexpr std::string_view kJsonType = "application/json";
constexpr std::string_view kCache =
    "public, max-age=3600";  // RFC 5408 4.2: clients fetch them again now and then

HttpReply text_reply(unsigned status, std::string_view text) {
  const std::string line = std::string(text) + "\n";
  return {status, "text/plain; charset=utf-8", SecretBytes(as_bytes(line)), {}};
}

struct Published {
  std::string base64;
  std::string json;
  bool plain_http = false;
};

HttpReply answer(const Published& p, const HttpRequest& r) {
  const std::string_view path = r.target.substr(0, r.target.find('?'));
  const std::string_view what = path.starts_with(kParameterPath) ? path.substr(kParameterPath.size()) : path;
  const bool ibe = what == "params";
  if (!ibe && what != "params.json") return text_reply(404, "this KMS publishes params and params.json");
  if (r.method != "GET" && r.method != "HEAD") {
    HttpReply reply = text_reply(405, "expected GET");
    reply.headers.emplace_back("Allow", "GET, HEAD");
    return reply;
  }
  if (!r.secure && !p.plain_http) return text_reply(403, "parameters are given over TLS only");
  HttpReply reply{200,
                  std::string(ibe ? ibc::kIbeParametersType : kJsonType),
                  SecretBytes(as_bytes(ibe ? p.base64 : p.json)),
                  {}};
  reply.headers.emplace_back("Cache-Control", kCache);
  return reply;
}

}  // namespace

Result<HttpService> make_parameter_service(const ibc::IbakeKms& kms, bool plain_http) {
  auto base64 = ibc::published_parameters(kms);
  if (!base64) return std::move(base64).error();
  const auto published = std::make_shared<const Published>(
      Published{std::move(*base64), ibc::write_ibake_kms(kms.record()), plain_http});
  return HttpService([published](const HttpRequest& r) { return answer(*published, r); });
}

}  // namespace mikey::kms
