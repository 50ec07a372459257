// Keys of mission-critical services (3GPP TS 33.180): messages of another product, and our own.
#include "mikey/profile/mcx.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "mikey/ibc/key_files.hpp"
#include "support/sakke_parties.hpp"

namespace mikey::test {
namespace {

using nlohmann::json;
namespace mcx = profile::mcx;

const crypto::Provider& provider() {
  return crypto::openssl();
}

const json& vectors() {
  static const json all = json::parse(read_source_file("vectors/streamwide/mcx.json"));
  return all;
}

ibc::Ssv ssv(std::string_view hexadecimal) {
  return ibc::Ssv(ByteView(hex(hexadecimal)));
}

/// A user of the product's test system.
class Streamwide {
 public:
  explicit Streamwide(const char* uri, Policy policy = mcx::policy()) {
    auto kms = ibc::Kms::load(*ibc::parse_kms(as_bytes(vectors()["kms"].dump())));
    EXPECT_TRUE(kms.ok()) << kms.error().detail;
    Credentials c;
    c.sakke.add(*kms);
    for (const json& user : vectors()["users"]) {
      c.sakke.know(Identity::uri(user["uri"].get<std::string>()));
      if (user["uri"] != uri) continue;
      auto set = ibc::KeySet::load(provider(), *kms, *ibc::parse_key_set(as_bytes(user.dump())),
                                   ibc::sakke::Tables::none);
      EXPECT_TRUE(set.ok()) << set.error().detail;
      c.sakke.add(*set);
    }
    party_ = std::make_unique<Party>(Identity::uri(uri), std::move(policy), std::move(c), provider(), rng_,
                                     clock_);
  }
  Outcome receive(std::size_t message) {
    const Bytes octets = *from_base64(vectors()["messages"][message]["message"].get<std::string>());
    const auto m = wire::Message::parse(octets);
    clock_.set({load_be<std::uint64_t>(m->first<wire::T>()->value.data())});
    return party_->receive(Source::peer, octets);
  }

