/// \file
/// The two machines that all modes run on. A mode declares its states and overloads of
///
///     Result<Next<...>>   on(const State&, Event, const Env&)          what may happen in which state
///     std::optional<Send> complain(const State&, const Offence&, const Error&, const Env&)   Responder: how
///     to say no Reject              on_error(const State&, const wire::Message&, const Env&) Initiator:
///     being told no
///
/// and the machines find them by argument-dependent look-up. An event without an overload for the present
/// state is refused and changes nothing.
#pragma once

#include <algorithm>

#include "exchange/engine/checks.hpp"
#include "exchange/engine/error_message.hpp"
#include "exchange/engine/machine.hpp"
#include "exchange/engine/token.hpp"

namespace mikey::engine {

/// Certificates that a message names by URL (RFC 3830 6.7, RFC 4738 3.8): fetched by the owner before the
/// message is looked at any further, but for its timestamp: nothing is fetched for a message that would be
/// refused as stale anyway.
class CertificateFetch {
 public:
  static constexpr std::size_t kMaxUrls = 8;
  static constexpr std::size_t kMaxUrl = 2048;

  /// The first URL of `m` that was not fetched yet.
  Result<std::optional<std::string>> next(const wire::Message& m) const;
  void add(CertificateSupplied c) { known_[std::move(c.url)] = std::move(c.der); }
  const FetchedCertificates& known() const { return known_; }

 private:
  FetchedCertificates known_;
};

template <class Spec>
class ResponderMachine final : public Machine {
 public:
  explicit ResponderMachine(const Env& env) : env_(env) {}

  Step start() override { return {}; }

  Step receive(wire::Message message) override {
    if (!std::holds_alternative<typename Spec::AwaitInit>(state_) || pending_)
      return nothing_awaited("a message");
    csb_id_ = message.hdr().csb_id;
    offence_ = offence(message);
    pending_.emplace(std::move(message));
    return look();
  }

  Step supply(Supply answer) override {
    if (pending_) return fetched(std::move(answer));
    return std::visit(
        [this](const auto& state, auto&& event) -> Step {
          using Event = std::decay_t<decltype(event)>;
          if constexpr (requires { on(state, std::forward<decltype(event)>(event), env_); })
            return settle(state, on(state, std::forward<decltype(event)>(event), env_));
          else if constexpr (std::is_same_v<Event, NotFound> &&
                             Spec::template kNeeds<std::decay_t<decltype(state)>>)
            return refuse(state, std::forward<decltype(event)>(event).error);
          else
            return nothing_awaited("this answer");
        },
        state_, std::move(answer));
  }

  Step wake(NtpTime /*now*/) override { return {}; }
  bool awaits(DataType type) const override {
    return type == Spec::kInit && std::holds_alternative<typename Spec::AwaitInit>(state_) && !pending_;
  }
  std::uint32_t csb_id() const override { return csb_id_; }
  Mode mode() const override { return Spec::kMode; }
  std::optional<NtpTime> timestamp() const override { return std::nullopt; }
  std::optional<std::string> wanted_url() const override {
    return pending_ ? fetch_.next(**pending_).value_or({}) : std::nullopt;
  }

 private:
  /// Goes on with the first message once all its certificates are here.
  Step look() {
    const auto await = std::get<typename Spec::AwaitInit>(state_);
    auto url = Spec::kCertificates ? fetch_.next(**pending_) : std::optional<std::string>();
    if (!url) return refuse(await, std::move(url).error());
    if (*url) {  // a stale message is not worth a look-up
      if (auto t = fresh_timestamp(env_, **pending_); !t) return refuse(await, std::move(t).error());
      return actions(Need(NeedCertificate{**url}));
    }
    auto message = std::move(*pending_);
    pending_.reset();
    message.fetched = std::make_shared<const FetchedCertificates>(fetch_.known());
    return settle(await, on(await, std::move(message), env_));
  }

