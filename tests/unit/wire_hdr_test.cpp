#include "support/wire_check.hpp"
#include "support/wire_samples.hpp"

namespace mikey::test {
namespace {

using namespace mikey::wire;

std::string shown(const Bytes& message) {
  const auto d = dissect(message);
  EXPECT_FALSE(d.error) << d.error->to_string();
  expect_json(d);
  expect_consistent(message);
  return "\n" + render(d.payloads);
}

TEST(WireHdr, SrtpIdMap) {
  const Bytes m = hex("01 00 00 80 12345678 02 00  00 11223344 00000005  01 00000000 00000000");
  Hdr h;
  h.v = 1;
  h.csb_id = 0x12345678;
  h.n_cs = 2;
  const SrtpId ids[] = {{0, 0x11223344, 5}, {1, 0, 0}};
  const Bytes map = *encode_entries<SrtpId>(ids);
  h.map = map;
  EXPECT_EQ(to_hex(*encode(h)), to_hex(m));
  auto parsed = Message::parse(m);
  ASSERT_TRUE(parsed.ok());
  EXPECT_TRUE(parsed->hdr() == h);
  EXPECT_EQ(parsed->srtp_ids(), std::vector<SrtpId>(std::begin(ids), std::end(ids)));
  EXPECT_TRUE(parsed->generic_ids().empty() || parsed->hdr().map_type == CsIdMapType::srtp_id);
  EXPECT_EQ(shown(m), R"(
0+28 HDR
  0+1 Version = 1
  1+1 Data type = 0 (Pre-shared)
  2+1 Next payload = 0 (Last payload)
  3.0:1 V = 1 (a response is expected)
  3.1:7 PRF func = 0 (MIKEY-1)
  4+4 CSB ID = 0x12345678
  8+1 #CS = 2
  9+1 CS ID map type = 0 (SRTP-ID)
  10+18 CS ID map info = 001122334400000005010000000000000000
    10+9 SRTP-ID (CS ID 1)
      10+1 Policy_no = 0
      11+4 SSRC = 0x11223344
      15+4 ROC = 5
    19+9 SRTP-ID (CS ID 2)
      19+1 Policy_no = 1
      20+4 SSRC = 0x00000000 (for the Responder to choose)
      24+4 ROC = 0
)");
}

TEST(WireHdr, GenericIdMap) {
  const Bytes m =
      hex("01 0e 00 01 00000001 02 02  01 00 82 0001 000a 11223344 00000005 0001 02 0102  07 01 00 0000 00");
  const Bytes two = hex("0001");
  const Bytes data = hex("11223344 00000005 0001");
  const Bytes spi = hex("0102");
  const GenericId ids[] = {{1, ProtType::srtp, 1, 2, two, data, spi}, {7, ProtType::tesla, 0, 0, {}, {}, {}}};
  Hdr h;
  h.data_type = DataType::transfer_init;
  h.prf = PrfFunc::hmac_sha_256;
  h.csb_id = 1;
  h.n_cs = 2;
  h.map_type = CsIdMapType::generic_id;
  const Bytes map = *encode_entries<GenericId>(ids);
  h.map = map;
  EXPECT_EQ(to_hex(*encode(h)), to_hex(m));
  auto parsed = Message::parse(m);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->generic_ids(), std::vector<GenericId>(std::begin(ids), std::end(ids)));
  EXPECT_EQ(shown(m), R"(
0+36 HDR
  0+1 Version = 1
  1+1 Data type = 14 (TRANSFER_INIT)
  2+1 Next payload = 0 (Last payload)
  3.0:1 V = 0
  3.1:7 PRF func = 1 (PRF-HMAC-SHA-256)
  4+4 CSB ID = 0x00000001
  8+1 #CS = 2
  9+1 CS ID map type = 2 (GENERIC-ID)
  10+26 CS ID map info = 0100820001000a11223344000000050001020102070100000000
    10+20 GENERIC-ID
      10+1 CS ID = 1
      11+1 Prot type = 0 (SRTP)
      12.0:1 S = 1
      12.1:7 #P = 2
      13+2 Ps = 0001
      15+2 Session Data len = 10
      17+10 Session Data = 11223344000000050001
        17+4 SSRC = 0x11223344
        21+4 ROC = 5
        25+2 SEQ = 1
      27+1 SPI len = 2
      28+2 SPI = 0102
    30+6 GENERIC-ID
      30+1 CS ID = 7
      31+1 Prot type = 1 (TESLA)
      32.0:1 S = 0
      32.1:7 #P = 0
      33+0 Ps
      33+2 Session Data len = 0
      35+0 Session Data
      35+1 SPI len = 0
      36+0 SPI
)");
}

TEST(WireHdr, EmptyMapHasNoOctetsWhateverItsCount) {
  const Bytes m = hex("01 1a 00 01 16992638 05 01");
  auto parsed = Message::parse(m);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->hdr().n_cs, 5);
  EXPECT_TRUE(parsed->hdr().map.empty());
  expect_consistent(m);
}

