#include "unit/lint_support.hpp"

namespace mikey::profile {
namespace {

// ------------------------------------------------------------------ tables

TEST(LintRules, EveryHabitIsAboutARuleAndSaysWhy) {
  for (const PeerProfile& p : all_profiles()) {
    EXPECT_EQ(profile_by_name(p.name), &p);
    EXPECT_EQ(&profile_of(p.peer), &p);
    EXPECT_FALSE(p.title.empty());
    for (const auto habits : {p.common, p.own})
      for (const Habit& h : habits) {
        EXPECT_NE(rule_by_id(h.rule), nullptr) << p.name << ": " << h.rule;
        EXPECT_FALSE(h.why.empty()) << p.name << ": " << h.rule;
        EXPECT_FALSE(h.why.ends_with('.')) << h.why;
      }
  }
  EXPECT_EQ(profile_by_name("axis"), nullptr);
}

TEST(LintRules, EveryRuleHasSourceAndAdvice) {
  for (const Rule& r : rules()) {
    EXPECT_EQ(rule_by_id(r.id), &r);
    EXPECT_TRUE(std::string_view(r.rfc).starts_with("RFC ") || std::string_view(r.rfc).starts_with("TS "))
        << r.id;
    EXPECT_TRUE(r.advice.ends_with('.')) << r.id;
  }
  EXPECT_EQ(rule_by_id("no-such-rule"), nullptr);
}

TEST(LintRules, RulesThatAreOffAreTurnedOnBySomePeer) {
  for (const Rule& r : rules()) {
    if (r.level != Level::off) continue;
    const bool used = std::ranges::any_of(all_profiles(), [&](const PeerProfile& p) {
      const Habit* h = p.habit(r.id);
      return h != nullptr && h->level != Level::off;
    });
    EXPECT_TRUE(used) << r.id;
  }
}

// ------------------------------------------------------------------ whole messages

TEST(Lint, AGoodMessageHasNotesOnly) {
  const auto findings = found(Draft{}.message(), Peer::strict, NtpTime{0xeeb0000000000001});
  EXPECT_EQ(ids(findings), (std::multiset<std::string_view>{"prf-sha-1", "sha-1"}));
  for (const Finding& f : findings) EXPECT_EQ(f.severity, Level::note);
}

TEST(Lint, FindingsAreInOrderAndInsideTheMessage) {
  for (const auto& [name, octets] : field_messages()) {
    const auto m = parse(octets);
    for (const PeerProfile& p : all_profiles()) {
      std::size_t last = 0;
      for (const Finding& f : lint(m, p, kNow)) {
        EXPECT_GE(f.offset, last) << name;
        EXPECT_LE(f.offset, octets.size()) << name;
        EXPECT_FALSE(f.detail.empty()) << f.id;
        EXPECT_FALSE(f.advice.empty()) << f.id;
        EXPECT_NE(f.severity, Level::off) << f.id;
        last = f.offset;
      }
    }
  }
}

// The deviations that the sources of these messages describe, and no others at that level.
TEST(Lint, DeviationsOfMessagesInTheField) {
  const std::map<std::string, std::set<std::string_view>> expected{
      {"rfc4567-psk-init", {}},
      {"rfc4567-psk-resp", {}},
      {"onvif-setup-keymgmt-genetec",
       {"t-filetime", "rand-missing", "keys-in-clear", "null-mac", "tek-holds-salt"}},
      {"onvif-set_parameter-rekey-genetec",
       {"t-filetime", "rand-missing", "keys-in-clear", "null-mac", "tek-holds-salt"}},
      {"gortsplib-a", {"auth-key-len-is-tag", "keys-in-clear", "null-mac", "tek-holds-salt"}},
      {"gortsplib-c", {"auth-key-len-is-tag", "keys-in-clear", "null-mac", "tek-holds-salt"}},
      {"gortsplib-Extra_padding_at_the_end",
       {"trailing-octets", "keys-in-clear", "null-mac", "tek-holds-salt"}},
      {"gortsplib-KEMAC_key_data_with_SPI",
       {"payload-missing", "rand-missing", "keys-in-clear", "null-mac", "tek-length"}},
      {"gst-test-payloads", {"t-implausible", "rand-missing", "keys-in-clear", "null-mac"}},
      {"gst-test-hdr-empty", {"payload-missing", "rand-missing"}},
      {"gst122-aes-128-gcm_null", {"keys-in-clear", "null-mac", "aead-tek-holds-salt"}},
      {"gst122-aes-128-icm_hmac-sha1-32",
       {"auth-key-len-is-tag", "keys-in-clear", "null-mac", "tek-holds-salt"}},
      {"sakke-StreamwideTestVectors-0", {"sp-rcc", "id-not-uri"}},
      {"sakke-test_vectors-0", {"sp-rcc", "empty-map-with-sp"}},
  };
  for (const auto& [name, wanted] : expected) {
    std::set<std::string_view> got;
    for (const Finding& f : found(field(name)))
      if (f.severity >= Level::warning) got.insert(f.id);
    EXPECT_EQ(got, wanted) << name;
  }
}

TEST(Lint, APeerToleratesWhatItSendsItself) {
  const std::map<std::string, Peer> sender{
      {"onvif-setup-keymgmt-genetec", Peer::genetec},
      {"onvif-set_parameter-rekey-genetec", Peer::genetec},
      {"gortsplib-Extra_padding_at_the_end", Peer::milestone},
      {"gst122-sdp-savp_udp-0", Peer::gstreamer},
      {"gst122-keymgmt-savp_udp-0", Peer::gstreamer},
      {"gst122-aes-128-gcm_null", Peer::gstreamer},
      {"gst122-aes-128-icm_hmac-sha1-32", Peer::gstreamer},
      {"gst122-aes-128-icm_hmac-sha1-80", Peer::gstreamer},
      {"gortsplib-a", Peer::gortsplib},
      {"sakke-StreamwideTestVectors-0", Peer::mcx},
      {"sakke-StreamwideTestVectors-1", Peer::mcx},
      {"sakke-test_vectors-0", Peer::mcx},
  };
  for (const auto& [name, peer] : sender)
    for (const Finding& f : found(field(name), peer))
      EXPECT_EQ(f.severity, Level::note) << name << ": " << f.id << ": " << f.detail;
}

TEST(Lint, ACameraMessageSuitsEveryCameraProduct) {
  for (const Peer p :
       {Peer::onvif, Peer::gstreamer, Peer::live555, Peer::genetec, Peer::gortsplib, Peer::milestone})
    for (const Finding& f : found(camera().message(), p))
      EXPECT_EQ(f.severity, Level::note) << profile_of(p).name << ": " << f.id << ": " << f.detail;
}

// Whatever parses can be checked, for every peer.
TEST(Lint, EveryOctetOfEveryMessageChanged) {
  for (const auto& [name, octets] : field_messages()) {
    Bytes bent = octets;
    for (std::size_t i = 0; i<bent.size(); i += octets.size()> 200 ? 3 : 1) {
      for (const int delta : {1, 0x80, 0xff}) {
        bent[i] = static_cast<std::uint8_t>(octets[i] ^ delta);
        const auto m = wire::Message::parse(ByteView(bent), {.max_trailing_zeros = 1});
        if (!m) continue;
        for (const PeerProfile& p : all_profiles())
          for (const Finding& f : lint(*m, p, kNow)) ASSERT_LE(f.offset, bent.size()) << f.id;
      }
      bent[i] = octets[i];
    }
  }
}

}  // namespace
}  // namespace mikey::profile