  Step fetched(Supply answer) {
    if (auto* c = std::get_if<CertificateSupplied>(&answer)) {
      if (wanted_url() != c->url) return nothing_awaited("this certificate");
      fetch_.add(std::move(*c));
      return look();
    }
    if (auto* missing = std::get_if<NotFound>(&answer))
      return refuse(std::get<typename Spec::AwaitInit>(state_), std::move(missing->error));
    return nothing_awaited("this answer");
  }

  template <class State, class Outcome>
  Step settle(const State& state, Outcome next) {
    if (!next) return refuse(state, std::move(next).error());
    for (const Action& a : next->actions)
      if (const auto* n = std::get_if<Need>(&a)) offence_.peer = asked_about(*n, offence_.peer);
    return enter(state_, std::move(*next));
  }

  template <class State>
  Step refuse(const State& state, Error e) {
    std::optional<Send> message = complain(state, offence_, e, env_);
    pending_.reset();
    state_ = typename Spec::Done{};
    Reject r{std::move(e), true, false, {}};
    if (message) return actions(std::move(*message), std::move(r));
    return actions(std::move(r));
  }

  Env env_;
  std::uint32_t csb_id_ = 0;
  Offence offence_;
  CertificateFetch fetch_;
  std::optional<Received<typename Spec::Init>> pending_;
  typename Spec::State state_ = typename Spec::AwaitInit{};
};

/// `Spec::Await` must have a member `opening`.
template <class Spec>
class InitiatorMachine final : public Machine {
 public:
  using Await = typename Spec::Await;
  using Done = typename Spec::Done;

  InitiatorMachine(const Env& env, Next<Await, Done> first) : env_(env) {
    if (const auto* s = std::get_if<Await>(&first.state)) {
      t_ = s->opening.time();
      csb_id_ = s->opening.csb_id;
    } else {
      csb_id_ = std::get<Done>(first.state).csb_id;
    }
    first_step_ = enter(state_, std::move(first));
  }

  Step start() override { return std::exchange(first_step_, {}); }

  Step receive(wire::Message message) override {
    const auto* s = std::get_if<Await>(&state_);
    if (s == nullptr) return nothing_awaited("a message");
    if (message.hdr().csb_id != csb_id_) return nothing_awaited("a message of another CSB");
    if (message.hdr().data_type == DataType::error) {
      Reject r = on_error(*s, message, env_);
      if (r.ended) state_ = Done{csb_id_};
      return actions(std::move(r));
    }
    if (message.hdr().data_type != Spec::kAnswer) return nothing_awaited("a message of this data type");
    // Whoever it is from: messages that wait for their certificates go on waiting, and what was fetched for
    // one does not count against another.
    return look({Received<typename Spec::Answer>(std::move(message)), {}});
  }

  Step supply(Supply answer) override {
    if (auto* c = std::get_if<CertificateSupplied>(&answer)) {
      if (!wants(c->url)) return nothing_awaited("this certificate");
      Step out;
      for (Candidate& one : take_waiting(c->url)) {
        one.fetch.add(*c);
        Step step = look(std::move(one));
        if (ended()) return step;
        std::ranges::move(step, std::back_inserter(out));
      }
      return out;
    }
    if (auto* missing = std::get_if<NotFound>(&answer)) {
      if (take_waiting(missing->url).empty()) return nothing_awaited("an answer");
      return reject(std::move(missing->error), false);
    }
    return nothing_awaited("this answer");
  }

  Step wake(NtpTime now) override {
    const auto* s = std::get_if<Await>(&state_);
    if (s == nullptr) return {};
    const NtpTime until = s->opening.time() + env_.policy.patience;
    if (ntp_difference(now, until) < 0) return actions(Wake{until});
    state_ = Done{csb_id_};
    return reject(bad_message(ErrorCode::unspecified, "RFC 3830 7.2", "no answer came in time"), true);
  }

