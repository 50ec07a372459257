// Drives the transitions of ticket.hpp. Unlike the modes of one round trip, both sides may have to wait for a
// KMS, so one machine serves both: an event without an overload of `on` for the present state is refused and
// changes nothing.

#include "exchange/ticket/ticket.hpp"

namespace mikey::ticket {
namespace {

template <class T, class... Of>
constexpr bool kOneOf = (std::is_same_v<T, Of> || ...);

/// States in which a bad message is dropped and the genuine one may still come.
template <class S>
constexpr bool kWaits = kOneOf<S, AwaitTicket, AwaitAnswer, AwaitUpdateAnswer, AwaitKeys>;

// ------------------------------------------------------------------ saying no (RFC 6043 5.4)

std::optional<Send> complain(const auto& /*nothing to answer*/, const Error& /*e*/, const Env& /*env*/) {
  return std::nullopt;
}
std::optional<Send> complain(const NeedsTicket& s, const Error& e, const Env& env) {
  return transfer_error(env, *s.call->message, s.call->caller, e, nullptr);
}
std::optional<Send> complain(const NeedsVerdict& s, const Error& e, const Env& env) {
  return transfer_error(env, *s.init, s.call->caller, e, s.keys.get());
}
std::optional<Send> complain(const NeedsBundle& s, const Error& e, const Env& env) {
  return transfer_error(env, *s.init, {}, e, nullptr);
}
std::optional<Send> complain(const NeedsUpdateVerdict& s, const Error& e, const Env& env) {
  return transfer_error(env, *s.init, s.old->peer, e, s.keys.get());
}

// ------------------------------------------------------------------ being told no

Step told(const auto& /*nothing is waited for*/, const wire::Message& /*m*/, const Env& /*env*/) {
  return engine::nothing_awaited("an error message");
}
Step told(const AwaitTicket& s, const wire::Message& m, const Env& /*env*/) {
  return engine::actions(s.question.refusal(m));
}
/// The Initiator is told what the KMS says, without its word for it.
Step told(const AwaitKeys& s, const wire::Message& m, const Env& env) {
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
Step told(const AwaitAnswer& s, const wire::Message& m, const Env& /*env*/) {
  return engine::actions(read_error(m, *s.sent->keys, s.sent->plan->prf, "peer"));
}
Step told(const AwaitUpdateAnswer& s, const wire::Message& m, const Env& /*env*/) {
  return engine::actions(read_error(m, *s.sent->protection, s.sent->old->prf, "peer"));
}

// ------------------------------------------------------------------ what is waited for

std::optional<NtpTime> waits_since(const auto& /*it does not wait*/) {
  return std::nullopt;
}
NtpTime time_of(const Bytes& t) {
  return {load_be<std::uint64_t>(t.data())};
}
std::optional<NtpTime> waits_since(const AwaitTicket& s) {
  return s.question.time();
}
std::optional<NtpTime> waits_since(const AwaitKeys& s) {
  return s.question.time();
}
std::optional<NtpTime> waits_since(const AwaitAnswer& s) {
  return time_of(s.sent->t);
}
std::optional<NtpTime> waits_since(const AwaitUpdateAnswer& s) {
  return time_of(s.sent->t);
}

class TicketMachine final : public engine::Machine {
 public:
  explicit TicketMachine(const Env& env) : env_(env) {}
  TicketMachine(const Env& env, std::uint32_t csb_id) : env_(env), csb_id_(csb_id) {}

  template <class N>
  void begin(N&& next) {
    first_step_ = engine::enter(state_, std::forward<N>(next));
    t_ = std::visit([](const auto& s) { return waits_since(s); }, state_);
  }

  Step start() override { return std::exchange(first_step_, {}); }

  Step receive(wire::Message m) override {
    if (m.hdr().data_type == DataType::error) return error(m);
    switch (m.hdr().data_type) {
      case DataType::transfer_init:
        return first(std::move(m));
      case DataType::request_resp:
        return event(Received<RequestResp>(std::move(m)));
      case DataType::resolve_resp:
        return event(Received<ResolveResp>(std::move(m)));
      case DataType::transfer_resp:
        return event(Received<TransferResp>(std::move(m)));
      default:
        return engine::nothing_awaited("a message of this data type");
    }
  }

  Step supply(Supply answer) override {
    return std::visit([this](auto&& a) { return supplied(std::forward<decltype(a)>(a)); }, std::move(answer));
  }

  Step wake(NtpTime now) override {
    const auto since = std::visit([](const auto& s) { return waits_since(s); }, state_);
    if (!since) return {};
    const NtpTime until = *since + env_.policy.patience;
    if (ntp_difference(now, until) < 0) return engine::actions(Wake{until});
    state_ = Done{};
    return engine::reject(bad_message(ErrorCode::unspecified, "RFC 3830 7.2", "no answer came in time"),
                          true);
  }

  bool awaits(DataType type) const override {
    using enum DataType;
    return (type == transfer_init && std::holds_alternative<AwaitInit>(state_)) ||
           (type == request_resp && std::holds_alternative<AwaitTicket>(state_)) ||
           (type == resolve_resp && std::holds_alternative<AwaitKeys>(state_)) ||
           (type == transfer_resp && (std::holds_alternative<AwaitAnswer>(state_) ||
                                      std::holds_alternative<AwaitUpdateAnswer>(state_)));
  }
  std::uint32_t csb_id() const override { return csb_id_; }
  std::uint32_t awaited_csb_id() const override {
    if (const auto* s = std::get_if<AwaitTicket>(&state_)) return s->question.csb_id();
    if (const auto* s = std::get_if<AwaitKeys>(&state_)) return s->question.csb_id();
    return csb_id_;
  }
  bool ended() const override { return std::holds_alternative<Done>(state_); }
  Mode mode() const override { return Mode::ticket; }
  std::optional<NtpTime> timestamp() const override { return t_; }
  keys::BundlePtr updates() const override {
    const auto* s = std::get_if<AwaitUpdateAnswer>(&state_);
    return s == nullptr ? nullptr : s->sent->old;
  }
  std::optional<std::string> wanted_url() const override { return std::nullopt; }

 private:
  Step first(wire::Message m) {
    const auto* await = std::get_if<AwaitInit>(&state_);
    if (await == nullptr) return engine::nothing_awaited("a message of this data type");
    csb_id_ = m.hdr().csb_id;
    Received<TransferInit> received(std::move(m));
    const auto kept = received.message;
    auto next = on(*await, std::move(received), env_);
    if (next) return engine::enter(state_, std::move(*next));
    auto answer = transfer_error(env_, *kept, {}, next.error(), nullptr);
    return refuse(std::move(next).error(), std::move(answer));
  }

  template <class Event>
  Step event(const Event& e) {
    if (e->hdr().csb_id != awaited_csb_id()) return engine::nothing_awaited("a message of another CSB");
    return std::visit([&](const auto& s) { return step(s, e); }, state_);
  }

  template <class Answer>
  Step supplied(const Answer& a) {
    if constexpr (std::is_same_v<Answer, NotFound>) {
      return std::visit(
          [&](const auto& s) {
            if constexpr (kWaits<std::decay_t<decltype(s)>>) {
              return engine::nothing_awaited("an answer");
            } else {
              auto answer = complain(s, a.error, env_);
              return refuse(a.error, std::move(answer));
            }
          },
          state_);
    } else {
      return std::visit([&](const auto& s) { return step(s, a); }, state_);
    }
  }

  template <class S, class Event>
  Step step(const S& s, const Event& e) {
    if constexpr (requires { on(s, e, env_); }) {
      auto next = on(s, e, env_);
      if (next) return engine::enter(state_, std::move(*next));
      if constexpr (kWaits<S>) {
        return engine::reject(std::move(next).error(), false);  // the genuine answer may still come
      } else {
        auto answer = complain(s, next.error(), env_);
        return refuse(std::move(next).error(), std::move(answer));
      }
    } else {
      return engine::nothing_awaited("this");
    }
  }

  Step refuse(Error e, std::optional<Send> answer) {
    state_ = Done{};
    Step out;
    if (answer) out.emplace_back(std::move(*answer));
    out.emplace_back(Reject{std::move(e), true, false, {}});
    return out;
  }

  Step error(const wire::Message& m) {
    if (m.hdr().csb_id != awaited_csb_id()) return engine::nothing_awaited("a message of another CSB");
    Step out = std::visit([&](const auto& s) { return told(s, m, env_); }, state_);
    for (const Action& a : out)
      if (const auto* r = std::get_if<Reject>(&a); r != nullptr && r->ended) state_ = Done{};
    return out;
  }

  Env env_;
  std::uint32_t csb_id_ = 0;
  std::optional<NtpTime> t_;
  State state_ = AwaitInit{};
  Step first_step_;
};

}  // namespace

std::unique_ptr<engine::Machine> make_responder(const Env& env) {
  return std::make_unique<TicketMachine>(env);
}

Result<std::unique_ptr<engine::Machine>> make_initiator(const Env& env, TicketOffer offer,
                                                        keys::BundlePtr old) {
  if (old) {
    const std::uint32_t csb_id = old->csb_id;
    auto next = begin_update(env, std::move(offer), std::move(old));
    if (!next) return std::move(next).error();
    auto machine = std::make_unique<TicketMachine>(env, csb_id);
    machine->begin(std::move(*next));
    return std::unique_ptr<engine::Machine>(std::move(machine));
  }
  std::uint32_t csb_id = 0;
  auto next = begin(env, std::move(offer), csb_id);
  if (!next) return std::move(next).error();
  auto machine = std::make_unique<TicketMachine>(env, csb_id);
  machine->begin(std::move(*next));
  return std::unique_ptr<engine::Machine>(std::move(machine));
}

}  // namespace mikey::ticket
