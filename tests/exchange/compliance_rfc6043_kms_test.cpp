// The KMS's side of RFC 6043, its public-key variants, and the base ticket's corners (4.2.1, 4.2.3, 6.10, 10,
// 11, 12.1, A).
#include <gtest/gtest.h>

#include "exchange/engine/terms.hpp"
#include "exchange/ticket/parts.hpp"
#include "support/certified_world.hpp"
#include "support/ticket_forge.hpp"

namespace mikey::test {
namespace {

using enum DataType;
using Call = TicketWorld::Run;

wire::Message parsed(const Bytes& octets) {
  auto m = wire::Message::parse(octets);
  EXPECT_TRUE(m.ok());
  return std::move(*m);
}

TicketPolicy desired_policy(const char* flags) {
  TicketPolicy p = good_policy();
  p.flags = *TicketFlags::parse(flags);
  p.kms.reset();
  p.initiator.reset();
  return p;
}

/// Alice asks the KMS for tickets that no party would ask for.
class Rfc6043Kms : public testing::Test {
 protected:
  TicketWorld w;
  UniqueClock clock{w.clock};
  Identity alice = uri_of("alice");
  Env env() { return {crypto::openssl(), w.rng, clock, w.policy, alice}; }

  struct Granted {
    kms::Answer answer;
    std::optional<TicketPolicy> policy;
    std::optional<KmsQuestion::Reply> reply;
  };
  Granted ask(const TicketPolicy& desired) {
    const KmsLink link{uri_of("kms"), false, TicketWorld::psk("alice"), {}};
    auto q = KmsQuestion::request(env(), link, w.policy.prf.front(), desired);
    EXPECT_TRUE(q.ok());
    Granted out;
    out.answer = w.kms().handle(q->message());
    if (out.answer.state != kms::Answer::State::answered) return out;
    const wire::Message m = parsed(*out.answer.message);
    out.policy = *TicketPolicy::parse(m.first<wire::Ticket>()->policy);
    auto reply = q->read(env(), m, out.policy->has(TicketFlag::i));
    EXPECT_TRUE(reply.ok()) << reply.error().to_string();
    out.reply = std::move(*reply);
    return out;
  }
};

TEST_F(Rfc6043Kms, WithoutAKemacItGivesOneTgk) {  // 4.2.1.5
  const Granted g = ask(desired_policy("DEFGHINO"));
  ASSERT_TRUE(g.reply);
  ASSERT_EQ(g.reply->keys.size(), 1U);
  EXPECT_EQ(g.reply->keys[0].type, KeyDataType::tgk);
}

TEST_F(Rfc6043Kms, ForkingTakesASecondMpk) {  // 4.2.1.5, 4.2.3.5
  EXPECT_EQ(ask(desired_policy("DEFGHINO")).reply->mpks.size(), 2U);
  EXPECT_EQ(ask(desired_policy("DEFGHNO")).reply->mpks.size(), 1U);
}

TEST_F(Rfc6043Kms, TheKFlagAndKeyDataOfARequestAreIgnored) {  // 6.10
  TicketPolicy p = desired_policy("DEFGHIKNO");
  p.keys = {{KeyDataType::tgk, 16, {}, {}}};
  const Granted g = ask(p);
  ASSERT_TRUE(g.policy) << g.answer.error->to_string();
  EXPECT_FALSE(g.policy->has(TicketFlag::k)) << "nothing was changed";
  EXPECT_FALSE(g.policy->keys);
  EXPECT_NE(to_hex(g.reply->keys.at(0).key.reveal()), to_hex(Bytes(16, 0)));

  const Reaction r =
      react(w, TicketWorld::request("bob", "DEFGHNO"), request_init_psk, [](Forge& f, const TicketForger&) {
        wire::Tp tp = f.get<wire::Tp>();
        Bytes data = to_bytes(tp.policy.tp_data);
        const auto chain = wire::PayloadChain::parse_announced(data);
        const auto key = chain->first<wire::Kemac>()->encr_data;
        const auto at = std::search(data.begin(), data.end(), key.begin(), key.end());
        *(at + 4) = 0xAA;  // the first octet of the key
        tp.policy.tp_data = Octets(data);
        f.set(tp);
      });
  EXPECT_TRUE(r.taken) << (r.error ? r.error->to_string() : "");
}

TEST_F(Rfc6043Kms, KeysBelow128BitsAreNotGranted) {  // 12.1
  for (const std::size_t n : {std::size_t{8}, std::size_t{15}, std::size_t{16}}) {
    TicketPolicy p = desired_policy("DEFGHINO");
    p.keys = {{KeyDataType::tgk, n, {}, {}}};
    EXPECT_EQ(ask(p).answer.state == kms::Answer::State::answered, n == 16) << n;
  }
  TicketPolicy p = desired_policy("DEFGHINO");
  p.keys = {{KeyDataType::tgk, 32, {}, {}}};
  EXPECT_EQ(ask(p).answer.error->code, ErrorCode::invalid_tppar) << "256 bits under 128-bit algorithms";
}

TEST_F(Rfc6043Kms, RandsShorterThanTheKeyAreRefused) {  // 12.1
  const Bytes little(15, 1);
  for (const DataType t : {request_init_psk, resolve_init_psk}) {
    TicketWorld fresh;
    const Reaction r =
        react(fresh, TicketWorld::request("bob", "DEFGHNO"), t, [&](Forge& f, const TicketForger&) {
          f.set(wire::Randr{f.get<wire::Randr>().role, Octets(little)});
        });
    EXPECT_FALSE(r.taken);
    EXPECT_STREQ(r.error->rfc, "RFC 6043 12.1") << r.error->to_string();
  }
}

TEST_F(Rfc6043Kms, ATicketOfTheInitiatorsIsForAnotherInitiatorOrKmsRefused) {  // 4.2.1.4
  TicketPolicy p = desired_policy("DEFGHINO");
  p.initiator = uri_of("carol");
  EXPECT_EQ(ask(p).answer.error->code, ErrorCode::invalid_tppar);
  p = desired_policy("DEFGHINO");
  p.kms = uri_of("kms2");
  EXPECT_EQ(ask(p).answer.error->code, ErrorCode::invalid_tppar);
  p = desired_policy("EFGHILNO");
  EXPECT_EQ(ask(p).answer.error->code, ErrorCode::invalid_tppar) << "D: the KMS makes it";
}

TEST_F(Rfc6043Kms, AClientKnownByItsPskNeedNotNameItself) {  // 4.2.1.2, 4.2.3.2, 4.2.1.1
  TicketWorld one({"alice"});
  const Reaction r =
      react(one, TicketWorld::request("bob", "DEFGHNO"), request_init_psk, [](Forge& f, const TicketForger&) {
        f.remove(PayloadType::idr, 1);  // IDRkms
        f.remove(PayloadType::idr, 0);  // IDRi
      });
  EXPECT_TRUE(r.taken) << (r.error ? r.error->to_string() : "");
}

// ------------------------------------------------------------------ public keys (4.2.1.3, 4.2.3.3)

TEST(Rfc6043Pk, ClientsWithCertificatesRequestAndResolve) {
  CertifiedWorld w;
  const Call r = w.run("alice", TicketWorld::request("bob"));
  ASSERT_TRUE(r.established("alice") && r.established("bob")) << (w.last_kms  ? w.last_kms->to_string()
                                                                  : r.refused ? r.refused->to_string()
                                                                              : "");
  EXPECT_TRUE(ct_equal(r.bundle("alice").sessions[0].tek.reveal(), r.bundle("bob").sessions[0].tek.reveal()));
  for (const DataType t : {request_init_pk, resolve_init_pk}) {
    const wire::Message m = parsed(r.letter(t).message);
    EXPECT_EQ(m.last_type(), PayloadType::sign);
    EXPECT_EQ(m.count<wire::Pke>(), 1U);
    EXPECT_EQ(m.count<wire::Chash>(), 1U);
    EXPECT_EQ(m.count<wire::Idr>(), 2U);
    EXPECT_EQ(m.hdr().v, 1);
    EXPECT_EQ(m.hdr().map_type, CsIdMapType::empty);
  }
  const wire::Message m = parsed(r.letter(request_init_pk).message);
  const auto chain = m.all<wire::Cert>();
  ASSERT_EQ(chain.size(), 2U) << "a payload for each certificate, the sender's first";
  EXPECT_EQ(to_hex(chain[0].data), to_hex(shared_pki().alice_below.der()));
  EXPECT_EQ(to_hex(chain[1].data), to_hex(shared_pki().intermediate.certificate.der()));
}

TEST(Rfc6043Pk, EveryOctetIsSigned) {
  CertifiedWorld w;
  const Call r = w.run("alice", TicketWorld::request("bob"), [&](TicketWorld::Letter& l) {
    if (l.type() != request_init_pk && l.type() != resolve_init_pk) return;
    for (std::size_t i = 0; i < l.message.size(); i += 7) {
      Bytes bad = l.message;
      bad[i] ^= 0x10;
      EXPECT_EQ(w.kms().handle(bad).state, kms::Answer::State::failed) << i;
    }
  });
  EXPECT_TRUE(r.established("alice") && r.established("bob"));
}

TEST(Rfc6043Pk, AChainInAnotherOrderIsRefused) {
  CertifiedWorld w({shared_pki().intermediate.certificate, shared_pki().alice_below});
  const Call r = w.run("alice", TicketWorld::request("bob"));
  EXPECT_FALSE(r.established("alice"));
  EXPECT_TRUE(r.refused || w.last_kms);
}

TEST(Rfc6043Pk, AnotherKmsWithACertificateAsksForItsClient) {  // 10
  static const crypto::Certificate kms2_cert = issue(spec_for("kms2"), "intermediate", shared_pki().ca);
  for (const bool trusted : {true, false}) {
    CertifiedWorld w;
    if (trusted) w.tables.trusted_kms.insert(uri_of("kms2"));
    Bytes ticket;
    (void)w.run("alice", TicketWorld::request("bob"), [&](TicketWorld::Letter& l) {
      if (l.type() != transfer_init) return;
      const wire::Message m = parsed(l.message);
      const wire::Slot& at = *m.find(PayloadType::ticket);
      ticket = to_bytes(m.octets().subspan(at.body(), at.end() - at.body()));
      l.message.clear();
    });
    const Identity self = uri_of("kms2");
    const mikey::Pki pki{{own_certificate({kms2_cert}, "intermediate")}, w.trust, {}};
    UniqueClock clock(w.clock);
    const Env env{crypto::openssl(), w.rng, clock, w.policy, self, &pki};
    const KmsLink link{uri_of("kms"), true, {}, {}};
    const auto question = KmsQuestion::resolve(env, link, PrfFunc::mikey_1, uri_of("bob"), ticket);
    ASSERT_TRUE(question.ok()) << question.error().to_string();
    const kms::Answer a = w.kms().handle(question->message());
    ASSERT_EQ(a.state == kms::Answer::State::answered, trusted) << (a.error ? a.error->to_string() : "");
    if (!trusted) continue;
    const auto reply = question->read(env, parsed(*a.message), true);
    ASSERT_TRUE(reply.ok()) << reply.error().to_string();
    EXPECT_EQ(reply->answer_as, uri_of("bob")) << "forked for the client, not for its KMS";
  }
}

// ------------------------------------------------------------------ other Ticket Types (11)

/// Ticket Data that are a reference to what the KMS keeps, and a MAC over the policy and the reference.
class Reference final : public TicketScheme {
 public:
  TicketKind kind() const override { return {TicketType{61440}, 1, 1}; }

