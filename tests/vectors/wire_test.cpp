#include <deque>
#include <nlohmann/json.hpp>
#include <set>

#include "support/wire_check.hpp"

namespace mikey::test {
namespace {

using namespace mikey::wire;
using nlohmann::json;

/// Reads the fields of a vector; the octets it gives out last as long as it does.
class Fields {
 public:
  explicit Fields(const json& j) : j_(j) {}

  template <class E>
  E number(const char* name) const {
    return static_cast<E>(j_.at(name).get<std::uint64_t>());
  }
  Octets octets(const char* name) {
    if (j_.at(name).is_null()) return {};
    return keep(hex(j_.at(name).get<std::string>()));
  }
  Octets keep(Bytes b) { return held_.emplace_back(std::move(b)); }
  const json& at(const char* name) const { return j_.at(name); }

  Kv kv() {
    Fields& k = parts_.emplace_back(j_.at("kv"));
    return {k.number<KvType>("kind"), k.octets("spi"), k.octets("vf"), k.octets("vt")};
  }

  TicketPolicy policy() {
    std::uint16_t flags = 0;
    for (const char c : j_.at("flags").get<std::string>())
      flags = static_cast<std::uint16_t>(flags | 1U << (11 - (c - 'D')));
    return {number<TicketType>("ticket_type"),
            number<std::uint8_t>("subtype"),
            number<std::uint8_t>("version"),
            number<PrfFunc>("prf"),
            flags,
            number<std::uint8_t>("res"),
            octets("tp_data")};
  }

