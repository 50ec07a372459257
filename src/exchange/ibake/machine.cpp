// Drives the transitions of ibake.hpp.

#include "exchange/engine/error_message.hpp"
#include "exchange/engine/event_machine.hpp"
#include "exchange/ibake/ibake.hpp"

namespace mikey::ibake {
namespace {

/// Error messages are those of RFC 3830 without protection: nobody can know that they are genuine, so none
/// ends an exchange.
Step judged(const wire::Message& m, ByteView own_t) {
  auto c = engine::read_error(m, own_t);
  return engine::actions(c ? engine::peer_error(std::move(*c), false) : engine::foreign_error());
}

struct Spec {
  using State = ibake::State;
  using AwaitInit = ibake::AwaitInit;
  using Done = ibake::Done;
  static constexpr Mode kMode = Mode::ibake;

  template <class Machine>
  static Step dispatch(Machine& machine, wire::Message m) {
    switch (m.hdr().data_type) {
      case DataType::i_message_1:
        return machine.template first<IMessage1>(std::move(m));
      case DataType::r_message_1:
        return machine.event(Received<RMessage1>(std::move(m)));
      case DataType::i_message_2:
        return machine.event(Received<IMessage2>(std::move(m)));
      case DataType::r_message_2:
        return machine.event(Received<RMessage2>(std::move(m)));
      case DataType::request_key_resp:
        return machine.event(Received<KeyAnswer>(std::move(m)));
      default:
        return engine::nothing_awaited("a message of this data type");
    }
  }

  // ---------------------------------------------------------------- saying no: about I_MESSAGE_1 alone

  static std::optional<Send> complain_first(const Env& env, const wire::Message& m, const Error& e) {
    return engine::plain_error(engine::offence(m), e, env.policy);
  }
  static std::optional<Send> complain(const auto& /*nobody is told*/, const Error& /*e*/,
                                      const Env& /*env*/) {
    return std::nullopt;
  }
  static std::optional<Send> complain(const NeedsBundle& s, const Error& e, const Env& env) {
    engine::Offence o = engine::offence(*s.message);
    if (auto sender = s.message->first<wire::Idr>()) o.peer = {sender->type, to_bytes(sender->data)};
    return engine::plain_error(o, e, env.policy);
  }

  // ---------------------------------------------------------------- being told no

  static Step told(const auto& /*nothing is waited for*/, const wire::Message& /*m*/, const Env& /*env*/) {
    return engine::nothing_awaited("an error message");
  }
  static Step told(const AwaitOwnKey& s, const wire::Message& m, const Env& /*env*/) {
    return engine::actions(s.question->refusal(m));
  }
  static Step told(const AwaitKey& s, const wire::Message& m, const Env& /*env*/) {
    return engine::actions(s.question->refusal(m));
  }
  static Step told(const AwaitAnswer& s, const wire::Message& m, const Env& /*env*/) {
    return judged(m, s.sent->t);
  }
  static Step told(const AwaitProof& s, const wire::Message& m, const Env& /*env*/) {
    return judged(m, s.sent->t);
  }
  static Step told(const AwaitUpdateAnswer& s, const wire::Message& m, const Env& /*env*/) {
    return judged(m, s.sent->t);
  }

  // ---------------------------------------------------------------- what is waited for

  static NtpTime waits_since(const AwaitOwnKey& s) { return s.question->time(); }
  static NtpTime waits_since(const AwaitKey& s) { return s.question->time(); }
  static NtpTime waits_since(const AwaitAnswer& s) { return s.sent->time(); }
  static NtpTime waits_since(const AwaitProof& s) { return s.sent->time(); }
  static NtpTime waits_since(const AwaitUpdateAnswer& s) { return s.sent->time(); }
  static NtpTime waits_since(const AwaitReturn& s) { return s.answered->since; }

  static std::optional<std::uint32_t> question_csb(const auto& /*none is open*/) { return std::nullopt; }
  static std::optional<std::uint32_t> question_csb(const AwaitOwnKey& s) { return s.question->csb_id(); }
  static std::optional<std::uint32_t> question_csb(const AwaitKey& s) { return s.question->csb_id(); }

  static keys::BundlePtr updates(const State& s) {
    const auto* update = std::get_if<AwaitUpdateAnswer>(&s);
    return update == nullptr ? nullptr : update->sent->plan->old;
  }

  static bool awaits(const State& s, DataType type) {
    using enum DataType;
    return (type == i_message_1 && std::holds_alternative<AwaitInit>(s)) ||
           (type == request_key_resp &&
            (std::holds_alternative<AwaitOwnKey>(s) || std::holds_alternative<AwaitKey>(s))) ||
           (type == r_message_1 &&
            (std::holds_alternative<AwaitAnswer>(s) || std::holds_alternative<AwaitUpdateAnswer>(s))) ||
           (type == i_message_2 && std::holds_alternative<AwaitReturn>(s)) ||
           (type == r_message_2 && std::holds_alternative<AwaitProof>(s));
  }
};

using IbakeMachine = engine::EventMachine<Spec>;

}  // namespace

std::unique_ptr<engine::Machine> make_responder(const Env& env) {
  return std::make_unique<IbakeMachine>(env);
}

Result<std::unique_ptr<engine::Machine>> make_initiator(const Env& env, const IbakeOffer& offer,
                                                        keys::BundlePtr old) {
  std::uint32_t csb_id = 0;
  auto next = begin(env, offer, std::move(old), csb_id);
  if (!next) return std::move(next).error();
  auto machine = std::make_unique<IbakeMachine>(env, csb_id);
  machine->begin(std::move(*next));
  return std::unique_ptr<engine::Machine>(std::move(machine));
}

}  // namespace mikey::ibake
