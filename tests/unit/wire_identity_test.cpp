#include "support/wire_check.hpp"
#include "support/wire_samples.hpp"

namespace mikey::test {
namespace {

using namespace mikey::wire;

TEST(WireIdentity, Id) {
  EXPECT_EQ(check_payload(Id{IdType::uri, text("sip:a@b.c")}, "01 0009 7369703a6140622e63"), R"(
10+13 ID = 6
  10+1 Next payload = 0 (Last payload)
  11+1 ID type = 1 (URI)
  12+2 ID data len = 9
  14+9 ID data = 7369703a6140622e63 (sip:a@b.c)
)");
  EXPECT_EQ(check_payload(Id{IdType::nai, text("a@b")}, "00 0003 614062"), R"(
10+7 ID = 6
  10+1 Next payload = 0 (Last payload)
  11+1 ID type = 0 (NAI)
  12+2 ID data len = 3
  14+3 ID data = 614062 (a@b)
)");
  EXPECT_EQ(check_payload(Id{IdType::byte_string, run(4)}, "02 0004 00010203"), R"(
10+8 ID = 6
  10+1 Next payload = 0 (Last payload)
  11+1 ID type = 2 (Byte string)
  12+2 ID data len = 4
  14+4 ID data = 00010203
)");
  EXPECT_EQ(check_payload(Id{static_cast<IdType>(7), {}}, "07 0000"), R"(
10+4 ID = 6
  10+1 Next payload = 0 (Last payload)
  11+1 ID type = 7
  12+2 ID data len = 0
  14+0 ID data
)");
}

TEST(WireIdentity, NamesThatATerminalMustNotSeeAreHexOnly) {
  const auto shown = [](std::string_view octets_in_hex) {
    const Bytes name = hex(octets_in_hex);
    ChainBuilder b;
    b.add(Id{IdType::uri, name});
    const auto d = dissect_chain(PayloadType::id, *std::move(b).finish());
    EXPECT_FALSE(d.error);
    expect_json(d);
    return d.payloads.at(0).children.back().meaning;
  };
  EXPECT_EQ(shown("6a c3bc 72 67"), "j\xC3\xBCrg");
  EXPECT_EQ(shown("f09f9880"), "\xF0\x9F\x98\x80");
  for (const char* bad :
       {"61 0a", "1b 5b 6d", "7f", "c2 9b 6d", "e2 80 ae 61", "ef bb bf 61", "61 00", "c3", "ff", "c0 80",
        "e0 80 80", "ed a0 80", "f4 90 80 80", "f8 88 80 80 80", "80", "e2 82"})
    EXPECT_EQ(shown(bad), "") << bad;
}

TEST(WireIdentity, Idr) {
  EXPECT_EQ(
      check_payload(Idr{IdRole::kms_responder, IdType::uri, text("kms.a.b")}, "07 01 0007 6b6d732e612e62"),
      R"(
10+12 IDR = 14
  10+1 Next payload = 0 (Last payload)
  11+1 ID role = 7 (Responder's KMS (IDRkmsr))
  12+1 ID type = 1 (URI)
  13+2 ID data len = 7
  15+7 ID data = 6b6d732e612e62 (kms.a.b)
)");
  EXPECT_EQ(check_payload(Idr{IdRole::uid_initiator, IdType::uri, hex("c4ebd4a1")}, "08 01 0004 c4ebd4a1"),
            R"(
10+9 IDR = 14
  10+1 Next payload = 0 (Last payload)
  11+1 ID role = 8 (Initiator's UID (IDRuidi))
  12+1 ID type = 1 (URI)
  13+2 ID data len = 4
  15+4 ID data = c4ebd4a1
)");
}

TEST(WireIdentity, Cert) {
  EXPECT_EQ(check_payload(Cert{CertType::x509v3_sign, hex("3000")}, "02 0002 3000"), R"(
10+6 CERT = 7
  10+1 Next payload = 0 (Last payload)
  11+1 Cert type = 2 (X.509v3 Sign)
  12+2 Certificate data len = 2
  14+2 Certificate data = 3000
)");
  EXPECT_EQ(check_payload(Cert{CertType::x509v3_url, text("http://a")}, "01 0008 687474703a2f2f61"), R"(
10+12 CERT = 7
  10+1 Next payload = 0 (Last payload)
  11+1 Cert type = 1 (X.509v3 URL)
  12+2 Certificate data len = 8
  14+8 Certificate data = 687474703a2f2f61 (http://a)
)");
}

TEST(WireIdentity, Chash) {
  EXPECT_EQ(check_payload(Chash{HashFunc::sha_1, run(20)}, "00" + to_hex(run(20))), R"(
10+22 CHASH = 8
  10+1 Next payload = 0 (Last payload)
  11+1 Hash func = 0 (SHA-1)
  12+20 Hash = 000102030405060708090a0b0c0d0e0f10111213
)");
  EXPECT_EQ(check_payload(Chash{HashFunc::md5, run(16)}, "01" + to_hex(run(16))), R"(
10+18 CHASH = 8
  10+1 Next payload = 0 (Last payload)
  11+1 Hash func = 1 (MD5)
  12+16 Hash = 000102030405060708090a0b0c0d0e0f
)");
  EXPECT_EQ(check_payload(Chash{HashFunc::sha_256, run(32)}, "02" + to_hex(run(32))), R"(
10+34 CHASH = 8
  10+1 Next payload = 0 (Last payload)
  11+1 Hash func = 2 (SHA-256)
  12+32 Hash = 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
)");
  auto r = decode<Chash>(hex("03"));
  ASSERT_FALSE(r.ok());
  EXPECT_EQ(r.error().code, ErrorCode::invalid_ha);
}

TEST(WireIdentity, Misfits) {
  const Bytes huge(0x10000);
  expect_misfit(Id{IdType::uri, huge}, "ID data");
  expect_misfit(Idr{IdRole::kms, IdType::uri, huge}, "ID data");
  expect_misfit(Cert{CertType::x509v3, huge}, "Certificate data");
  expect_misfit(Chash{HashFunc::sha_1, run(32)}, "Hash");
  expect_misfit(Chash{static_cast<HashFunc>(3), run(32)}, "Hash");
}

}  // namespace
}  // namespace mikey::test
