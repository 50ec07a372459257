#include "support/wire_check.hpp"
#include "support/wire_samples.hpp"

namespace mikey::test {
namespace {

using namespace mikey::wire;

class EveryKind : public ::testing::TestWithParam<DataType> {};

TEST_P(EveryKind, IsWellFormed) {
  const Bytes octets = sample_message(GetParam());
  auto m = Message::parse(octets);
  ASSERT_TRUE(m.ok()) << m.error().to_string();
  EXPECT_EQ(m->hdr().data_type, GetParam());
  EXPECT_EQ(m->first<T>()->value.size(), 8U);
  expect_consistent(octets);
  const auto d = dissect(octets);
  expect_json(d);
  EXPECT_FALSE(d.cut);
}

TEST_P(EveryKind, HasNoSenseWhenCutShort) {
  const Bytes octets = sample_message(GetParam());
  for (std::size_t n = 0; n < octets.size(); ++n) {
    const ByteView part = ByteView(octets).first(n);
    EXPECT_FALSE(Message::parse(part).ok()) << n;
    expect_consistent(part);
  }
}

TEST_P(EveryKind, SurvivesEveryFlippedBit) {
  Bytes octets = sample_message(GetParam());
  for (std::size_t bit = 0; bit < octets.size() * 8; ++bit) {
    const auto mask = static_cast<std::uint8_t>(0x80 >> bit % 8);
    octets[bit / 8] ^= mask;
    expect_consistent(octets);
    octets[bit / 8] ^= mask;
    if (HasFailure()) FAIL() << "bit " << bit;
  }
}

TEST_P(EveryKind, SurvivesOctetsOfAllOnesAndZeros) {
  const Bytes octets = sample_message(GetParam());
  for (std::size_t i = 0; i < octets.size(); ++i) {
    for (const int value : {0, 1, 0x7F, 0xFF}) {
      Bytes changed = octets;
      changed[i] = static_cast<std::uint8_t>(value);
      expect_consistent(changed);
    }
    if (HasFailure()) FAIL() << "octet " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Wire, EveryKind, ::testing::ValuesIn(all_kinds()), [](const auto& p) {
  return "type" + std::to_string(static_cast<unsigned>(p.param));
});

TEST(WireHostile, SubPayloadsSurviveTruncationAndFlippedBits) {
  for (const SampleChain& c : sample_chains()) {
    SCOPED_TRACE(c.name);
    expect_chain_consistent(c.first, c.octets);
    ASSERT_TRUE(PayloadChain::parse(c.first, c.octets).ok());
    for (std::size_t n = 0; n < c.octets.size(); ++n)
      expect_chain_consistent(c.first, ByteView(c.octets).first(n));
    for (std::size_t bit = 0; bit < c.octets.size() * 8; ++bit) {
      Bytes flipped = c.octets;
      flipped[bit / 8] ^= static_cast<std::uint8_t>(0x80 >> bit % 8);
      expect_chain_consistent(c.first, flipped);
    }
  }
}

Bytes message(unsigned first, std::string_view payloads) {
  Bytes m = hex("01 00 00 00 12345678 00 01");
  m[2] = static_cast<std::uint8_t>(first);
  append(m, hex(payloads));
  return m;
}

TEST(WireHostile, SubPayloadsOfEncryptedDataAreRefusedOutside) {
  for (const unsigned type : {20U, 24U, 25U}) {
    const Bytes m = message(type, "00 10 0001 00");
    auto r = Message::parse(m);
    ASSERT_FALSE(r.ok());
    EXPECT_EQ(r.error().offset, 10U);
    EXPECT_NE(r.error().detail.find("inside encrypted data"), std::string::npos);
    expect_consistent(m);
  }
}

TEST(WireHostile, UnknownPayloadsAreRefused) {
  for (unsigned type = 0; type < 256; ++type) {
    const Bytes m = message(type, "00");
    if (type == 0 || with_payload(static_cast<PayloadType>(type), []<class P>() {})) continue;
    auto r = Message::parse(m);
    ASSERT_FALSE(r.ok()) << type;
    EXPECT_EQ(r.error().offset, 10U);
    EXPECT_NE(r.error().detail.find("unknown type"), std::string::npos);
    expect_consistent(m);
  }
}

TEST(WireHostile, UnknownExtensionsAreKept) {
  const Bytes octets = message(21, "00 c8 0002 beef");
  auto m = Message::parse(octets);
  ASSERT_TRUE(m.ok());
  EXPECT_EQ(to_hex(m->first<GeneralExt>()->data), "beef");
  expect_consistent(octets);
}

TEST(WireHostile, NoMoreThan255Payloads) {
  const auto chain = [](std::size_t n) {
    Hdr h;
    h.map_type = CsIdMapType::empty;
    ChainBuilder b(h);
    for (std::size_t i = 0; i < n; ++i) b.add(Rand{});
    return *std::move(b).finish();
  };
  EXPECT_TRUE(Message::parse(chain(255)).ok());
  EXPECT_EQ(Message::parse(chain(255))->clone().size(), 255U);
  expect_consistent(chain(255));
  auto r = Message::parse(chain(256));
  ASSERT_FALSE(r.ok());
  EXPECT_EQ(r.error().offset, 10U + 2 * 255);
  expect_consistent(chain(256));
}

TEST(WireHostile, NoMoreOctetsThanAllowed) {
  ParseOptions options;
  options.max_octets = 20;
  Bytes m = message(11, "00 08 0001020304050607");
  EXPECT_TRUE(Message::parse(m, options).ok());
  m = message(11, "00 09 000102030405060708");
  EXPECT_TRUE(Message::parse(m).ok());
  auto r = Message::parse(m, options);
  ASSERT_FALSE(r.ok());
  EXPECT_FALSE(r.error().offset);
  const auto d = dissect(m, options);
  ASSERT_TRUE(d.error);
  EXPECT_EQ(d.error->to_string(), r.error().to_string());
  EXPECT_TRUE(d.payloads.empty());
  EXPECT_FALSE(Message::parse(ByteView(m), options).ok());
}

/// TP payloads, each inside the TP Data of the one before.
Bytes nested_policies(std::size_t depth) {
  Bytes data = {0};
  for (std::size_t i = 0; i < depth; ++i) {
    Bytes outer = hex("10 00 0001 01 01 020000");
    outer.push_back(static_cast<std::uint8_t>(data.size() >> 8));
    outer.push_back(static_cast<std::uint8_t>(data.size()));
    append(outer, data);
    data = std::move(outer);
  }
  Bytes m = hex("01 0b 00 00 12345678 00 01");
  m[2] = data[0];
  m.insert(m.end(), data.begin() + 1, data.end());
  return m;
}

TEST(WireHostile, NestingIsLimited) {
  for (std::size_t depth = 1; depth <= Decoder::kMaxDepth; ++depth) {
    EXPECT_TRUE(Message::parse(nested_policies(depth)).ok()) << depth;
    expect_consistent(nested_policies(depth));
  }
  auto r = Message::parse(nested_policies(Decoder::kMaxDepth + 1));
  ASSERT_FALSE(r.ok());
  EXPECT_NE(r.error().detail.find("nested"), std::string::npos);
  expect_consistent(nested_policies(Decoder::kMaxDepth + 1));
  expect_consistent(nested_policies(5000));
}

TEST(WireHostile, NestedTicketsAreNotFollowedForEver) {
  Bytes data = hex("00 0000");  // a THDR that ends the chain
  for (int i = 0; i < 3000; ++i) {
    Bytes outer = hex("11 0000 00 0001 01 01 020000 0001 00");
    outer.push_back(static_cast<std::uint8_t>(data.size() >> 8));
    outer.push_back(static_cast<std::uint8_t>(data.size()));
    append(outer, data);
    append(outer, hex("0000"));
    data = std::move(outer);
  }
  Bytes m = message(17, "00 0001 01 01 020000 0001 00");
  m.push_back(static_cast<std::uint8_t>(data.size() >> 8));
  m.push_back(static_cast<std::uint8_t>(data.size()));
  append(m, data);
  append(m, hex("0000"));
  EXPECT_TRUE(Message::parse(m).ok());
  expect_consistent(m);
}

/// How many nodes a dissection has.
std::size_t nodes(const std::vector<Node>& list) {
  std::size_t n = list.size();
  for (const Node& c : list) n += nodes(c.children);
  return n;
}

TEST(WireHostile, DissectionsAreLimitedInSize) {
  Hdr h;
  h.map_type = CsIdMapType::empty;
  ChainBuilder b(h);
  for (int i = 0; i < 16; ++i) b.add(Sp{0, ProtType::srtp, Bytes(65534)});
  const Bytes m = *std::move(b).finish();
  EXPECT_TRUE(Message::parse(m, {2 << 20, 0}).ok());
  const auto d = dissect(m, {2 << 20, 0});
  EXPECT_FALSE(d.error);
  EXPECT_TRUE(d.cut);
  EXPECT_LE(nodes(d.payloads), kMaxNodes);
  EXPECT_NE(to_json(d).find(R"("cut":true)"), std::string::npos);
}

/// How many fields and payloads are read in a message.
std::size_t steps(const Bytes& message) {
  const auto d = dissect(message);
  EXPECT_FALSE(d.error || d.cut);
  return nodes(d.payloads);
}

TEST(WireHostile, WorkGrowsWithTheSizeAndNoFaster) {
  const auto growth = [](auto make) {
    const double once = static_cast<double>(steps(make(100)));
    const double twice = static_cast<double>(steps(make(200)));
    return twice / once;
  };
  const auto payloads = [](std::size_t n) {
    Hdr h;
    h.map_type = CsIdMapType::empty;
    ChainBuilder b(h);
    for (std::size_t i = 0; i < n; ++i) b.add(Rand{run(16)});
    return *std::move(b).finish();
  };
  const auto parameters = [](std::size_t n) {
    Hdr h;
    h.map_type = CsIdMapType::empty;
    ChainBuilder b(h);
    b.add(Sp{0, ProtType::srtp, Bytes(2 * n)});
    return *std::move(b).finish();
  };
  const auto keys = [](std::size_t n) {
    Hdr h;
    h.map_type = CsIdMapType::empty;
    ChainBuilder inner;
    for (std::size_t i = 0; i < n; ++i) inner.add(KeyData{KeyDataType::tgk, run(4), {}, {}});
    const Bytes data = *std::move(inner).finish();
    ChainBuilder b(h);
    b.add(Kemac{EncrAlg::null, data, MacAlg::null, {}});
    return *std::move(b).finish();
  };
  EXPECT_LT(growth(payloads), 2.1);
  EXPECT_LT(growth(parameters), 2.1);
  EXPECT_LT(growth(keys), 2.1);
  // Each level of nesting adds the same work, however deep it stands.
  EXPECT_EQ(steps(nested_policies(8)) - steps(nested_policies(7)),
            steps(nested_policies(2)) - steps(nested_policies(1)));
}

}  // namespace
}  // namespace mikey::test
