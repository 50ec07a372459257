// MIKEY-SAKKE against those who send what they should not (RFC 6509 2.2.2, RFC 6508 6.2.2, RFC 6507 5.2.2).
#include <gtest/gtest.h>

#include "ibc/pairing.hpp"
#include "support/sakke_parties.hpp"
#include "support/vector_party.hpp"

namespace mikey::test {
namespace {

const ibc::KeySet& alice_keys() {
  static const ibc::KeySet keys = tel_kms().keys(kTelAlice, kSeptember);
  return keys;
}

/// Whether the message establishes nothing and is refused with `code`.
testing::AssertionResult refused(SakkePair& p, const Bytes& message, ErrorCode code) {
  const Outcome o = p.receive(message);
  if (o.bundle || o.state == Outcome::State::established) return testing::AssertionFailure() << "established";
  if (!o.error) return testing::AssertionFailure() << "no error";
  if (o.error->code != code) return testing::AssertionFailure() << o.error->to_string();
  if (p.bob.party().bundles() != 0) return testing::AssertionFailure() << "a bundle was kept";
  return testing::AssertionSuccess();
}

/// A message of alice, changed and signed by her again.
Bytes crafted(SakkePair& p, const std::function<void(wire::Hdr&, Payloads&)>& edit) {
  return resigned(p.message(), alice_keys(), edit);
}
Bytes with_sealed(SakkePair& p, const std::function<Bytes(Bytes)>& edit) {
  return crafted(p, [&](wire::Hdr&, Payloads& list) {
    Bytes& body = body_of(list, PayloadType::sakke);
    const Bytes sealed = edit(Bytes(body.begin() + 4, body.end()));
    body.resize(2);
    body.push_back(static_cast<std::uint8_t>(sealed.size() >> 8));
    body.push_back(static_cast<std::uint8_t>(sealed.size()));
    append(body, sealed);
  });
}

/// T of order 4: x^2 = -3 (the curve is y^2 = x^3 - 3x).
ibc::SakkePoint point_of_order_4() {
  const auto& set = ibc::sakke_set_1();
  const auto& f = set.p;
  ibc::SakkePoint t;
  f.sqrt(t.x, f.neg(f.from_int(3)));
  const auto lifts = [&] { return f.sqrt(t.y, f.mul(f.sub(f.sqr(t.x), f.from_int(3)), t.x)) != 0; };
  if (!lifts()) {
    t.x = f.neg(t.x);
    EXPECT_TRUE(lifts());
  }
  return t;
}

TEST(SakkeHostile, EveryBitOfAMessage) {
  SakkePair p;
  p.usual();
  const Bytes good = p.message();
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes bad = good;
    bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ (1U << bit % 8));
    const Outcome o = p.receive(bad);
    ASSERT_FALSE(o.bundle) << "bit " << bit;
    ASSERT_TRUE(o.error) << "bit " << bit;
  }
  EXPECT_EQ(p.bob.party().bundles(), 0U);
  EXPECT_TRUE(p.receive(good).bundle);
}

TEST(SakkeHostile, EveryLengthOfAMessage) {
  SakkePair p;
  p.usual();
  Bytes good = p.message();
  for (std::size_t n = 0; n < good.size(); ++n)
    ASSERT_FALSE(p.receive(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(n))).bundle) << n;
  good.push_back(0);
  EXPECT_FALSE(p.receive(good).bundle);
}