TEST(WireHdr, RefusedHeaders) {
  const auto offset_of_error = [](std::string_view octets) {
    const Bytes m = hex(octets);
    expect_consistent(m);
    auto parsed = Message::parse(m);
    return parsed.ok() ? 999 : parsed.error().offset.value_or(998);
  };
  EXPECT_EQ(offset_of_error("02 00 00 00 00000000 00 00"), 0U);                      // version
  EXPECT_EQ(offset_of_error("01 00 00 00 00000000 00 03"), 9U);                      // map type
  EXPECT_EQ(offset_of_error("01 00 00 00 00000000 01 00 00 00000000 000000"), 18U);  // short map
  EXPECT_EQ(offset_of_error("01 00 00 00 00000000 00 00 00"), 10U);                  // an octet too many
  EXPECT_EQ(offset_of_error("01 0e 00 01 00000001 01 02 01 00 80 0004 11223344 00"), 15U);  // S, no ROC
  EXPECT_EQ(offset_of_error("01 0e 00 01 00000001 01 02 01 00 00 0003 112233 00"), 15U);    // half an SSRC
  EXPECT_EQ(offset_of_error(""), 0U);
}

TEST(WireHdr, AVersionThatIsRefusedIsNotForgivenWithTrailingZeros) {
  ParseOptions options;
  options.max_trailing_zeros = 8;
  EXPECT_FALSE(Message::parse(Bytes(12), options).ok());
  EXPECT_TRUE(dissect(Bytes(12), options).error);
}

TEST(WireHdr, Misfits) {
  Hdr h;
  h.prf = static_cast<PrfFunc>(0x80);
  expect_misfit_body(h, "PRF func");
  h = {};
  h.v = 2;
  expect_misfit_body(h, "V");
  h = {};
  h.version = 2;
  expect_misfit_body(h, "version");
  h = {};
  h.map_type = static_cast<CsIdMapType>(3);
  expect_misfit_body(h, "CS ID map type");
  h = {};
  h.n_cs = 1;
  expect_misfit_body(h, "CS ID map info");
  h = {};
  h.map = run(9);
  expect_misfit_body(h, "CS ID map info");
  h.map_type = CsIdMapType::empty;
  expect_misfit_body(h, "empty map");
  EXPECT_FALSE(ChainBuilder(h).ok());
  expect_misfit_body(GenericId{1, ProtType::srtp, 0, 2, run(1), {}, {}}, "Ps");
  expect_misfit_body(GenericId{1, ProtType::srtp, 0, 128, run(128), {}, {}}, "#P");
  expect_misfit_body(GenericId{1, ProtType::srtp, 2, 0, {}, {}, {}}, "S");
  expect_misfit_body(GenericId{1, ProtType::srtp, 1, 0, {}, run(4), {}}, "S flag");
  expect_misfit_body(GenericId{1, ProtType::tesla, 0, 0, {}, Bytes(0x10000), {}}, "Session Data");
  expect_misfit_body(GenericId{1, ProtType::srtp, 0, 0, {}, {}, Bytes(0x100)}, "SPI");
}

}  // namespace
}  // namespace mikey::test
