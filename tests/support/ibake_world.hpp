/// \file
/// Parties of MIKEY-IBAKE with private keys of one or two KMSs, in one process.
#pragma once

#include <functional>

#include "exchange/ibake/sealed.hpp"
#include "mikey/exchange/party.hpp"
#include "support/key_world.hpp"

namespace mikey::test {

/// Tests change policies, and settings with the first use of a party.
class IbakeWorld {
 public:
  KeyWorld keys;  ///< the KMS of all, and the clock and randomness of everybody
  ManualClock& clock = keys.clock;
  CountingRng& rng = keys.rng;
  Policy policy;
  ibc::IbakeMaster master = ibake_master("ibake-master.json");

  IbakeWorld() {
    for (const char* n : {"carol", "dave"}) keys.tables.psk.emplace(uri(n), KeyWorld::psk(n));
  }

  static Identity uri(const std::string& name) { return KeyWorld::uri(name); }

  /// A private key of `who`, of the present date unless `when` is another one.
  ibc::IbakeKey key(const std::string& who, std::optional<NtpTime> when = std::nullopt) const {
    return key_of(master, who, when.value_or(clock.now()));
  }
  static ibc::IbakeKey key_of(const ibc::IbakeMaster& master, const std::string& who, NtpTime when) {
    const auto date = master.kms().date_at(when);
    auto key = master.extract(crypto::openssl(), uri(who).data, date);
    return *ibc::IbakeKey::load(crypto::openssl(), master.kms(), uri(who).data, date, std::move(*key));
  }

  /// Made when it is first asked for, so that `change` may change what it has: its own private key and the
  /// parameters of the KMS, which it cannot ask.
  Party& party(const std::string& name, const std::function<void(Credentials&)>& change = {}) {
    auto& p = parties_[name];
    if (p) return *p;
    Credentials c;
    c.psk.emplace(uri("kms"), KeyWorld::psk(name));
    c.ibake.emplace();
    c.ibake->store.add(master.kms());
    c.ibake->store.add(key(name));
    if (change) change(c);
    p = std::make_unique<Party>(uri(name), policy, std::move(c), crypto::openssl(), rng, clock,
                                PartyLimits{.waiting = 100, .bundles = 100, .replay_entries = 1000});
    return *p;
  }

  static InitiateRequest request(const std::string& to) {
    InitiateRequest r;
    r.mode = Mode::ibake;
    r.terms.to = uri(to);
    return r;
  }

  /// One message on its way.
  struct Letter {
    std::string from, to;
    Bytes message;
    DataType type() const { return static_cast<DataType>(message.at(1)); }
    wire::Message parsed() const { return *wire::Message::parse(message); }
  };
  using Hook = std::function<void(Letter&)>;

  /// A whole exchange: all messages, and the last outcome of each party.
  struct Run {
    std::vector<Letter> letters;
    std::map<std::string, Outcome> last;
    std::optional<Error> refused;  ///< the request was

    const Letter& letter(DataType t) const { return *std::ranges::find(letters, t, &Letter::type); }
    bool established(const std::string& who) const {
      const auto it = last.find(who);
      return it != last.end() && it->second.state == Outcome::State::established;
    }
    const keys::Bundle& bundle(const std::string& who) const { return *last.at(who).bundle; }
    std::vector<DataType> types() const {
      std::vector<DataType> out;
      for (const Letter& l : letters) out.push_back(l.type());
      return out;
    }
  };

  /// `hook` may change what is carried, or empty it to lose it. `answers`: who gets the Initiator's messages.
  Run run(const std::string& from, InitiateRequest request, const std::string& answers = "bob",
          const Hook& hook = {}) {
    Run out;
    auto begun = party(from).initiate(std::move(request));
    if (!begun) {
      out.refused = begun.error();
      return out;
    }
    std::vector<Letter> todo;
    const auto take = [&](const std::string& who, Outcome o) {
      for (const Send& s : o.send)
        todo.push_back({who, s.to == Destination::kms ? "kms" : who == from ? answers : from, s.message});
      out.last[who] = std::move(o);
    };
    take(from, std::move(*begun));
    for (std::size_t i = 0; i < todo.size() && i < 30; ++i) {
      Letter l = todo[i];
      if (hook) hook(l);
      if (l.message.empty()) continue;
      out.letters.push_back(l);
      if (l.to != "kms") {
        take(l.to, party(l.to).receive(l.from == "kms" ? Source::kms : Source::peer, l.message));
        continue;
      }
      const kms::Answer a = keys.answer(l.message);
      if (a.message) todo.push_back({"kms", l.from, *a.message});
      last_kms = a.error;
    }
    return out;
  }

  /// An established CSB of alice and bob.
  Run established() {
    Run r = run("alice", request("bob"));
    EXPECT_TRUE(r.established("alice") && r.established("bob"));
    return r;
  }

  std::optional<Error> last_kms;  ///< why the KMS refused last, if it did

 private:
  std::map<std::string, std::unique_ptr<Party>> parties_;
};

/// Both have the same crypto sessions, with keys.
inline void expect_same(const IbakeWorld::Run& run, const std::string& one = "alice",
                        const std::string& two = "bob") {
  for (const std::string& who : {one, two})
    ASSERT_TRUE(run.established(who))
        << who << ": "
        << (run.last.contains(who) && run.last.at(who).error ? run.last.at(who).error->to_string()
            : run.refused                                    ? run.refused->to_string()
                                                             : "nothing came");
  const keys::Bundle& a = run.bundle(one);
  const keys::Bundle& b = run.bundle(two);
  EXPECT_EQ(a.csb_id, b.csb_id);
  EXPECT_TRUE(ct_equal(a.keys.front().key.reveal(), b.keys.front().key.reveal()));
  ASSERT_EQ(a.sessions.size(), b.sessions.size());
  for (std::size_t i = 0; i < a.sessions.size(); ++i) {
    EXPECT_FALSE(a.sessions[i].tek.empty());
    EXPECT_TRUE(ct_equal(a.sessions[i].tek.reveal(), b.sessions[i].tek.reveal()));
    EXPECT_TRUE(ct_equal(a.sessions[i].salt.reveal(), b.sessions[i].salt.reveal()));
    EXPECT_EQ(a.sessions[i].ssrc, b.sessions[i].ssrc);
    EXPECT_EQ(a.sessions[i].validity, b.sessions[i].validity);
  }
}

inline std::string tgk_of(const keys::Bundle& b) {
  return to_hex(b.keys.front().key.reveal());
}

}  // namespace mikey::test