// RFC 6508 6.2.2: points that are none of order q, each well signed.
TEST(SakkeHostile, EncapsulatedDataThatRfc6508Forbids) {
  SakkePair p;
  p.usual();
  const auto& set = ibc::sakke_set_1();
  const auto set_point = [&](Bytes s, const Bytes& point) {
    std::ranges::copy(point, s.begin());
    return s;
  };
  const auto moved_by = [&](const Bytes& s, const ibc::SakkePoint& t) {
    const auto r = set.curve.decode(ByteView(s).first(257));
    ibc::Jacobian<ibc::kSakkeLimbs> sum;
    set.curve.add_vartime(sum, set.curve.lift(*r), t);
    ibc::SakkePoint out;
    EXPECT_TRUE(set.curve.to_affine(out, sum));
    return set.curve.encode(out);
  };
  Bytes order_2(257, 0);
  order_2[0] = 4;
  const auto infinity = [](Bytes s) {
    s[0] = 0;
    return s;
  };
  const std::pair<const char*, std::function<Bytes(Bytes)>> cases[] = {
      {"(0, 0), of order 2", [&](Bytes s) { return set_point(std::move(s), order_2); }},
      {"T of order 4",
       [&](Bytes s) { return set_point(std::move(s), set.curve.encode(point_of_order_4())); }},
      {"R + T, T of order 4", [&](Bytes s) { return set_point(s, moved_by(s, point_of_order_4())); }},
      {"R + (0, 0)", [&](Bytes s) { return set_point(s, moved_by(s, *set.curve.decode(order_2))); }},
      {"P", [&](Bytes s) { return set_point(std::move(s), set.curve.encode(set.base)); }},
      {"infinity", infinity},
      {"infinity as zeros", [](Bytes) { return Bytes(273, 0); }},
      {"off the curve",
       [](Bytes s) {
         s[256] ^= 1;
         return s;
       }},
      {"compressed",
       [](Bytes s) {
         s[0] = 2;
         s.erase(s.begin() + 129, s.begin() + 257);
         return s;
       }},
      {"hybrid",
       [](Bytes s) {
         s[0] = 6;
         return s;
       }},
      {"not reduced",
       [](Bytes s) {
         std::fill(s.begin() + 1, s.begin() + 129, std::uint8_t{0xFF});
         return s;
       }},
      {"another H",
       [](Bytes s) {
         s.back() ^= 1;
         return s;
       }},
      {"one octet short",
       [](Bytes s) {
         s.pop_back();
         return s;
       }},
      {"one octet long",
       [](Bytes s) {
         s.push_back(0);
         return s;
       }},
      {"empty", [](Bytes) { return Bytes(); }},
  };
  for (const auto& [what, edit] : cases)
    EXPECT_TRUE(refused(p, with_sealed(p, edit), ErrorCode::unspecified)) << what;
  EXPECT_TRUE(p.receive(with_sealed(p, [](Bytes s) { return s; })).bundle);
}

// RFC 6507 5.2.2: the Responder MUST verify; whatever fails is an authentication failure.
TEST(SakkeHostile, SignaturesThatRfc6507Forbids) {
  SakkePair p;
  p.usual();
  const auto with_signature = [&](const std::function<void(MutableBytes)>& edit) {
    Bytes m = p.message();
    edit(MutableBytes(m).last(129));
    return m;
  };
  const auto fill = [](MutableBytes s, std::uint8_t value) { std::ranges::fill(s, value); };
  const std::pair<const char*, std::function<void(MutableBytes)>> cases[] = {
      {"r = 0", [&](MutableBytes s) { fill(s.first(32), 0); }},
      {"s = 0", [&](MutableBytes s) { fill(s.subspan(32, 32), 0); }},
      {"all zero", [&](MutableBytes s) { fill(s, 0); }},
      {"all ones", [&](MutableBytes s) { fill(s, 0xFF); }},
      {"PVT off the curve", [&](MutableBytes s) { s.back() ^= 1; }},
      {"PVT infinity", [&](MutableBytes s) { fill(s.subspan(64), 0); }},
      {"PVT not reduced", [&](MutableBytes s) { fill(s.subspan(65, 32), 0xFF); }},
      {"PVT of KPAK",
       [&](MutableBytes s) { std::ranges::copy(tel_kms().kms.kpak().octets(), s.begin() + 64); }},
      {"PVT of another",
       [&](MutableBytes s) {
         std::ranges::copy(tel_kms().keys(kTelCarol, kSeptember).signer().pvt(), s.begin() + 64);
       }},
  };
  for (const auto& [what, edit] : cases)
    EXPECT_TRUE(refused(p, with_signature(edit), ErrorCode::auth_failure)) << what;
  // signed by somebody else of the same KMS, in alice's name
  const Bytes mallory =
      resigned(p.message(), tel_kms().keys(kTelCarol, kSeptember), [](wire::Hdr&, Payloads&) {});
  EXPECT_TRUE(refused(p, mallory, ErrorCode::auth_failure));
  // with alice's keys of another month
  const Bytes stale =
      resigned(p.message(), tel_kms().keys(kTelAlice, utc(2026, 8, 1)), [](wire::Hdr&, Payloads&) {});
  EXPECT_TRUE(refused(p, stale, ErrorCode::auth_failure));
  // a KMS that only calls itself by the trusted name
  const auto& own = other_kms();
  CountingRng rng(3);
  auto record = *ibc::issue_key_set(crypto::openssl(), rng, own.master, own.kms, kTelAlice,
                                    ibc::period_at({}, NtpTime::from_unix(kSeptember)));
  const auto false_keys = *ibc::KeySet::load(crypto::openssl(), own.kms, record, ibc::sakke::Tables::none);
  EXPECT_TRUE(
      refused(p, resigned(p.message(), false_keys, [](wire::Hdr&, Payloads&) {}), ErrorCode::auth_failure));
}

