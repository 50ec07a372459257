/// \file
/// What every mode's half of an exchange is to the engine.
#pragma once

#include "mikey/exchange/exchange.hpp"

namespace mikey::engine {

class Machine {
 public:
  Machine() = default;
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;
  virtual ~Machine() = default;

  virtual Step start() = 0;
  virtual Step receive(wire::Message message) = 0;
  virtual Step supply(Supply answer) = 0;
  virtual Step wake(NtpTime now) = 0;
  virtual bool awaits(DataType type) const = 0;
  virtual std::uint32_t csb_id() const = 0;
  virtual std::uint32_t awaited_csb_id() const { return csb_id(); }
  virtual bool ended() const { return false; }
  virtual Mode mode() const = 0;
  virtual std::optional<NtpTime> timestamp() const = 0;
  virtual keys::BundlePtr updates() const { return nullptr; }
  virtual std::optional<std::string> wanted_url() const = 0;
  virtual bool wants(const std::string& url) const { return wanted_url() == url; }
};

/// The states that may follow a transition, and what is to be done. The type lists all that is possible.
template <class... States>
struct Next {
  std::variant<States...> state;
  Step actions;
};

/// Moves a transition's outcome into the variant of all states of a machine.
template <class All, class... States>
Step enter(All& current, Next<States...>&& next) {
  std::visit([&](auto&& s) { current = std::forward<decltype(s)>(s); }, std::move(next.state));
  return std::move(next.actions);
}

/// The same outcome where more states are possible.
template <class To, class... States>
To widen(Next<States...>&& next) {
  return std::visit(
      [&](auto&& s) {
        return To{std::forward<decltype(s)>(s), std::move(next.actions)};
      },
      std::move(next.state));
}

template <class... A>
Step actions(A&&... a) {
  Step s;
  s.reserve(sizeof...(a));
  (s.emplace_back(std::forward<A>(a)), ...);
  return s;
}

inline Step reject(Error error, bool ended) {
  return actions(Reject{std::move(error), ended, false, {}});
}

inline Step nothing_awaited(const char* what) {
  return reject(bad_request(std::string("the exchange does not wait for ") + what), false);
}

}  // namespace mikey::engine
