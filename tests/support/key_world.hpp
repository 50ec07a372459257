/// \file
/// A KMS that gives out private keys of MIKEY-IBAKE, and users who ask it, in one process.
#pragma once

#include <functional>

#include "mikey/exchange/key_question.hpp"
#include "mikey/ibc/ibake_files.hpp"
#include "mikey/kms/issuer.hpp"
#include "mikey/kms/key_issuer.hpp"
#include "support/vector_party.hpp"

namespace mikey::test {

/// Tests change tables, policies and certificates before the first question.
class KeyWorld {
 public:
  ManualClock clock{NtpTime::from_unix(1790000000)};  // 2026-09-21
  CountingRng rng;
  Policy policy;
  Policy kms_policy;
  kms::Tables tables;
  std::map<Identity, std::set<Identity>> members;
  std::uint32_t ahead = 0;
  kms::KeyRecord* record = nullptr;
  mikey::Pki kms_pki;
  mikey::Pki user_pki;
  ibc::IbakeMaster master = ibake_master("ibake-master.json");

  KeyWorld() {
    for (const char* n : {"alice", "bob"}) tables.psk.emplace(uri(n), psk(n));
  }

  static Identity uri(const std::string& name) { return Identity::uri("sip:" + name + "@example.com"); }
  static Psk psk(const std::string& name) { return Psk(Bytes(16, static_cast<std::uint8_t>(name[0]))); }
  static KmsLink link(const std::string& who) { return {uri("kms"), false, psk(who), std::nullopt}; }

  Env user_env() { return {crypto::openssl(), rng, unique_, policy, alice_, &user_pki}; }

  KeyQuestion ask(const std::vector<std::string>& names, std::optional<KmsLink> by = std::nullopt) {
    std::vector<Identity> ids;
    for (const std::string& n : names) ids.push_back(uri(n));
    auto q = KeyQuestion::ask(user_env(), by ? *std::move(by) : link(names.at(0)), policy.prf.front(),
                              std::move(ids));
    EXPECT_TRUE(q.ok()) << q.error().to_string();
    return std::move(*q);
  }

  const kms::KeyIssuer& kms() {
    if (!issuer_) {
      authority_.emplace(std::move(tables));
      replay_.emplace(keys::ReplayCache(crypto::openssl(), rng, kms_policy.clock_skew, 20000), unique_);
      rights_.emplace(std::move(members), ahead);
      issuer_.emplace(Env{crypto::openssl(), rng, unique_, kms_policy, self_, &kms_pki}, *authority_,
                      *replay_, *rights_, master, record);
    }
    return *issuer_;
  }

  /// What the KMS makes of a message.
  kms::Answer answer(ByteView message) { return kms().handle(message); }

  /// What the user makes of an answer.
  Result<std::vector<ibc::IbakeKey>> read(const KeyQuestion& q, ByteView message) {
    auto m = wire::Message::parse(message);
    if (!m) return std::move(m).error();
    return q.read(user_env(), *m, master.kms());
  }

 private:
  UniqueClock unique_{clock};
  Identity self_ = uri("kms");
  Identity alice_ = uri("alice");
  std::optional<kms::TableAuthority> authority_;
  std::optional<kms::CachedReplay> replay_;
  std::optional<kms::TableKeyRights> rights_;
  std::optional<kms::KeyIssuer> issuer_;
};

}  // namespace mikey::test