 private:
  json j_;
  std::deque<Bytes> held_;
  std::deque<Fields> parts_;
};

void read(Fields& f, Kemac& p) {
  p = {f.number<EncrAlg>("encr_alg"), f.octets("data"), f.number<MacAlg>("mac_alg"), f.octets("mac")};
}
void read(Fields& f, Pke& p) {
  p = {f.number<EnvelopeCache>("cache"), f.octets("data")};
}
void read(Fields& f, Dh& p) {
  p = {f.number<DhGroup>("group"), f.octets("value"), f.number<std::uint8_t>("reserv"), f.kv()};
}
void read(Fields& f, Sign& p) {
  p = {f.number<SignType>("s_type"), f.octets("signature")};
}
void read(Fields& f, T& p) {
  p = {f.number<TsType>("ts_type"), f.octets("value")};
}
void read(Fields& f, Tr& p) {
  p = {f.number<TsRole>("role"), f.number<TsType>("ts_type"), f.octets("value")};
}
void read(Fields& f, Id& p) {
  p = {f.number<IdType>("id_type"), f.octets("data")};
}
void read(Fields& f, Idr& p) {
  p = {f.number<IdRole>("role"), f.number<IdType>("id_type"), f.octets("data")};
}
void read(Fields& f, Cert& p) {
  p = {f.number<CertType>("cert_type"), f.octets("data")};
}
void read(Fields& f, Chash& p) {
  p = {f.number<HashFunc>("hash_func"), f.octets("hash")};
}
void read(Fields& f, Ver& p) {
  p = {f.number<MacAlg>("auth_alg"), f.octets("data")};
}
void read(Fields& f, Sp& p) {
  Bytes params;
  for (const json& param : f.at("params")) {
    const Bytes value = hex(param.at(1).get<std::string>());
    append(params, *encode(SpParam{param.at(0).get<std::uint8_t>(), value}));
  }
  p = {f.number<std::uint8_t>("policy_no"), f.number<ProtType>("prot_type"), f.keep(params)};
}
void read(Fields& f, Rand& p) {
  p = {f.octets("data")};
}
void read(Fields& f, Randr& p) {
  p = {f.number<RandRole>("role"), f.octets("data")};
}
void read(Fields& f, Err& p) {
  p = {f.number<ErrorNo>("error_no"), f.number<std::uint16_t>("reserved")};
}
void read(Fields& f, Tp& p) {
  p = {f.policy()};
}
void read(Fields& f, Ticket& p) {
  p = {f.policy(), f.octets("ticket_data"), f.octets("initiator_data")};
}
void read(Fields& f, KeyData& p) {
  p = {f.number<KeyDataType>("key_type"), f.octets("key"), f.octets("salt"), f.kv()};
}
void read(Fields& f, GeneralExt& p) {
  p = {f.number<GeneralExtType>("ext_type"), f.octets("data")};
}
void read(Fields& f, Ibake& p) {
  p = {f.octets("data")};
}
void read(Fields& f, Esk& p) {
  p = {f.octets("data")};
}
void read(Fields& f, Sk& p) {
  p = {f.number<SkType>("key_type"), f.octets("key"), f.kv()};
}
void read(Fields& f, Eccpt& p) {
  const Octets point = f.octets("point");
  p = {f.number<EccCurve>("curve"),
       point[0],
       ByteView(point).subspan(1),
       f.number<MacAlg>("auth_alg"),
       f.number<std::uint16_t>("tgk_len"),
       f.number<std::uint8_t>("reserv"),
       f.kv()};
}
void read(Fields& f, Sakke& p) {
  p = {f.number<SakkeParams>("params"), f.number<SakkeIdScheme>("id_scheme"), f.octets("data")};
}

json vectors() {
  return json::parse(read_source_file("vectors/mikey-peer/wire.json"));
}

TEST(WireVectors, PayloadsOfThePeer) {
  std::set<unsigned> seen;
  const json all = vectors();
  for (const json& v : all.at("payloads")) {
    SCOPED_TRACE(v.dump());
    const auto type = static_cast<PayloadType>(v.at("type").get<unsigned>());
    seen.insert(v.at("type").get<unsigned>());
    const Bytes octets = hex(v.at("octets").get<std::string>());
    EXPECT_EQ(v.at("in") == "encrypted data", encrypted_only(type));
    const bool known = with_payload(type, [&]<class P>() {
      EXPECT_EQ(v.at("name"), P::kName);
      Fields fields(v.at("fields"));
      P p;
      read(fields, p);
      ChainBuilder b;
      auto built = std::move(b.add(p)).finish();
      ASSERT_TRUE(built.ok());
      EXPECT_EQ(to_hex(*built), to_hex(octets));
      auto chain = PayloadChain::parse(type, octets);
      ASSERT_TRUE(chain.ok()) << chain.error().to_string();
      ASSERT_EQ(chain->size(), 1U);
      EXPECT_TRUE(chain->at<P>(0) == p);
      expect_chain_consistent(type, octets);
    });
    EXPECT_TRUE(known);
  }
  EXPECT_EQ(seen.size(), 24U);  // every payload there is
}

TEST(WireVectors, HeadersOfThePeer) {
  const json all = vectors();
  ASSERT_EQ(all.at("headers").size(), 3U);
  for (const json& v : all.at("headers")) {
    SCOPED_TRACE(v.dump());
    Fields f(v.at("fields"));
    Hdr h;
    h.data_type = f.number<DataType>("data_type");
    h.csb_id = f.number<std::uint32_t>("csb_id");
    h.v = f.number<std::uint8_t>("v");
    h.prf = f.number<PrfFunc>("prf");
    h.map_type = f.number<CsIdMapType>("map_type");
    h.n_cs = static_cast<std::uint8_t>(f.at("cs").size());
    Bytes map;
    for (const json& cs : f.at("cs")) {
      Fields c(cs);
      if (h.map_type == CsIdMapType::srtp_id) {
        append(map, *encode(SrtpId{c.number<std::uint8_t>("policy_no"), c.number<std::uint32_t>("ssrc"),
                                   c.number<std::uint32_t>("roc")}));
      } else {
        const auto policies = cs.at("policies").get<Bytes>();
        append(map, *encode(GenericId{c.number<std::uint8_t>("cs_id"), c.number<ProtType>("prot_type"),
                                      c.number<std::uint8_t>("s"), static_cast<std::uint8_t>(policies.size()),
                                      policies, c.octets("session_data"), c.octets("spi")}));
      }
    }
    h.map = map;
    EXPECT_EQ(to_hex(*encode(h)), v.at("octets"));
    const Bytes octets = hex(v.at("octets").get<std::string>());
    auto m = Message::parse(octets);
    ASSERT_TRUE(m.ok());
    EXPECT_TRUE(m->hdr() == h);
    expect_consistent(octets);
  }
}

}  // namespace
}  // namespace mikey::test
