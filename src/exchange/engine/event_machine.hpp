/// \file
/// The machine of modes in which either side may have to wait for a KMS in between: one for both sides. An
/// event without an overload of `on` for the present state is refused and changes nothing.
#pragma once

#include <concepts>

#include "exchange/engine/machine.hpp"
#include "exchange/engine/token.hpp"

namespace mikey::engine {

/// States in which a bad message is dropped and the genuine one may still come: those that wait since a time.
template <class Spec, class S>
concept Waits = requires(const S& s) {
  { Spec::waits_since(s) } -> std::same_as<NtpTime>;
};

/// `Spec` has, as types: State (a variant), AwaitInit, Done; kMode; and static functions
///  - dispatch(machine, message): calls event() or first() by the message's data type;
///  - awaits(state, type);
///  - question_csb(state): the CSB ID of a question to a KMS, if one is open;
///  - waits_since(s), for states that wait;
///  - complain(s, error, env): the error message that answers a refused event, if any;
///  - complain_first(env, message, error): the same for a first message;
///  - told(s, message, env): what an error message means;
///  - updates(state), where updates of both sides may cross: the bundle whose update waits for its answer.
template <class Spec>
class EventMachine final : public Machine {
 public:
  using State = typename Spec::State;
  using Done = typename Spec::Done;

  explicit EventMachine(const Env& env) : env_(env) {}
  EventMachine(const Env& env, std::uint32_t csb_id) : env_(env), csb_id_(csb_id) {}

  template <class N>
  void begin(N&& next) {
    first_step_ = enter(state_, std::forward<N>(next));
  }

  Step start() override { return std::exchange(first_step_, {}); }

  Step receive(wire::Message m) override {
    if (m.hdr().data_type == DataType::error) return error(m);
    return Spec::dispatch(*this, std::move(m));
  }

  Step supply(Supply answer) override {
    return std::visit([this](auto&& a) { return this->supplied(std::forward<decltype(a)>(a)); },
                      std::move(answer));
  }

  Step wake(NtpTime now) override {
    const auto since = waits_since();
    if (!since) return {};
    const NtpTime until = *since + env_.policy.patience;
    if (ntp_difference(now, until) < 0) return actions(Wake{until});
    state_ = Done{};
    return reject(bad_message(ErrorCode::unspecified, "RFC 3830 7.2", "no answer came in time"), true);
  }

  bool awaits(DataType type) const override { return Spec::awaits(state_, type); }
  std::uint32_t csb_id() const override { return csb_id_; }
  std::uint32_t awaited_csb_id() const override {
    return std::visit([](const auto& s) { return Spec::question_csb(s); }, state_).value_or(csb_id_);
  }
  bool ended() const override { return std::holds_alternative<Done>(state_); }
  Mode mode() const override { return Spec::kMode; }
  std::optional<NtpTime> timestamp() const override { return waits_since(); }
  keys::BundlePtr updates() const override {
    if constexpr (requires { Spec::updates(state_); }) return Spec::updates(state_);
    return nullptr;
  }
  std::optional<std::string> wanted_url() const override { return std::nullopt; }

  /// The message that begins the exchange.
  template <class M>
  Step first(wire::Message m) {
    const auto* await = std::get_if<typename Spec::AwaitInit>(&state_);
    if (await == nullptr) return nothing_awaited("a message of this data type");
    csb_id_ = m.hdr().csb_id;
    Received<M> received(std::move(m));
    const auto kept = received.message;
    auto next = on(*await, std::move(received), env_);
    if (next) return enter(state_, std::move(*next));
    auto answer = Spec::complain_first(env_, *kept, next.error());
    return refuse(std::move(next).error(), std::move(answer));
  }

  template <class Event>
  Step event(const Event& e) {
    if (e->hdr().csb_id != awaited_csb_id()) return nothing_awaited("a message of another CSB");
    return std::visit([&](const auto& s) { return step(s, e); }, state_);
  }

 private:
  std::optional<NtpTime> waits_since() const {
    return std::visit(
        [](const auto& s) -> std::optional<NtpTime> {
          if constexpr (Waits<Spec, std::decay_t<decltype(s)>>) return Spec::waits_since(s);
          return std::nullopt;
        },
        state_);
  }

  template <class Answer>
  Step supplied(const Answer& a) {
    if constexpr (std::is_same_v<Answer, NotFound>) {
      return std::visit(
          [&](const auto& s) {
            if constexpr (Waits<Spec, std::decay_t<decltype(s)>>) {
              return nothing_awaited("an answer");
            } else {
              auto answer = Spec::complain(s, a.error, env_);
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
      if (next) return enter(state_, std::move(*next));
      if constexpr (Waits<Spec, S>) {
        return reject(std::move(next).error(), false);  // the genuine answer may still come
      } else {
        auto answer = Spec::complain(s, next.error(), env_);
        return refuse(std::move(next).error(), std::move(answer));
      }
    } else {
      return nothing_awaited("this");
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
    if (m.hdr().csb_id != awaited_csb_id()) return nothing_awaited("a message of another CSB");
    Step out = std::visit([&](const auto& s) { return Spec::told(s, m, env_); }, state_);
    for (const Action& a : out)
      if (const auto* r = std::get_if<Reject>(&a); r != nullptr && r->ended) state_ = Done{};
    return out;
  }

  Env env_;
  std::uint32_t csb_id_ = 0;
  State state_ = typename Spec::AwaitInit{};
  Step first_step_;
};

}  // namespace mikey::engine
