// Drives the transitions of ticket.hpp.

#include "exchange/engine/event_machine.hpp"
#include "exchange/ticket/ticket.hpp"

namespace mikey::ticket {
namespace {

NtpTime time_of(const Bytes& t) {
  return {load_be<std::uint64_t>(t.data())};
}

struct Spec {
  using State = ticket::State;
  using AwaitInit = ticket::AwaitInit;
  using Done = ticket::Done;
  static constexpr Mode kMode = Mode::ticket;

  template <class Machine>
  static Step dispatch(Machine& machine, wire::Message m) {
    switch (m.hdr().data_type) {
      case DataType::transfer_init:
        return machine.template first<TransferInit>(std::move(m));
      case DataType::request_resp:
        return machine.event(Received<RequestResp>(std::move(m)));
      case DataType::resolve_resp:
        return machine.event(Received<ResolveResp>(std::move(m)));
      case DataType::transfer_resp:
        return machine.event(Received<TransferResp>(std::move(m)));
      default:
        return engine::nothing_awaited("a message of this data type");
    }
  }

  // ---------------------------------------------------------------- saying no (RFC 6043 5.4)

  static std::optional<Send> complain_first(const Env& env, const wire::Message& m, const Error& e) {
    return transfer_error(env, m, {}, e, nullptr);
  }
  static std::optional<Send> complain(const auto& /*nothing to answer*/, const Error& /*e*/,
                                      const Env& /*env*/) {
    return std::nullopt;
  }
  static std::optional<Send> complain(const NeedsTicket& s, const Error& e, const Env& env) {
    return transfer_error(env, *s.call->message, s.call->caller, e, nullptr);
  }
  static std::optional<Send> complain(const NeedsVerdict& s, const Error& e, const Env& env) {
    return transfer_error(env, *s.init, s.call->caller, e, s.keys.get());
  }
  static std::optional<Send> complain(const NeedsBundle& s, const Error& e, const Env& env) {
    return transfer_error(env, *s.init, {}, e, nullptr);
  }
  static std::optional<Send> complain(const NeedsUpdateVerdict& s, const Error& e, const Env& env) {
    return transfer_error(env, *s.init, s.old->peer, e, s.keys.get());
  }

  // ---------------------------------------------------------------- being told no

  static Step told(const auto& /*nothing is waited for*/, const wire::Message& /*m*/, const Env& /*env*/) {
    return engine::nothing_awaited("an error message");
  }
  static Step told(const AwaitTicket& s, const wire::Message& m, const Env& /*env*/) {
    return engine::actions(s.question.refusal(m));
  }
  /// The Initiator is told what the KMS says, without its word for it.
  static Step told(const AwaitKeys& s, const wire::Message& m, const Env& env) {
    Reject r = s.question.refusal(m);
    Step step;
    if (r.ended) {
      Error e = r.error;
      e.severity = Severity::message;
      if (auto send = transfer_error(env, *s.call->message, s.call->caller, e, nullptr))
        step.emplace_back(std::move(*send));
    }
    step.emplace_back(std::move(r));
    return step;
  }
  static Step told(const AwaitAnswer& s, const wire::Message& m, const Env& /*env*/) {
    return engine::actions(read_error(m, *s.sent->keys, s.sent->plan->prf, "peer"));
  }
  static Step told(const AwaitUpdateAnswer& s, const wire::Message& m, const Env& /*env*/) {
    return engine::actions(read_error(m, *s.sent->protection, s.sent->old->prf, "peer"));
  }

  // ---------------------------------------------------------------- what is waited for

  static NtpTime waits_since(const AwaitTicket& s) { return s.question.time(); }
  static NtpTime waits_since(const AwaitKeys& s) { return s.question.time(); }
  static NtpTime waits_since(const AwaitAnswer& s) { return time_of(s.sent->t); }
  static NtpTime waits_since(const AwaitUpdateAnswer& s) { return time_of(s.sent->t); }

  static std::optional<std::uint32_t> question_csb(const auto& /*none is open*/) { return std::nullopt; }
  static std::optional<std::uint32_t> question_csb(const AwaitTicket& s) { return s.question.csb_id(); }
  static std::optional<std::uint32_t> question_csb(const AwaitKeys& s) { return s.question.csb_id(); }

  static bool awaits(const State& s, DataType type) {
    using enum DataType;
    return (type == transfer_init && std::holds_alternative<AwaitInit>(s)) ||
           (type == request_resp && std::holds_alternative<AwaitTicket>(s)) ||
           (type == resolve_resp && std::holds_alternative<AwaitKeys>(s)) ||
           (type == transfer_resp &&
            (std::holds_alternative<AwaitAnswer>(s) || std::holds_alternative<AwaitUpdateAnswer>(s)));
  }

  static keys::BundlePtr updates(const State& s) {
    const auto* update = std::get_if<AwaitUpdateAnswer>(&s);
    return update == nullptr ? nullptr : update->sent->old;
  }
};

using TicketMachine = engine::EventMachine<Spec>;

}  // namespace

std::unique_ptr<engine::Machine> make_responder(const Env& env) {
  return std::make_unique<TicketMachine>(env);
}

Result<std::unique_ptr<engine::Machine>> make_initiator(const Env& env, TicketOffer offer,
                                                        keys::BundlePtr old) {
  std::uint32_t csb_id = 0;
  const auto machine_of = [&](auto next) -> Result<std::unique_ptr<engine::Machine>> {
    if (!next) return std::move(next).error();
    auto machine = std::make_unique<TicketMachine>(env, csb_id);
    machine->begin(std::move(*next));
    return std::unique_ptr<engine::Machine>(std::move(machine));
  };
  if (!old) {
    auto next = begin(env, std::move(offer), csb_id);
    return machine_of(std::move(next));
  }
  csb_id = old->csb_id;
  return machine_of(begin_update(env, std::move(offer), std::move(old)));
}

}  // namespace mikey::ticket
