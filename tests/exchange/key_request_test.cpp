// Requests for private keys (RFC 6267 4.2.1) between a user and a KMS: what each sends and accepts.
#include <gtest/gtest.h>

#include "support/key_world.hpp"
#include "support/pki.hpp"

namespace mikey::test {
namespace {

using nlohmann::json;
using State = kms::Answer::State;

wire::Message parsed(ByteView octets) {
  auto m = wire::Message::parse(octets);
  EXPECT_TRUE(m.ok());
  return std::move(*m);
}

std::string names(const std::vector<ibc::IbakeKey>& keys) {
  std::string out;
  for (const ibc::IbakeKey& k : keys) {
    std::string id(as_text(k.identity()));
    out += (out.empty() ? "" : " ") + id.substr(4, id.find('@') - 4) + "/" + ibc::date_text(k.date());
  }
  return out;
}

// ------------------------------------------------------------------ vectors

class KeyRequestVectors : public testing::TestWithParam<int> {
 protected:
  json v_ = json::parse(read_source_file("vectors/mikey-peer/ibake-key-requests.json"))
                .at(static_cast<std::size_t>(GetParam()));
  KeyWorld world_;
  Identity self_ = Identity::uri(v_["identity"].get<std::string>());

  void SetUp() override {
    if (v_["policy"].value("prf", "") == "HMAC-SHA-256") world_.policy.prf = {PrfFunc::hmac_sha_256};
    world_.kms_policy = world_.policy;
    world_.clock.set(NtpTime::from_unix(v_["time"].get<std::int64_t>()));
  }
  Psk psk() const { return Psk(hex(v_["psk"].get<std::string>().substr(4))); }
};

TEST_P(KeyRequestVectors, RequestAndAnswerAreTheOthersOctets) {
  ScriptedRng rng;
  const json& draws = v_["random"];
  for (std::size_t i = draws.size() - 2; i < draws.size(); ++i)  // before them, what the exchange drew
    rng.add(draws[i][0], hex(draws[i][1].get<std::string>()));
  UniqueClock clock(world_.clock);
  const Env env{crypto::openssl(), rng, clock, world_.policy, self_};
  const auto q = KeyQuestion::ask(env, {KeyWorld::uri("kms"), false, psk(), std::nullopt},
                                  world_.policy.prf.front(), {self_});
  ASSERT_TRUE(q.ok()) << q.error().to_string();
  EXPECT_TRUE(rng.exhausted());
  EXPECT_EQ(to_hex(q->message()), v_["request"].get<std::string>());

  world_.tables.psk.insert_or_assign(self_, psk());
  const kms::Answer a = world_.answer(hex(v_["request"].get<std::string>()));
  ASSERT_EQ(a.state, State::answered) << a.error->to_string();
  EXPECT_EQ(to_hex(*a.message), v_["answer"].get<std::string>());

  const auto keys = q->read(env, parsed(*a.message), world_.master.kms());
  ASSERT_TRUE(keys.ok()) << keys.error().to_string();
  ASSERT_EQ(keys->size(), 1U);
  EXPECT_EQ(keys->front().identity(), self_.data);
  EXPECT_EQ(ibc::date_text(keys->front().date()), "2026-09");
}

INSTANTIATE_TEST_SUITE_P(Rfc6267, KeyRequestVectors, testing::Range(0, 6));

// ------------------------------------------------------------------ messages

TEST(KeyRequest, HasThePayloadsOfRfc6267) {  // 4.2.1.1
  KeyWorld w;
  KmsLink link = KeyWorld::link("alice");
  link.psk_name = KeyWorld::uri("alice");
  const auto m = parsed(w.ask({"alice", "home"}, std::move(link)).message());
  EXPECT_EQ(m.hdr().data_type, DataType::request_key_init_psk);
  EXPECT_EQ(m.hdr().v, 1);
  EXPECT_EQ(m.hdr().n_cs, 0);
  EXPECT_EQ(m.hdr().map_type, CsIdMapType::empty);
  using P = PayloadType;
  std::vector<P> types;
  for (const wire::Slot& s : m.slots()) types.push_back(s.type);
  EXPECT_EQ(types, (std::vector<P>{P::t, P::rand, P::idr, P::idr, P::idr, P::idr, P::v}));
  EXPECT_EQ(m.first<wire::Rand>()->data.size(), 16U);
  std::vector<IdRole> roles;
  for (const auto& p : m.all<wire::Idr>()) roles.push_back(p.role);
  EXPECT_EQ(roles, (std::vector<IdRole>{IdRole::initiator, IdRole::initiator, IdRole::kms, IdRole::psk}));
}

TEST(KeyRequest, AnAnswerRepeatsHeaderAndTimestamp) {  // 4.2.1.3
  KeyWorld w;
  const auto q = w.ask({"alice"});
  const kms::Answer a = w.answer(q.message());
  ASSERT_EQ(a.state, State::answered) << a.error->to_string();
  EXPECT_EQ(a.client, KeyWorld::uri("alice"));
  const auto asked = parsed(q.message());
  const auto m = parsed(*a.message);
  EXPECT_EQ(m.hdr().data_type, DataType::request_key_resp);
  EXPECT_EQ(m.hdr().v, 0);
  EXPECT_EQ(m.hdr().prf, asked.hdr().prf);
  EXPECT_EQ(m.hdr().csb_id, asked.hdr().csb_id);
  EXPECT_EQ(m.hdr().n_cs, 0);
  EXPECT_EQ(m.hdr().map_type, CsIdMapType::empty);
  EXPECT_EQ(m.first<wire::T>(), asked.first<wire::T>());
  EXPECT_EQ(m.first<wire::Kemac>()->mac_alg, MacAlg::null);
  EXPECT_EQ(m.last_type(), PayloadType::v);
}

TEST(KeyRequest, SeveralIdentitiesAndDates) {
  KeyWorld w;
  w.members[KeyWorld::uri("alice")] = {KeyWorld::uri("home"), KeyWorld::uri("team")};
  w.ahead = 2;
  const auto q = w.ask({"alice", "home", "home"});
  const kms::Answer a = w.answer(q.message());
  ASSERT_EQ(a.state, State::answered) << a.error->to_string();
  const auto keys = w.read(q, *a.message);
  ASSERT_TRUE(keys.ok()) << keys.error().to_string();
  EXPECT_EQ(names(*keys), "alice/2026-09 alice/2026-10 alice/2026-11 home/2026-09 home/2026-10 home/2026-11");
}

TEST(KeyRequest, DatesGoOnOverTheYear) {
  KeyWorld w;
  w.ahead = 1;
  w.clock.set(NtpTime::from_unix(1798761599));  // 2026-12-31T23:59:59Z
  const auto q = w.ask({"alice"});
  const auto keys = w.read(q, *w.answer(q.message()).message);
  ASSERT_TRUE(keys.ok()) << keys.error().to_string();
  EXPECT_EQ(names(*keys), "alice/2026-12 alice/2027-01");
}

TEST(KeyRequest, EveryAlgorithmThatGoesWithThePrf) {
  for (const auto& [prf, encr] : {std::pair{PrfFunc::mikey_1, EncrAlg::aes_cm_128},
                                  {PrfFunc::mikey_1, EncrAlg::aes_kw_128},
                                  {PrfFunc::hmac_sha_256, EncrAlg::aes_cm_256}}) {
    KeyWorld w;
    w.policy.prf = w.kms_policy.prf = {prf};
    w.kms_policy.kemac_encryption = {encr};
    const auto q = w.ask({"alice"});
    const kms::Answer a = w.answer(q.message());
    ASSERT_EQ(a.state, State::answered) << a.error->to_string();
    EXPECT_EQ(parsed(*a.message).first<wire::Kemac>()->encr_alg, encr);
    const auto keys = w.read(q, *a.message);
    ASSERT_TRUE(keys.ok()) << keys.error().to_string();
    EXPECT_EQ(names(*keys), "alice/2026-09");
  }
}

// ------------------------------------------------------------------ certificates

/// Alice and the KMS with certificates of one CA.
struct CertifiedKeyWorld : KeyWorld {
  crypto::Issuer ca = self_signed(ca_spec("ca"), "ca");