 private:
  CountingRng rng_;
  ManualClock clock_{NtpTime{}};
  std::unique_ptr<Party> party_;
};

TEST(Mcx, AllKeySetsOfTheProductAreValid) {
  for (const json& user : vectors()["users"]) Streamwide(user["uri"].get<std::string>().c_str());
}

TEST(Mcx, AGroupMasterKeyOfTheProduct) {
  const json& v = vectors()["messages"][0];
  Streamwide alice("sip:alice@streamwide.com");
  const Outcome o = alice.receive(0);
  ASSERT_TRUE(o.bundle) << o.error->to_string();
  EXPECT_EQ(o.bundle->peer.name(),
            v["Initiator URI"].get<std::string>());  // it hides, and is found by its UID
  ASSERT_EQ(o.bundle->sessions.size(), 1U);
  const keys::CryptoSession& s = o.bundle->sessions[0];
  EXPECT_EQ(s.cs_id, 4);
  EXPECT_EQ(s.suite, keys::Suite::aead_aes_128_gcm);
  EXPECT_EQ(s.roc_rate, 1);
  EXPECT_EQ(to_hex(s.validity.spi), v["GMK-ID"].get<std::string>() + v["GUK-ID"].get<std::string>());
  const auto carried = mcx::carried_key(provider(), *o.bundle, "sip:alice@streamwide.com");
  ASSERT_TRUE(carried.ok()) << carried.error().to_string();
  EXPECT_EQ(to_hex(carried->key.key.reveal()), v["GMK"].get<std::string>());
  EXPECT_EQ(to_hex(mcx::mki(carried->key.id)), v["GMK-ID"].get<std::string>());
  EXPECT_EQ(to_hex(mcx::mki(*carried->guk_id)), v["GUK-ID"].get<std::string>());
  EXPECT_EQ(to_hex(carried->key.rand), v["GMK-RAND"].get<std::string>());
  ASSERT_TRUE(carried->parameters.has_value());
  EXPECT_EQ(carried->parameters->type, mcx::KeyType::gmk);
  EXPECT_FALSE(carried->parameters->revoked);
  EXPECT_TRUE(carried->parameters->group_ids.empty());
  // one's own sending keys are those of the session
  const auto own =
      mcx::group_media_keys(provider(), carried->key, "sip:alice@streamwide.com", mcx::CsId::mcptt_group);
  ASSERT_TRUE(own.ok());
  EXPECT_TRUE(ct_equal(own->key.reveal(), s.tek.reveal()));
  EXPECT_TRUE(ct_equal(own->salt.reveal(), s.salt.reveal()));
}

TEST(Mcx, AClientServerKeyOfTheProduct) {
  const json& v = vectors()["messages"][1];
  Streamwide server("gms@streamwide.com");
  const Outcome o = server.receive(1);
  ASSERT_TRUE(o.bundle) << o.error->to_string();
  const auto carried = mcx::carried_key(provider(), *o.bundle, "gms@streamwide.com");
  ASSERT_TRUE(carried.ok()) << carried.error().to_string();
  EXPECT_EQ(carried->key.type, mcx::KeyType::csk);
  EXPECT_EQ(to_hex(carried->key.key.reveal()), v["CSK"].get<std::string>());
  EXPECT_EQ(to_hex(mcx::mki(carried->key.id)), v["CSK-ID"].get<std::string>());
  EXPECT_FALSE(carried->guk_id);
  EXPECT_EQ(o.bundle->sessions[0].cs_id, 6);
  EXPECT_EQ(carried->parameters->type, mcx::KeyType::csk);
}

// The tolerances are of the profile alone.
TEST(Mcx, StrictPoliciesRefuseWhatTheProfileTolerates) {
  Policy strict = mcx::policy();
  strict.sakke = {};
  Streamwide alice("sip:alice@streamwide.com", strict);
  const Outcome o = alice.receive(0);
  EXPECT_FALSE(o.bundle);
  EXPECT_EQ(o.error->code, ErrorCode::invalid_sppar);  // RFC 4771's transform
  Streamwide wrong("sip:bob@streamwide.com");
  EXPECT_EQ(wrong.receive(0).error->code, ErrorCode::invalid_id);
}

// Shared vectors of TS 33.180 deployments (A.6 of the collected facts).
TEST(Mcx, MediaKeys) {
  mcx::Key gmk{mcx::KeyType::gmk, 0x09bf9d37, ssv("fcfe65cd967c58d260b603ccb9a887a9"),
               hex("6819e679461120e10ac458cce67b8024")};
  struct Case {
    const char* sender;
    std::uint32_t guk_id;
    const char* key;
    const char* salt;
  };
  const Case cases[] = {
      {"sip:p25user01@etherstack.com", 0x01c8de7b, "64837d2b4d69a266e4489d3807353ad9",
       "8b2f081ce8e8bdab1f8d9eb8"},
      {"sip:p25user02@etherstack.co.jp", 0x0abe69d0, "de81b70c4ae0ff3f79364df586c2e0ce",
       "750ea7422b4d5a8ff475c6d5"},
      {"sip:92100002447@att.com", 0x0c449727, "f097ac3325f1f784bc8ba4112c5e5f88", "97a154fb24efbfb353a265e2"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(*mcx::guk_id(provider(), gmk.key, gmk.id, c.sender), c.guk_id);
    EXPECT_EQ(*mcx::guk_id(provider(), gmk.key, c.guk_id, c.sender), gmk.id);
    const auto keys = mcx::group_media_keys(provider(), gmk, c.sender, mcx::CsId::mcptt_group);
    ASSERT_TRUE(keys.ok());
    EXPECT_EQ(to_hex(keys->key.reveal()), c.key);
    EXPECT_EQ(to_hex(keys->salt.reveal()), c.salt);
    const auto mki = mcx::parse_group_mki(mcx::group_mki(gmk.id, c.guk_id));
    EXPECT_EQ(mki->gmk_id, gmk.id);
    EXPECT_EQ(mki->guk_id, c.guk_id);
  }
  const auto csk =
      mcx::media_keys(provider(), ssv("28ba74447f037dcc09ad7f2576dc2def"),
                      hex("30333032343661303730646133333265"), 0x1c5f7886, mcx::CsId::mcptt_csk_srtcp);
  EXPECT_EQ(to_hex(csk->key.reveal()), "185d08cb5a226d19d71679adf5e415be");
  EXPECT_EQ(to_hex(csk->salt.reveal()), "d1d648b2a0040633a3dd72e5");
  EXPECT_FALSE(mcx::parse_group_mki(Bytes(4)));
  EXPECT_EQ(*mcx::guk_id(provider(), ssv("07d1a1677ac36d8e81620484689b3c2d"), 0x0df9bc39,
                         "sip:iwf_legacy_v1.1.x_format@streamwide.com"),
            0x048209a7U);
}

struct ParameterCase {
  mcx::KeyType type;
  const char* key;
  std::uint32_t id;
  const char* iv;
  const char* sealed;
};
const ParameterCase kParameters[] = {
    {mcx::KeyType::gmk, "07d1a1677ac36d8e81620484689b3c2d", 0x06a12aea, "28704fa41c8fe20f881c1bab0d32d8ca",
     "4eddc3bf8c2a4a5d3fc9848440123e7d054dab4308d505759206cc789d05a4ce0e49364d"},
    {mcx::KeyType::csk, "e06e65106183547342d3e8a6ce2540a8", 0x2ddd5bf0, "6f7ee262ac4da7f5d06a72de86816abe",
     "bc70f370864c4fa8f7a8b3992acc17d2335538bea90d6016992b6b982ae86008f0"},
    {mcx::KeyType::pck, "b4c96b703acd5c1bf7d4cc45068d9965", 0x16992638, "f6f4156f58542961cbca8fb10e66f167",
     "a53540022efcccb3685058953c68c1cb1e0df54f6071c3e2425d5e8828852e6f01"},
};

TEST(Mcx, KeyParametersOctetForOctet) {
  for (const ParameterCase& c : kParameters) {
    ScriptedRng rng;
    rng.add("key parameters IV", hex(c.iv));
    mcx::KeyParameters p;
    p.type = c.type;
    const auto body = mcx::seal_key_parameters(provider(), rng, p, ssv(c.key), c.id, 1);
    ASSERT_TRUE(body.ok()) << body.error().to_string();
    EXPECT_EQ(to_hex(ByteView(*body).subspan(35)), c.sealed);
    EXPECT_EQ((*body)[0], 0x43);
    for (const auto reading : {mcx::Reading::strict, mcx::Reading::tolerant}) {
      const auto again = mcx::open_key_parameters(provider(), *body, ssv(c.key), c.id, c.type, reading);
      ASSERT_TRUE(again.ok()) << again.error().to_string();
      EXPECT_EQ(again->type, c.type);
      EXPECT_FALSE(again->revoked);
    }
  }
}

TEST(Mcx, KeyParametersThatSayMore) {
  CountingRng rng;
  mcx::KeyParameters p;
  p.type = mcx::KeyType::gmk;
  p.revoked = true;
  p.shared_with_gateway = true;
  p.activation = 1790000000;
  p.expiry = (std::uint64_t{1} << 40) - 1;
  p.text = "fire brigade \xc3\xa9";
  p.group_ids = {"sip:north@mcx.example.org", "", "sip:south@mcx.example.org"};
  const auto key = ssv("000102030405060708090a0b0c0d0e0f");
  const auto body = mcx::seal_key_parameters(provider(), rng, p, key, 0x01234567, 5);
  ASSERT_TRUE(body.ok());
  const auto again = mcx::open_key_parameters(provider(), *body, key, 0x01234567, p.type);
  ASSERT_TRUE(again.ok()) << again.error().to_string();
  EXPECT_TRUE(again->revoked);
  EXPECT_TRUE(again->shared_with_gateway);
  EXPECT_EQ(again->activation, p.activation);
  EXPECT_EQ(again->expiry, p.expiry);
  EXPECT_EQ(again->text, p.text);
  EXPECT_EQ(again->group_ids, p.group_ids);
  // every bit and every length of it is refused
  for (std::size_t bit = 0; bit < body->size() * 8; ++bit) {
    Bytes bad = *body;
    bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ (1U << bit % 8));
    const auto r = mcx::open_key_parameters(provider(), bad, key, 0x01234567, p.type);
    // what the tag does not cover: the IEI of the payload
    EXPECT_EQ(r.ok(), bit / 8 == 32) << bit;
  }
  for (std::size_t n = 0; n < body->size(); ++n)
    EXPECT_FALSE(
        mcx::open_key_parameters(provider(), ByteView(*body).first(n), key, 0x01234567, p.type).ok());
  EXPECT_EQ(mcx::open_key_parameters(provider(), *body, key, 0x01234567, mcx::KeyType::csk).error().code,
            ErrorCode::unspecified);
  EXPECT_EQ(mcx::open_key_parameters(provider(), *body, key, 0x01234568, p.type).error().code,
            ErrorCode::auth_failure);
  EXPECT_FALSE(
      mcx::open_key_parameters(provider(), *body, ssv("ff0102030405060708090a0b0c0d0e0f"), 0x01234567, p.type)
          .ok());
  p.type = mcx::KeyType::pck;
  EXPECT_FALSE(mcx::seal_key_parameters(provider(), rng, p, key, 1, 0).ok());
  p.group_ids.clear();
  p.activation = std::uint64_t{1} << 40;
  EXPECT_FALSE(mcx::seal_key_parameters(provider(), rng, p, key, 1, 0).ok());
}

// Older products send them in clear, with the Key Type one too high; the purpose tag wins.
TEST(Mcx, LegacyKeyParameters) {
  const Bytes legacy = hex("01 00000001 0000000000 0000000000 0000 0001 00");
  const auto key = ssv("000102030405060708090a0b0c0d0e0f");
  EXPECT_FALSE(mcx::open_key_parameters(provider(), legacy, key, 1, mcx::KeyType::gmk).ok());
  const auto p =
      mcx::open_key_parameters(provider(), legacy, key, 1, mcx::KeyType::gmk, mcx::Reading::tolerant);
  ASSERT_TRUE(p.ok()) << p.error().to_string();
  EXPECT_EQ(p->type, mcx::KeyType::gmk);
  for (std::size_t n = 0; n + 4 < legacy.size(); ++n)
    EXPECT_FALSE(mcx::open_key_parameters(provider(), ByteView(legacy).first(n), key, 1, mcx::KeyType::gmk,
                                          mcx::Reading::tolerant)
                     .ok());
}

// TS 33.180 5.2, E.2: one GMK to every member, and everybody understands everybody.
TEST(Mcx, AGroupIsKeyedAndMembersUnderstandEachOther) {
  ManualClock clock{NtpTime::from_unix(kSeptember)};
  CountingRng rng;
  SakkeParty gms{"sip:gms@mcx.example.org", rng, clock};
  gms.with(mcx_kms(), {kSeptember}).policy = mcx::policy();
  const auto gmk = mcx::make_key(rng, mcx::KeyType::gmk);
  ASSERT_TRUE(gmk.ok());
  EXPECT_EQ(mcx::purpose_of(gmk->id), mcx::KeyType::gmk);
  const char* members[] = {"sip:a@mcx.example.org", "sip:b@mcx.example.org"};
  std::map<std::string, mcx::Carried> held;
  for (const bool explicit_policy : {false, true}) {
    for (const char* member : members) {
      mcx::Shape shape;
      shape.explicit_policy = explicit_policy;
      shape.parameters.emplace();
      shape.parameters->group_ids = {"sip:north@mcx.example.org"};
      auto r = mcx::group_key_request(provider(), rng, *gmk, member, shape);
      ASSERT_TRUE(r.ok()) << r.error().to_string();
      const auto sent = gms.party().initiate(std::move(*r));
      ASSERT_TRUE(sent.ok()) << sent.error().to_string();
      const auto m = wire::Message::parse(sent->send[0].message);
      EXPECT_EQ(m->hdr().prf, PrfFunc::hmac_sha_256);
      EXPECT_EQ(m->hdr().n_cs, explicit_policy ? 1 : 0);
      EXPECT_EQ(m->hdr().map_type, explicit_policy ? CsIdMapType::generic_id : CsIdMapType::empty);
      SakkeParty party{member, rng, clock};
      party.with(mcx_kms(), {kSeptember}).policy = mcx::policy();
      const Outcome o = party.party().receive(Source::peer, sent->send[0].message);
      ASSERT_TRUE(o.bundle) << o.error->to_string();
      auto carried = mcx::carried_key(provider(), *o.bundle, member);
      ASSERT_TRUE(carried.ok()) << carried.error().to_string();
      EXPECT_EQ(carried->key.id, gmk->id);
      EXPECT_EQ(carried->parameters->group_ids.size(), 1U);
      held.insert_or_assign(member, std::move(*carried));
    }
    for (const char* sender : members) {
      const auto a =
          mcx::group_media_keys(provider(), held.at(members[0]).key, sender, mcx::CsId::mcptt_group);
      const auto b =
          mcx::group_media_keys(provider(), held.at(members[1]).key, sender, mcx::CsId::mcptt_group);
      EXPECT_TRUE(ct_equal(a->key.reveal(), b->key.reveal()));
      EXPECT_TRUE(ct_equal(a->salt.reveal(), b->salt.reveal()));
    }
  }
}

TEST(Mcx, PrivateCallsAndSignallingKeys) {
  ManualClock clock{NtpTime::from_unix(kSeptember)};
  CountingRng rng;
  SakkeParty alice{"sip:alice@mcx.example.org", rng, clock};
  SakkeParty bob{"sip:bob@mcx.example.org", rng, clock};
  alice.with(mcx_kms(), {kSeptember}).policy = mcx::policy();
  bob.with(mcx_kms(), {kSeptember}).policy = mcx::policy();
  for (const auto type : {mcx::KeyType::pck, mcx::KeyType::csk, mcx::KeyType::musik, mcx::KeyType::spk}) {
    const auto key = mcx::make_key(rng, type);
    EXPECT_EQ(key->id >> 28, static_cast<std::uint32_t>(type));
    mcx::Shape shape;
    shape.to_self = type == mcx::KeyType::pck;
    shape.explicit_policy = type != mcx::KeyType::pck;
    auto r = mcx::key_request(provider(), rng, *key, "sip:bob@mcx.example.org", shape);
    ASSERT_TRUE(r.ok());
    const auto sent = alice.party().initiate(std::move(*r));
    ASSERT_TRUE(sent.ok()) << sent.error().to_string();
    EXPECT_EQ(sent->csb_id, key->id);
    const Outcome o = bob.party().receive(Source::peer, sent->send[0].message);
    ASSERT_TRUE(o.bundle) << o.error->to_string();
    const auto carried = mcx::carried_key(provider(), *o.bundle, "sip:bob@mcx.example.org");
    ASSERT_TRUE(carried.ok());
    EXPECT_EQ(carried->key.type, type);
    EXPECT_EQ(carried->key.id, key->id);
    EXPECT_FALSE(carried->parameters);
    const auto mine = mcx::signalling_keys(provider(), *key, "sip:alice@mcx.example.org");
    const auto his = mcx::signalling_keys(provider(), carried->key, "sip:alice@mcx.example.org");
    EXPECT_TRUE(ct_equal(mine->confidentiality.reveal(), his->confidentiality.reveal()));
    EXPECT_FALSE(ct_equal(mine->confidentiality.reveal(), mine->integrity.reveal()));
  }
  auto gmk = mcx::make_key(rng, mcx::KeyType::gmk);
  EXPECT_FALSE(mcx::key_request(provider(), rng, *gmk, "sip:bob@mcx.example.org").ok());
  gmk->id = 0x10000001;  // the purpose tag of a PCK
  EXPECT_FALSE(mcx::group_key_request(provider(), rng, *gmk, "sip:bob@mcx.example.org").ok());
  EXPECT_FALSE(mcx::purpose_of(0x70000000));
}

/// A message of alice as products send it: ID scheme 1, or a signature that stops before SIGN.
TEST(Mcx, DeviationsAreToleratedByTheProfileAlone) {
  ManualClock clock{NtpTime::from_unix(kSeptember)};
  CountingRng rng;
  const auto keys = mcx_kms().keys("sip:alice@mcx.example.org", kSeptember);
  for (const bool tolerant : {false, true}) {
    SakkeParty alice{"sip:alice@mcx.example.org", rng, clock};
    SakkeParty bob{"sip:bob@mcx.example.org", rng, clock};
    alice.with(mcx_kms(), {kSeptember});
    bob.with(mcx_kms(), {kSeptember});
    if (tolerant) mcx::tolerate(bob.policy);
    auto r = SakkePair::request("sip:bob@mcx.example.org");
    const Bytes good = alice.party().initiate(std::move(r))->send[0].message;
    const Bytes scheme_1 =
        resigned(good, keys, [](wire::Hdr&, Payloads& list) { body_of(list, PayloadType::sakke)[1] = 1; });
    EXPECT_EQ(bob.party().receive(Source::peer, scheme_1).bundle != nullptr, tolerant);
    Bytes early = alice.party().initiate(SakkePair::request("sip:bob@mcx.example.org"))->send[0].message;
    const auto m = wire::Message::parse(early);
    const auto signature =
        ibc::eccsi::sign(provider(), rng, keys.signer(), ByteView(early).first(m->last_slot().offset));
    std::ranges::copy(*signature, MutableBytes(early).last(129).begin());
    EXPECT_EQ(bob.party().receive(Source::peer, early).bundle != nullptr, tolerant);
    early.back() ^= 1;
    EXPECT_FALSE(bob.party().receive(Source::peer, early).bundle);
  }
}

}  // namespace
}  // namespace mikey::test
