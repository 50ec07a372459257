#include "support/certified_parties.hpp"

#include <gtest/gtest.h>

namespace mikey::test {

const Pki& shared_pki() {
  static const Pki pki;
  return pki;
}

OwnCertificate own_certificate(std::vector<crypto::Certificate> chain, const std::string& key) {
  return {std::move(chain), private_key(key), {}};
}

CertifiedParties::CertifiedParties(Mode m) : mode(m) {
  static const OwnCertificate alice = own_certificate({shared_pki().alice}, "alice");
  static const OwnCertificate bob = own_certificate({shared_pki().bob}, "bob");
  clock.set(kPkiTime);
  alice_pki.own = {alice};
  bob_pki.own = {bob};
  alice_trust->add_anchor(shared_pki().ca.certificate);
  bob_trust->add_anchor(shared_pki().ca.certificate);
  if (mode == Mode::pk) alice_trust->pin(IdType::uri, kBob.data, shared_pki().bob);
  alice_pki.trust = alice_trust;
  bob_pki.trust = bob_trust;
}

InitiateRequest CertifiedParties::request(std::optional<std::uint32_t> csb_id) const {
  InitiateRequest r = TwoParties::request(csb_id);
  r.mode = mode;
  return r;
}

Bytes CertifiedParties::first_message(std::optional<std::uint32_t> csb_id) {
  auto o = alice().initiate(request(csb_id));
  if (o.ok() && !o->send.empty()) return std::move(o->send[0].message);
  ADD_FAILURE() << (o.ok() ? "nothing was sent" : o.error().to_string());
  return {};
}

void expect_refused(const Outcome& o, ErrorCode code) {
  ASSERT_EQ(o.state, Outcome::State::failed);
  EXPECT_EQ(o.error->code, code) << o.error->to_string();
}

void expect_agreed(const TwoParties::Run& r) {
  ASSERT_TRUE(r.initiator) << (r.begin.error ? r.begin.error->to_string() : "")
                           << (r.answer.error ? r.answer.error->to_string() : "")
                           << (r.end.error ? r.end.error->to_string() : "");
  ASSERT_TRUE(r.responder);
  EXPECT_EQ(r.initiator->csb_id, r.responder->csb_id);
  EXPECT_EQ(r.initiator->derive_csb_id, r.responder->derive_csb_id);
  EXPECT_EQ(r.initiator->role, Role::initiator);
  EXPECT_EQ(r.responder->role, Role::responder);
  ASSERT_FALSE(r.initiator->sessions.empty());
  ASSERT_EQ(r.initiator->sessions.size(), r.responder->sessions.size());
  for (std::size_t i = 0; i < r.initiator->sessions.size(); ++i) {
    const keys::CryptoSession& a = r.initiator->sessions[i];
    const keys::CryptoSession& b = r.responder->sessions[i];
    EXPECT_EQ(a.ssrc, b.ssrc);
    EXPECT_EQ(a.suite, b.suite);
    EXPECT_EQ(a.tek.size(), keys::info(a.suite).key_len);
    EXPECT_TRUE(ct_equal(a.tek.reveal(), b.tek.reveal()));
    EXPECT_TRUE(ct_equal(a.salt.reveal(), b.salt.reveal()));
  }
}

std::string fingerprint(const keys::BundlePtr& bundle) {
  if (!bundle) return "none";
  std::string out = std::to_string(bundle->csb_id) + " " + std::to_string(bundle->derive_csb_id) + " " +
                    std::string(mode_name(bundle->mode)) + " " + bundle->peer.name() + " " +
                    to_hex(bundle->rand) + " " + to_hex(bundle->transport_key.reveal());
  for (const keys::KeyEntry& k : bundle->keys)
    out += " key " + to_hex(k.key.reveal()) + "/" + to_hex(k.salt.reveal()) + "/" + to_hex(k.validity.spi);
  for (const keys::CryptoSession& s : bundle->sessions)
    out += " cs " + std::to_string(s.ssrc) + "/" + std::to_string(s.roc) + "/" +
           std::string(keys::info(s.suite).name) + "/" + to_hex(s.tek.reveal()) + "/" +
           to_hex(s.salt.reveal());
  return out;
}

}  // namespace mikey::test
