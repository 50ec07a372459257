#include "mikey/exchange/exchange.hpp"

#include "exchange/dh/dh.hpp"
#include "exchange/dhhmac/dhhmac.hpp"
#include "exchange/engine/error_message.hpp"
#include "exchange/engine/machine.hpp"
#include "exchange/ibake/ibake.hpp"
#include "exchange/pk/pk.hpp"
#include "exchange/psk/psk.hpp"
#include "exchange/rsar/rsar.hpp"
#include "exchange/sakke/sakke.hpp"
#include "exchange/ticket/ticket.hpp"

namespace mikey {

NtpTime UniqueClock::now() const {
  constexpr std::int64_t kWrong = std::int64_t{60} << 32;
  NtpTime t = inner_.now();
  const std::int64_t passed = used_ ? ntp_difference(t, last_) : 1;
  if (passed <= 0 && passed > -kWrong) t = NtpTime{last_.value + 1};
  used_ = true;
  last_ = t;
  return t;
}

Identity asked_about(const Need& need, Identity otherwise) {
  if (const auto* n = std::get_if<NeedPsk>(&need); n != nullptr && n->peer) return *n->peer;
  if (const auto* n = std::get_if<NeedBundle>(&need)) return n->peer;
  if (const auto* n = std::get_if<NeedReplayVerdict>(&need)) return n->peer;
  if (const auto* n = std::get_if<NeedTicket>(&need)) return n->peer;
  return otherwise;
}

namespace {

template <class Spec>
std::unique_ptr<engine::Machine> responder(const Env& env) {
  return std::make_unique<engine::ResponderMachine<Spec>>(env);
}

std::unique_ptr<engine::Machine> make_responder(DataType type, const Env& env) {
  switch (type) {
    case DataType::psk_init:
      return responder<psk::responder::Spec>(env);
    case DataType::pk_init:
      return responder<pk::responder::Spec>(env);
    case DataType::dh_init:
      return responder<dh::responder::Spec>(env);
    case DataType::dhhmac_init:
      return responder<dhhmac::responder::Spec>(env);
    case DataType::rsar_init:
      return responder<rsar::responder::Spec>(env);
    case DataType::sakke_init:
      return responder<sakke::responder::Spec>(env);
    case DataType::transfer_init:
      return ticket::make_responder(env);
    case DataType::i_message_1:
      return ibake::make_responder(env);
    default:
      return nullptr;
  }
}

/// A Responder before its first message: the mode is read from the header, and what cannot be read is
/// answered.
class Listener final : public engine::Machine {
 public:
  explicit Listener(const Env& env) : env_(env) {}

  Step start() override { return {}; }

  Step receive(wire::Message message) override {
    const DataType type = message.hdr().data_type;
    if (chosen_) return chosen_->receive(std::move(message));
    chosen_ = make_responder(type, env_);
    if (chosen_) return chosen_->receive(std::move(message));
    Error e = bad_message(
        ErrorCode::invalid_dt, "RFC 3830 6.1",
        "data type " + std::to_string(wire::to_number(type)) + " does not begin an exchange here", 1);
    auto answer = type == DataType::error ? std::nullopt
                                          : engine::plain_error(engine::offence(message), e, env_.policy);
    Reject r{std::move(e), true, false, {}};
    if (answer) return engine::actions(std::move(*answer), std::move(r));
    return engine::actions(std::move(r));
  }

  Step supply(Supply answer) override {
    return chosen_ ? chosen_->supply(std::move(answer)) : engine::nothing_awaited("an answer");
  }
  Step wake(NtpTime now) override { return chosen_ ? chosen_->wake(now) : Step{}; }
  bool awaits(DataType type) const override { return chosen_ ? chosen_->awaits(type) : opens_exchange(type); }
  std::uint32_t csb_id() const override { return chosen_ ? chosen_->csb_id() : 0; }
  std::uint32_t awaited_csb_id() const override { return chosen_ ? chosen_->awaited_csb_id() : 0; }
  bool ended() const override { return chosen_ && chosen_->ended(); }
  Mode mode() const override { return chosen_ ? chosen_->mode() : Mode::psk; }
  std::optional<NtpTime> timestamp() const override { return chosen_ ? chosen_->timestamp() : std::nullopt; }
  std::optional<std::string> wanted_url() const override {
    return chosen_ ? chosen_->wanted_url() : std::nullopt;
  }

  /// A first message that does not parse is answered when its T could be read (RFC 3830 5.1.2), save one of
  /// MIKEY-IBAKE (RFC 6267 4.2.2.2: "SHOULD silently discard").
  Step broken(ByteView octets, Error e) {
    wire::Remains r = wire::examine_broken(octets);
    std::optional<Send> answer;
    const bool numbered =  // RFC 4738 3.5 and RFC 6509 2.2.2 have a number for what does not parse
        r.hdr && (r.hdr->data_type == DataType::rsar_init || r.hdr->data_type == DataType::sakke_init);
    if (numbered && e.code == ErrorCode::unspecified) e.code = ErrorCode::unsupported_message;
    if (r.hdr && r.t && opens_exchange(r.hdr->data_type) && r.hdr->data_type != DataType::i_message_1)
      answer = r.hdr->data_type == DataType::transfer_init
                   ? ticket::plain_error(env_, *r.hdr, e)
                   : engine::plain_error({r.hdr->csb_id, r.hdr->prf, r.t->type, to_bytes(r.t->value), {}}, e,
                                         env_.policy);
    Reject reject{std::move(e), true, false, {}};
    if (answer) return engine::actions(std::move(*answer), std::move(reject));
    return engine::actions(std::move(reject));
  }

