// The MIKEY base ticket (RFC 6043 A), Initiator Data and the Ticket Policy (6.10).
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "mikey/exchange/ticket.hpp"
#include "support/scripted_rng.hpp"

namespace mikey::test {
namespace {

using nlohmann::json;

keys::KeyEntry key(KeyDataType type, std::uint8_t fill, Bytes spi) {
  return {type, SecretBytes(Bytes(16, fill)), {}, false, {KvType::spi, std::move(spi), {}, {}}};
}

TicketPolicy sample_policy() {
  TicketPolicy p;
  p.flags = *TicketFlags::parse("DEFGHINO");
  p.kms = Identity::uri("sip:kms@example.com");
  p.initiator = Identity::uri("sip:alice@example.com");
  p.start = 1790000000;
  p.end = 1790003600;
  p.rekey = 600;
  p.applications = {{IdType::byte_string, hex("617070")}};
  p.responders = {Identity::uri("sip:bob@example.com"), Identity::uri("sip:it@example.com")};
  return p;
}

/// Reads a TICKET payload as a message would carry it.
struct Parsed {
  wire::Message message;
  TicketPolicy policy;
  TicketCore core;
  Bytes data;

  static Parsed of(ByteView ticket_body) {
    wire::Hdr h;
    h.data_type = DataType::transfer_init;
    h.map_type = CsIdMapType::empty;
    wire::ChainBuilder b(h);
    b.add_encoded(PayloadType::ticket, ticket_body);
    auto m = wire::Message::parse(*std::move(b).finish());
    EXPECT_TRUE(m.ok()) << m.error().to_string();
    const wire::Slot& at = m->slots()[0];
    const auto t = m->get<wire::Ticket>(at);
    auto p = TicketPolicy::parse(t.policy, at.offset);
    EXPECT_TRUE(p.ok());
    Bytes data = to_bytes(t.ticket_data);
    TicketCore core = TicketCore::of(*m, at);
    return {std::move(*m), *p, std::move(core), std::move(data)};
  }
};

TEST(BaseTicket, ReproducesTheVectorsAndOpensThem) {
  const json list = json::parse(read_source_file("vectors/mikey-peer/base-tickets.json"));
  ASSERT_EQ(list.size(), 3U);
  for (const json& v : list) {
    const Bytes tpk = hex(v["TPK"].get<std::string>());
    const Bytes payload = hex(v["TICKET payload (last)"].get<std::string>());
    const Parsed t = Parsed::of(ByteView(payload).subspan(1));
    EXPECT_EQ(t.policy.flags.letters(), v["flags"].get<std::string>());
    EXPECT_EQ(to_hex(*t.policy.data()), v["TP Data"].get<std::string>());
    const auto opened = mikey_base_ticket().open(crypto::openssl(), t.policy, t.core, t.data, tpk);
    ASSERT_TRUE(opened.ok()) << opened.error().to_string();

    // Seal the same content again, with the RAND and time of the vector.
    wire::Thdr thdr;
    const auto chain = wire::PayloadChain::parse_ticket(t.data, thdr);
    ASSERT_TRUE(chain.ok());
    const Bytes plain = hex(v["KEMAC sub-payloads"].get<std::string>());
    const auto inner = wire::PayloadChain::parse(PayloadType::key_data, ByteView(plain).subspan(0));
    ASSERT_TRUE(inner.ok()) << inner.error().to_string();
    std::vector<keys::KeyEntry> content;
    for (const wire::KeyData& d : inner->all<wire::KeyData>())
      content.push_back({d.type,
                         SecretBytes(d.key),
                         SecretBytes(d.salt),
                         wire::carries_salt(d.type),
                         {d.kv.type, to_bytes(d.kv.spi), {}, {}}});
    ScriptedRng rng;
    rng.add("RAND of the ticket", to_bytes(chain->first<wire::Rand>()->data));
    const NtpTime time{load_be<std::uint64_t>(chain->first<wire::T>()->value.data())};
    const auto sealed = mikey_base_ticket().seal(crypto::openssl(), rng, t.policy, tpk, content.front(),
                                                 std::span(content).subspan(1), time);
    ASSERT_TRUE(sealed.ok()) << sealed.error().to_string();
    EXPECT_EQ("00" + to_hex(*sealed->core.with({})), v["TICKET payload (last)"].get<std::string>());
    EXPECT_EQ(to_hex(sealed->mpk.initiator.reveal()), to_hex(opened->mpk.initiator.reveal()));
    ASSERT_EQ(opened->keys.size(), content.size() - 1);
    for (std::size_t i = 0; i < opened->keys.size(); ++i) {
      EXPECT_EQ(opened->keys[i].type, content[i + 1].type);
      EXPECT_EQ(to_hex(opened->keys[i].key.reveal()), to_hex(content[i + 1].key.reveal()));
    }
  }
}

TEST(BaseTicket, EveryChangedBitIsNoticed) {
  CountingRng rng;
  const Bytes tpk(16, 0x7E);
  const std::vector<keys::KeyEntry> content = [] {
    std::vector<keys::KeyEntry> k;
    k.push_back(key(KeyDataType::tgk, 7, {1}));
    return k;
  }();
  const auto sealed =
      mikey_base_ticket().seal(crypto::openssl(), rng, sample_policy(), tpk, key(KeyDataType::mpk, 9, {2}),
                               content, NtpTime::from_unix(1790000000));
  ASSERT_TRUE(sealed.ok());
  const Bytes body = *sealed->core.with({});
  int opened = 0;
  for (std::size_t bit = 0; bit < 8 * (body.size() - 2); ++bit) {
    Bytes changed = body;
    changed[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    wire::Hdr h;
    h.data_type = DataType::transfer_init;
    h.map_type = CsIdMapType::empty;
    wire::ChainBuilder b(h);
    b.add_encoded(PayloadType::ticket, changed);
    const auto m = wire::Message::parse(*std::move(b).finish());
    if (!m) continue;
    const auto t = m->get<wire::Ticket>(m->slots()[0]);
    const auto policy = TicketPolicy::parse(t.policy);
    if (!policy || !TicketSchemes().find(policy->kind)) continue;
    const auto result = mikey_base_ticket().open(crypto::openssl(), *policy,
                                                 TicketCore::of(*m, m->slots()[0]), t.ticket_data, tpk);
    EXPECT_FALSE(result.ok()) << "bit " << bit;
    ++opened;
  }
  EXPECT_GT(opened, 500);  // most changes get as far as the MAC
}

TEST(BaseTicket, OpensUnderItsOwnKeyOnly) {
  CountingRng rng;
  const auto sealed =
      mikey_base_ticket().seal(crypto::openssl(), rng, sample_policy(), Bytes(16, 1),
                               key(KeyDataType::mpk, 9, {2}), {}, NtpTime::from_unix(1790000000));
  ASSERT_TRUE(sealed.ok());
  const Parsed t = Parsed::of(*sealed->core.with({}));
  EXPECT_TRUE(mikey_base_ticket().open(crypto::openssl(), t.policy, t.core, t.data, Bytes(16, 1)).ok());
  const auto wrong = mikey_base_ticket().open(crypto::openssl(), t.policy, t.core, t.data, Bytes(16, 2));
  EXPECT_EQ(wrong.error().code, ErrorCode::auth_failure);
}

TEST(BaseTicket, KeysBelow128BitsAreNotTaken) {  // RFC 6043 12.1
  CountingRng rng;
  const auto t = NtpTime::from_unix(1790000000);
  keys::KeyEntry mpk = key(KeyDataType::mpk, 9, {2});
  EXPECT_FALSE(
      mikey_base_ticket().seal(crypto::openssl(), rng, sample_policy(), Bytes(15, 1), mpk, {}, t).ok());
  mpk.key = SecretBytes(Bytes(15, 1));
  EXPECT_FALSE(
      mikey_base_ticket().seal(crypto::openssl(), rng, sample_policy(), Bytes(16, 1), mpk, {}, t).ok());
}

TEST(InitiatorData, BindsTheMessageToTheTicket) {
  const Bytes mpk_r(16, 3);
  const Bytes mac(20, 0xAB);
  const auto data =
      make_initiator_data(crypto::openssl(), PrfFunc::mikey_1, mpk_r, MacAlg::hmac_sha_1_160, mac);
  ASSERT_TRUE(data.ok());
  EXPECT_EQ(data->size(), initiator_data_size(MacAlg::hmac_sha_1_160));
  EXPECT_EQ(to_hex(*data).substr(0, 6), "090901");  // First payload V, Vi: next V, HMAC-SHA-1-160
  EXPECT_TRUE(check_initiator_data(crypto::openssl(), PrfFunc::mikey_1, mpk_r, *data));
  EXPECT_EQ(to_hex(*initiator_data_mac(*data)), to_hex(mac));
  EXPECT_FALSE(check_initiator_data(crypto::openssl(), PrfFunc::mikey_1, Bytes(16, 4), *data));
  for (std::size_t bit = 0; bit < 8 * data->size(); ++bit) {
    Bytes changed = *data;
    changed[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    EXPECT_FALSE(check_initiator_data(crypto::openssl(), PrfFunc::mikey_1, mpk_r, changed)) << bit;
  }
  for (std::size_t n = 0; n < data->size(); ++n)
    EXPECT_FALSE(check_initiator_data(crypto::openssl(), PrfFunc::mikey_1, mpk_r, ByteView(*data).first(n)))
        << n;
}

TEST(TicketPolicyFlags, ImplicationsOf610) {
  struct Case {
    const char* flags;
    const char* says;
  };
  const Case broken[] = {{"EFGHNO", "NOT D implies L"}, {"DEGHNO", "G implies F"},
                         {"DEFNO", "NOT G implies H"},  {"DFGHINO", "I implies E"},
                         {"EFGHKLNO", "K implies D"},   {"DEHMNO", "M implies F"}};
  for (const Case& c : broken) {
    const auto s = check_flags(*TicketFlags::parse(c.flags), false);
    ASSERT_FALSE(s.ok()) << c.flags;
    EXPECT_EQ(s.error().code, ErrorCode::invalid_tppar);
    EXPECT_NE(s.error().detail.find(c.says), std::string::npos) << s.error().detail;
  }
  EXPECT_TRUE(check_flags(*TicketFlags::parse("DEHINO"), false));
  EXPECT_FALSE(check_flags(*TicketFlags::parse("DEHINO"), true)) << "a forked TGK needs F";
  for (const char* good : {"DEFGHINO", "DFGHNO", "EFGHILNO", "FGHLNO", "DEFGHIJKLMNO", "DEHNO", "DEFGNO"})
    EXPECT_TRUE(check_flags(*TicketFlags::parse(good), true)) << good;
}

TEST(TicketPolicyFlags, Letters) {
  EXPECT_EQ(TicketFlags::parse("ONMLKJIHGFED")->letters(), "DEFGHIJKLMNO");
  EXPECT_EQ(TicketFlags::parse("DEFGHIJKLMNO")->bits(), 0xFFF);
  EXPECT_FALSE(TicketFlags::parse("DD").has_value());
  EXPECT_FALSE(TicketFlags::parse("P").has_value());
  EXPECT_FALSE(TicketFlags::parse("d").has_value());
}

Result<TicketPolicy> reread(const TicketPolicy& p) {
  auto data = p.data();
  if (!data) return std::move(data).error();
  return TicketPolicy::parse(p.fields(*data));
}

TEST(TicketPolicy, TravelsUnchanged) {
  TicketPolicy p = sample_policy();
  p.keys = {{KeyDataType::tgk_salt, 16, 14, {KvType::spi, {1, 2}, {}, {}}}, {KeyDataType::tek, 32, {}, {}}};
  const auto q = reread(p);
  ASSERT_TRUE(q.ok()) << q.error().to_string();
  EXPECT_EQ(q->flags, p.flags);
  EXPECT_EQ(q->kms, p.kms);
  EXPECT_EQ(q->initiator, p.initiator);
  EXPECT_EQ(q->start, p.start);
  EXPECT_EQ(q->end, p.end);
  EXPECT_EQ(q->rekey, p.rekey);
  EXPECT_EQ(q->applications, p.applications);
  EXPECT_EQ(q->responders, p.responders);
  ASSERT_EQ(q->keys->size(), 2U);
  EXPECT_EQ((*q->keys)[0].salt, 14U);
  EXPECT_EQ((*q->keys)[0].validity.spi, (Bytes{1, 2}));
  EXPECT_EQ((*q->keys)[1].length, 32U);
}

TEST(TicketPolicy, TimesLieBetween1968And2104) {  // RFC 6043 6.10, RFC 4330 3
  TicketPolicy p = sample_policy();
  p.end = 2300000000;  // 2042, after the overflow of 2036
  EXPECT_EQ(reread(p)->end, 2300000000);
  p.end = 4300000000;
  EXPECT_FALSE(p.data().ok());
}

TEST(TicketPolicy, HostileData) {
  const auto parse = [](const char* tp_data) {
    const Bytes data = hex(tp_data);
    wire::TicketPolicy p;
    p.tp_data = Octets(data);
    return TicketPolicy::parse(p);
  };
  EXPECT_FALSE(parse("").ok());
  EXPECT_FALSE(parse("0e").ok());
  EXPECT_EQ(parse("0d 0d 03 03 ee5bba00 00 03 03 ee5bba00").error().code,
            ErrorCode::invalid_tppar);                                                      // two TRe
  EXPECT_EQ(parse("0d 00 03 02 00000001").error().code, ErrorCode::invalid_tppar);          // a counter
  EXPECT_EQ(parse("0d 00 04 00 0000000100000000").error().code, ErrorCode::invalid_tppar);  // TRr in 64 bits
  EXPECT_EQ(parse("01 00 01 0000 00").error().code, ErrorCode::invalid_tppar);  // an encrypted KEMAC
  EXPECT_TRUE(parse("0e 00 01 01 0001 61").ok());
  EXPECT_FALSE(parse("0e 0e 01 01 0001 61 00 01 01 0001 62").ok());  // two IDRi
  EXPECT_TRUE(parse("05 00 00 ee5bba0000000000").ok());              // unexpected payloads are ignored
}

TEST(TicketPolicy, Validity) {
  const TicketPolicy p = sample_policy();
  EXPECT_FALSE(check_validity(p, NtpTime::from_unix(1789999999)).ok());
  EXPECT_TRUE(check_validity(p, NtpTime::from_unix(1790000000)).ok());
  EXPECT_TRUE(check_validity(p, NtpTime::from_unix(1790003600)).ok());
  EXPECT_FALSE(check_validity(p, NtpTime::from_unix(1790003601)).ok());
  TicketPolicy endless = p;
  endless.start.reset();
  endless.end.reset();
  EXPECT_TRUE(check_validity(endless, NtpTime::from_unix(0)).ok());
}

TEST(TicketSchemes, AreKnownByTypeSubtypeAndVersion) {
  class Other final : public TicketScheme {
   public:
    TicketKind kind() const override { return {TicketType{61440}, 1, 2}; }
    Result<NewTicket> seal(const crypto::Provider& c, Rng& r, const TicketPolicy& p, ByteView tpk,
                           const keys::KeyEntry& mpk, std::span<const keys::KeyEntry> k,
                           NtpTime t) const override {
      return mikey_base_ticket().seal(c, r, p, tpk, mpk, k, t);
    }
    Result<OpenedTicket> open(const crypto::Provider& c, const TicketPolicy& p, const TicketCore& core,
                              ByteView data, ByteView tpk) const override {
      return mikey_base_ticket().open(c, p, core, data, tpk);
    }
  };
  TicketSchemes schemes;
  EXPECT_TRUE(schemes.find({}).ok());
  EXPECT_EQ(schemes.find({TicketType::base_3gpp, 1, 1}).error().code, ErrorCode::invalid_ticket);
  EXPECT_EQ(schemes.find({TicketType::mikey_base, 9, 1}).error().code, ErrorCode::invalid_ticket);
  EXPECT_FALSE(schemes.find({TicketType{61440}, 1, 2}).ok());
  schemes.add(std::make_shared<Other>());
  EXPECT_EQ((*schemes.find({TicketType{61440}, 1, 2}))->kind(), (TicketKind{TicketType{61440}, 1, 2}));
}

}  // namespace
}  // namespace mikey::test
