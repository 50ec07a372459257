#include "unit/lint_support.hpp"

namespace mikey::profile {
namespace {

// ------------------------------------------------------------------ policies

TEST(LintPolicy, Parameters) {
  const std::string full = Draft{}.policies[0].params;
  const auto with = [](const std::string& params) {
    Draft d;
    d.policies[0].params = params;
    return d.message();
  };
  struct Case {
    const char* params;
    const char* id;
    Peer peer;
  };
  const Case cases[] = {
      {"", "sp-empty", Peer::strict},
      {"00010100010"
       "1",
       "sp-param-twice", Peer::strict},
      {"fa0101", "sp-param-unknown", Peer::strict},
      {"000107", "sp-unsupported", Peer::strict},
      {"0d020001", "sp-rcc", Peer::strict},
      {"020103", "sp-rcc", Peer::strict},
      {"03010a", "auth-key-len-is-tag", Peer::strict},
      {"000101", "auth-tag-len-missing", Peer::strict},
      {"000101", "salt-len-missing", Peer::strict},
      {"000101", "auth-key-len-missing", Peer::live555},
      {"000106", "aead-tag-len-missing", Peer::strict},
      {"010110000101", "sp-param-order", Peer::gstreamer},
      {"0301140201010b010a", "sp-param-order", Peer::gstreamer},
      {"02010103011"
       "40b0104",
       "tag-not-in-key-len", Peer::gstreamer},
      {"000103", "offered-suites", Peer::gstreamer},
      {"0b0104", "offered-suites", Peer::live555},
  };
  for (const Case& c : cases) {
    EXPECT_TRUE(has(with(c.params), c.id, c.peer)) << c.id;
    EXPECT_FALSE(has(with(full), c.id, c.peer)) << c.id;
  }
  EXPECT_EQ(find(with("03010a"), "auth-key-len-is-tag", Peer::gstreamer)->severity, Level::note);
  EXPECT_EQ(find(with("000106"), "aead-tag-len-missing", Peer::onvif)->severity, Level::error);
  EXPECT_EQ(find(with("000101"), "salt-len-missing", Peer::live555)->severity, Level::error);
  EXPECT_FALSE(has(with("020101030104"), "tag-not-in-key-len", Peer::gstreamer));
  EXPECT_FALSE(has(with("000106010110140110"), "salt-len-missing"));

  Draft tesla;
  tesla.policies[0].prot = ProtType::tesla;
  EXPECT_TRUE(has(tesla.message(), "sp-not-srtp"));
  EXPECT_FALSE(has(Draft{}.message(), "sp-not-srtp"));
}

// ------------------------------------------------------------------ keys

TEST(LintKeys, Protection) {
  Draft d;
  EXPECT_FALSE(has(d.message(), "keys-in-clear"));
  EXPECT_FALSE(has(d.message(), "null-mac"));
  d.mac = MacAlg::null;
  EXPECT_TRUE(has(d.message(), "null-mac"));
  EXPECT_TRUE(has(d.message(), "null-mac-with-encryption"));
  EXPECT_TRUE(has(d.message(), "kemac-encrypted", Peer::live555));
  EXPECT_FALSE(has(d.message(), "kemac-encrypted"));
  d.key(KeyDataType::tgk, 16);
  EXPECT_EQ(find(d.message(), "keys-in-clear")->severity, Level::warning);
  EXPECT_EQ(find(d.message(), "keys-in-clear", Peer::onvif)->severity, Level::note);
  EXPECT_FALSE(has(d.message(), "null-mac-with-encryption"));
  EXPECT_FALSE(has(d.message(), "kemac-encrypted", Peer::live555));
  EXPECT_FALSE(has(d.message(), "kemac-authenticated", Peer::live555));
  d.mac = MacAlg::hmac_sha_1_160;
  EXPECT_TRUE(has(d.message(), "kemac-authenticated", Peer::live555));
}

TEST(LintKeys, KeyWrapAndEmpty) {
  Draft d;
  d.encr = EncrAlg::aes_kw_128;
  EXPECT_TRUE(has(d.message(), "key-wrap-length"));
  d.data = Bytes(32, 1);
  EXPECT_FALSE(has(d.message(), "key-wrap-length"));
  EXPECT_FALSE(has(d.message(), "kemac-empty"));
  d.data.clear();
  EXPECT_FALSE(has(d.message(), "key-wrap-length"));
  EXPECT_TRUE(has(d.message(), "kemac-empty"));
  EXPECT_EQ(find(d.message(), "kemac-empty", Peer::gstreamer)->severity, Level::error);
  d.with_rand = false;
  EXPECT_FALSE(has(d.message(), "kemac-empty"));
}

TEST(LintKeys, Teks) {
  struct Case {
    const char* params;
    KeyDataType type;
    std::size_t key;
    std::size_t salt;
    const char* id;  // "" for nothing
    Peer peer;
  };
  const Case cases[] = {
      {"", KeyDataType::tek_salt, 16, 14, "", Peer::strict},
      {"", KeyDataType::tek, 30, 0, "tek-holds-salt", Peer::strict},
      {"", KeyDataType::tek, 16, 0, "tek-without-salt", Peer::strict},
      {"", KeyDataType::tek, 17, 0, "tek-length", Peer::strict},
      {"", KeyDataType::tek_salt, 16, 12, "tek-length", Peer::strict},
      {"010120", KeyDataType::tek, 46, 0, "tek-holds-salt", Peer::strict},
      {"000106", KeyDataType::tek_salt, 16, 12, "", Peer::strict},
      {"000106", KeyDataType::tek, 28, 0, "aead-tek-holds-salt", Peer::strict},
      {"", KeyDataType::tek_salt, 16, 14, "tek-salt-apart", Peer::gstreamer},
      {"000106", KeyDataType::tek_salt, 16, 12, "aead-tek-salt-apart", Peer::gstreamer},
      {"", KeyDataType::tgk, 16, 0, "key-not-tek", Peer::gortsplib},
      {"", KeyDataType::tgk, 15, 0, "key-short", Peer::strict},
  };
  const std::set<std::string_view> about{"tek-holds-salt",      "tek-without-salt", "tek-length",
                                         "aead-tek-holds-salt", "tek-salt-apart",   "aead-tek-salt-apart",
                                         "key-not-tek",         "key-short"};
  for (const Case& c : cases) {
    Draft d;
    d.policies[0].params = c.params;
    d.key(c.type, c.key, c.salt);
    std::set<std::string_view> got;
    for (const Finding& f : found(d.message(), c.peer))
      if (about.contains(f.id)) got.insert(f.id);
    const std::set<std::string_view> wanted =
        *c.id == '\0' ? std::set<std::string_view>{} : std::set<std::string_view>{c.id};
    EXPECT_EQ(got, wanted) << c.params << " key " << c.key << " salt " << c.salt;
  }
}

TEST(LintKeys, Validity) {
  Draft d;
  d.key(KeyDataType::tek, 30);
  EXPECT_FALSE(has(d.message(), "mki-missing"));
  EXPECT_EQ(find(d.message(), "mki-missing", Peer::onvif)->severity, Level::error);
  EXPECT_EQ(find(d.message(), "mki-missing", Peer::gstreamer)->severity, Level::note);
  d.key(KeyDataType::tek, 30, 0, "01");
  EXPECT_FALSE(has(d.message(), "mki-missing", Peer::onvif));
  EXPECT_TRUE(has(d.message(), "mki-length", Peer::live555));
  d.key(KeyDataType::tek, 30, 0, "01020304");
  EXPECT_FALSE(has(d.message(), "mki-length", Peer::live555));
  EXPECT_FALSE(has(d.message(), "kv-interval", Peer::live555));
  d.data = *from_hex(
      "00220002aabb"
      "0101"
      "0102");
  EXPECT_TRUE(has(d.message(), "kv-interval", Peer::live555));
  EXPECT_TRUE(has(d.message(), "mki-missing", Peer::live555));
}

TEST(LintKeys, SeveralAndConstant) {
  Draft d;
  d.key(KeyDataType::tek, 30);
  EXPECT_FALSE(has(d.message(), "keys-several"));
  EXPECT_FALSE(has(d.message(), "key-constant"));
  d.data = *from_hex(
      "14200002aabb"
      "00200002cccc");
  const auto m = d.message();
  EXPECT_TRUE(has(m, "keys-several"));
  EXPECT_TRUE(has(m, "key-constant"));
}

TEST(LintKeys, NoFindingShowsAKey) {
  Draft d;
  d.key(KeyDataType::tek, 30, 0, "0a0b0c0d");
  for (const PeerProfile& p : all_profiles())
    for (const Finding& f : lint(d.message(), p, kNow)) {
      EXPECT_EQ(f.detail.find("000102030405"), std::string::npos) << f.detail;
      EXPECT_EQ(f.advice.find("000102030405"), std::string::npos) << f.advice;
    }
}

}  // namespace
}  // namespace mikey::profile
