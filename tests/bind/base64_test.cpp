#include "mikey/bind/base64.hpp"

#include "messages.hpp"

namespace mikey::bind {
namespace {

TEST(Base64, StrictTakesWhatIsRight) {
  const auto d = decode_base64("AQAFgA==");
  ASSERT_TRUE(d.ok()) << why(d);
  EXPECT_EQ(d->octets, (Bytes{1, 0, 5, 0x80}));
  EXPECT_TRUE(d->diagnostics.empty());
}

TEST(Base64, StrictRefusesEveryDeviation) {
  for (const char* s : {"", "A", "AQ", "AQ=", "AQA", "AQ==AQ==", "AQ A", "AQ\n=", "A-_A",
                        "AQAF====", "AR==", "AQF=", "=AAA", "A=AA", "A\xFFqq"})
    EXPECT_FALSE(decode_base64(s).ok()) << s;
}

TEST(Base64, ErrorsSayWhere) {
  const auto d = decode_base64("AQA*");
  ASSERT_FALSE(d.ok());
  EXPECT_EQ(d.error().offset, 3U);
}

TEST(Base64, TolerantTakesAndReports) {
  struct Case {
    const char* text;
    std::size_t diagnostics;
  };
  for (const Case& c :
       {Case{"AQAFgA==", 0}, Case{" AQ AF\r\n gA== ", 1}, Case{"AQAFgA", 1}, Case{"AQAFgA=", 1},
        Case{"AQAFgA====", 1}, Case{"AQAFgB==", 1}, Case{"AQAFgB", 2}, Case{"AQ AFgB", 3}}) {
    const auto d = decode_base64(c.text, Reading::tolerant);
    ASSERT_TRUE(d.ok()) << c.text;
    EXPECT_EQ(d->octets, (Bytes{1, 0, 5, 0x80})) << c.text;
    EXPECT_EQ(d->diagnostics.size(), c.diagnostics) << c.text;
  }
  const auto url = decode_base64("-_-_", Reading::tolerant);
  ASSERT_TRUE(url.ok());
  EXPECT_EQ(url->octets, (Bytes{0xFB, 0xFF, 0xBF}));
  EXPECT_EQ(url->diagnostics.size(), 1U);
}

TEST(Base64, TolerantClearsTwoUnusedBitsAndFour) {
  EXPECT_EQ(decode_base64("AQH=", Reading::tolerant)->octets, (Bytes{1, 1}));
  EXPECT_EQ(decode_base64("AS==", Reading::tolerant)->octets, (Bytes{1}));
}

TEST(Base64, TolerantHasItsLimits) {
  for (const char* s : {"", " ", "=", "A", "AQAFA", "AQ==AQ==", "A*AA", "AQ\x01"})
    EXPECT_FALSE(decode_base64(s, Reading::tolerant).ok()) << s;
}

TEST(Base64, TooMuchIsRefused) {
  const std::string longest(kMaxMessage / 3 * 4, 'A');
  EXPECT_TRUE(decode_base64(longest).ok());
  const auto d = decode_base64(longest + "AAAA");
  ASSERT_FALSE(d.ok());
  EXPECT_EQ(d.error().code, ErrorCode::resource);
  EXPECT_FALSE(decode_base64(std::string(longest.size() * 2 + 1, ' '), Reading::tolerant).ok());
}

}  // namespace
}  // namespace mikey::bind