  Result<NewTicket> seal(const crypto::Provider& c, Rng& rng, const TicketPolicy& policy, ByteView tpk,
                         const keys::KeyEntry& mpk, std::span<const keys::KeyEntry> keys,
                         NtpTime /*t*/) const override {
    const Bytes rand = *rng.bytes(16, "RAND of the ticket");
    Bytes data = rand;
    data.resize(48);
    const Bytes tp = *policy.data();
    TicketCore core{*wire::encode(wire::Ticket{policy.fields(tp), Octets(data), {}})};
    core.octets.resize(core.octets.size() - 2);
    const MutableBytes mac = MutableBytes(core.octets).last(32);
    const std::array<ByteView, 1> covered{ByteView(core.octets).first(core.octets.size() - 32)};
    if (auto s = c.hmac(crypto::Hash::sha256, tpk, covered, mac); !s) return std::move(s).error();
    auto pair = keys::split_mpk(c, policy.prf, mpk.key.reveal(), rand);
    Kept& kept = kept_[rand];
    kept.mpk = mpk.clone();
    for (const keys::KeyEntry& k : keys) kept.keys.push_back(k.clone());
    return NewTicket{std::move(core), std::move(*pair)};
  }

  Result<OpenedTicket> open(const crypto::Provider& c, const TicketPolicy& policy, const TicketCore& core,
                            ByteView data, ByteView tpk) const override {
    const auto refuse = [] { return bad_message(ErrorCode::auth_failure, "RFC 6043 11", "no such ticket"); };
    if (data.size() != 48) return refuse();
    Bytes mac(32);
    const std::array<ByteView, 1> covered{ByteView(core.octets).first(core.octets.size() - 32)};
    if (auto s = c.hmac(crypto::Hash::sha256, tpk, covered, mac); !s) return std::move(s).error();
    const Bytes rand = to_bytes(data.first(16));
    const auto it = kept_.find(rand);
    if (!ct_equal(mac, data.last(32)) || it == kept_.end()) return refuse();
    auto pair = keys::split_mpk(c, policy.prf, it->second.mpk.key.reveal(), rand);
    OpenedTicket out{std::move(*pair), it->second.mpk.validity, {}};
    for (const keys::KeyEntry& k : it->second.keys) out.keys.push_back(k.clone());
    return out;
  }

