#include "mikey/bind/gst_caps.hpp"

namespace mikey::bind {
namespace {

using keys::Suite;

struct Names {
  const char* cipher;
  const char* rtp_auth;
  const char* rtcp_auth;
};

// Names of the GStreamer enumerations GstSrtpCipherType and GstSrtpAuthType. SRTCP's tag is never shorter
// than 80 bits (RFC 3711 5.2).
Result<Names> names_of(Suite suite) {
  constexpr const char* k80 = "hmac-sha1-80";
  constexpr const char* k32 = "hmac-sha1-32";
  switch (suite) {
    case Suite::aes_cm_128_hmac_sha1_80:
      return Names{"aes-128-icm", k80, k80};
    case Suite::aes_cm_128_hmac_sha1_32:
      return Names{"aes-128-icm", k32, k80};
    case Suite::aes_256_cm_hmac_sha1_80:
      return Names{"aes-256-icm", k80, k80};
    case Suite::aes_256_cm_hmac_sha1_32:
      return Names{"aes-256-icm", k32, k80};
    case Suite::null_hmac_sha1_80:
    case Suite::null_hmac_sha1_32:  // its elements want a master key of no octets then
      return bad_request("GStreamer cannot authenticate packets that are not encrypted");
    case Suite::aead_aes_128_gcm:
      return Names{"aes-128-gcm", "null", "null"};
    case Suite::aead_aes_256_gcm:
      return Names{"aes-256-gcm", "null", "null"};
    default:
      return bad_request("GStreamer does not have the suite " + std::string(keys::info(suite).name));
  }
}

Result<std::string> key_hex(const keys::CryptoSession& s) {
  const keys::SuiteInfo& info = keys::info(s.suite);
  if (s.tek.size() != info.key_len || s.salt.size() != info.salt_len)
    return bad_request("the SRTP master key or salt does not have its suite's length", "RFC 3711 8.2");
  return to_hex(s.tek.reveal()) + to_hex(s.salt.reveal());
}

bool has_mki(const keys::CryptoSession& s) {
  return s.validity.type == KvType::spi && !s.validity.spi.empty();
}

}  // namespace

Result<std::string> reveal_gst_caps(const keys::CryptoSession& session, std::optional<std::uint32_t> ssrc) {
  const Result<Names> n = names_of(session.suite);
  if (!n) return n.error();
  const Result<std::string> key = key_hex(session);
  if (!key) return key.error();
  std::string caps = "application/x-srtp, ssrc=(uint)" + std::to_string(ssrc.value_or(session.ssrc)) +
                     ", srtp-key=(buffer)" + *key + ", srtp-cipher=(string)" + n->cipher +
                     ", srtp-auth=(string)" + n->rtp_auth + ", srtcp-cipher=(string)" + n->cipher +
                     ", srtcp-auth=(string)" + n->rtcp_auth + ", roc=(uint)" + std::to_string(session.roc);
  if (has_mki(session)) caps += ", mki=(buffer)" + to_hex(session.validity.spi);
  return caps;
}

Result<std::vector<std::pair<std::string, std::string>>> reveal_gst_enc_properties(
    const keys::CryptoSession& session) {
  const Result<Names> n = names_of(session.suite);
  if (!n) return n.error();
  if (session.roc != 0) return bad_request("srtpenc starts with ROC 0 only");
  const Result<std::string> key = key_hex(session);
  if (!key) return key.error();
  std::vector<std::pair<std::string, std::string>> out{{"key", *key}};
  if (has_mki(session)) out.emplace_back("mki", to_hex(session.validity.spi));
  out.emplace_back("rtp-cipher", n->cipher);
  out.emplace_back("rtp-auth", n->rtp_auth);
  out.emplace_back("rtcp-cipher", n->cipher);
  out.emplace_back("rtcp-auth", n->rtcp_auth);
  return out;
}

}  // namespace mikey::bind
