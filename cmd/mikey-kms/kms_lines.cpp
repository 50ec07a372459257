#include "kms_lines.hpp"

#include "agent_answer.hpp"
#include "agent_lines.hpp"
#include "agent_request.hpp"
#include "mikey/exchange/compatibility_ticket.hpp"

namespace mikey::cmd {
namespace {

Json answer_json(const kms::Answer& a) {
  Json send = Json::array();
  if (a.message)
    send.push_back({{"to", "peer"}, {"uri", a.client.name()}, {"message", to_base64(*a.message)}});
  if (a.forward)
    send.push_back(
        {{"to", "kms"}, {"uri", a.forward->name.name()}, {"message", to_base64(a.forward->message)}});
  Json out{{"csb", a.csb_id ? Json(hex_number(*a.csb_id)) : Json(nullptr)},
           {"send", std::move(send)},
           {"state", a.state == kms::Answer::State::answered  ? "answered"
                     : a.state == kms::Answer::State::waiting ? "waiting"
                                                              : "failed"}};
  if (a.error) out["error"] = failure_json(*a.error);
  return out;
}

}  // namespace

std::map<Identity, KmsLink> kms_links(const kms::Tables& tables, const std::set<Identity>& others,
                                      const Identity& self) {
  std::map<Identity, KmsLink> out;
  for (const Identity& kms : others) {
    const auto psk = tables.psk.find(kms);
    if (psk != tables.psk.end()) out.emplace(kms, KmsLink{kms, false, psk->second.clone(), self});
  }
  return out;
}

TicketSchemes ticket_types(bool compatible, const Env& env) {
  TicketSchemes out;
  if (compatible) out.add(std::make_shared<CompatibilityTicket>(env));
  return out;
}

KmsLines::KmsLines(KmsConfig config, const crypto::Provider& provider, Rng& rng, const Clock& clock,
                   std::size_t replay_entries)
    : clock_(clock),
      config_(std::move(config)),
      relay_({provider, rng, clock_, config_.policy, config_.identity, &config_.pki},
             kms_links(config_.tables, config_.other_kms, config_.identity)),
      authority_(std::move(config_.tables)),
      replay_(keys::ReplayCache(provider, rng, config_.policy.clock_skew, replay_entries), clock_),
      schemes_(ticket_types(config_.compatible,
                            {provider, rng, clock_, config_.policy, config_.identity, &config_.pki})),
      issuer_({provider, rng, clock_, config_.policy, config_.identity, &config_.pki}, authority_, replay_,
              nullptr, &schemes_, &relay_) {
  service_.add(issuer_);
  if (!config_.ibake) return;
  key_rights_.emplace(std::move(config_.ibake->members), config_.ibake->ahead);
  key_issuer_.emplace(Env{provider, rng, clock_, config_.policy, config_.identity, &config_.pki}, authority_,
                      replay_, *key_rights_, config_.ibake->master);
  service_.add(*key_issuer_);
}

std::optional<std::string> KmsLines::handle(std::string_view line) {
  if (line.find_first_not_of(" \t\r\n") == std::string_view::npos) return std::nullopt;
  if (line.size() > kMaxLine) return line_too_long();
  std::string id = "null";
  try {
    auto parsed = parse_line(line);
    if (!parsed) return with_id(id, refusal(parsed.error().detail));
    id = std::move(parsed->id);
    if (parsed->complaint) return with_id(id, refusal(parsed->complaint->detail));
    return with_id(id, dispatch(parsed->value));
  } catch (const std::exception& e) {  // memory ran out below, or in a library
    return with_id(id, rejection({ErrorCode::resource, Severity::system, "", std::nullopt,
                                  std::string("the request could not be carried out: ") + e.what()}));
  }
}

std::string KmsLines::line_too_long() {
  return with_id("null", refusal("a request may have at most " + std::to_string(kMaxLine) + " octets"));
}

Json KmsLines::dispatch(nlohmann::json& request) {
  RequestReader r(request);
  if (r.text("op").value_or("") != "receive") return refusal("op: expected receive");
  const std::string from = r.text("from").value_or("peer");
  if (from != "peer" && from != "kms") r.fail("from", "expected \"peer\" or \"kms\"");
  const auto message = r.base64("message");
  if (!r.ok()) return rejection(r.error());
  return answer_json(from == "kms" ? relay_.take(*message) : service_.handle(*message));
}

}  // namespace mikey::cmd