 private:
  struct Kept {
    keys::KeyEntry mpk;
    std::vector<keys::KeyEntry> keys;
  };
  mutable std::map<Bytes, Kept> kept_;
};

TEST(TicketTypes, ATicketThatIsAReferenceDoesAsWell) {
  const auto scheme = std::make_shared<Reference>();
  TicketSchemes schemes;
  schemes.add(scheme);
  for (const bool known : {true, false}) {
    TicketWorld w;
    w.schemes = &schemes;
    w.party("bob", [&](Credentials& c) {
      if (known) c.ticket->schemes.add(scheme);
    });
    InitiateRequest request = TicketWorld::request("bob");
    request.ticket->kind = scheme->kind();
    const Call r = w.run("alice", std::move(request));
    EXPECT_EQ(r.established("alice"), known);
    EXPECT_EQ(r.established("bob"), known);
    if (known) {
      EXPECT_TRUE(
          ct_equal(r.bundle("alice").sessions[0].tek.reveal(), r.bundle("bob").sessions[0].tek.reveal()));
    } else {
      EXPECT_EQ(r.last.at("bob").error->code, ErrorCode::invalid_ticket);
    }
  }
}

// ------------------------------------------------------------------ the base ticket by hand (A)

/// Ticket Data as `build` makes them between THDR and V, protected by a TPK of sixteen octets.
struct HandMade {
  TicketPolicy policy = good_policy();
  Bytes tpk = Bytes(16, 2);
  Bytes rand = Bytes(16, 3);
  Bytes thdr;
  TsType time = TsType::ntp_utc;
  bool odd_payloads = false;