// RFC 6509 2.2.1, 2.2.2, 4.2: what a message must have, and what it must not.
TEST(SakkeHostile, Structure) {
  SakkePair p;
  p.usual();
  const auto drop = [&](PayloadType type) {
    return crafted(p, [&](wire::Hdr&, Payloads& list) {
      std::erase_if(list, [&](const auto& e) { return e.first == type; });
    });
  };
  const auto twice = [&](PayloadType type) {
    return crafted(p, [&](wire::Hdr&, Payloads& list) { list.emplace_back(type, body_of(list, type)); });
  };
  const auto add = [&](PayloadType type, Bytes body) {
    return crafted(p, [&](wire::Hdr&, Payloads& list) { list.emplace_back(type, body); });
  };
  const auto set_octet = [&](std::size_t at, std::uint8_t value) {
    return crafted(p, [&](wire::Hdr&, Payloads& list) { body_of(list, PayloadType::sakke)[at] = value; });
  };
  using P = PayloadType;
  EXPECT_TRUE(refused(p, drop(P::t), ErrorCode::unspecified));
  EXPECT_TRUE(refused(p, drop(P::rand), ErrorCode::unspecified));
  EXPECT_TRUE(refused(p, drop(P::sakke), ErrorCode::unsupported_message));
  EXPECT_TRUE(refused(p, twice(P::t), ErrorCode::unspecified));
  EXPECT_TRUE(refused(p, twice(P::rand), ErrorCode::unspecified));
  EXPECT_TRUE(refused(p, twice(P::sakke), ErrorCode::unsupported_message));
  EXPECT_TRUE(refused(p, twice(P::idr), ErrorCode::unspecified));
  EXPECT_TRUE(refused(p, add(P::id, hex("01000161")), ErrorCode::unspecified));  // an ID in place of an IDR
  // an ECCSI signature goes without certificate (2.2.1)
  EXPECT_TRUE(refused(p, add(P::cert, hex("00000100")), ErrorCode::unspecified));
  for (const std::uint8_t params : Bytes{0, 2, 255})
    EXPECT_TRUE(refused(p, set_octet(0, params), ErrorCode::unsupported_message)) << int{params};
  for (const std::uint8_t scheme : Bytes{0, 2, 3, 255})
    EXPECT_TRUE(refused(p, set_octet(1, scheme), ErrorCode::unsupported_message)) << int{scheme};
  // T must be NTP-UTC or NTP (2.2.1)
  EXPECT_TRUE(refused(p, crafted(p, [](wire::Hdr&, Payloads& l) { body_of(l, P::t) = hex("0200000001"); }),
                      ErrorCode::invalid_ts));
  EXPECT_TRUE(refused(p, crafted(p, [](wire::Hdr&, Payloads& l) { body_of(l, P::t) = hex("03ee5bba00"); }),
                      ErrorCode::invalid_ts));
  Bytes ntp = p.message();
  EXPECT_TRUE(p.receive(resigned(ntp, alice_keys(), [](wire::Hdr&, Payloads& l) {
                 body_of(l, P::t)[0] = 1;
               })).bundle);
}

// RFC 6509 2.1, 2.2.1: a message without a signature, however good the rest is.
TEST(SakkeHostile, WithoutASignature) {
  SakkePair p;
  p.usual();
  const Bytes good = p.message();
  const auto m = wire::Message::parse(good);
  wire::ChainBuilder b(m->hdr());
  for (const wire::Slot& s : m->slots())
    if (s.type != PayloadType::sign) b.add_encoded(s.type, m->octets().subspan(s.body(), s.end() - s.body()));
  EXPECT_TRUE(refused(p, *std::move(b).finish(), ErrorCode::unsupported_message));
}

