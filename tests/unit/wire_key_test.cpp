#include "support/wire_check.hpp"
#include "support/wire_samples.hpp"

namespace mikey::test {
namespace {

using namespace mikey::wire;

TEST(WireKey, KemacSealed) {
  const Kemac k{EncrAlg::aes_cm_128, run(4), MacAlg::hmac_sha_1_160, run(20)};
  EXPECT_EQ(check_payload(k, "01 0004 00010203 01 000102030405060708090a0b0c0d0e0f10111213"), R"(
10+29 KEMAC = 1
  10+1 Next payload = 0 (Last payload)
  11+1 Encr alg = 1 (AES-CM-128)
  12+2 Encr data len = 4
  14+4 Encr data = 00010203
  18+1 Mac alg = 1 (HMAC-SHA-1-160)
  19+20 MAC = 000102030405060708090a0b0c0d0e0f10111213
)");
}

TEST(WireKey, KemacInClearShowsItsKeys) {
  ChainBuilder keys;
  keys.add(KeyData{KeyDataType::tek_salt, run(4, 0xA0), run(2, 0xB0), {KvType::spi, run(2, 1), {}, {}}});
  keys.add(KeyData{KeyDataType::tgk, run(1), {}, {}});
  const Bytes data = *std::move(keys).finish();
  const Kemac k{EncrAlg::null, data, MacAlg::null, {}};
  EXPECT_EQ(check_payload(k, "00 0014 14310004a0a1a2a30002b0b1020102 0000000100 00"), R"(
10+25 KEMAC = 1
  10+1 Next payload = 0 (Last payload)
  11+1 Encr alg = 0 (NULL)
  12+2 Encr data len = 20
  14+20 Encr data =! 14310004a0a1a2a30002b0b10201020000000100
    14+15 Key data = 20
      14+1 Next payload = 20 (Key data)
      15.0:4 Type = 3 (TEK+SALT)
      15.4:4 KV = 1 (SPI)
      16+2 Key data len = 4
      18+4 Key data =! a0a1a2a3
      22+2 Salt data len = 2
      24+2 Salt data =! b0b1
      26+1 SPI len = 2
      27+2 SPI = 0102
    29+5 Key data = 20
      29+1 Next payload = 0 (Last payload)
      30.0:4 Type = 0 (TGK)
      30.4:4 KV = 0 (Null)
      31+2 Key data len = 1
      33+1 Key data =! 00
  34+1 Mac alg = 0 (NULL)
  35+0 MAC
)");
}

TEST(WireKey, KemacEmptyWithLongMac) {
  const Kemac k{EncrAlg::null, {}, MacAlg::hmac_sha_256_256, run(32)};
  EXPECT_EQ(check_payload(k, "00 0000 02 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"),
            R"(
10+37 KEMAC = 1
  10+1 Next payload = 0 (Last payload)
  11+1 Encr alg = 0 (NULL)
  12+2 Encr data len = 0
  14+0 Encr data
  14+1 Mac alg = 2 (HMAC-SHA-256-256)
  15+32 MAC = 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
)");
}

TEST(WireKey, KemacMisfits) {
  const Bytes huge(0x10000);
  expect_misfit(Kemac{EncrAlg::aes_cm_128, huge, MacAlg::null, {}}, "Encr data");
  expect_misfit(Kemac{EncrAlg::aes_cm_128, {}, MacAlg::hmac_sha_1_160, run(19)}, "MAC");
  expect_misfit(Kemac{EncrAlg::aes_cm_128, {}, static_cast<MacAlg>(3), {}}, "MAC");
}

TEST(WireKey, KemacOfUnknownMac) {
  auto r = decode<Kemac>(hex("01 0000 03 00"), 40);
  ASSERT_FALSE(r.ok());
  EXPECT_EQ(r.error().code, ErrorCode::invalid_mac);
  EXPECT_EQ(r.error().offset, 43U);
}

TEST(WireKey, KeyDataWithoutSalt) {
  const KeyData k{KeyDataType::tgk, run(3), {}, {}};
  EXPECT_EQ(check_payload(k, "00 0003 000102"), R"(
0+7 Key data = 20
  0+1 Next payload = 0 (Last payload)
  1.0:4 Type = 0 (TGK)
  1.4:4 KV = 0 (Null)
  2+2 Key data len = 3
  4+3 Key data =! 000102
)");
}

TEST(WireKey, KeyDataWithSaltAndInterval) {
  const KeyData k{KeyDataType::gtgk_salt, run(2), run(1, 9), {KvType::interval, {}, run(6), {}}};
  EXPECT_EQ(check_payload(k, "52 0002 0001 0001 09 06 000102030405 00"), R"(
0+17 Key data = 20
  0+1 Next payload = 0 (Last payload)
  1.0:4 Type = 5 (GTGK+SALT)
  1.4:4 KV = 2 (Interval)
  2+2 Key data len = 2
  4+2 Key data =! 0001
  6+2 Salt data len = 1
  8+1 Salt data =! 09
  9+1 Valid From len = 6
  10+6 Valid From = 000102030405
  16+1 Valid To len = 0
  17+0 Valid To
)");
}

TEST(WireKey, KeyDataMisfits) {
  const Bytes long_octets(0x100);
  const Bytes huge(0x10000);
  expect_misfit(KeyData{KeyDataType::tek, huge, {}, {}}, "Key data");
  expect_misfit(KeyData{KeyDataType::tek_salt, {}, huge, {}}, "Salt data");
  expect_misfit(KeyData{KeyDataType::tek, {}, {}, {KvType::spi, long_octets, {}, {}}}, "SPI");
  expect_misfit(KeyData{KeyDataType::tek, {}, {}, {KvType::interval, {}, long_octets, {}}}, "Valid From");
  expect_misfit(KeyData{KeyDataType::tek, {}, {}, {KvType::interval, {}, {}, long_octets}}, "Valid To");
  expect_misfit(KeyData{static_cast<KeyDataType>(8), {}, {}, {}}, "unknown key data type");
  expect_misfit(KeyData{static_cast<KeyDataType>(16), {}, {}, {}}, "Type");
  expect_misfit(KeyData{KeyDataType::tek, {}, {}, {static_cast<KvType>(3), {}, {}, {}}}, "validity");
}

TEST(WireKey, Pke) {
  const Pke p{EnvelopeCache::cache_for_csb, run(5)};
  EXPECT_EQ(check_payload(p, "8005 0001020304"), R"(
10+8 PKE = 2
  10+1 Next payload = 0 (Last payload)
  11.0:2 C = 2 (Cache for CSB)
  11.2:14 Data len = 5
  13+5 Data = 0001020304
)");
}

TEST(WireKey, PkeMisfits) {
  const Bytes huge(0x4000);
  expect_misfit(Pke{EnvelopeCache::cache, huge}, "Data len");
  expect_misfit(Pke{static_cast<EnvelopeCache>(3), {}}, "cache type");
  EXPECT_TRUE(encoded_size(Pke{EnvelopeCache::cache, ByteView(huge).first(0x3FFF)}).ok());
}

TEST(WireKey, Dh) {
  const Dh d{DhGroup::oakley_1, run(96), 0xA, {KvType::spi, run(4, 1), {}, {}}};
  EXPECT_EQ(check_payload(d, "01" + to_hex(run(96)) + "a1 04 01020304"), R"(
10+104 DH = 3
  10+1 Next payload = 0 (Last payload)
  11+1 DH-Group = 1 (OAKLEY 1)
  12+96 DH-value = 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f
  108.0:4 Reserv = 10
  108.4:4 KV = 1 (SPI)
  109+1 SPI len = 4
  110+4 SPI = 01020304
)");
  EXPECT_TRUE(encoded_size(Dh{DhGroup::oakley_5, run(192), 0, {}}).ok());
  EXPECT_TRUE(encoded_size(Dh{DhGroup::oakley_2, run(128), 0, {}}).ok());
}

TEST(WireKey, DhMisfits) {
  expect_misfit(Dh{DhGroup::oakley_5, run(96), 0, {}}, "DH-value");
  expect_misfit(Dh{static_cast<DhGroup>(3), run(96), 0, {}}, "DH-value");
  expect_misfit(Dh{DhGroup::oakley_1, run(96), 16, {}}, "Reserv");
  auto r = decode<Dh>(hex("07 00"));
  ASSERT_FALSE(r.ok());
  EXPECT_EQ(r.error().code, ErrorCode::invalid_dh);
}

TEST(WireKey, WhatAKemacBeginsWithDependsOnTheMessage) {
  for (const DataType kind : {DataType::pk_init, DataType::rsar_resp, DataType::request_key_resp}) {
    auto m = Message::parse(sample_message(kind));
    ASSERT_TRUE(m.ok()) << m.error().to_string();
    const auto k = m->first<Kemac>();
    ASSERT_TRUE(k && k->encr_alg == EncrAlg::null);
    EXPECT_EQ(k->mac.size(), 20U);
    EXPECT_FALSE(PayloadChain::parse(PayloadType::key_data, k->encr_data).ok());
    auto c = PayloadChain::parse(kemac_first(kind), k->encr_data);
    ASSERT_TRUE(c.ok());
    EXPECT_EQ(c->type(1), PayloadType::key_data);
    Bytes as_psk = to_bytes(m->octets());
    as_psk[1] = static_cast<std::uint8_t>(DataType::psk_init);
    EXPECT_FALSE(Message::parse(as_psk).ok());
  }
}

}  // namespace
}  // namespace mikey::test
