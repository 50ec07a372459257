#include <gtest/gtest.h>

#include "mikey/base/bytes.hpp"
#include "mikey/base/clock.hpp"
#include "mikey/base/error.hpp"
#include "mikey/base/secret.hpp"
#include "support/scripted_rng.hpp"

namespace mikey {
namespace {

TEST(Base64, Rfc4648Vectors) {
  const std::pair<std::string_view, std::string_view> cases[] = {{"", ""},
                                                                 {"f", "Zg=="},
                                                                 {"fo", "Zm8="},
                                                                 {"foo", "Zm9v"},
                                                                 {"foob", "Zm9vYg=="},
                                                                 {"fooba", "Zm9vYmE="},
                                                                 {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, text] : cases) {
    EXPECT_EQ(to_base64(as_bytes(plain)), text);
    EXPECT_EQ(from_base64(text), to_bytes(as_bytes(plain)));
  }
}

TEST(Base64, RefusesWhatIsNotCanonical) {
  for (const std::string_view bad :
       {"Z", "Zg", "Zg=", "Zh==", "Zm9=", "Zm9v\n", "Z===", "====", "Zg==Zg==", "Zm 9v", "Zm-v"})
    EXPECT_FALSE(from_base64(bad)) << bad;
}

TEST(Hex, BothWays) {
  EXPECT_EQ(to_hex(test::hex("00fF10")), "00ff10");
  EXPECT_EQ(from_hex("00:01 02\n"), (Bytes{0, 1, 2}));
  for (const std::string_view bad : {"0", "0g", "0 0", "0x00"}) EXPECT_FALSE(from_hex(bad)) << bad;
}

TEST(Ntp, TimeOfRfc4567Example) {
  EXPECT_EQ(to_string(NtpTime{0xc8e350ea00000000}), "2006-10-20T13:43:06.000Z");
  EXPECT_EQ(NtpTime::from_unix(0).value >> 32, NtpTime::kUnixEpoch);
  EXPECT_EQ(NtpTime::from_unix(0).unix_seconds(), 0);
}

TEST(Ntp, DifferencesCrossTheEraOf2036) {
  const NtpTime before{0xFFFFFFFF80000000};
  const NtpTime after{0x0000000080000000};
  EXPECT_EQ(ntp_difference(after, before), std::int64_t{1} << 32);
  EXPECT_EQ(ntp_difference(before, after), -(std::int64_t{1} << 32));
  EXPECT_EQ(to_string(NtpTime{0}), "2036-02-07T06:28:16.000Z");
}

TEST(SecretBytes, MovesWipeTheSource) {
  for (const std::size_t n :
       {std::size_t{0}, std::size_t{16}, SecretBytes::kInline, SecretBytes::kInline + 1, std::size_t{300}}) {
    const Bytes plain(n, 0xA5);
    SecretBytes a{ByteView(plain)};
    const ByteView where = a.reveal();
    SecretBytes b(std::move(a));
    EXPECT_TRUE(ct_equal(b.reveal(), plain));
    EXPECT_TRUE(a.empty());  // NOLINT(bugprone-use-after-move): the emptiness of the source is promised
    if (n <= SecretBytes::kInline) {
      for (const std::uint8_t octet : where) EXPECT_EQ(octet, 0);
    }
    SecretBytes c = b.clone();
    b = std::move(c);
    EXPECT_TRUE(ct_equal(b.reveal(), plain));
    b.truncate(n / 2);
    EXPECT_EQ(b.size(), n / 2);
  }
}

TEST(CtEqual, LooksAtEveryOctet) {
  Bytes a(40, 7);
  Bytes b = a;
  EXPECT_TRUE(ct_equal(a, b));
  for (std::size_t i = 0; i < a.size(); ++i) {
    b[i] ^= 0x80;
    EXPECT_FALSE(ct_equal(a, b));
    b[i] ^= 0x80;
  }
  b.push_back(7);
  EXPECT_FALSE(ct_equal(a, b));
  EXPECT_TRUE(ct_equal({}, {}));
}

TEST(Error, SaysWhatWhereAndWhy) {
  EXPECT_EQ(
      bad_message(ErrorCode::auth_failure, "RFC 3830 5.2", "the KEMAC MAC does not match", 38).to_string(),
      "Auth failure: the KEMAC MAC does not match (offset 38, RFC 3830 5.2)");
  EXPECT_EQ(bad_request("no PSK for bob").to_string(), "request: no PSK for bob");
  EXPECT_EQ(wire_number(ErrorCode::crypto), 12);
  EXPECT_EQ(wire_number(ErrorCode::invalid_tppar), 15);
}

TEST(ScriptedRng, FailsOnAnotherNameLengthOrEnd) {
  test::ScriptedRng rng({{"RAND", {1, 2}}});
  EXPECT_FALSE(rng.bytes(2, "TGK").ok());
  EXPECT_FALSE(rng.bytes(3, "RAND").ok());
  EXPECT_EQ(*rng.bytes(2, "RAND"), (Bytes{1, 2}));
  EXPECT_FALSE(rng.bytes(2, "RAND").ok());
}

}  // namespace
}  // namespace mikey