// RFC 6509 2.2.2: SAKKE is processed after the signature was verified, not before.
TEST(SakkeHostile, TheSignatureComesFirst) {
  SakkePair p;
  p.usual();
  Bytes bad = p.message();
  const auto m = wire::Message::parse(bad);
  bad[m->find(PayloadType::sakke)->end() - 1] ^= 1;  // H, which only the receiver's key would tell
  EXPECT_TRUE(refused(p, bad, ErrorCode::auth_failure));
}

// RFC 6509 2.2.2: what does not parse is answered with error 13.
TEST(SakkeHostile, WhatDoesNotParseIsUnsupported) {
  SakkePair p;
  p.usual();
  Bytes cut = p.message();
  cut.pop_back();
  const Outcome o = p.receive(cut);
  EXPECT_EQ(o.error->code, ErrorCode::unsupported_message);
  ASSERT_EQ(o.send.size(), 1U);
  const auto answer = wire::Message::parse(o.send[0].message);
  EXPECT_EQ(wire::to_number(answer->first<wire::Err>()->number), 13);
}

// RFC 6509 2.2.1, 2.2.2: an RSA signature is verified according to the certificate sent.
TEST(SakkeHostile, RsaSignatures) {
  const auto vector = nlohmann::json::parse(read_source_file("vectors/mikey-peer/exchange-sakke-5.json"));
  VectorParty bob(vector["bob_config"], vector["time"].get<std::int64_t>());
  const Bytes good = hex(vector["steps"][0]["sent"].get<std::string>());
  bob.clock().set({load_be<std::uint64_t>(wire::Message::parse(good)->first<wire::T>()->value.data())});
  for (std::size_t i = 0; i < good.size(); i += 7) {
    Bytes bad = good;
    bad[i] = static_cast<std::uint8_t>(bad[i] ^ 0x10);
    ASSERT_FALSE(bob.party().receive(Source::peer, bad).bundle) << i;
  }
  EXPECT_TRUE(bob.party().receive(Source::peer, good).bundle);
}

TEST(SakkeHostile, WhoeverIsNotMeant) {
  SakkePair p;
  p.usual();
  EXPECT_TRUE(refused(p, p.message(SakkePair::request(kTelCarol)), ErrorCode::invalid_id));
  // IDRr says bob, but the key is encapsulated to carol
  const auto to_carol =
      *ibc::sakke::encapsulate(crypto::openssl(), tel_kms().kms.z(),
                               *tel_kms().kms.identifier(crypto::openssl(), kTelCarol, alice_keys().period()),
                               ibc::Ssv(ByteView(Bytes(16, 9))));
  EXPECT_TRUE(refused(p, with_sealed(p, [&](Bytes) { return to_carol; }), ErrorCode::unspecified));
  // IDRi that is no tel URI, and one that is another user's
  const auto initiator = [&](std::string_view uri) {
    return crafted(p, [&](wire::Hdr&, Payloads& list) {
      Bytes body{1, 1, 0, static_cast<std::uint8_t>(uri.size())};
      append(body, as_bytes(uri));
      body_of(list, PayloadType::idr) = body;
    });
  };
  EXPECT_TRUE(refused(p, initiator("sip:alice@example.com"), ErrorCode::invalid_id));
  EXPECT_TRUE(refused(p, initiator("tel:+44-7700-900123"), ErrorCode::invalid_id));
  EXPECT_TRUE(refused(p, initiator(kTelCarol), ErrorCode::auth_failure));
}

TEST(SakkeHostile, KmssThatAreNotTrusted) {
  SakkePair p;
  p.alice.with(other_kms(), {kSeptember}).with(tel_kms(), {});
  p.bob.with(tel_kms(), {kSeptember});
  auto r = SakkePair::request();
  r.sakke.kms = "kms.example.org";
  EXPECT_TRUE(refused(p, p.message(std::move(r)), ErrorCode::auth_failure));
  SakkePair q;  // nothing at all is known at bob's
  q.alice.with(tel_kms(), {kSeptember});
  EXPECT_TRUE(refused(q, q.message(), ErrorCode::unsupported_message));
}