  Result<OpenedTicket> opened() const {
    const keys::MessageKeys keys = keys::ticket_data_keys(crypto::openssl(), policy.prf, tpk, rand);
    const Bytes t = hex(time == TsType::ntp_utc ? "ee5bba0000000000" : "ee5bba00");
    const Bytes iv = hex("ee5bba0000000000");
    wire::ChainBuilder inner;
    inner.add(engine::key_data(
        {KeyDataType::mpk, SecretBytes(Bytes(16, 1)), {}, false, {KvType::spi, {1}, {}, {}}}));
    const auto plain = std::move(inner).finish_secret();
    const auto sealed = keys.seal(EncrAlg::aes_cm_128, iv, plain->reveal());
    wire::Thdr head;
    head.data = Octets(thdr);
    wire::ChainBuilder b(head);
    b.add(wire::T{time, Octets(t)});
    const Bytes hash(20, 1);
    if (odd_payloads) b.add(wire::Chash{HashFunc::sha_1, Octets(hash)});
    b.add(wire::Rand{Octets(rand)});
    b.add(wire::Kemac{EncrAlg::aes_cm_128, Octets(*sealed), MacAlg::null, {}});
    if (odd_payloads) b.add(wire::Idr{IdRole::psk, IdType::byte_string, Octets(hash)});
    const Bytes room(20);
    b.add(wire::Ver{MacAlg::hmac_sha_1_160, Octets(room)});
    Bytes data = *std::move(b).finish();
    const Bytes tp = *policy.data();
    TicketCore core{*wire::encode(wire::Ticket{policy.fields(tp), Octets(data), {}})};
    core.octets.resize(core.octets.size() - 2);
    const std::array<ByteView, 1> covered{ByteView(core.octets).first(core.octets.size() - 20)};
    EXPECT_TRUE(keys.mac(MacAlg::hmac_sha_1_160, covered, MutableBytes(core.octets).last(20)).ok());
    std::ranges::copy(ByteView(core.octets).last(20), data.end() - 20);
    return mikey_base_ticket().open(crypto::openssl(), policy, core, data, tpk);
  }
};

TEST(Rfc6043BaseTicket, TimesOf32BitsArePaddedForTheIv) {  // 6.3
  HandMade h;
  h.time = TsType::ntp_utc_32;
  const auto o = h.opened();
  ASSERT_TRUE(o.ok()) << o.error().to_string();
  const auto pair = keys::split_mpk(crypto::openssl(), h.policy.prf, Bytes(16, 1), h.rand);
  EXPECT_TRUE(ct_equal(o->mpk.initiator.reveal(), pair->initiator.reveal()));
}

TEST(Rfc6043BaseTicket, UnexpectedPayloadsAndHeaderDataAreIgnored) {  // A, A.3
  HandMade h;
  h.odd_payloads = true;
  h.thdr = hex("0102030405");
  EXPECT_TRUE(h.opened().ok());
}

TEST(Rfc6043BaseTicket, ARandShorterThanTpkOrMpkIsRefused) {  // 12.1
  HandMade h;
  h.rand = Bytes(15, 3);
  EXPECT_STREQ(h.opened().error().rfc, "RFC 6043 12.1");
  h.rand = Bytes(16, 3);
  h.tpk = Bytes(17, 2);
  EXPECT_STREQ(h.opened().error().rfc, "RFC 6043 12.1");
}

TEST(Rfc6043BaseTicket, UnexpectedInitiatorDataAreIgnored) {  // 6.10
  const Bytes mpk_r(16, 3);
  const Bytes mac(20, 0xAB);
  const Bytes hash(20, 1);
  wire::ChainBuilder b(true);
  b.add(wire::Chash{HashFunc::sha_1, Octets(hash)});
  b.add(wire::Ver{MacAlg::hmac_sha_1_160, Octets(mac)});
  const Bytes room(20);
  b.add(wire::Ver{MacAlg::hmac_sha_1_160, Octets(room)});
  const std::array<ByteView, 1> covered{b.octets().first(b.octets().size() - 20)};
  const auto keys = keys::initiator_data_keys(crypto::openssl(), PrfFunc::mikey_1, mpk_r);
  ASSERT_TRUE(keys.mac(MacAlg::hmac_sha_1_160, covered, b.tail(20)).ok());
  const Bytes data = *std::move(b).finish();
  EXPECT_TRUE(check_initiator_data(crypto::openssl(), PrfFunc::mikey_1, mpk_r, data).ok());
  EXPECT_EQ(to_hex(*initiator_data_mac(data)), to_hex(mac));
}

}  // namespace
}  // namespace mikey::test
