#include "mikey/kms/key_service.hpp"

#include <charconv>

#include "mikey/kms/records.hpp"
#include "mikey/kms/xml.hpp"

namespace mikey::kms {
namespace {

constexpr std::string_view kXmlType = "application/xml";
constexpr std::string_view kBearer = "Bearer ";

HttpReply text_reply(unsigned status, std::string_view text) {
  const std::string line = std::string(text) + "\n";
  return {status, "text/plain; charset=utf-8", SecretBytes(as_bytes(line)), {}};
}

HttpReply error_reply(const Error& e) {
  return text_reply(e.severity == Severity::system ? 503 : 400, e.detail);
}

/// %-escapes of a path's segment (RFC 3986 2.1); nothing when one is none.
std::optional<std::string> unescaped(std::string_view s) {
  std::string out;
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (s[i] != '%') {
      out += s[i];
      continue;
    }
    const auto octet = from_hex(s.substr(i + 1, 2));
    if (i + 2 >= s.size() || !octet || octet->size() != 1) return std::nullopt;
    out += static_cast<char>((*octet)[0]);
    i += 2;
  }
  return out;
}

/// The path behind kKeyServicePath, cut at slashes.
std::vector<std::string_view> segments(std::string_view target) {
  const std::size_t at = target.find(kKeyServicePath);
  std::string_view rest = target.substr(0, target.find('?'));
  rest = at == std::string_view::npos ? std::string_view() : rest.substr(at + kKeyServicePath.size());
  std::vector<std::string_view> out;
  while (true) {
    const std::size_t slash = rest.find('/');
    out.push_back(rest.substr(0, slash));
    if (slash == std::string_view::npos) return out;
    rest.remove_prefix(slash + 1);
  }
}

class KeyService {
 public:
  KeyService(std::shared_ptr<const KeyServiceOptions> options, ibc::Kms kms, Certificate certificate,
             const Clock& clock)
      : o_(std::move(options)),
        kms_(std::move(kms)),
        certificate_(std::move(certificate)),
        clock_(clock),
        rng_(crypto::openssl_rng()) {}

  HttpReply answer(const HttpRequest& r) const;

 private:
  struct Asked {
    std::string user;
    std::string url;  ///< ClientReqUrl
    std::vector<std::string_view> path;
    Time now;
    const KeyServiceOptions::Protection* protection = nullptr;
  };

  std::optional<std::string> who_asks(const HttpRequest& r) const;
  Status check_body(const HttpRequest& r, Asked& asked) const;
  HttpReply init(const Asked& asked) const;
  HttpReply keyprov(const Asked& asked) const;
  HttpReply certcache(const Asked& asked) const;
  HttpReply respond(const Asked& asked, decltype(Response::message) message) const;

  std::shared_ptr<const KeyServiceOptions> o_;
  ibc::Kms kms_;
  Certificate certificate_;
  const Clock& clock_;
  std::unique_ptr<Rng> rng_;
};

/// A bearer token says it alone when there is one; else the certificate's only URI.
std::optional<std::string> KeyService::who_asks(const HttpRequest& r) const {
  if (r.authorization.starts_with(kBearer)) {
    if (!o_->tokens) return std::nullopt;
    return o_->tokens->identity_of(r.authorization.substr(kBearer.size()));
  }
  if (!o_->client_certificates || r.certificate_uris.size() != 1) return std::nullopt;
  return r.certificate_uris.front();
}

/// A KmsRequest need not be there; when it is, it must be the user's own, for this KMS, and signed by the
/// user's key if it has one and the request is signed.
Status KeyService::check_body(const HttpRequest& r, Asked& asked) const {
  if (r.body.empty()) return {};
  std::vector<SecurityKey> keys;
  const auto add = [&](const std::optional<SecurityKey>& k) {
    if (k) keys.push_back({k->id, k->key.clone()});
  };
  if (asked.protection != nullptr) {
    add(asked.protection->integrity);
    add(asked.protection->transport);
  }
  const auto document = read_xml(crypto::openssl(), r.body, {keys, false});
  if (!document) return document.error();
  const auto* request = std::get_if<Request>(&document->body);
  if (request == nullptr) return bad_request("expected a KmsRequest", "TS 33.180 D.2.2");
  if (request->user_uri != asked.user)
    return bad_request("<UserUri>: the request is another user's", "TS 33.180 D.2.2");
  if (request->kms_uri != kms_.uri()) return bad_request("<KmsUri>: this is another KMS", "TS 33.180 D.2.2");
  asked.url = request->client_req_url;
  return {};
}

HttpReply KeyService::answer(const HttpRequest& r) const {
  Asked asked;
  asked.path = segments(r.target);
  const std::string_view what = asked.path.front();
  if (what != "init" && what != "keyprov" && what != "certcache")
    return text_reply(404, "this KMS answers init, keyprov and certcache");
  if (r.method != "POST") {
    HttpReply reply = text_reply(405, "expected POST");
    reply.headers.emplace_back("Allow", "POST");
    return reply;
  }
  if (!r.secure && !o_->plain_http) return text_reply(403, "keys are given over TLS only");
  auto user = who_asks(r);
  if (!user) {
    HttpReply reply = text_reply(401, "expected a bearer token, or a client certificate with one URI");
    reply.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"" + std::string(kms_.uri()) + "\"");
    return reply;
  }
  if (o_->users && !o_->users->contains(*user)) return text_reply(403, "this KMS has no keys for this user");
  asked.user = std::move(*user);
  asked.now = Time(std::chrono::seconds(clock_.now().unix_seconds()));
  asked.url = "https://" + std::string(kms_.uri()) + std::string(kKeyServicePath) + std::string(what);
  const auto protection = o_->protection.find(asked.user);
  if (protection != o_->protection.end()) asked.protection = &protection->second;
  if (auto s = check_body(r, asked); !s) return error_reply(s.error());
  return what == "init" ? init(asked) : what == "keyprov" ? keyprov(asked) : certcache(asked);
}

