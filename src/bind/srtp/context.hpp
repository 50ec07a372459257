// One SRTP master key and the streams it protects: the only place that talks to libsrtp.
#pragma once

#include <srtp2/srtp.h>

#include <map>
#include <memory>
#include <vector>

#include "mikey/bind/srtp.hpp"

namespace mikey::bind::srtp {

// What a key is made of.
struct KeyMaterial {
  keys::Suite suite = keys::Suite::aes_cm_128_hmac_sha1_80;
  SecretBytes key_salt;  // master key || master salt, as libsrtp takes it
  Bytes mki;             // empty for none
  // SRTP packet indices for which it may be used (RFC 3830 6.14, interval).
  std::uint64_t valid_from = 0;
  std::uint64_t valid_to = ~std::uint64_t{0};

  KeyMaterial clone() const { return {suite, key_salt.clone(), mki, valid_from, valid_to}; }
  bool same_key(const KeyMaterial& other) const;
};

// Checks lengths and the suite. Errors as SrtpSession::create has them.
Result<KeyMaterial> key_material(keys::Suite suite, ByteView key, ByteView salt,
                                 const keys::Validity& validity);
// The key of a crypto session.
Result<KeyMaterial> key_material(const keys::CryptoSession& session);

// Prepares the library, once a process.
Status library_ready();
// Whether the library derives AES-192 session keys as RFC 6188 has it. Releases up to 2.7 derive them as if
// for AES-256 from key, salt and zeros, unless they use OpenSSL's KDF (cisco/libsrtp issue 763).
bool derives_aes_192();

// What became of a packet.
enum class Fate : std::uint8_t {
  done,
  auth_failure,
  replayed,
  too_old,
  malformed,
  wrong_mki,
  key_expired,
  failed
};

enum class Kind : std::uint8_t { rtp, rtcp };

class Context {
 public:
  static Result<std::unique_ptr<Context>> create(KeyMaterial material, SrtpDirection direction,
                                                 const SrtpOptions& options);

  const KeyMaterial& material() const { return material_; }
  bool has(std::uint32_t ssrc) const { return streams_.contains(ssrc); }
  // Adds the stream if need be. Until an RTP packet of it was processed, the next one is taken to be of
  // `roc`.
  Status prepare(std::uint32_t ssrc, std::uint32_t roc);
  void started(std::uint32_t ssrc) { streams_[ssrc] = true; }
  void remove(std::uint32_t ssrc);
  // Takes another key for all streams, keeping ROCs and SRTCP indices: for senders.
  Status change_key(KeyMaterial material);

  // `length` goes in as the packet's and comes out as the result's. The buffer has room for the trailer.
  Fate protect(Kind kind, std::uint8_t* packet, std::size_t& length);
  Fate unprotect(Kind kind, std::uint8_t* packet, std::size_t& length);
  // Octets protection adds.
  std::size_t trailer(Kind kind) const;

 private:
  struct Free {
    void operator()(srtp_ctx_t* p) const { srtp_dealloc(p); }
  };
  Context(KeyMaterial material, const SrtpOptions& options)
      : material_(std::move(material)), options_(options) {}
  using Handle = std::unique_ptr<srtp_ctx_t, Free>;
  static Status open(Handle& handle);
  // Calls `use` with the policy of one stream; `rtcp_only` for the handle that is for SRTCP alone.
  template <class Use>
  Status with_policy(std::uint32_t ssrc, KeyMaterial& material, bool rtcp_only, Use use);
  Status add_to(srtp_ctx_t* handle, bool rtcp_only, std::uint32_t ssrc);

  KeyMaterial material_;
  SrtpOptions options_;
  Handle srtp_;
  // Only where unprotecting SRTCP needs one of its own: releases up to 2.6 look for the MKI of an SRTCP
  // packet where SRTP's tag length would have it, which is wrong when the tags differ (cisco/libsrtp pull
  // request 733).
  Handle srtcp_;
  std::map<std::uint32_t, bool> streams_;  // by SSRC: whether RTP of it was processed
};

}  // namespace mikey::bind::srtp
