// MIKEY-SAKKE between parties of this library (RFC 6509).
#include <gtest/gtest.h>

#include "support/sakke_parties.hpp"

namespace mikey::test {
namespace {

Bytes tgk(const keys::BundlePtr& b) {
  return to_bytes(b->keys.front().key.reveal());
}

/// What an outcome is about, for messages of failed expectations.
std::string why(const Outcome& o) {
  return o.error ? o.error->to_string() : "established";
}

// RFC 6509 2.1, 2.2.1: one simplex message with V = 0, T of type NTP-UTC, a RAND, one SAKKE, an ECCSI SIGN
// and no CERT; the Responder does not answer; both have the 16-octet SSV as the TGK (3.1).
TEST(Sakke, OneMessageEstablishesBothSides) {
  SakkePair p;
  p.usual();
  auto begun = p.alice.party().initiate(SakkePair::request());
  ASSERT_TRUE(begun.ok()) << begun.error().to_string();
  EXPECT_EQ(begun->state, Outcome::State::established);
  EXPECT_FALSE(begun->send[0].reply_expected);
  EXPECT_EQ(p.alice.party().waiting(), 0U);
  const auto m = wire::Message::parse(begun->send[0].message);
  ASSERT_TRUE(m.ok());
  EXPECT_EQ(m->hdr().data_type, DataType::sakke_init);
  EXPECT_EQ(m->hdr().v, 0);
  EXPECT_EQ(m->first<wire::T>()->type, TsType::ntp_utc);
  EXPECT_EQ(m->count<wire::Rand>(), 1U);
  EXPECT_EQ(m->count<wire::Cert>(), 0U);
  const auto s = m->first<wire::Sakke>();
  EXPECT_EQ(s->params, SakkeParams::set_1);
  EXPECT_EQ(s->id_scheme, SakkeIdScheme::tel_uri_monthly);
  EXPECT_EQ(s->data.size(), 273U);
  const auto sign = m->get<wire::Sign>(m->last_slot());
  EXPECT_EQ(sign.type, SignType::eccsi);
  EXPECT_EQ(sign.signature.size(), 129U);

  const Outcome o = p.receive(begun->send[0].message);
  ASSERT_TRUE(o.bundle) << why(o);
  EXPECT_TRUE(o.send.empty());
  EXPECT_EQ(o.bundle->peer.name(), kTelAlice);
  EXPECT_EQ(o.bundle->role, Role::responder);
  EXPECT_EQ(tgk(o.bundle), tgk(begun->bundle));
  EXPECT_EQ(tgk(o.bundle).size(), 16U);
  EXPECT_TRUE(ct_equal(o.bundle->sessions[0].tek.reveal(), begun->bundle->sessions[0].tek.reveal()));
  EXPECT_TRUE(ct_equal(o.bundle->sessions[0].salt.reveal(), begun->bundle->sessions[0].salt.reveal()));
}

// RFC 6509 2.2.1: IDRi, IDRr, IDRkmsi, IDRkmsr have roles 1, 2, 6, 7 and hold the URIs of the identifiers.
TEST(Sakke, IdentitiesAreSentWithTheirRoles) {
  SakkePair p;
  p.usual();
  std::map<IdRole, std::string> roles;
  const Bytes octets = p.message();
  const auto m = wire::Message::parse(octets);
  for (const wire::Idr& i : m->all<wire::Idr>()) roles[i.role] = as_text(i.data);
  const std::map<IdRole, std::string> want{{IdRole::initiator, kTelAlice},
                                           {IdRole::responder, kTelBob},
                                           {IdRole::kms_initiator, "kms.example.org"},
                                           {IdRole::kms_responder, "kms.example.org"}};
  EXPECT_EQ(roles, want);
}

// RFC 6509 2.2.1, 4.1: the Responder ignores V, and answers nothing.
TEST(Sakke, TheResponderIgnoresV) {
  SakkePair p;
  p.usual();
  const Bytes asked =
      resigned(p.message(), tel_kms().keys(kTelAlice, kSeptember), [](wire::Hdr& h, Payloads&) { h.v = 1; });
  const Outcome o = p.receive(asked);
  EXPECT_TRUE(o.bundle) << why(o);
  EXPECT_TRUE(o.send.empty());
}

// RFC 6509 2.2.1: all IDR payloads are optional; whom one cannot know by other means is refused.
TEST(Sakke, IdentitiesLeftOut) {
  for (const auto which : {SakkeIdentities::kms, SakkeIdentities::none}) {
    SakkePair p;
    p.usual();
    p.alice.policy.sakke.identities = which;
    const Bytes octets = p.message();
    EXPECT_EQ(wire::Message::parse(octets)->count<wire::Idr>(), which == SakkeIdentities::kms ? 2U : 0U);
    const Outcome o = p.receive(octets);
    EXPECT_FALSE(o.bundle);
    EXPECT_EQ(o.error->code,
              ErrorCode::invalid_id);  // an ECCSI signature is verified with the Initiator's ID
  }
}

// RFC 6509 3.2: of both identifiers the month is that of T, whatever the clock says when the message arrives.
TEST(Sakke, TheMonthIsThatOfTheTimestamp) {
  SakkePair p;
  p.alice.with(tel_kms(), {utc(2026, 9, 1), utc(2026, 10, 1)});
  p.bob.with(tel_kms(), {utc(2026, 9, 1), utc(2026, 10, 1)});
  p.alice_clock.set(NtpTime::from_unix(utc(2026, 10, 1, 0, 1)));
  p.bob_clock.set(NtpTime::from_unix(utc(2026, 9, 30, 23, 58)));  // RFC 6509 3.3: two periods' keys at once
  const Outcome ahead = p.receive(p.message());
  EXPECT_TRUE(ahead.bundle) << why(ahead);
  p.alice_clock.set(NtpTime::from_unix(utc(2026, 9, 30, 23, 59)));
  p.bob_clock.set(NtpTime::from_unix(utc(2026, 10, 1, 0, 2)));
  const Outcome behind = p.receive(p.message());
  EXPECT_TRUE(behind.bundle) << why(behind);
}

// RFC 6509 3.3: the new month from the second-to-last day on, the old one on days one and two.
TEST(Sakke, OverlapOfKeyPeriods) {
  struct Case {
    std::int64_t sent, received;
    bool good;
  };
  const Case cases[] = {
      {utc(2026, 10, 1), utc(2026, 9, 28, 23, 59), false}, {utc(2026, 10, 1), utc(2026, 9, 29), true},
      {utc(2026, 10, 1), utc(2026, 9, 30), true},          {utc(2026, 9, 30), utc(2026, 10, 1), true},
      {utc(2026, 9, 30), utc(2026, 10, 2, 23, 59), true},  {utc(2026, 9, 30), utc(2026, 10, 3), false},
      {utc(2026, 9, 30), utc(2026, 10, 5), false},         {utc(2026, 10, 1), utc(2026, 10, 5), true},
  };
  for (const Case& c : cases) {
    SakkePair p;
    p.alice.with(tel_kms(), {utc(2026, 9, 1), utc(2026, 10, 1)});
    p.bob.with(tel_kms(), {utc(2026, 9, 1), utc(2026, 10, 1)});
    p.bob.policy.clock_skew = std::chrono::seconds(10 * 86400);  // so that the rule alone decides
    p.alice_clock.set(NtpTime::from_unix(c.sent));
    p.bob_clock.set(NtpTime::from_unix(c.received));
    const Outcome o = p.receive(p.message());
    EXPECT_EQ(o.bundle != nullptr, c.good) << c.sent << " " << c.received << " " << why(o);
    if (!c.good) {
      EXPECT_EQ(o.error->code, ErrorCode::invalid_ts);
    }
  }
}

TEST(Sakke, ExpiredKeySetsAreDestroyedOnRequest) {
  SakkePair p;
  p.bob.with(tel_kms(), {utc(2026, 8, 1), utc(2026, 9, 1), utc(2026, 10, 1)});
  SakkeStore& store = p.bob.credentials.sakke;
  store.forget_expired(NtpTime::from_unix(utc(2026, 9, 2, 23)));
  EXPECT_EQ(store.key_sets().size(), 3U);
  store.forget_expired(NtpTime::from_unix(utc(2026, 9, 3, 1)));
  EXPECT_EQ(store.key_sets().size(), 2U);
}

TEST(Sakke, WithoutAKeySetForThePeriod) {
  SakkePair p;
  p.alice.with(tel_kms(), {utc(2026, 9, 1)});
  p.bob.with(tel_kms(), {utc(2026, 8, 1)});
  const Outcome o = p.receive(p.message());
  EXPECT_FALSE(o.bundle);
  EXPECT_EQ(o.error->code, ErrorCode::invalid_id) << why(o);
  p.set_time(utc(2026, 11, 5));
  const auto late = p.alice.party().initiate(SakkePair::request());
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().severity, Severity::request);
}

// RFC 6509 2.1: parties of different KMSs, who know each other's public keys.
TEST(Sakke, TwoKmss) {
  SakkePair p;
  p.alice.with(tel_kms(), {kSeptember}).with(other_kms(), {});
  p.bob.with(other_kms(), {kSeptember}).with(tel_kms(), {});
  auto r = SakkePair::request();
  r.sakke.kms = "kms2.example.org";
  const Bytes octets = p.message(std::move(r));
  std::map<IdRole, std::string> roles;
  const auto m = wire::Message::parse(octets);
  for (const wire::Idr& i : m->all<wire::Idr>()) roles[i.role] = as_text(i.data);
  EXPECT_EQ(roles[IdRole::kms_initiator], "kms.example.org");
  EXPECT_EQ(roles[IdRole::kms_responder], "kms2.example.org");
  const Outcome o = p.receive(octets);
  EXPECT_TRUE(o.bundle) << why(o);
}

TEST(Sakke, ThePeersKmsIsKnownBeforehand) {
  SakkePair p;
  p.alice.with(tel_kms(), {kSeptember}).with(other_kms(), {});
  p.alice.credentials.sakke.know(Identity::uri(kTelBob), "kms2.example.org");
  p.bob.with(other_kms(), {kSeptember}).with(tel_kms(), {});
  p.bob.credentials.sakke.know(Identity::uri(kTelAlice), "kms.example.org");
  const Outcome o = p.receive(p.message());
  EXPECT_TRUE(o.bundle) << why(o);

  SakkePair q;  // alice's keys now come from a KMS that bob trusts, but not for her
  q.alice.with(other_kms(), {kSeptember}).with(tel_kms(), {});
  q.bob.with(tel_kms(), {kSeptember}).with(other_kms(), {});
  q.bob.credentials.sakke.know(Identity::uri(kTelAlice), "kms.example.org");
  auto r = SakkePair::request();
  r.sakke.kms = "kms.example.org";
  const Outcome refused = q.receive(q.message(std::move(r)));
  EXPECT_FALSE(refused.bundle);
  EXPECT_EQ(refused.error->code, ErrorCode::auth_failure);
}

TEST(Sakke, PublicKeysOfAKmsMayChangeWithThePeriod) {
  SakkePair p;
  auto renewed = other_kms().master.known;
  renewed.kms_uri = "kms.example.org";
  renewed.from = ibc::period_at(renewed.ids, NtpTime::from_unix(utc(2026, 10, 1)));
  auto old = tel_kms().master.known;
  old.to = ibc::period_at(old.ids, NtpTime::from_unix(utc(2026, 9, 1)));
  SakkeStore store;
  store.add(*ibc::Kms::load(renewed));
  store.add(*ibc::Kms::load(old));
  EXPECT_EQ(store.kms_at("kms.example.org", NtpTime::from_unix(utc(2026, 9, 30)))->record(), old);
  EXPECT_EQ(store.kms_at("kms.example.org", NtpTime::from_unix(utc(2026, 10, 1)))->record(), renewed);
  EXPECT_EQ(store.kms_at("kms9.example.org", NtpTime::from_unix(utc(2026, 10, 1))), nullptr);
}

// RFC 6509 2.4: a group's members get one SSV, each by a message of its own.
TEST(Sakke, AGroupSharesOneSsv) {
  SakkePair p;
  p.usual();
  SakkeParty carol{kTelCarol, p.rng, p.bob_clock};
  carol.with(tel_kms(), {kSeptember});
  const Bytes ssv = hex("000102030405060708090a0b0c0d0e0f");
  std::vector<Bytes> messages;
  for (const char* member : {kTelBob, kTelCarol}) {
    auto r = SakkePair::request(member);
    r.terms.key.given = SecretBytes(ByteView(ssv));
    messages.push_back(p.message(std::move(r)));
  }
  const Outcome b = p.receive(messages[0]);
  const Outcome c = carol.party().receive(Source::peer, messages[1]);
  ASSERT_TRUE(b.bundle && c.bundle);
  EXPECT_EQ(tgk(b.bundle), ssv);
  EXPECT_EQ(tgk(c.bundle), ssv);
  EXPECT_FALSE(carol.party().receive(Source::peer, messages[0]).bundle);
  // a member can invite further ones (6.3)
  auto invite = SakkePair::request(kTelAlice);
  invite.terms.key.given = SecretBytes(ByteView(tgk(b.bundle)));
  const auto sent = p.bob.party().initiate(std::move(invite));
  ASSERT_TRUE(sent.ok());
  EXPECT_EQ(tgk(p.alice.party().receive(Source::peer, sent->send[0].message).bundle), ssv);
}

// RFC 6509 2.5: a stored message is opened later, by the key set of its period, and by nobody by accident.
TEST(Sakke, DeferredDelivery) {
  SakkePair p;
  p.usual();
  const Bytes stored = p.message();
  p.bob_clock.set(NtpTime::from_unix(utc(2026, 12, 24)));
  const Outcome strict = p.receive(stored);
  EXPECT_FALSE(strict.bundle);
  EXPECT_EQ(strict.error->code, ErrorCode::invalid_ts);
  const Outcome young = p.bob.party().open_stored(stored, std::chrono::hours(24));
  EXPECT_FALSE(young.bundle);
  EXPECT_EQ(young.error->code, ErrorCode::invalid_ts);
  for (int again = 0; again < 2; ++again) {
    const Outcome o = p.bob.party().open_stored(stored, std::chrono::hours(24 * 100));
    ASSERT_TRUE(o.bundle) << why(o);
    EXPECT_EQ(o.state, Outcome::State::established);
    EXPECT_EQ(o.bundle->peer.name(), kTelAlice);
  }
  EXPECT_EQ(p.bob.party().bundles(), 0U);
  Bytes damaged = stored;
  damaged[damaged.size() / 2] ^= 1;
  EXPECT_FALSE(p.bob.party().open_stored(damaged, std::chrono::hours(24 * 100)).bundle);
  EXPECT_FALSE(p.bob.party().open_stored(Bytes{1, 2, 3}, std::chrono::hours(1)).bundle);
}

// RFC 6509 2.5: for greater longevity the Initiator includes a message for each key period, all with one SSV.
TEST(Sakke, DeferredDeliveryOverSeveralKeyPeriods) {
  SakkePair p;
  p.alice.with(tel_kms(), {utc(2026, 9, 1), utc(2026, 10, 1), utc(2026, 11, 1)});
  p.bob.with(tel_kms(), {utc(2026, 11, 1)});  // of the others bob has no keys any more
  const Bytes ssv = hex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
  p.bob_clock.set(NtpTime::from_unix(utc(2026, 11, 20)));
  int opened = 0;
  for (const std::int64_t t : {utc(2026, 9, 21), utc(2026, 10, 1), utc(2026, 11, 1)}) {
    auto r = SakkePair::request();
    r.terms.key.given = SecretBytes(ByteView(ssv));
    r.sakke.time = NtpTime::from_unix(t);
    const Outcome o = p.bob.party().open_stored(p.message(std::move(r)), std::chrono::hours(24 * 90));
    if (!o.bundle) {
      EXPECT_EQ(o.error->code, ErrorCode::invalid_id);
      continue;
    }
    EXPECT_EQ(tgk(o.bundle), ssv);
    ++opened;
  }
  EXPECT_EQ(opened, 1);
}

TEST(Sakke, OnlySakkeMessagesAreOpenedLater) {
  SakkePair p;
  p.usual();
  const Bytes octets = p.psk_message();
  const Outcome o = p.bob.party().open_stored(octets, std::chrono::hours(1));
  EXPECT_EQ(o.error->code, ErrorCode::unsupported_message);
  EXPECT_FALSE(o.bundle);
  const Outcome fresh = p.receive(octets);
  EXPECT_TRUE(fresh.bundle) << why(fresh);
}

// RFC 6509 2.2.1 with RFC 3830 4.5: an update has the RAND of its CSB, and a new SSV.
TEST(Sakke, UpdatesByEitherParty) {
  SakkePair p;
  p.usual();
  auto r = SakkePair::request();
  r.terms.streams = {{0x11223344, 7, {}}, {0, 0, {}}};
  r.terms.validity = {KvType::spi, hex("0a0b"), {}, {}};
  const Bytes first = p.message(std::move(r));
  const auto before = p.receive(first).bundle;
  ASSERT_TRUE(before);
  auto again = SakkePair::request();
  again.csb_id = before->csb_id;
  const Bytes second = p.message(std::move(again));
  EXPECT_EQ(to_bytes(wire::Message::parse(second)->first<wire::Rand>()->data), before->rand);
  const auto after = p.receive(second).bundle;
  ASSERT_TRUE(after);
  EXPECT_EQ(after->csb_id, before->csb_id);
  EXPECT_NE(tgk(after), tgk(before));
  ASSERT_EQ(after->sessions.size(), 2U);
  EXPECT_EQ(after->sessions[0].ssrc, 0x11223344U);
  EXPECT_EQ(after->sessions[0].roc, 7U);
  EXPECT_EQ(to_hex(after->sessions[1].validity.spi), "0a0b");
  EXPECT_EQ(p.bob.party().bundles(), 1U);

  auto back = SakkePair::request(kTelAlice);
  back.csb_id = before->csb_id;
  const auto sent = p.bob.party().initiate(std::move(back));
  ASSERT_TRUE(sent.ok()) << sent.error().to_string();
  const Outcome o = p.alice.party().receive(Source::peer, sent->send[0].message);
  ASSERT_TRUE(o.bundle) << why(o);
  EXPECT_EQ(tgk(o.bundle), tgk(sent->bundle));
}

TEST(Sakke, AnotherRandForAnEstablishedCsbIsRefused) {
  SakkePair p;
  p.usual();
  const auto before = p.receive(p.message()).bundle;
  auto r = SakkePair::request();
  r.sakke.csb_id = before->csb_id;  // as if it were new
  const Outcome o = p.receive(p.message(std::move(r)));
  EXPECT_FALSE(o.bundle);
  EXPECT_EQ(o.error->code, ErrorCode::unspecified);
  EXPECT_EQ(p.bob.party().bundle(before->csb_id, Identity::uri(kTelAlice)), before);
}

// TS 33.180 E.7: UIDs in place of URIs; the name is found among the peers known, else it is the UID.
TEST(Sakke, HiddenIdentities) {
  for (const bool known : {true, false}) {
    SakkePair p;
    SakkeParty alice{"sip:alice@example.com", p.rng, p.alice_clock};
    SakkeParty bob{"sip:bob@example.com", p.rng, p.bob_clock};
    alice.with(mcx_kms(), {kSeptember}).policy.sakke.hide_identities = true;
    bob.with(mcx_kms(), {kSeptember});
    bob.credentials.sakke.know(Identity::uri("sip:carol@example.com"));
    if (known) bob.credentials.sakke.know(Identity::uri("sip:alice@example.com"));
    auto r = SakkePair::request("sip:bob@example.com");
    r.terms.to = bob.self;
    const auto sent = alice.party().initiate(std::move(r));
    ASSERT_TRUE(sent.ok()) << sent.error().to_string();
    EXPECT_EQ(as_text(sent->send[0].message).find("sip:"), std::string_view::npos);
    const Outcome o = bob.party().receive(Source::peer, sent->send[0].message);
    ASSERT_TRUE(o.bundle) << why(o);
    const std::string uid = to_hex(mcx_kms().keys("sip:alice@example.com", kSeptember).id());
    EXPECT_EQ(o.bundle->peer.name(), known ? "sip:alice@example.com" : uid);
    SakkeParty carol{"sip:carol@example.com", p.rng, p.bob_clock};
    carol.with(mcx_kms(), {kSeptember});
    EXPECT_EQ(carol.party().receive(Source::peer, sent->send[0].message).error->code, ErrorCode::invalid_id);
  }
}

// TS 33.180 5.2.5, E.5: another device of the caller opens the message by its SAKKE-to-self extension.
TEST(Sakke, SakkeToSelf) {
  SakkePair p;
  p.usual();
  SakkeParty device{kTelAlice, p.rng, p.bob_clock};
  device.with(tel_kms(), {kSeptember}).policy.sakke.open_own = true;
  auto r = SakkePair::request();
  r.sakke.to_self = true;
  const Bytes octets = p.message(std::move(r));
  const Outcome b = p.receive(octets);
  ASSERT_TRUE(b.bundle) << why(b);
  const Outcome own = device.party().receive(Source::peer, octets);
  ASSERT_TRUE(own.bundle) << why(own);
  EXPECT_EQ(own.bundle->role, Role::initiator);
  EXPECT_EQ(own.bundle->peer.name(), kTelBob);
  EXPECT_EQ(tgk(own.bundle), tgk(b.bundle));
  // not without the extension, and not unless asked for
  EXPECT_FALSE(device.party().receive(Source::peer, p.message()).bundle);
  SakkeParty strict{kTelAlice, p.rng, p.bob_clock};
  strict.with(tel_kms(), {kSeptember});
  EXPECT_EQ(strict.party().receive(Source::peer, octets).error->code, ErrorCode::invalid_id);
  const auto keys = tel_kms().keys(kTelAlice, kSeptember);
  for (const Bytes& bad : {Bytes{}, Bytes{0}, Bytes(280, 0), hex("00010101110000")}) {
    const Bytes wrong = resigned(octets, keys, [&](wire::Hdr&, Payloads& list) {
      Bytes body{6, static_cast<std::uint8_t>(bad.size() >> 8), static_cast<std::uint8_t>(bad.size())};
      append(body, bad);
      body_of(list, PayloadType::general_ext) = body;
    });
    EXPECT_FALSE(device.party().receive(Source::peer, wrong).bundle);
  }
}

// RFC 6509 3.1: the SSV is the TGK; nothing else travels.
TEST(Sakke, RequestsThatThisModeCannotMeet) {
  SakkePair p;
  p.usual();
  const auto refused = [&](const std::function<void(InitiateRequest&)>& change) {
    auto r = SakkePair::request();
    change(r);
    const auto o = p.alice.party().initiate(std::move(r));
    return !o.ok() && o.error().severity == Severity::request;
  };
  EXPECT_FALSE(refused([](InitiateRequest&) {}));
  EXPECT_TRUE(refused([](InitiateRequest& r) { r.terms.key.tek = true; }));
  EXPECT_TRUE(refused([](InitiateRequest& r) { r.terms.key.length = 32; }));
  EXPECT_TRUE(refused([](InitiateRequest& r) { r.terms.key.given = SecretBytes(std::size_t{15}); }));
  EXPECT_TRUE(refused([](InitiateRequest& r) { r.terms.key.with_salt = true; }));
  EXPECT_TRUE(refused([](InitiateRequest& r) { r.terms.key.none = true; }));
  EXPECT_TRUE(refused([](InitiateRequest& r) { r.terms.validity.type = KvType::interval; }));
  EXPECT_TRUE(refused([](InitiateRequest& r) { r.terms.to = Identity::uri("sip:bob@example.com"); }));
  EXPECT_TRUE(refused([](InitiateRequest& r) { r.terms.to = {}; }));
  EXPECT_TRUE(refused([](InitiateRequest& r) { r.sakke.kms = "kms9.example.org"; }));
  EXPECT_TRUE(refused([](InitiateRequest& r) { r.sakke.rand = Bytes(15, 1); }));
  EXPECT_TRUE(refused([](InitiateRequest& r) { r.sakke.time = NtpTime::from_unix(utc(2026, 1, 1)); }));
  SakkeParty nobody{kTelAlice, p.rng, p.alice_clock};
  EXPECT_FALSE(nobody.party().initiate(SakkePair::request()).ok());
}

TEST(Sakke, RepeatedPeersAreRememberedAndNotMoreThanAllowed) {
  SakkePair p;
  p.usual();
  SakkeCache cache(2, 2);
  const auto keys = tel_kms().keys(kTelAlice, kSeptember);
  CountingRng rng(5);
  const Bytes message(100, 7);
  const auto signature = ibc::eccsi::sign(crypto::openssl(), rng, keys.signer(), message);
  Bytes forged = *signature;
  forged[3] ^= 1;
  EXPECT_FALSE(cache.verify(crypto::openssl(), tel_kms().kms, keys.id(), message, forged));
  EXPECT_EQ(cache.signers(), 0U);  // a stranger's forgery is not remembered
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(cache.verify(crypto::openssl(), tel_kms().kms, keys.id(), message, *signature)) << i;
    EXPECT_FALSE(cache.verify(crypto::openssl(), tel_kms().kms, keys.id(), message, forged)) << i;
    EXPECT_FALSE(cache.verify(crypto::openssl(), other_kms().kms, keys.id(), message, *signature)) << i;
  }
  EXPECT_EQ(cache.signers(), 1U);
  const ibc::Ssv ssv(ByteView(Bytes(16, 3)));
  for (int round = 0; round < 2; ++round)
    for (int i = 0; i < 5; ++i) {
      const Bytes id{static_cast<std::uint8_t>('a' + i / 2)};  // each twice in a row: once without a table
      const auto quick = cache.encapsulate(crypto::openssl(), tel_kms().kms, id, ssv);
      const auto plain = ibc::sakke::encapsulate(crypto::openssl(), tel_kms().kms.z(), id, ssv);
      ASSERT_TRUE(quick.ok() && plain.ok());
      EXPECT_EQ(*quick, *plain);
    }
  EXPECT_EQ(cache.receivers(), 2U);
  SakkeCache none(0, 0);
  EXPECT_TRUE(none.verify(crypto::openssl(), tel_kms().kms, keys.id(), message, *signature));
  EXPECT_EQ(none.signers(), 0U);
}

}  // namespace
}  // namespace mikey::test
