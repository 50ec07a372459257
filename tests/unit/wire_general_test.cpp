#include <array>
#include <cstdio>

#include "support/wire_check.hpp"
#include "support/wire_samples.hpp"

namespace mikey::test {
namespace {

using namespace mikey::wire;

TEST(WireGeneral, Timestamps) {
  EXPECT_EQ(check_payload(T{TsType::ntp_utc, hex("c8e350ea00000000")}, "00 c8e350ea00000000"), R"(
10+10 T = 5
  10+1 Next payload = 0 (Last payload)
  11+1 TS type = 0 (NTP-UTC)
  12+8 TS value = c8e350ea00000000 (2006-10-20T13:43:06.000Z)
)");
  EXPECT_EQ(check_payload(T{TsType::ntp, hex("ee5dbd4080000000")}, "01 ee5dbd4080000000"), R"(
10+10 T = 5
  10+1 Next payload = 0 (Last payload)
  11+1 TS type = 1 (NTP)
  12+8 TS value = ee5dbd4080000000 (2026-09-23T02:51:44.500Z)
)");
  EXPECT_EQ(check_payload(T{TsType::counter, hex("00000007")}, "02 00000007"), R"(
10+6 T = 5
  10+1 Next payload = 0 (Last payload)
  11+1 TS type = 2 (COUNTER)
  12+4 TS value = 00000007 (7)
)");
  EXPECT_EQ(check_payload(T{TsType::ntp_utc_32, hex("ee5dbd40")}, "03 ee5dbd40"), R"(
10+6 T = 5
  10+1 Next payload = 0 (Last payload)
  11+1 TS type = 3 (NTP-UTC-32)
  12+4 TS value = ee5dbd40 (2026-09-23T02:51:44.000Z)
)");
}

TEST(WireGeneral, TimestampThatIsAWindowsFiletime) {
  EXPECT_EQ(check_payload(T{TsType::ntp_utc, hex("01d38e19cef95c3d")}, "00 01d38e19cef95c3d"), R"(
10+10 T = 5
  10+1 Next payload = 0 (Last payload)
  11+1 TS type = 0 (NTP-UTC)
  12+8 TS value = 01d38e19cef95c3d (2037-01-26T22:03:05.808Z (implausible; as a Windows FILETIME it is 2018-01-15T15:59:22.165Z))
)");
}

TEST(WireGeneral, TimestampAfterTheEraChange) {
  EXPECT_EQ(check_payload(T{TsType::ntp_utc, hex("0000000000000000")}, "00 0000000000000000"), R"(
10+10 T = 5
  10+1 Next payload = 0 (Last payload)
  11+1 TS type = 0 (NTP-UTC)
  12+8 TS value = 0000000000000000 (2036-02-07T06:28:16.000Z)
)");
}

TEST(WireGeneral, TimestampMisfits) {
  expect_misfit(T{TsType::ntp_utc, run(4)}, "TS value");
  expect_misfit(T{TsType::counter, run(8)}, "TS value");
  expect_misfit(T{static_cast<TsType>(4), run(8)}, "TS value");
  auto r = decode<T>(hex("04 00000000"), 20);
  ASSERT_FALSE(r.ok());
  EXPECT_EQ(r.error().code, ErrorCode::invalid_ts);
  EXPECT_EQ(r.error().offset, 20U);
}

TEST(WireGeneral, TimestampsWithRole) {
  EXPECT_EQ(
      check_payload(Tr{TsRole::issued, TsType::ntp_utc, hex("ec898da800000000")}, "01 00 ec898da800000000"),
      R"(
10+11 TR = 13
  10+1 Next payload = 0 (Last payload)
  11+1 TS role = 1 (Time of issue (TRi))
  12+1 TS type = 0 (NTP-UTC)
  13+8 TS value = ec898da800000000 (2025-10-02T23:47:52.000Z)
)");
  EXPECT_EQ(check_payload(Tr{TsRole::rekey, TsType::ntp_utc_32, hex("00000e10")}, "04 03 00000e10"),
            R"(
10+7 TR = 13
  10+1 Next payload = 0 (Last payload)
  11+1 TS role = 4 (Rekeying interval (TRr))
  12+1 TS type = 3 (NTP-UTC-32)
  13+4 TS value = 00000e10 (every 3600 s)
)");
  EXPECT_EQ(check_payload(Tr{static_cast<TsRole>(9), TsType::counter, hex("00000001")}, "09 02 00000001"),
            R"(
10+7 TR = 13
  10+1 Next payload = 0 (Last payload)
  11+1 TS role = 9
  12+1 TS type = 2 (COUNTER)
  13+4 TS value = 00000001 (1)
)");
  expect_misfit(Tr{TsRole::start, TsType::ntp_utc_32, run(8)}, "TS value");
}

TEST(WireGeneral, Rand) {
  EXPECT_EQ(check_payload(Rand{run(3)}, "03 000102"), R"(
10+5 RAND = 11
  10+1 Next payload = 0 (Last payload)
  11+1 RAND len = 3
  12+3 RAND = 000102
)");
  EXPECT_EQ(check_payload(Rand{}, "00"), R"(
10+2 RAND = 11
  10+1 Next payload = 0 (Last payload)
  11+1 RAND len = 0
  12+0 RAND
)");
  const Bytes long_octets(0x100);
  expect_misfit(Rand{long_octets}, "RAND");
  EXPECT_TRUE(encoded_size(Rand{ByteView(long_octets).first(0xFF)}).ok());
}

TEST(WireGeneral, Randr) {
  EXPECT_EQ(check_payload(Randr{RandRole::kms, run(3)}, "03 03 000102"), R"(
10+6 RANDR = 15
  10+1 Next payload = 0 (Last payload)
  11+1 RAND role = 3 (KMS (RANDRkms))
  12+1 RAND len = 3
  13+3 RAND = 000102
)");
  expect_misfit(Randr{RandRole::kms, Bytes(0x100)}, "RAND");
}

TEST(WireGeneral, Verification) {
  EXPECT_EQ(check_payload(Ver{MacAlg::null, {}}, "00"), R"(
10+2 V = 9
  10+1 Next payload = 0 (Last payload)
  11+1 Auth alg = 0 (NULL)
  12+0 Ver data
)");
  EXPECT_EQ(check_payload(Ver{MacAlg::hmac_sha_1_160, run(20)}, "01" + to_hex(run(20))), R"(
10+22 V = 9
  10+1 Next payload = 0 (Last payload)
  11+1 Auth alg = 1 (HMAC-SHA-1-160)
  12+20 Ver data = 000102030405060708090a0b0c0d0e0f10111213
)");
  EXPECT_EQ(check_payload(Ver{MacAlg::hmac_sha_256_256, run(32)}, "02" + to_hex(run(32))), R"(
10+34 V = 9
  10+1 Next payload = 0 (Last payload)
  11+1 Auth alg = 2 (HMAC-SHA-256-256)
  12+32 Ver data = 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
)");
  expect_misfit(Ver{MacAlg::hmac_sha_256_256, run(20)}, "Ver data");
  expect_misfit(Ver{static_cast<MacAlg>(3), {}}, "Ver data");
}

TEST(WireGeneral, Signature) {
  EXPECT_EQ(check_payload(Sign{SignType::eccsi, run(4)}, "2004 00010203"), R"(
10+6 SIGN = 4
  10.0:4 S type = 2 (ECCSI)
  10.4:12 Signature len = 4
  12+4 Signature = 00010203
)");
  const Bytes huge(0x1000);
  expect_misfit(Sign{SignType::rsa_pss, huge}, "Signature len");
  expect_misfit(Sign{static_cast<SignType>(16), {}}, "S type");
  EXPECT_TRUE(encoded_size(Sign{SignType::rsa_pss, ByteView(huge).first(0xFFF)}).ok());
}

TEST(WireGeneral, Error) {
  EXPECT_EQ(check_payload(Err{static_cast<ErrorNo>(14), 0}, "0e 0000"), R"(
10+4 ERR = 12
  10+1 Next payload = 0 (Last payload)
  11+1 Error no = 14 (Invalid TICKET)
  12+2 Reserved = 0
)");
  EXPECT_EQ(check_payload(Err{static_cast<ErrorNo>(99), 0x8001}, "63 8001"), R"(
10+4 ERR = 12
  10+1 Next payload = 0 (Last payload)
  11+1 Error no = 99
  12+2 Reserved = 32769
)");
}

TEST(WireGeneral, Extensions) {
  const auto ext = [](unsigned type, std::string_view data) {
    const Bytes d = hex(data);
    std::array<char, 16> head{};
    std::snprintf(head.data(), head.size(), "%02x %04zx", type, d.size());
    return check_payload(GeneralExt{static_cast<GeneralExtType>(type), d},
                         std::string(head.data()) + std::string(data));
  };
  EXPECT_EQ(ext(0, "76656e646f72"), R"(
10+10 General Ext. = 21
  10+1 Next payload = 0 (Last payload)
  11+1 Type = 0 (Vendor ID)
  12+2 Data len = 6
  14+6 Data = 76656e646f72 (vendor)
)");
  EXPECT_EQ(ext(0, "1b5b33316d"), R"(
10+9 General Ext. = 21
  10+1 Next payload = 0 (Last payload)
  11+1 Type = 0 (Vendor ID)
  12+2 Data len = 5
  14+5 Data = 1b5b33316d
)");  // an escape sequence is not shown as text
  EXPECT_EQ(ext(1, "6d696b65793b666f6f"), R"(
10+13 General Ext. = 21
  10+1 Next payload = 0 (Last payload)
  11+1 Type = 1 (SDP IDs)
  12+2 Data len = 9
  14+9 Data = 6d696b65793b666f6f (mikey;foo)
)");
  EXPECT_EQ(ext(2, "0001"), R"(
10+6 General Ext. = 21
  10+1 Next payload = 0 (Last payload)
  11+1 Type = 2 (TESLA I-Key)
  12+2 Data len = 2
  14+2 Data = 0001
)");
  EXPECT_EQ(ext(3, "00 03 010203 01 04 04050607 07 00"), R"(
10+17 General Ext. = 21
  10+1 Next payload = 0 (Last payload)
  11+1 Type = 3 (Key ID)
  12+2 Data len = 13
  14+13 Data = 00030102030104040506070700
    14+5 Key ID
      14+1 Key ID type = 0 (MBMS Key Domain ID)
      15+1 Key ID len = 3
      16+3 Key ID = 010203
    19+6 Key ID
      19+1 Key ID type = 1 (MBMS Service Key ID)
      20+1 Key ID len = 4
      21+4 Key ID = 04050607
    25+2 Key ID
      25+1 Key ID type = 7
      26+1 Key ID len = 0
      27+0 Key ID
)");
  EXPECT_EQ(ext(4, "16992638"), R"(
10+8 General Ext. = 21
  10+1 Next payload = 0 (Last payload)
  11+1 Type = 4 (CSB_ID)
  12+2 Data len = 4
  14+4 Data = 16992638 (0x16992638)
)");
  EXPECT_EQ(ext(5, "02 53544b4d"), R"(
10+9 General Ext. = 21
  10+1 Next payload = 0 (Last payload)
  11+1 Type = 5 (OMA BCAST)
  12+2 Data len = 5
  14+5 Data = 0253544b4d
    14+1 Subtype = 2 (STKM)
    15+4 Subtype specific data = 53544b4d
)");
  EXPECT_EQ(ext(6, "00 01 02 0003 040506"), R"(
10+12 General Ext. = 21
  10+1 Next payload = 0 (Last payload)
  11+1 Type = 6 (SAKKE-to-self)
  12+2 Data len = 8
  14+8 Data = 0001020003040506
    14+8 SAKKE = 26
      14+1 Next payload = 0 (Last payload)
      15+1 SAKKE params = 1 (Parameter Set 1)
      16+1 ID scheme = 2 (3GPP MCX hashed UID)
      17+2 SAKKE data len = 3
      19+3 SAKKE data = 040506
)");
  EXPECT_EQ(ext(200, "00ff"), R"(
10+6 General Ext. = 21
  10+1 Next payload = 0 (Last payload)
  11+1 Type = 200
  12+2 Data len = 2
  14+2 Data = 00ff
)");
}

TEST(WireGeneral, KeyParametersOf3gpp) {
  const std::string sealed =
      "43 0068daa555 00000000 00 01 6f7ee262ac4da7f5d06a72de86816abe 2ddd5bf0 00 0003 bc70f3";
  EXPECT_EQ(check_payload(GeneralExt{GeneralExtType::key_parameters_3gpp, hex(sealed)}, "07 0026" + sealed),
            R"(
10+42 General Ext. = 21
  10+1 Next payload = 0 (Last payload)
  11+1 Type = 7 (3GPP key parameters)
  12+2 Data len = 38
  14+38 Data = 430068daa5550000000000016f7ee262ac4da7f5d06a72de86816abe2ddd5bf0000003bc70f3
    14.0:1 Authenticated = 0
    14.1:1 Encrypted = 1
    14.2:6 Message type = 3
    15+5 Date and time = 0068daa555 (2025-09-29T15:27:17.000Z)
    20+4 Payload ID = 00000000
    24+1 Payload sequence number = 0
    25+1 Algorithm = 1 (AEAD_AES_128_GCM)
    26+16 IV = 6f7ee262ac4da7f5d06a72de86816abe
    42+4 DPPK-ID = 2ddd5bf0
    46+1 Payload IEI = 0
    47+2 Payload len = 3
    49+3 Payload = bc70f3
)");
  const std::string clear = "01 00000001 0000000000 0068daa555 0002 6f6b 0001 00";
  EXPECT_EQ(check_payload(GeneralExt{GeneralExtType::key_parameters_3gpp, hex(clear)}, "07 0016" + clear),
            R"(
10+26 General Ext. = 21
  10+1 Next payload = 0 (Last payload)
  11+1 Type = 7 (3GPP key parameters)
  12+2 Data len = 22
  14+22 Data = 010000000100000000000068daa55500026f6b000100
    14+1 Key Type = 1
    15+4 Status = 1
    19+5 Activation Time = 0000000000 (that of the message)
    24+5 Expiry Time = 0068daa555 (2025-09-29T15:27:17.000Z)
    29+2 Text len = 2
    31+2 Text = 6f6b (ok)
    33+2 MC Group IDs len = 1
    35+1 MC Group IDs = 00
)");
}

TEST(WireGeneral, ExtensionsWhoseContentsReadBadlyAreKept) {
  EXPECT_EQ(
      check_payload(GeneralExt{GeneralExtType::sakke_to_self, hex("000102000904")}, "06 0006 000102000904"),
      R"(
10+10 General Ext. = 21
  10+1 Next payload = 0 (Last payload)
  11+1 Type = 6 (SAKKE-to-self)
  12+2 Data len = 6
  14+6 Data = 000102000904 (does not read as a SAKKE payload: SAKKE data needs 9 octets, 1 is left)
)");
  EXPECT_EQ(check_payload(GeneralExt{GeneralExtType::key_parameters_3gpp, hex("4300")}, "07 0002 4300"),
            R"(
10+6 General Ext. = 21
  10+1 Next payload = 0 (Last payload)
  11+1 Type = 7 (3GPP key parameters)
  12+2 Data len = 2
  14+2 Data = 4300 (does not read as key parameters: Date and time needs 5 octets, 1 is left)
)");
}

TEST(WireGeneral, ExtensionMisfits) {
  expect_misfit(GeneralExt{GeneralExtType::vendor_id, Bytes(0x10000)}, "Data");
  expect_misfit(GeneralExt{GeneralExtType::csb_id, run(3)}, "CSB_ID");
  expect_misfit(GeneralExt{GeneralExtType::oma_bcast, {}}, "subtype");
  expect_misfit(GeneralExt{GeneralExtType::key_id, hex("0005 0102")}, "Key ID");
  expect_undecodable<GeneralExt>(hex("04 0003 010203"));
  expect_undecodable<GeneralExt>(hex("05 0000"));
  expect_undecodable<GeneralExt>(hex("03 0004 00050102"));
}

}  // namespace
}  // namespace mikey::test
