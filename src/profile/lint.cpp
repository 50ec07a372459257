#include "mikey/profile/lint.hpp"

#include "context.hpp"
#include "mikey/exchange/srtp_policy.hpp"
#include "mikey/wire/registry.hpp"

namespace mikey::profile {
namespace {

std::vector<PolicyView> read_policies(const wire::Message& m) {
  std::vector<PolicyView> out;
  for (const wire::Slot& s : m.slots()) {
    if (s.type != PayloadType::sp) continue;
    const auto sp = m.get<wire::Sp>(s);
    out.push_back({s, sp, wire::entries<wire::SpParam>(sp.params), exchange::suite_of(sp),
                   exchange::suite_of(sp, exchange::CameraTolerance::yes)});
  }
  return out;
}

std::vector<ClearKey> read_keys(const wire::Message& m) {
  std::vector<ClearKey> out;
  const auto kemac = m.first<wire::Kemac>();
  if (!kemac || kemac->encr_alg != EncrAlg::null) return out;
  const auto base = static_cast<std::size_t>(kemac->encr_data.data() - m.octets().data());
  const auto chain = wire::PayloadChain::parse(wire::kemac_first(m.hdr().data_type), kemac->encr_data, base);
  if (!chain) return out;
  for (std::size_t i = 0; i < chain->size(); ++i)
    if (chain->type(i) == PayloadType::key_data)
      out.push_back({chain->at<wire::KeyData>(i), chain->slots()[i].offset});
  return out;
}

}  // namespace

std::string_view level_name(Level level) {
  constexpr std::string_view kNames[] = {"off", "note", "warning", "error"};
  return kNames[static_cast<std::size_t>(level)];
}

std::span<const Rule> rules() {
  return kRules;
}

const Rule* rule_by_id(std::string_view id) {
  const auto it = std::ranges::lower_bound(kRules, id, {}, &Rule::id);
  return it == std::end(kRules) || it->id != id ? nullptr : &*it;
}

void Report::add(RuleNo no, std::size_t offset, std::string detail, std::string_view advice) {
  const Rule& rule = kRules[no.index];
  const Habit* habit = peer_.habit(rule.id);
  const Level level = habit != nullptr ? habit->level : rule.level;
  if (level == Level::off) return;
  std::string text(advice.empty() ? rule.advice : advice);
  if (habit != nullptr) {
    // What the peer does itself needs no change for the peer's sake.
    const std::string why = std::string(peer_.name) + ": " + std::string(habit->why) + ".";
    text = level == Level::note ? why : why + " " + text;
  }
  found_.push_back({rule.id, level, offset, rule.rfc, std::move(detail), std::move(text)});
}

std::vector<Finding> Report::take() && {
  std::ranges::stable_sort(found_, {}, &Finding::offset);
  return std::move(found_);
}

const wire::SpParam* PolicyView::param(SrtpParam type) const {
  const auto it = std::ranges::find(params, static_cast<std::uint8_t>(type), &wire::SpParam::type);
  return it == params.end() ? nullptr : &*it;
}

Context::Context(const wire::Message& message, const PeerProfile& p, std::optional<NtpTime> t, Report& r)
    : m(message),
      peer(p),
      now(t),
      report(r),
      kind(kind_of(message.hdr().data_type)),
      update(kind != nullptr && kind->rand != PayloadType::last && message.find(kind->rand) == nullptr),
      policies(read_policies(message)),
      keys(read_keys(message)) {}

const PolicyView* Context::policy(std::uint8_t number) const {
  const auto it =
      std::ranges::find_if(policies, [&](const PolicyView& p) { return p.sp.policy_no == number; });
  return it == policies.end() ? nullptr : &*it;
}

std::optional<keys::Suite> Context::first_suite() const {
  if (policies.empty()) return keys::Suite::aes_cm_128_hmac_sha1_80;
  const PolicyView* p = &policies.front();
  if (m.hdr().map_type == CsIdMapType::srtp_id && m.hdr().n_cs > 0)
    p = policy(m.srtp_ids().front().policy_no);
  if (p == nullptr || !p->tolerant) return std::nullopt;
  return *p->tolerant;
}

std::vector<Finding> lint(const wire::Message& message, const PeerProfile& peer, std::optional<NtpTime> now) {
  Report report(peer);
  Context c(message, peer, now, report);
  check_structure(c);
  check_header(c);
  check_time(c);
  check_policies(c);
  check_keys(c);
  check_identities(c);
  check_crypto(c);
  check_errors(c);
  check_extensions(c);
  check_values(c);
  return std::move(report).take();
}

}  // namespace mikey::profile