// RFC 3830 5.4: a message that was taken is not taken again, and nobody is told.
TEST(SakkeHostile, Replays) {
  SakkePair p;
  p.usual();
  const Bytes good = p.message();
  ASSERT_TRUE(p.receive(good).bundle);
  const Outcome again = p.receive(good);
  EXPECT_FALSE(again.bundle);
  EXPECT_EQ(again.error->code, ErrorCode::invalid_ts);
  EXPECT_TRUE(again.send.empty());
  EXPECT_EQ(p.bob.party().bundles(), 1U);
  auto r = SakkePair::request();
  r.csb_id = p.bob.party().receive(Source::peer, good).csb_id;
  const Bytes update = p.message(std::move(r));
  EXPECT_TRUE(p.receive(update).bundle);
  EXPECT_FALSE(p.receive(update).bundle);
  EXPECT_FALSE(p.receive(good).bundle);
}

// RFC 6509 2.2.2: errors are reported, by messages that are not signed.
TEST(SakkeHostile, ErrorMessages) {
  SakkePair p;
  p.usual();
  p.bob.policy.srtp = {keys::Suite::aead_aes_256_gcm};
  const Outcome o = p.receive(p.message());
  EXPECT_FALSE(o.bundle);
  EXPECT_EQ(o.error->code, ErrorCode::invalid_sppar);
  ASSERT_EQ(o.send.size(), 1U);
  const auto m = wire::Message::parse(o.send[0].message);
  ASSERT_TRUE(m.ok());
  EXPECT_EQ(m->hdr().data_type, DataType::error);
  EXPECT_EQ(wire::to_number(m->first<wire::Err>()->number), 10);
  EXPECT_EQ(m->count<wire::Sp>(), 1U);
  EXPECT_EQ(m->count<wire::Sign>(), 0U);
  const Outcome told = p.alice.party().receive(Source::peer, o.send[0].message);
  EXPECT_FALSE(told.bundle);  // nothing waits; the caller sees a failure
  EXPECT_TRUE(told.error.has_value());
}

// RFC 6043 6.1.1: sessions of any map; what cannot be meant is refused.
TEST(SakkeHostile, CryptoSessions) {
  SakkePair p;
  p.usual();
  const auto with_map = [&](CsIdMapType type, std::uint8_t n, const char* octets, bool keep_sp = true) {
    const Bytes map = hex(octets);
    return p.receive(crafted(p, [&](wire::Hdr& h, Payloads& list) {
      h.map_type = type;
      h.n_cs = n;
      h.map = Octets(map);
      if (!keep_sp) std::erase_if(list, [](const auto& e) { return e.first == PayloadType::sp; });
    }));
  };
  using M = CsIdMapType;
  const Outcome two = with_map(M::srtp_id, 2, "00112233440000000500aabbccdd00000000");
  ASSERT_TRUE(two.bundle);
  EXPECT_EQ(two.bundle->sessions[0].ssrc, 0x11223344U);
  EXPECT_EQ(two.bundle->sessions[1].cs_id, 2);
  const Outcome none = with_map(M::empty, 0, "", false);
  ASSERT_TRUE(none.bundle);
  EXPECT_TRUE(none.bundle->sessions.empty());
  const Outcome defaults = with_map(M::generic_id, 1, "04000107000004 00000001", false);
  ASSERT_TRUE(defaults.bundle);
  EXPECT_EQ(defaults.bundle->sessions[0].cs_id, 4);
  EXPECT_EQ(defaults.bundle->sessions[0].policy_no, 7);
  EXPECT_EQ(defaults.bundle->sessions[0].suite, keys::Suite::aes_cm_128_hmac_sha1_80);
  EXPECT_EQ(to_hex(defaults.bundle->sessions[0].validity.spi), "00000001");
  const Outcome roc = with_map(M::generic_id, 1, "01008100 000a 11223344 00000009 0002 00");
  ASSERT_TRUE(roc.bundle) << roc.error->to_string();
  EXPECT_EQ(roc.bundle->sessions[0].roc, 9U);
  const Outcome open = with_map(M::generic_id, 1, "01000000 0000");  // #P = 0: the first policy sent
  ASSERT_TRUE(open.bundle) << open.error->to_string();
  EXPECT_EQ(with_map(M::generic_id, 2, "0100010000000001000100000000").error->code, ErrorCode::unspecified);
  EXPECT_EQ(with_map(M::generic_id, 1, "01010100000000").error->code, ErrorCode::invalid_sp);
  EXPECT_EQ(with_map(M::generic_id, 1, "01000109000000").error->code, ErrorCode::invalid_sppar);
}

}  // namespace
}  // namespace mikey::test