  bool awaits(DataType type) const override {
    return type == Spec::kAnswer && std::holds_alternative<Await>(state_);
  }
  std::uint32_t csb_id() const override { return csb_id_; }
  Mode mode() const override { return Spec::kMode; }
  std::optional<NtpTime> timestamp() const override { return t_; }
  bool ended() const override { return std::holds_alternative<Done>(state_); }
  std::optional<std::string> wanted_url() const override {
    return waiting_.empty() ? std::nullopt : waiting_.front().url();
  }
  bool wants(const std::string& url) const override {
    return std::ranges::any_of(waiting_, [&](const Candidate& c) { return c.url() == url; });
  }

 private:
  /// Answers of which each might be the genuine one, until its certificates are there. Anybody who saw the
  /// timestamp can send some, so they are few; one more does not take the place of one that came before.
  static constexpr std::size_t kMaxWaiting = 8;
  struct Candidate {
    Received<typename Spec::Answer> message;
    CertificateFetch fetch;
    std::optional<std::string> url() const { return fetch.next(*message).value_or(std::nullopt); }
  };

  /// Those that wait for this certificate; for any, when `url` is empty.
  std::vector<Candidate> take_waiting(const std::string& url) {
    std::vector<Candidate> out;
    const auto rest = std::stable_partition(
        waiting_.begin(), waiting_.end(), [&](const Candidate& c) { return !url.empty() && c.url() != url; });
    std::move(rest, waiting_.end(), std::back_inserter(out));
    waiting_.erase(rest, waiting_.end());
    return out;
  }

  /// Keeps an answer until its certificate is there.
  Step keep(Candidate c, const Await& s, const std::string& url) {
    if (auto ours = ReplayGate::same_timestamp(*c.message, s.opening.t); !ours)
      return reject(std::move(ours).error(), false);
    const auto same = [&](const Candidate& other) { return *other.message == *c.message; };
    if (std::ranges::none_of(waiting_, same)) {
      if (waiting_.size() >= kMaxWaiting)
        return reject({ErrorCode::resource, Severity::system, "", std::nullopt,
                       "too many answers wait for their certificates"},
                      false);
      waiting_.push_back(std::move(c));
    }
    return actions(Need(NeedCertificate{url}));
  }

  Step look(Candidate c) {
    const auto* s = std::get_if<Await>(&state_);
    if (s == nullptr) return nothing_awaited("a message");
    auto url = Spec::kCertificates ? c.fetch.next(*c.message) : std::optional<std::string>();
    if (!url) return reject(std::move(url).error(), false);
    if (*url) return keep(std::move(c), *s, **url);
    c.message.fetched = std::make_shared<const FetchedCertificates>(c.fetch.known());
    auto next = on(*s, c.message, env_);
    if (!next) return reject(std::move(next).error(), false);  // the genuine answer may still come
    waiting_.clear();
    return enter(state_, std::move(*next));
  }

  Env env_;
  std::uint32_t csb_id_ = 0;
  std::optional<NtpTime> t_;
  std::vector<Candidate> waiting_;
  typename Spec::State state_;
  Step first_step_;
};

/// An Initiator whose one message has no answer (RFC 6509): `Spec::Done` is its only state.
template <class Spec>
class OneWayMachine final : public Machine {
 public:
  explicit OneWayMachine(Next<typename Spec::Done> first)
      : csb_id_(std::get<typename Spec::Done>(first.state).csb_id), first_step_(std::move(first.actions)) {}

  Step start() override { return std::exchange(first_step_, {}); }
  Step receive(wire::Message /*message*/) override { return nothing_awaited("a message"); }
  Step supply(Supply /*answer*/) override { return nothing_awaited("an answer"); }
  Step wake(NtpTime /*now*/) override { return {}; }
  bool awaits(DataType /*type*/) const override { return false; }
  std::uint32_t csb_id() const override { return csb_id_; }
  Mode mode() const override { return Spec::kMode; }
  std::optional<NtpTime> timestamp() const override { return std::nullopt; }
  std::optional<std::string> wanted_url() const override { return std::nullopt; }

 private:
  std::uint32_t csb_id_;
  Step first_step_;
};

}  // namespace mikey::engine
