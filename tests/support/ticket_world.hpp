/// \file
/// A KMS, and parties that share a key with it, in one process.
#pragma once

#include <functional>

#include "mikey/exchange/kms_question.hpp"
#include "mikey/exchange/party.hpp"
#include "mikey/kms/issuer.hpp"
#include "support/scripted_rng.hpp"

namespace mikey::test {

/// "sip:<name>@example.com"
inline Identity uri_of(const std::string& name) {
  return Identity::uri("sip:" + name + "@example.com");
}

/// Tests change tables, policies and settings before the first use of a party or of the KMS.
class TicketWorld {
 public:
  ManualClock clock{NtpTime::from_unix(1790000000)};
  CountingRng rng;
  Policy policy;
  kms::Tables tables;
  kms::TicketRecord* record = nullptr;
  const kms::Authority* authority = nullptr;  ///< in place of the tables
  KmsReplay* replay = nullptr;                ///< in place of one in memory
  const mikey::Pki* kms_pki = nullptr;        ///< for clients with certificates
  const TicketSchemes* schemes = nullptr;     ///< Ticket Types of the KMS beside the base ticket

  explicit TicketWorld(std::vector<std::string> names = {"alice", "bob", "carol", "dave"}) {
    for (const std::string& n : names) tables.psk.emplace(uri_of(n), psk(n));
    tables.tpk.emplace_back(Bytes(32, 0x7E));
  }

  static Psk psk(const std::string& name) { return Psk(Bytes(16, static_cast<std::uint8_t>(name[0]))); }

  /// Made when it is first asked for, so that `change` may change what it knows.
  Party& party(const std::string& name, const std::function<void(Credentials&)>& change = {}) {
    auto& p = parties_[name];
    if (p) return *p;
    Credentials c;
    c.psk.emplace(uri_of("kms"), psk(name));
    c.ticket.emplace();
    c.ticket->kms = uri_of("kms");
    if (change) change(c);
    p = std::make_unique<Party>(
        uri_of(name), policy, std::move(c), crypto::openssl(), rng, clock,
        PartyLimits{.waiting = 100, .bundles = 100, .replay_entries = 1000, .tickets = 100});
    return *p;
  }

  kms::Issuer& kms() {
    if (!issuer_) {
      authority_.emplace(std::move(tables));
      replay_.emplace(keys::ReplayCache(crypto::openssl(), rng, policy.clock_skew, 20000), unique_);
      issuer_.emplace(Env{crypto::openssl(), rng, unique_, policy, self_, kms_pki},
                      authority != nullptr ? *authority : *authority_, replay != nullptr ? *replay : *replay_,
                      record, schemes);
    }
    return *issuer_;
  }

  static InitiateRequest request(const std::string& to, const char* flags = nullptr, int mode = 1) {
    InitiateRequest r;
    r.mode = Mode::ticket;
    r.terms.to = uri_of(to);
    r.ticket.emplace();
    r.ticket->mode = mode;
    if (flags != nullptr) r.ticket->flags = TicketFlags::parse(flags);
    return r;
  }

  /// One message on its way.
  struct Letter {
    std::string from, to;
    Bytes message;
    DataType type() const { return static_cast<DataType>(message.at(1)); }
  };
  using Hook = std::function<void(Letter&)>;

  /// A whole exchange: all messages, and the last outcome of each party.
  struct Run {
    std::vector<Letter> letters;
    std::map<std::string, Outcome> last;
    std::optional<Error> refused;  ///< the request was

    const Letter& letter(DataType t) const {
      return *std::ranges::find_if(letters, [t](const Letter& l) { return l.type() == t; });
    }
    bool established(const std::string& who) const {
      const auto it = last.find(who);
      return it != last.end() && it->second.state == Outcome::State::established;
    }
    const keys::Bundle& bundle(const std::string& who) const { return *last.at(who).bundle; }
  };

  /// `hook` may change what is carried, or empty it to lose it. `answers`: who gets the Initiator's message.
  Run run(const std::string& from, InitiateRequest request, const Hook& hook = {},
          const std::string& answers = "bob") {
    Run out;
    auto begun = party(from).initiate(std::move(request));
    if (!begun) {
      out.refused = begun.error();
      return out;
    }
    std::vector<Letter> todo;
    take(out, todo, from, answers, std::move(*begun));
    for (std::size_t i = 0; i < todo.size() && i < 30; ++i) {
      Letter l = todo[i];
      if (hook) hook(l);
      if (l.message.empty()) continue;
      out.letters.push_back(l);
      if (l.to == "kms") {
        const kms::Answer a = kms().handle(l.message);
        if (a.message) todo.push_back({"kms", l.from, *a.message});
        last_kms = a.error;
      } else {
        const Source source = l.from == "kms" ? Source::kms : Source::peer;
        take(out, todo, l.to, l.from == "kms" ? other(l.to, from, answers) : l.from,
             party(l.to).receive(source, l.message));
      }
    }
    return out;
  }

  std::optional<Error> last_kms;  ///< why the KMS refused last, if it did

 private:
  static std::string other(const std::string& who, const std::string& from, const std::string& answers) {
    return who == from ? answers : from;
  }
  static void take(Run& out, std::vector<Letter>& todo, const std::string& who, const std::string& peer,
                   Outcome o) {
    for (const Send& s : o.send) todo.push_back({who, s.to == Destination::kms ? "kms" : peer, s.message});
    out.last[who] = std::move(o);
  }

  UniqueClock unique_{clock};
  Identity self_ = uri_of("kms");
  std::map<std::string, std::unique_ptr<Party>> parties_;
  std::optional<kms::TableAuthority> authority_;
  std::optional<kms::CachedReplay> replay_;
  std::optional<kms::Issuer> issuer_;
};

}  // namespace mikey::test
