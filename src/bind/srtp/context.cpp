#include "bind/srtp/context.hpp"

#include <arpa/inet.h>

namespace mikey::bind::srtp {
namespace {

using keys::Suite;

constexpr std::size_t kSrtcpIndex = 4;

Error failed(const char* what, srtp_err_status_t status) {
  return crypto_error(std::string("libsrtp2: ") + what + " failed with status " +
                      std::to_string(static_cast<int>(status)));
}

// SRTP's and SRTCP's half of a suite; false for what libsrtp2 does not have.
bool set_policies(Suite suite, srtp_crypto_policy_t& rtp, srtp_crypto_policy_t& rtcp) {
  using enum Suite;
  switch (suite) {
    case aes_cm_128_hmac_sha1_80:
    case aes_cm_128_hmac_sha1_32:
      srtp_crypto_policy_set_rtp_default(&rtp);
      break;
    case aes_192_cm_hmac_sha1_80:
    case aes_192_cm_hmac_sha1_32:
      srtp_crypto_policy_set_aes_cm_192_hmac_sha1_80(&rtp);
      break;
    case aes_256_cm_hmac_sha1_80:
    case aes_256_cm_hmac_sha1_32:
      srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80(&rtp);
      break;
    case null_hmac_sha1_80:
    case null_hmac_sha1_32:
      srtp_crypto_policy_set_null_cipher_hmac_sha1_80(&rtp);
      break;
    case aead_aes_128_gcm:
      srtp_crypto_policy_set_aes_gcm_128_16_auth(&rtp);
      break;
    case aead_aes_256_gcm:
      srtp_crypto_policy_set_aes_gcm_256_16_auth(&rtp);
      break;
    default:
      return false;
  }
  rtcp = rtp;
  const keys::SuiteInfo& info = keys::info(suite);
  rtp.auth_tag_len = info.srtp_tag_len;
  rtcp.auth_tag_len = info.srtcp_tag_len;
  return true;
}

// An index as RFC 3830 6.14 has it, of any width.
std::uint64_t index_of(ByteView octets, std::uint64_t absent) {
  if (octets.empty()) return absent;
  std::uint64_t v = 0;
  for (const std::uint8_t b : octets) v = v >> 56 != 0 ? ~std::uint64_t{0} : v << 8 | b;
  return v;
}

Fate fate_of(srtp_err_status_t status) {
  switch (status) {
    case srtp_err_status_ok:
      return Fate::done;
    case srtp_err_status_auth_fail:
    case srtp_err_status_cipher_fail:  // what an AEAD tag that is wrong looks like in some builds
      return Fate::auth_failure;
    case srtp_err_status_replay_fail:
      return Fate::replayed;
    case srtp_err_status_replay_old:
    case srtp_err_status_pkt_idx_old:
      return Fate::too_old;
    case srtp_err_status_bad_param:
    case srtp_err_status_parse_err:
      return Fate::malformed;
    case srtp_err_status_bad_mki:
      return Fate::wrong_mki;
    case srtp_err_status_key_expired:
      return Fate::key_expired;
    default:
      return Fate::failed;
  }
}

}  // namespace

bool KeyMaterial::same_key(const KeyMaterial& other) const {
  return suite == other.suite && mki == other.mki && ct_equal(key_salt.reveal(), other.key_salt.reveal());
}

Status library_ready() {
  // libsrtp2 keeps process-wide tables; a static local is initialised once, whatever the number of threads.
  static const srtp_err_status_t status = srtp_init();
  if (status != srtp_err_status_ok) return failed("srtp_init", status);
  return {};
}

bool derives_aes_192() {
  static const bool conforms = [] {
    // Master key and salt of RFC 6188 7.4, and the key stream of RFC 3711 4.1.1 with the session key and salt
    // that section has for them, for the SSRC 12345678 (hexadecimal) and packet index 1.
    const Bytes key = *from_hex("73edc66c4fa15776fb57f9505c17136550ffda71f3e8e5f1");
    const Bytes salt = *from_hex("c8522f3acd4ce86d5add78edbb11");
    const Bytes want = *from_hex("132734549eb8e9b0081c26eef567bbe7");
    Result<KeyMaterial> m = key_material(Suite::aes_192_cm_hmac_sha1_80, key, salt, {});
    SrtpOptions options;
    options.nonstandard_aes_192 = true;
    if (!m) return false;
    Result<std::unique_ptr<Context>> c = Context::create(std::move(*m), SrtpDirection::send, options);
    constexpr std::uint32_t kSsrc = 0x12345678;
    Bytes packet{0x80, 0, 0, 1, 0, 0, 0, 0, 0x12, 0x34, 0x56, 0x78};
    std::size_t length = packet.size() + want.size();
    packet.resize(length + SRTP_MAX_TRAILER_LEN);
    if (!c || !(*c)->prepare(kSsrc, 0) || (*c)->protect(Kind::rtp, packet.data(), length) != Fate::done)
      return false;
    return std::ranges::equal(ByteView(packet).subspan(12, want.size()), want);
  }();
  return conforms;
}

Result<KeyMaterial> key_material(Suite suite, ByteView key, ByteView salt, const keys::Validity& validity) {
  const keys::SuiteInfo& info = keys::info(suite);
  srtp_crypto_policy_t rtp{};
  srtp_crypto_policy_t rtcp{};
  if (!set_policies(suite, rtp, rtcp))
    return bad_request("libsrtp2 does not have the suite " + std::string(info.name));
  if (key.size() != info.key_len || salt.size() != info.salt_len)
    return bad_request("the SRTP master key or salt does not have its suite's length", "RFC 3711 8.2");
  KeyMaterial m;
  m.suite = suite;
  m.key_salt = SecretBytes(key.size() + salt.size());
  std::ranges::copy(key, m.key_salt.reveal_mutable().begin());
  std::ranges::copy(salt, m.key_salt.reveal_mutable().begin() + static_cast<std::ptrdiff_t>(key.size()));
  if (validity.type == KvType::spi) m.mki = validity.spi;
  if (m.mki.size() > SRTP_MAX_MKI_LEN)
    return bad_request("libsrtp2 has MKIs of at most 128 octets", "RFC 3711 3.1");
  if (validity.type == KvType::interval) {
    m.valid_from = index_of(validity.valid_from, 0);
    m.valid_to = index_of(validity.valid_to, ~std::uint64_t{0});
  }
  return m;
}

Result<KeyMaterial> key_material(const keys::CryptoSession& session) {
  return key_material(session.suite, session.tek.reveal(), session.salt.reveal(), session.validity);
}

template <class Use>
Status Context::with_policy(std::uint32_t ssrc, KeyMaterial& material, bool rtcp_only, Use use) {
  srtp_policy_t policy{};
  if (!set_policies(material.suite, policy.rtp, policy.rtcp))
    return bad_request("libsrtp2 does not have the suite");
  if (rtcp_only) policy.rtp.auth_tag_len = policy.rtcp.auth_tag_len;
  policy.ssrc.type = ssrc_specific;
  policy.ssrc.value = ssrc;
  policy.window_size = options_.window;
  policy.allow_repeat_tx = options_.allow_repeat && !keys::info(material.suite).aead ? 1 : 0;
  srtp_master_key_t master{};
  master.key = material.key_salt.reveal_mutable().data();
  master.mki_id = material.mki.data();
  master.mki_size = static_cast<unsigned>(material.mki.size());
  srtp_master_key_t* list = &master;
  if (material.mki.empty()) {
    policy.key = master.key;
  } else {
    policy.keys = &list;
    policy.num_master_keys = 1;
  }
  const srtp_err_status_t status = use(policy);
  if (status != srtp_err_status_ok) return failed("taking a key", status);
  return {};
}

Status Context::open(Handle& handle) {
  srtp_t raw = nullptr;
  if (const srtp_err_status_t status = srtp_create(&raw, nullptr); status != srtp_err_status_ok)
    return failed("srtp_create", status);
  handle.reset(raw);
  return {};
}

Result<std::unique_ptr<Context>> Context::create(KeyMaterial material, SrtpDirection direction,
                                                 const SrtpOptions& options) {
  if (Status s = library_ready(); !s) return std::move(s).error();
  const keys::SuiteInfo& info = keys::info(material.suite);
  if (info.encr == SrtpEncr::aes_cm && info.key_len == 24 && !options.nonstandard_aes_192 &&
      !derives_aes_192())
    return bad_request(
        std::string(srtp_get_version_string()) +
            " derives other session keys for AES-192 than RFC 6188 does (cisco/libsrtp issue "
            "763), so that no other implementation would understand it; use AES-128 or AES-256",
        "RFC 6188 4");
  const bool split =
      direction == SrtpDirection::receive && !material.mki.empty() && info.srtp_tag_len != info.srtcp_tag_len;
  std::unique_ptr<Context> c(new Context(std::move(material), options));
  if (Status s = open(c->srtp_); !s) return std::move(s).error();
  if (split)
    if (Status s = open(c->srtcp_); !s) return std::move(s).error();
  // Shows now, not at the first packet, whether the library has the suite.
  constexpr std::uint32_t kTrial = 0;
  if (Status s = c->prepare(kTrial, 0); !s) return std::move(s).error();
  c->remove(kTrial);
  return c;
}

Status Context::add_to(srtp_ctx_t* handle, bool rtcp_only, std::uint32_t ssrc) {
  return with_policy(ssrc, material_, rtcp_only,
                     [handle](const srtp_policy_t& p) { return srtp_add_stream(handle, &p); });
}

Status Context::prepare(std::uint32_t ssrc, std::uint32_t roc) {
  const auto it = streams_.find(ssrc);
  if (it != streams_.end() && it->second) return {};
  if (it == streams_.end()) {
    if (Status s = add_to(srtp_.get(), false, ssrc); !s) return s;
    streams_[ssrc] = false;
    if (srtcp_) {
      if (Status s = add_to(srtcp_.get(), true, ssrc); !s) {
        remove(ssrc);
        return s;
      }
    }
  }
  if (const srtp_err_status_t status = srtp_set_stream_roc(srtp_.get(), ssrc, roc);
      status != srtp_err_status_ok)
    return failed("setting the ROC", status);
  return {};
}

void Context::remove(std::uint32_t ssrc) {
  srtp_remove_stream(srtp_.get(), htonl(ssrc));  // the one call that wants network order
  if (srtcp_) srtp_remove_stream(srtcp_.get(), htonl(ssrc));
  streams_.erase(ssrc);
}

Status Context::change_key(KeyMaterial material) {
  for (const auto& [ssrc, started] : streams_) {
    Status s = with_policy(ssrc, material, false,
                           [this](const srtp_policy_t& p) { return srtp_update_stream(srtp_.get(), &p); });
    if (!s) return s;
  }
  material_ = std::move(material);
  return {};
}

Fate Context::protect(Kind kind, std::uint8_t* packet, std::size_t& length) {
  const unsigned use_mki = material_.mki.empty() ? 0 : 1;
  int n = static_cast<int>(length);
  const srtp_err_status_t status = kind == Kind::rtp
                                       ? srtp_protect_mki(srtp_.get(), packet, &n, use_mki, 0)
                                       : srtp_protect_rtcp_mki(srtp_.get(), packet, &n, use_mki, 0);
  length = static_cast<std::size_t>(n);
  return fate_of(status);
}

Fate Context::unprotect(Kind kind, std::uint8_t* packet, std::size_t& length) {
  const unsigned use_mki = material_.mki.empty() ? 0 : 1;
  int n = static_cast<int>(length);
  const srtp_err_status_t status =
      kind == Kind::rtp ? srtp_unprotect_mki(srtp_.get(), packet, &n, use_mki)
                        : srtp_unprotect_rtcp_mki(srtcp_ ? srtcp_.get() : srtp_.get(), packet, &n, use_mki);
  if (status == srtp_err_status_ok) length = static_cast<std::size_t>(n);
  return fate_of(status);
}

std::size_t Context::trailer(Kind kind) const {
  const keys::SuiteInfo& info = keys::info(material_.suite);
  return kind == Kind::rtp ? info.srtp_tag_len + material_.mki.size()
                           : info.srtcp_tag_len + kSrtcpIndex + material_.mki.size();
}

}  // namespace mikey::bind::srtp
