#include "agent_core.hpp"

#include "agent_answer.hpp"
#include "agent_request.hpp"
#include "mikey/wire/dissect.hpp"
#include "pem.hpp"

namespace mikey::cmd {
namespace {

/// Seconds that a stored message may be old: the library's own bound is below it.
constexpr std::int64_t kMaxAge = 4294967295;

Json in_words(const std::exception& e) {
  return rejection({ErrorCode::resource, Severity::system, "", std::nullopt,
                    std::string("the request could not be carried out: ") + e.what()});
}

}  // namespace

AgentCore::AgentCore(Config config, const crypto::Provider& provider, Rng& rng, const Clock& clock,
                     bool reveal_keys, PartyLimits limits)
    : clock_(clock),
      reveal_keys_(reveal_keys),
      party_(std::move(config.identity), std::move(config.policy), std::move(config.credentials), provider,
             rng, clock, limits),
      expired_at_(clock.now()) {}

std::optional<std::string> AgentCore::handle(std::string_view line) {
  if (line.find_first_not_of(" \t\r\n") == std::string_view::npos) return std::nullopt;
  if (line.size() > kMaxLine) return line_too_long();
  std::string id = "null";
  try {
    auto parsed = parse_line(line);
    if (!parsed) return with_id(id, refusal(parsed.error().detail));
    id = std::move(parsed->id);
    if (parsed->complaint) return with_id(id, refusal(parsed->complaint->detail));
    expire();
    const Json answer = dispatch(parsed->value);
    wipe_member(parsed->value, "key");
    return with_id(id, answer);
  } catch (const std::exception& e) {  // memory ran out below, or in a library
    return with_id(id, in_words(e));
  }
}

std::string AgentCore::line_too_long() {
  return with_id("null", refusal("a request may have at most " + std::to_string(kMaxLine) + " octets"));
}

/// Waiting exchanges are looked through once a second at most, so that many of them cost little.
void AgentCore::expire() {
  const NtpTime now = clock_.now();
  const std::int64_t passed = ntp_difference(now, expired_at_);
  if (passed >= 0 && passed < (std::int64_t{1} << 32)) return;
  expired_at_ = now;
  (void)party_.expire();
}

Json AgentCore::dispatch(nlohmann::json& request) {
  RequestReader r(request);
  const std::string op = r.text("op").value_or("");
  if (op == "initiate") return initiate(request);
  if (op == "receive") return receive(request);
  if (op == "supply") return supply(request);
  if (op == "inspect") return inspect(request);
  if (op == "forget") return forget(request);
  if (op == "open") return open_content(request);
  return refusal("op: expected one of initiate, receive, supply, inspect, forget, open");
}

Json AgentCore::initiate(nlohmann::json& request) {
  auto asked = parse_initiate(request, party_.self().type, party_.credentials().ticket_request);
  if (!asked) return rejection(asked.error());
  const auto outcome = party_.initiate(std::move(*asked));
  return outcome ? answer_of(*outcome, reveal_keys_) : rejection(outcome.error());
}

Json AgentCore::receive(nlohmann::json& request) {
  RequestReader r(request);
  const std::string from = r.text("from").value_or("peer");
  if (from != "peer" && from != "kms") r.fail("from", "expected \"peer\" or \"kms\"");
  const auto message = r.base64("message");
  const auto max_age = r.integer("max_age", kMaxAge);
  if (!r.ok()) return rejection(r.error());
  if (max_age) return answer_of(party_.open_stored(*message, std::chrono::seconds(*max_age)), reveal_keys_);
  return answer_of(party_.receive(from == "kms" ? Source::kms : Source::peer, *message), reveal_keys_);
}

/// One request has one answer: it is about the first exchange that waited for the certificate, and holds what
/// came of the others in "more".
Json AgentCore::supply(nlohmann::json& request) {
  RequestReader r(request);
  const auto url = r.text("certificate_url", "a URL");
  if (!url) r.fail("certificate_url", "expected the URL that was needed");
  const auto pem = r.text("certificate", "a certificate in PEM, or null when it could not be fetched");
  Result<Bytes> der =
      bad_message(ErrorCode::invalid_cert, "RFC 3830 6.7", "the certificate could not be fetched");
  if (pem) {
    const auto blocks = pem_blocks(*pem, "CERTIFICATE");
    if (!blocks || blocks->empty()) {
      r.fail("certificate", "expected a certificate in PEM");
    } else {
      der = to_bytes(blocks->front().reveal());
    }
  }
  if (!r.ok()) return rejection(r.error());
  const auto outcomes = party_.supply_certificate(*url, std::move(der));
  if (outcomes.empty()) return refusal("no exchange waits for a certificate of this URL");
  Json out = answer_of(outcomes.front(), reveal_keys_);
  for (std::size_t i = 1; i < outcomes.size(); ++i)
    out["more"].push_back(answer_of(outcomes[i], reveal_keys_));
  return out;
}

Json AgentCore::inspect(nlohmann::json& request) {
  RequestReader r(request);
  const auto message = r.base64("message");
  if (!r.ok()) return rejection(r.error());
  const wire::Dissection d = wire::dissect(*message);
  const auto hdr = wire::examine_broken(*message).hdr;
  Json out{{"csb", hdr ? Json(hex_number(hdr->csb_id)) : Json(nullptr)}};
  if (d.error) {
    out["state"] = "failed";
    out["error"] = failure_json(*d.error);
  }
  out["message"] = Json::parse(wire::to_json(d), nullptr, false);
  return out;
}

/// The key of content that was stored for this party (RFC 6267 7.5): the member "esk" of a mailbox's bundle.
Json AgentCore::open_content(nlohmann::json& request) {
  RequestReader r(request);
  nlohmann::json* esk = r.member("esk");
  const bool given = esk != nullptr && esk->is_object();
  if (!given) return refusal("esk: expected the object of a bundle");
  RequestReader e(*esk, "esk.");
  const auto owner = parse_identity(party_.self().type, e.text("owner", "an identity").value_or(""));
  if (!owner) e.fail("owner", "expected an identity");
  const auto time = e.integer("timestamp", kMaxAge);
  if (!time) e.fail("timestamp", "expected seconds since 1970");
  const auto data = e.base64("data");
  if (!e.ok()) return rejection(e.error());
  auto opened = party_.open_content_key({*owner, NtpTime::from_unix(*time), *data});
  if (!opened) return rejection(opened.error());
  Json out{{"state", "opened"}, {"sender", opened->sender.name()}};
  if (reveal_keys_) out["content_key"] = to_hex(opened->key.reveal());
  return out;
}

Json AgentCore::forget(nlohmann::json& request) {
  RequestReader r(request);
  const auto csb = r.number("csb");
  if (!csb) r.fail("csb", "expected the ID of a CSB");
  if (!r.ok()) return rejection(r.error());
  if (auto gone = party_.forget(*csb); !gone) return rejection(gone.error());
  return {{"csb", hex_number(*csb)}, {"send", Json::array()}, {"state", "forgotten"}};
}

}  // namespace mikey::cmd
