#include "unit/lint_support.hpp"

namespace mikey::profile {
namespace {

// ------------------------------------------------------------------ structure

TEST(LintStructure, MissingTwiceAndUnexpectedPayloads) {
  Draft d;
  EXPECT_FALSE(has(d.message(), "payload-missing"));
  d.with_kemac = false;
  EXPECT_TRUE(has(d.message(), "payload-missing"));

  const Draft good;
  ChainBuilder twice = good.begin();
  twice.add(wire::Rand{good.rand});
  good.end(twice);
  EXPECT_TRUE(has(finish(twice), "payload-twice"));

  ChainBuilder odd = good.begin();
  odd.add(wire::Err{});
  good.end(odd);
  const auto m = finish(odd);
  EXPECT_TRUE(has(m, "payload-unexpected"));
  EXPECT_FALSE(has(m, "payload-twice"));
  EXPECT_FALSE(has(good.message(), "payload-unexpected"));
}

TEST(LintStructure, WhatAuthenticatesIsLast) {
  const Draft d;
  ChainBuilder b = d.begin();
  d.end(b);
  b.add(wire::GeneralExt{GeneralExtType::vendor_id, as_bytes("x")});
  const auto m = finish(b);
  const auto f = find(m, "auth-not-last");
  ASSERT_TRUE(f);
  EXPECT_EQ(f->offset, m.find(PayloadType::kemac)->offset);
  EXPECT_FALSE(has(d.message(), "auth-not-last"));
}

TEST(LintStructure, Order) {
  wire::Hdr h = Draft{}.hdr;
  const Draft d;
  h.map = d.map;
  ChainBuilder b(h);
  b.add(wire::Rand{d.rand}).add(wire::T{d.ts_type, d.t});
  d.end(b);
  EXPECT_TRUE(has(finish(b), "order-unusual"));
  EXPECT_FALSE(has(d.message(), "order-unusual"));
  // IDi, CERTi, IDr is the order of RFC 3830 3.2.
  EXPECT_FALSE(has(field("rfc4567-psk-init"), "order-unusual"));
}

TEST(LintStructure, UpdatesMayLeaveOut) {
  wire::Hdr h = Draft{}.hdr;
  h.data_type = DataType::dh_init;
  const Draft d;
  h.map = d.map;
  const Bytes signature(128, 1);
  ChainBuilder update(h);
  update.add(wire::T{d.ts_type, d.t}).add(wire::Sign{SignType::rsa_pss, signature});
  const auto u = finish(update);
  EXPECT_FALSE(has(u, "payload-missing"));
  EXPECT_TRUE(has(u, "rand-missing"));
  ChainBuilder first(h);
  first.add(wire::T{d.ts_type, d.t}).add(wire::Rand{d.rand}).add(wire::Sign{SignType::rsa_pss, signature});
  EXPECT_TRUE(has(finish(first), "payload-missing"));
}

TEST(LintStructure, TrailingOctets) {
  Bytes octets = to_bytes(camera().message().octets());
  octets.push_back(0);
  const auto m = parse(octets);
  EXPECT_EQ(find(m, "trailing-octets")->severity, Level::error);
  EXPECT_EQ(find(m, "trailing-octets", Peer::milestone)->severity, Level::note);
  EXPECT_EQ(find(m, "trailing-octets", Peer::gortsplib)->severity, Level::note);
  EXPECT_EQ(find(m, "trailing-octets", Peer::onvif)->severity, Level::error);
  EXPECT_FALSE(has(camera().message(), "trailing-octets"));
}

// ------------------------------------------------------------------ header

TEST(LintHeader, Maps) {
  Draft d;
  EXPECT_FALSE(has(d.message(), "cs-none"));
  d.hdr.n_cs = 0;
  d.map.clear();
  EXPECT_TRUE(has(d.message(), "cs-none"));

  d.hdr.map_type = CsIdMapType::empty;
  EXPECT_TRUE(has(d.message(), "empty-map-with-sp"));
  EXPECT_TRUE(has(d.message(), "map-not-srtp-id", Peer::gortsplib));
  EXPECT_FALSE(has(Draft{}.message(), "map-not-srtp-id", Peer::gortsplib));
  EXPECT_FALSE(has(d.message(), "empty-map-with-cs"));
  d.hdr.n_cs = 1;
  d.policies.clear();
  EXPECT_TRUE(has(d.message(), "empty-map-with-cs"));
  EXPECT_FALSE(has(d.message(), "empty-map-with-sp"));

  d.hdr.map_type = CsIdMapType::generic_id;
  d.map = *from_hex(
      "010001000000"
      "00");
  EXPECT_TRUE(has(d.message(), "generic-id-outside-ticket"));
  EXPECT_FALSE(has(Draft{}.message(), "generic-id-outside-ticket"));
  EXPECT_FALSE(has(field("sakke-StreamwideTestVectors-0"), "generic-id-outside-ticket"));
}

TEST(LintHeader, TicketMaps) {
  const Draft d;
  wire::Hdr h = header(DataType::transfer_resp, 1);
  h.map = d.map;
  const Bytes mac(20, 2);
  ChainBuilder srtp_id(h);
  srtp_id.add(wire::T{d.ts_type, d.t}).add(wire::Ver{MacAlg::hmac_sha_1_160, mac});
  EXPECT_TRUE(has(finish(srtp_id), "srtp-id-in-ticket"));

  h.map_type = CsIdMapType::generic_id;
  const Bytes none = *from_hex(
      "01000000000"
      "0");
  h.map = none;
  ChainBuilder generic(h);
  generic.add(wire::T{d.ts_type, d.t}).add(wire::Ver{MacAlg::hmac_sha_1_160, mac});
  const auto m = finish(generic);
  EXPECT_FALSE(has(m, "srtp-id-in-ticket"));
  EXPECT_TRUE(has(m, "generic-id-policies"));
  const Bytes one = *from_hex("01000100000000");
  h.map = one;
  ChainBuilder chosen(h);
  chosen.add(wire::T{d.ts_type, d.t}).add(wire::Ver{MacAlg::hmac_sha_1_160, mac});
  EXPECT_FALSE(has(finish(chosen), "generic-id-policies"));
}

TEST(LintHeader, PolicyNumbers) {
  Draft d;
  d.policies[0].no = 3;
  EXPECT_TRUE(has(d.message(), "cs-policy-missing"));
  EXPECT_TRUE(has(d.message(), "policy-unused"));
  d.map[0] = 3;
  EXPECT_FALSE(has(d.message(), "cs-policy-missing"));
  EXPECT_FALSE(has(d.message(), "policy-unused"));
  EXPECT_FALSE(has(d.message(), "policy-not-index"));
  EXPECT_TRUE(has(d.message(), "policy-not-index", Peer::gstreamer));
  EXPECT_FALSE(has(Draft{}.message(), "policy-not-index", Peer::gstreamer));
  d.policies.push_back(d.policies[0]);
  EXPECT_TRUE(has(d.message(), "policy-twice"));
  EXPECT_FALSE(has(Draft{}.message(), "policy-twice"));
  d.policies.clear();
  EXPECT_TRUE(has(d.message(), "sp-none"));
  EXPECT_FALSE(has(Draft{}.message(), "sp-none"));
}

TEST(LintHeader, Ssrcs) {
  Draft d;
  EXPECT_FALSE(has(d.message(), "ssrc-zero"));
  d.hdr.n_cs = 2;
  d.map = *from_hex(
      "001122334400000000"
      "001122334400000000");
  EXPECT_TRUE(has(d.message(), "ssrc-twice"));
  d.map = *from_hex(
      "000000000000000000"
      "000000000000000000");
  EXPECT_FALSE(has(d.message(), "ssrc-twice"));
  EXPECT_TRUE(has(d.message(), "ssrc-zero"));
  EXPECT_FALSE(has(d.message(), "ssrc-zero-unanswered"));
  d.hdr.v = 0;
  EXPECT_TRUE(has(d.message(), "ssrc-zero-unanswered"));
  EXPECT_FALSE(has(field("rfc4567-psk-resp"), "ssrc-zero"));
}

TEST(LintHeader, FlagsAndPrf) {
  EXPECT_TRUE(has(field("rfc4567-psk-resp"), "v-in-response"));
  EXPECT_FALSE(has(Draft{}.message(), "v-in-response"));
  Draft d = camera();
  EXPECT_FALSE(has(d.message(), "response-wanted", Peer::gortsplib));
  d.hdr.v = 1;
  EXPECT_EQ(find(d.message(), "response-wanted", Peer::gortsplib)->severity, Level::error);
  EXPECT_FALSE(has(d.message(), "response-wanted"));
  EXPECT_FALSE(has(d.message(), "prf-not-mikey-1", Peer::gortsplib));
  d.hdr.prf = PrfFunc::hmac_sha_256;
  EXPECT_TRUE(has(d.message(), "prf-not-mikey-1", Peer::gortsplib));
  EXPECT_FALSE(has(d.message(), "prf-not-sha-256", Peer::mcx));
  EXPECT_TRUE(has(Draft{}.message(), "prf-not-sha-256", Peer::mcx));
  EXPECT_FALSE(has(d.message(), "prf-sha-1"));
}

TEST(LintHeader, RsarAlwaysHasAnAnswer) {
  Draft d;
  d.hdr.data_type = DataType::rsar_init;
  d.with_kemac = false;
  EXPECT_FALSE(has(d.message(), "response-mandatory"));
  d.hdr.v = 0;
  EXPECT_TRUE(has(d.message(), "response-mandatory"));
  EXPECT_FALSE(has(camera().message(), "response-mandatory"));
}

TEST(LintHeader, Modes) {
  EXPECT_EQ(find(field("sakke-StreamwideTestVectors-0"), "mode-refused", Peer::onvif)->severity,
            Level::error);
  EXPECT_EQ(find(Draft{}.message(), "mode-refused", Peer::mcx)->severity, Level::error);
  EXPECT_FALSE(has(Draft{}.message(), "mode-refused", Peer::onvif));
  EXPECT_FALSE(has(field("sakke-StreamwideTestVectors-0"), "mode-refused"));
}

// ------------------------------------------------------------------ T and RAND

TEST(LintTime, Clocks) {
  Draft d;
  store_be<std::uint64_t>(d.t.data(), kNow.value);
  EXPECT_FALSE(has(d.message(), "t-implausible"));
  EXPECT_FALSE(has(d.message(), "t-skew", Peer::strict, kNow + std::chrono::seconds(300)));
  EXPECT_TRUE(has(d.message(), "t-skew", Peer::strict, kNow + std::chrono::seconds(301)));
  EXPECT_FALSE(has(d.message(), "t-skew"));
  EXPECT_FALSE(has(d.message(), "t-outside-hour", Peer::gortsplib, kNow + std::chrono::seconds(3600)));
  EXPECT_TRUE(has(d.message(), "t-outside-hour", Peer::gortsplib, kNow + std::chrono::seconds(3601)));
  EXPECT_FALSE(has(d.message(), "t-outside-hour", Peer::strict, kNow + std::chrono::seconds(3601)));
  // Far apart: neither the largest difference nor its negation may overflow.
  EXPECT_TRUE(has(d.message(), "t-implausible", Peer::strict, NtpTime{kNow.value + (1ULL << 63)}));
}

TEST(LintTime, EraOfTheYear2036) {
  Draft d;
  d.t = *from_hex("0100000000000000");  // August 2036
  EXPECT_TRUE(has(d.message(), "t-implausible"));
  EXPECT_FALSE(has(d.message(), "t-implausible", Peer::strict, NtpTime{0x0100000100000000}));
}

TEST(LintTime, Filetime) {
  const auto m = field("onvif-setup-keymgmt-genetec");
  const auto f = find(m, "t-filetime");
  ASSERT_TRUE(f);
  EXPECT_EQ(f->severity, Level::error);
  EXPECT_NE(f->detail.find("2018-01-15T15:59:22"), std::string::npos) << f->detail;
  EXPECT_EQ(find(m, "t-filetime", Peer::genetec)->severity, Level::note);
  EXPECT_FALSE(has(Draft{}.message(), "t-filetime"));
}

TEST(LintTime, OtherTypes) {
  Draft d;
  d.t = *from_hex("00000007");
  d.ts_type = TsType::counter;
  EXPECT_TRUE(has(d.message(), "t-counter"));
  d.ts_type = TsType::ntp_utc_32;
  EXPECT_TRUE(has(d.message(), "t-ntp-utc-32"));
  EXPECT_FALSE(has(Draft{}.message(), "t-counter"));
  EXPECT_FALSE(has(Draft{}.message(), "t-ntp-utc-32"));
}

TEST(LintTime, Rand) {
  Draft d;
  EXPECT_FALSE(has(d.message(), "rand-missing"));
  d.rand.resize(15);
  EXPECT_TRUE(has(d.message(), "rand-short"));
  d.rand = Bytes(16, 9);
  EXPECT_TRUE(has(d.message(), "rand-constant"));
  EXPECT_FALSE(has(d.message(), "rand-short"));
  EXPECT_FALSE(has(Draft{}.message(), "rand-constant"));
  d.with_rand = false;
  EXPECT_EQ(find(d.message(), "rand-missing")->severity, Level::warning);
  EXPECT_EQ(find(d.message(), "rand-missing", Peer::genetec)->severity, Level::note);
}

}  // namespace
}  // namespace mikey::profile