  CertifiedKeyWorld() {
    clock.set(kPkiTime);
    tables.psk.clear();
    kms_pki = pki("kms", "bob", nullptr);
    user_pki = pki("alice", "alice", &kms_pki.own.front().chain.front());
  }
  mikey::Pki pki(const std::string& name, const std::string& key, const crypto::Certificate* kms) const {
    mikey::Pki out;
    auto trust = std::make_shared<crypto::TrustStore>();
    trust->add_anchor(ca.certificate);
    if (kms != nullptr) trust->pin(IdType::uri, uri("kms").data, *kms);
    out.trust = std::move(trust);
    out.own.push_back({{issue(spec_for(name), key, ca)}, private_key(key), {}});
    return out;
  }
  static KmsLink link() { return {uri("kms"), true, {}, std::nullopt}; }
};

TEST(KeyRequestPke, HasThePayloadsOfRfc6267) {  // 4.2.1.1.2
  CertifiedKeyWorld w;
  const auto m = parsed(w.ask({"alice"}, CertifiedKeyWorld::link()).message());
  EXPECT_EQ(m.hdr().data_type, DataType::request_key_init_pke);
  using P = PayloadType;
  std::vector<P> types;
  for (const wire::Slot& s : m.slots()) types.push_back(s.type);
  EXPECT_EQ(types, (std::vector<P>{P::t, P::rand, P::idr, P::cert, P::idr, P::chash, P::pke, P::sign}));
}

TEST(KeyRequestPke, GivesTheSameKeys) {
  CertifiedKeyWorld w;
  w.members[KeyWorld::uri("alice")] = {KeyWorld::uri("home")};
  const auto q = w.ask({"alice", "home"}, CertifiedKeyWorld::link());
  const kms::Answer a = w.answer(q.message());
  ASSERT_EQ(a.state, State::answered) << a.error->to_string();
  const auto keys = w.read(q, *a.message);
  ASSERT_TRUE(keys.ok()) << keys.error().to_string();
  EXPECT_EQ(names(*keys), "alice/2026-01 home/2026-01");
}

TEST(KeyRequestPke, SomebodyElsesCertificateIsRefused) {
  CertifiedKeyWorld w;
  const auto q = w.ask({"carol", "alice"}, CertifiedKeyWorld::link());  // signed by alice
  const kms::Answer a = w.answer(q.message());
  ASSERT_EQ(a.state, State::failed);
  EXPECT_EQ(a.error->code, ErrorCode::auth_failure) << a.error->to_string();
}

TEST(KeyRequestPke, ChangedMessagesAreRefused) {
  CertifiedKeyWorld w;
  const Bytes message = w.ask({"alice"}, CertifiedKeyWorld::link()).message();
  for (std::size_t at = 0; at < message.size(); at += 3) {
    Bytes bad = message;
    bad[at] ^= 1;
    EXPECT_EQ(w.answer(bad).state, State::failed) << at;
  }
  EXPECT_EQ(w.answer(message).state, State::answered);
}

TEST(KeyRequestPke, WithoutACertificateItIsSaid) {
  CertifiedKeyWorld w;
  const Bytes message = w.ask({"alice"}, CertifiedKeyWorld::link()).message();
  w.kms_pki = {};
  EXPECT_EQ(w.answer(message).error->code, ErrorCode::invalid_cert);
  w.user_pki = {};
  EXPECT_FALSE(
      KeyQuestion::ask(w.user_env(), CertifiedKeyWorld::link(), PrfFunc::mikey_1, {KeyWorld::uri("alice")})
          .ok());
}

TEST(KeyRequest, NeedsIdentitiesAndAKey) {
  KeyWorld w;
  EXPECT_FALSE(KeyQuestion::ask(w.user_env(), KeyWorld::link("alice"), PrfFunc::mikey_1, {}).ok());
  EXPECT_FALSE(KeyQuestion::ask(w.user_env(), {KeyWorld::uri("kms"), false, {}, std::nullopt},
                                PrfFunc::mikey_1, {KeyWorld::uri("alice")})
                   .ok());
  EXPECT_FALSE(KeyQuestion::ask(w.user_env(), {{}, false, KeyWorld::psk("a"), std::nullopt}, PrfFunc::mikey_1,
                                {KeyWorld::uri("alice")})
                   .ok());
}

}  // namespace
}  // namespace mikey::test