 private:
  Env env_;
  std::unique_ptr<engine::Machine> chosen_;
};

template <class Spec, class First>
Result<std::unique_ptr<engine::Machine>> initiator(const Env& env, First first) {
  if (!first) return std::move(first).error();
  return std::unique_ptr<engine::Machine>(
      std::make_unique<engine::InitiatorMachine<Spec>>(env, std::move(*first)));
}

using Begun = Result<std::unique_ptr<engine::Machine>>;

Begun begin(const Env& env, PskOffer offer, keys::BundlePtr old) {
  return initiator<psk::initiator::Spec>(env, psk::initiator::begin(env, std::move(offer), std::move(old)));
}
Begun begin(const Env& env, PkOffer offer, keys::BundlePtr old) {
  return initiator<pk::initiator::Spec>(env, pk::initiator::begin(env, std::move(offer), std::move(old)));
}
Begun begin(const Env& env, DhOffer offer, keys::BundlePtr old) {
  return initiator<dh::initiator::Spec>(env, dh::initiator::begin(env, std::move(offer), std::move(old)));
}
Begun begin(const Env& env, DhhmacOffer offer, keys::BundlePtr old) {
  return initiator<dhhmac::initiator::Spec>(env,
                                            dhhmac::initiator::begin(env, std::move(offer), std::move(old)));
}
Begun begin(const Env& env, TicketOffer offer, keys::BundlePtr old) {
  return ticket::make_initiator(env, std::move(offer), std::move(old));
}
Begun begin(const Env& env, const IbakeOffer& offer, keys::BundlePtr old) {
  return ibake::make_initiator(env, offer, std::move(old));
}
Begun begin(const Env& env, RsarOffer offer, const keys::BundlePtr& old) {
  return initiator<rsar::initiator::Spec>(env, rsar::initiator::begin(env, std::move(offer), old));
}
Begun begin(const Env& env, SakkeOffer offer, const keys::BundlePtr& old) {
  auto first = sakke::initiator::begin(env, std::move(offer), old);
  if (!first) return std::move(first).error();
  return std::unique_ptr<engine::Machine>(
      std::make_unique<engine::OneWayMachine<sakke::initiator::Spec>>(std::move(*first)));
}

}  // namespace

bool opens_exchange(DataType type) {
  using enum DataType;
  return type == psk_init || type == pk_init || type == dh_init || type == dhhmac_init || type == rsar_init ||
         type == sakke_init || type == transfer_init || type == i_message_1;
}

bool is_response(DataType type) {
  using enum DataType;
  switch (type) {
    case psk_resp:
    case pk_resp:
    case dh_resp:
    case dhhmac_resp:
    case rsar_resp:
    case request_resp:
    case transfer_resp:
    case resolve_resp:
    case request_key_resp:
    case r_message_1:
    case i_message_2:
    case r_message_2:
      return true;
    default:
      return false;
  }
}

Exchange::Exchange(std::unique_ptr<engine::Machine> machine) : machine_(std::move(machine)) {}
Exchange::Exchange(Exchange&&) noexcept = default;
Exchange& Exchange::operator=(Exchange&&) noexcept = default;
Exchange::~Exchange() = default;

Result<Exchange> Exchange::initiate(const Env& env, Offer offer) {
  return update(env, nullptr, std::move(offer));
}

Result<Exchange> Exchange::update(const Env& env, keys::BundlePtr bundle, Offer offer) {
  auto machine =
      std::visit([&](auto&& o) { return begin(env, std::forward<decltype(o)>(o), std::move(bundle)); },
                 std::move(offer));
  if (!machine) return std::move(machine).error();
  return Exchange(std::move(*machine));
}

Exchange Exchange::respond(const Env& env) {
  return Exchange(std::make_unique<Listener>(env));
}

Step Exchange::start() {
  return machine_->start();
}

Step Exchange::receive(ByteView message) {
  auto m = wire::Message::parse(message);
  if (m) return machine_->receive(std::move(*m));
  if (auto* listener = dynamic_cast<Listener*>(machine_.get()))
    return listener->broken(message, std::move(m).error());
  return engine::reject(std::move(m).error(), false);
}

Step Exchange::receive(wire::Message message) {
  return machine_->receive(std::move(message));
}
Step Exchange::supply(Supply answer) {
  return machine_->supply(std::move(answer));
}
Step Exchange::wake(NtpTime now) {
  return machine_->wake(now);
}
std::uint32_t Exchange::csb_id() const {
  return machine_->csb_id();
}
std::uint32_t Exchange::awaited_csb_id() const {
  return machine_->awaited_csb_id();
}
bool Exchange::ended() const {
  return machine_->ended();
}
Mode Exchange::mode() const {
  return machine_->mode();
}
bool Exchange::awaits(DataType type) const {
  return machine_->awaits(type);
}
std::optional<NtpTime> Exchange::timestamp() const {
  return machine_->timestamp();
}

keys::BundlePtr Exchange::updates() const {
  return machine_->updates();
}

bool Exchange::wants(const std::string& url) const {
  return machine_->wants(url);
}

std::optional<std::string> Exchange::wanted_url() const {
  return machine_->wanted_url();
}

}  // namespace mikey
