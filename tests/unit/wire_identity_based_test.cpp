#include "support/wire_check.hpp"
#include "support/wire_samples.hpp"

namespace mikey::test {
namespace {

using namespace mikey::wire;

TEST(WireIdentityBased, IbakeAndEsk) {
  EXPECT_EQ(check_payload(Ibake{run(3)}, "0003 000102"), R"(
10+6 IBAKE = 22
  10+1 Next payload = 0 (Last payload)
  11+2 Encr data len = 3
  13+3 Encr data = 000102
)");
  EXPECT_EQ(check_payload(Esk{run(3)}, "0003 000102"), R"(
10+6 ESK = 23
  10+1 Next payload = 0 (Last payload)
  11+2 Encr data len = 3
  13+3 Encr data = 000102
)");
  const Bytes huge(0x10000);
  expect_misfit(Ibake{huge}, "Encr data");
  expect_misfit(Esk{huge}, "Encr data");
}

TEST(WireIdentityBased, Sakke) {
  EXPECT_EQ(
      check_payload(Sakke{SakkeParams::set_1, SakkeIdScheme::tel_uri_monthly, run(3)}, "01 01 0003 000102"),
      R"(
10+8 SAKKE = 26
  10+1 Next payload = 0 (Last payload)
  11+1 SAKKE params = 1 (Parameter Set 1)
  12+1 ID scheme = 1 (tel URI with monthly keys)
  13+2 SAKKE data len = 3
  15+3 SAKKE data = 000102
)");
  EXPECT_EQ(
      check_payload(Sakke{static_cast<SakkeParams>(9), SakkeIdScheme::mcx_hashed_uid, {}}, "09 02 0000"),
      R"(
10+5 SAKKE = 26
  10+1 Next payload = 0 (Last payload)
  11+1 SAKKE params = 9
  12+1 ID scheme = 2 (3GPP MCX hashed UID)
  13+2 SAKKE data len = 0
  15+0 SAKKE data
)");
  expect_misfit(Sakke{SakkeParams::set_1, SakkeIdScheme::mcx_hashed_uid, Bytes(0x10000)}, "SAKKE data");
}

TEST(WireIdentityBased, Sk) {
  EXPECT_EQ(
      check_payload(Sk{SkType::secret_key, run(2), {KvType::spi, run(1), {}, {}}}, "11 0002 0001 01 00"),
      R"(
0+8 SK = 24
  0+1 Next payload = 0 (Last payload)
  1.0:4 Type = 1 (SK)
  1.4:4 KV = 1 (SPI)
  2+2 Key data len = 2
  4+2 Key data =! 0001
  6+1 SPI len = 1
  7+1 SPI = 00
)");
  expect_misfit(Sk{static_cast<SkType>(2), {}, {}}, "secret key type");
  expect_undecodable<Sk>(hex("20 0000"));
}

TEST(WireIdentityBased, EccptUncompressed) {
  const Eccpt p{EccCurve::p256, 4, run(64), MacAlg::null, 16, 0, {}};
  EXPECT_EQ(check_payload(p, "08 04" + to_hex(run(64)) + "00 00 0010 00"), R"(
0+72 ECCPT = 25
  0+1 Next payload = 0 (Last payload)
  1+1 ECC Curve = 8 (P-256 / secp256r1)
  2+1 Point form = 4 (uncompressed)
  3+64 Point coordinates = 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f
  67+1 ECC Point padding = 00
  68+1 Auth alg = 0 (NULL)
  69+2 TGK len = 16
  71.0:4 Reserv = 0
  71.4:4 KV = 0 (Null)
)");
}

TEST(WireIdentityBased, EccptCompressed) {
  const Eccpt p{
      EccCurve::p256, 3, run(32), MacAlg::hmac_sha_256_256, 32, 0xF, {KvType::spi, run(4, 1), {}, {}}};
  EXPECT_EQ(check_payload(p, "08 03" + to_hex(run(32)) + "00 02 0020 f1 04 01020304"), R"(
0+45 ECCPT = 25
  0+1 Next payload = 0 (Last payload)
  1+1 ECC Curve = 8 (P-256 / secp256r1)
  2+1 Point form = 3 (compressed)
  3+32 Point coordinates = 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
  35+1 ECC Point padding = 00
  36+1 Auth alg = 2 (HMAC-SHA-256-256)
  37+2 TGK len = 32
  39.0:4 Reserv = 15
  39.4:4 KV = 1 (SPI)
  40+1 SPI len = 4
  41+4 SPI = 01020304
)");
}

TEST(WireIdentityBased, EccptPointsEndOn32BitBoundaries) {
  constexpr std::size_t kField[] = {24, 21, 21, 21, 28, 30, 30, 32, 36, 36, 48, 52, 52, 66, 72, 72};
  for (std::uint8_t curve = 1; curve <= 16; ++curve) {
    for (std::uint8_t form = 2; form <= 4; ++form) {
      const std::size_t point = 1 + kField[curve - 1] * (form == 4 ? 2 : 1);
      Eccpt p;
      p.curve = static_cast<EccCurve>(curve);
      p.form = form;
      p.coordinates = run(point - 1);
      auto body = encode(p);
      ASSERT_TRUE(body.ok());
      const std::size_t to_boundary = (2 + point + 3) / 4 * 4;  // Next payload and ECC Curve stand before it
      EXPECT_EQ(1 + body->size(), to_boundary + 4) << int{curve};
      EXPECT_TRUE(decode<Eccpt>(*body).ok());
    }
  }
}

TEST(WireIdentityBased, EccptMisfits) {
  Eccpt p;
  p.curve = EccCurve::p256;
  p.coordinates = run(63);
  expect_misfit(p, "Point coordinates");
  p.coordinates = run(64);
  p.form = 5;
  expect_misfit(p, "point form");
  p.form = 4;
  p.reserved = 16;
  expect_misfit(p, "Reserv");
  p.reserved = 0;
  p.curve = static_cast<EccCurve>(17);
  expect_misfit(p, "Point coordinates");
  expect_undecodable<Eccpt>(hex("08 04" + to_hex(run(64)) + "01 00 0010 00"));  // padding that is not zero
}

}  // namespace
}  // namespace mikey::test
