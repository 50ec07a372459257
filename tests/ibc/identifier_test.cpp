// Identifiers and key periods: RFC 6509 3.2 and 3.3, 3GPP TS 33.180 F.2.1.
#include "mikey/ibc/identifier.hpp"

#include <gtest/gtest.h>

#include "support/scripted_rng.hpp"

namespace mikey::ibc {
namespace {

using test::hex;

constexpr IdScheme kTel{};
constexpr IdScheme kMcx{SakkeIdScheme::mcx_hashed_uid, 2592000, 0};

NtpTime at(std::int64_t unix_seconds) {
  return NtpTime::from_unix(unix_seconds);
}

std::int64_t day(int y, unsigned m, unsigned d) {
  const std::chrono::sys_days days(std::chrono::year(y) / std::chrono::month(m) / std::chrono::day(d));
  return std::int64_t{days.time_since_epoch().count()} * 86400;
}

// RFC 6509 3.2's own example.
TEST(Identifier, TelUriOfRfc6509) {
  const auto id = identifier(crypto::openssl(), kTel, "kms.example.org", "tel:+447700900123",
                             *parse_period(SakkeIdScheme::tel_uri_monthly, "2011-02"));
  ASSERT_TRUE(id.ok());
  EXPECT_EQ(as_text(*id), std::string_view("2011-02\0tel:+447700900123\0", 26));
}

// RFC 6509 3.2: global notation, no visual separators, no parameters, no phone-context.
TEST(Identifier, TelUrisOtherThanConstrainedOnesAreRefused) {
  for (const std::string_view uri :
       {"tel:447700900123", "tel:+44-7700-900123", "tel:+44.77", "tel:+447700900123;ext=1", "tel:+",
        "tel:123;phone-context=+44", "TEL:+447700900123", "sip:+447700900123@example.org", "", "tel:+44(0)77",
        "tel:+447700900123 ", "+447700900123"}) {
    const auto id = identifier(crypto::openssl(), kTel, "kms", uri, {2011 * 12});
    ASSERT_FALSE(id.ok()) << uri;
    EXPECT_EQ(id.error().code, ErrorCode::invalid_id) << uri;
  }
  EXPECT_FALSE(is_constrained_tel_uri(std::string_view("tel:+44\0", 8)));
}

// 3GPP TS 33.180 F.2.1.2, and values of other implementations (shared/spec/3gpp.md A.11).
TEST(Identifier, HashedUids) {
  struct Case {
    std::uint64_t period, offset, number;
    const char* uid;
  };
  const Case cases[] = {
      {2592000, 0, 1388, "3a81fb14c3b1d0fe43c9c577104d55a6d81788bfd2f09743c4557746a5a0353b"},
      {2592000, 0, 1, "74e2af803ab5d72841bbced0ce319ffe64f6fe23c88a2d258aabcf6ac5658ef4"},
      {10, 0, 10, "94fb1a697c15d7e9d6b7062066affebda2d9e346e0090d67525c0c3ce666eafa"},
      {25920000, 100, 1, "3c0ad8828cfae1ad1d08b27cc7b61258c6cfcd405081b68cd778f1e1c7f562a7"},
      {25920000, 100, 2048, "c88b3fa5e36a08985d10f7b31a631b0265e8249f0312435e4984dbc3765c7f0c"},
      {25920000, 45920000, 20393844, "8dc05540167345538475101514f4eabd384abd6ba665782abb312ecaf05934e1"},
  };
  for (const Case& c : cases) {
    const auto uid = hashed_uid(crypto::openssl(), "sip:user@example.org", "kms.example.org", c.period,
                                c.offset, c.number);
    ASSERT_TRUE(uid.ok());
    EXPECT_EQ(to_hex(*uid), c.uid);
  }
  EXPECT_FALSE(hashed_uid(crypto::openssl(), "", "kms", 1, 0, 0).ok());
  EXPECT_FALSE(hashed_uid(crypto::openssl(), std::string(65536, 'x'), "kms", 1, 0, 0).ok());
}

TEST(Identifier, HashedUidPeriodOfTheExample) {
  // T = 3599719634 s since 1900: 2014-01-26T10:07:14Z
  EXPECT_EQ(period_at(kMcx, {std::uint64_t{3599719634} << 32}).number, 1388);
  const auto uid = identifier(crypto::openssl(), kMcx, "kms.example.org", "sip:user@example.org", {1388});
  EXPECT_EQ(to_hex(*uid), "3a81fb14c3b1d0fe43c9c577104d55a6d81788bfd2f09743c4557746a5a0353b");
  EXPECT_FALSE(identifier(crypto::openssl(), kMcx, "kms", "sip:a", {-1}).ok());
}

TEST(Periods, CountOnThroughTheEraChangeOf2036) {
  const NtpTime before{std::uint64_t{0xFFFFFFFF} << 32};
  const NtpTime after{std::uint64_t{1} << 32};
  EXPECT_EQ(period_text(kTel.scheme, period_at(kTel, before)), "2036-02");
  EXPECT_EQ(period_text(kTel.scheme, period_at(kTel, after)), "2036-02");
  const IdScheme seconds{SakkeIdScheme::mcx_hashed_uid, 1, 0};
  EXPECT_EQ(period_at(seconds, after).number - period_at(seconds, before).number, 2);
}

TEST(Periods, OffsetMovesTheBoundary) {
  const IdScheme ids{SakkeIdScheme::mcx_hashed_uid, 1000, 250};
  const std::int64_t start =
      std::int64_t{4000000} * 1000 + 250 - static_cast<std::int64_t>(NtpTime::kUnixEpoch);
  EXPECT_EQ(period_at(ids, at(start)).number, 4000000);
  EXPECT_EQ(period_at(ids, at(start - 1)).number, 3999999);
  EXPECT_EQ(period_begin(ids, {4000000}).value, at(start).value);
}

TEST(Periods, TextsAndTheirReverse) {
  constexpr auto tel = SakkeIdScheme::tel_uri_monthly;
  constexpr auto mcx = SakkeIdScheme::mcx_hashed_uid;
  EXPECT_EQ(parse_period(tel, "2026-11")->number, 2026 * 12 + 10);
  EXPECT_EQ(period_text(tel, {2026 * 12 + 10}), "2026-11");
  EXPECT_EQ(period_text(tel, {2026 * 12 + 11}), "2026-12");
  EXPECT_EQ(period_text(tel, {2027 * 12}), "2027-01");
  EXPECT_EQ(parse_period(mcx, "1542")->number, 1542);
  for (const char* bad :
       {"2026-13", "2026-00", "2026-1", "202611", "2026-11 ", "-026-11", "+026-11", "2026--1", ""})
    EXPECT_FALSE(parse_period(tel, bad)) << bad;
  for (const char* bad : {"-1", "+1", "1x", "", "99999999999999999999"})
    EXPECT_FALSE(parse_period(mcx, bad)) << bad;
  EXPECT_EQ(period_begin(kTel, *parse_period(tel, "2026-11")).value, at(day(2026, 11, 1)).value);
}

// RFC 6509 3.3: the next month from its second-to-last day on, the last one on days 1 and 2.
TEST(Periods, OverlapOfMonths) {
  const KeyPeriod nov = *parse_period(SakkeIdScheme::tel_uri_monthly, "2026-11");
  const auto ok = [&](std::int64_t seconds) { return period_acceptable(kTel, nov, at(seconds)); };
  EXPECT_TRUE(ok(day(2026, 11, 1)));
  EXPECT_TRUE(ok(day(2026, 11, 30) + 86399));
  EXPECT_FALSE(ok(day(2026, 10, 29) + 86399));
  EXPECT_TRUE(ok(day(2026, 10, 30)));  // second-to-last day of October
  EXPECT_TRUE(ok(day(2026, 10, 31)));
  EXPECT_TRUE(ok(day(2026, 12, 1)));
  EXPECT_TRUE(ok(day(2026, 12, 2) + 86399));
  EXPECT_FALSE(ok(day(2026, 12, 3)));
  EXPECT_FALSE(ok(day(2026, 9, 30)));
  EXPECT_FALSE(ok(day(2027, 1, 1)));
}

TEST(Periods, OverlapInFebruaryAndOverNewYear) {
  const auto month = [](const char* text) { return *parse_period(SakkeIdScheme::tel_uri_monthly, text); };
  EXPECT_TRUE(period_acceptable(kTel, month("2027-03"), at(day(2027, 2, 27))));
  EXPECT_FALSE(period_acceptable(kTel, month("2027-03"), at(day(2027, 2, 26) + 86399)));
  EXPECT_FALSE(period_acceptable(kTel, month("2028-03"), at(day(2028, 2, 27))));  // a leap year
  EXPECT_TRUE(period_acceptable(kTel, month("2028-03"), at(day(2028, 2, 28))));
  EXPECT_TRUE(period_acceptable(kTel, month("2027-01"), at(day(2026, 12, 30))));
  EXPECT_TRUE(period_acceptable(kTel, month("2026-12"), at(day(2027, 1, 2))));
}

TEST(Periods, HashedUidsTakeTheNeighbours) {
  const NtpTime now = at(1790000000);
  const KeyPeriod p = period_at(kMcx, now);
  for (const std::int64_t off : {-1, 0, 1}) EXPECT_TRUE(period_acceptable(kMcx, {p.number + off}, now));
  for (const std::int64_t off : {-2, 2}) EXPECT_FALSE(period_acceptable(kMcx, {p.number + off}, now));
}

TEST(Periods, SchemesAreChecked) {
  EXPECT_TRUE(check_scheme(kTel));
  EXPECT_TRUE(check_scheme(kMcx));
  EXPECT_FALSE(check_scheme({SakkeIdScheme::tel_uri_monthly, 1, 0}));
  EXPECT_FALSE(check_scheme({SakkeIdScheme::mcx_hashed_uid, 0, 0}));
  EXPECT_FALSE(check_scheme({SakkeIdScheme::mcx_hashed_uid, 10, 10}));
  EXPECT_FALSE(check_scheme({static_cast<SakkeIdScheme>(3), 10, 0}));
}

}  // namespace
}  // namespace mikey::ibc