HttpReply KeyService::init(const Asked& asked) const {
  if (asked.path.size() != 1) return text_reply(404, "there is nothing behind init");
  return respond(asked, Init{certificate_, {}, {}});
}

/// keyprov, keyprov/USER, keyprov/USER/TIME: the current period and those ahead, or that at a time, which is
/// 16 hexadecimal digits of an NTP timestamp.
HttpReply KeyService::keyprov(const Asked& asked) const {
  if (asked.path.size() > 3) return text_reply(404, "expected keyprov/USER/TIME");
  if (asked.path.size() > 1 && unescaped(asked.path[1]) != asked.user)
    return text_reply(403, "the keys of others are not for this user");
  const ibc::IdScheme& ids = kms_.record().ids;
  const ibc::KeyPeriod current = ibc::period_at(ids, clock_.now());
  ibc::KeyPeriod first = current;
  ibc::KeyPeriod last{current.number + o_->ahead};
  if (asked.path.size() > 2) {
    const auto time = asked.path[2].size() == 16 ? from_hex(asked.path[2]) : std::nullopt;
    if (!time || time->size() != 8) return text_reply(400, "expected a time in 16 hexadecimal digits");
    first = last = ibc::period_at(ids, {load_be<std::uint64_t>(time->data())});
    if (first.number < current.number - o_->behind || first.number > current.number + o_->ahead)
      return text_reply(403, "keys of this period are not given now");
  }
  KeyProv out;
  for (ibc::KeyPeriod p = first; p <= last; ++p.number) {
    if (!kms_.record().covers(p)) continue;
    const auto made = ibc::issue_key_set(crypto::openssl(), *rng_, o_->master, kms_, asked.user, p);
    if (!made) return error_reply(made.error());
    auto set = to_key_set(*made, ids);
    if (!set) return error_reply(set.error());
    out.key_sets.push_back(std::move(*set));
  }
  if (out.key_sets.empty()) return text_reply(403, "this KMS has no keys for that time");
  return respond(asked, std::move(out));
}

/// certcache, certcache/NUMBER: nothing new for who has the list of that number.
HttpReply KeyService::certcache(const Asked& asked) const {
  if (asked.path.size() > 2) return text_reply(404, "expected certcache/NUMBER");
  CertCache out;
  out.number = o_->cache_number;
  std::uint64_t known = 0;
  if (asked.path.size() == 2) {
    const std::string_view text = asked.path[1];
    const auto [end, e] = std::from_chars(text.data(), text.data() + text.size(), known);
    if (e != std::errc() || end != text.data() + text.size())
      return text_reply(400, "expected the number of a certificate cache");
    if (known == o_->cache_number) return respond(asked, std::move(out));
  }
  out.certificates = o_->external;
  return respond(asked, std::move(out));
}

HttpReply KeyService::respond(const Asked& asked, decltype(Response::message) message) const {
  Response r;
  r.user_uri = asked.user;
  r.kms_uri = kms_.uri();
  r.time = asked.now;
  r.client_req_url = asked.url;
  r.message = std::move(message);
  WriteOptions options;
  if (asked.protection != nullptr) {
    const auto& [transport, integrity] = *asked.protection;
    if (transport) options.transport_key = &*transport;
    // TS 33.180 prefers the InK and allows the TrK.
    options.signing_key = integrity ? &*integrity : options.transport_key;
  }
  auto xml = write_xml(crypto::openssl(), {std::move(r), Signature::none, "", {}}, options);
  if (!xml) return error_reply(xml.error());
  return {200, std::string(kXmlType), std::move(*xml), {}};
}

}  // namespace

Result<HttpService> make_key_service(std::shared_ptr<const KeyServiceOptions> options, const Clock& clock) {
  if (auto s = ibc::check_master(options->master); !s) return std::move(s).error();
  auto kms = ibc::Kms::load(options->master.known);
  if (!kms) return std::move(kms).error();
  auto certificate = to_certificate(kms->record());
  if (!certificate) return std::move(certificate).error();
  certificate->domains = options->domains;
  const auto service =
      std::make_shared<const KeyService>(std::move(options), std::move(*kms), std::move(*certificate), clock);
  return HttpService([service](const HttpRequest& r) { return service->answer(r); });
}

}  // namespace mikey::kms
