/// \file
/// SRTP and SRTCP (RFC 3711, 6188, 7714) keyed by a crypto session bundle, on libsrtp2. In the library
/// mikey_srtp.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "mikey/base/error.hpp"
#include "mikey/keys/bundle.hpp"

namespace mikey::bind {

enum class SrtpDirection : std::uint8_t { send, receive };

struct SrtpOptions {
  /// The crypto sessions to use, by CS ID; none means all. Where several media have sockets of their own,
  /// each takes its own (RFC 4567 7.1 gives every media line two CS IDs).
  std::vector<std::uint8_t> cs_ids = {};
  /// Use the crypto session for any SSRC, whatever the map says; it must be the only one chosen. Some cameras
  /// write random SSRCs into the map. An SSRC of 0 in the map means the same.
  bool any_ssrc = false;
  /// Packets the replay window reaches back, 64 to 32767 (RFC 3711 3.3.2).
  unsigned window = 128;
  /// Let the sender protect a packet of the same index twice. Not for AEAD (RFC 7714 9.1): there it is
  /// refused.
  bool allow_repeat = false;
  /// Take AES-192 even of a libsrtp2 that derives its session keys otherwise than RFC 6188 (releases up
  /// to 2.7, Debian 12's 2.5 among them; cisco/libsrtp issue 763). Two such libraries understand one another,
  /// and nobody else.
  bool nonstandard_aes_192 = false;
  /// SSRCs a session for any SSRC keeps track of.
  std::size_t max_streams = 64;
  /// Keys a receiver keeps of a crypto session over re-keys, the newest counted.
  std::size_t max_keys = 4;
};

/// What became of packets. `auth_failures`, `replays`, `malformed` and `refused` also come back as errors.
struct SrtpCounters {
  std::uint64_t done = 0;           ///< protected or unprotected
  std::uint64_t auth_failures = 0;  ///< tag wrong, or of a key not known
  std::uint64_t replays = 0;        ///< index seen before, or too old for the window
  std::uint64_t malformed = 0;      ///< no RTP or RTCP packet, or too short for its tag
  std::uint64_t refused = 0;        ///< unknown SSRC, expired key, no room, ...
};

/// Whether the libsrtp2 at hand does a suite as its RFC has it, and why not. F8 and SEED it never can; GCM
/// and AES-192 it can when it is built with a cryptographic library, AES-192 as RFC 6188 has it in newer
/// releases only. Error: ErrorCode::bad_request, with the reason in words for people.
Status srtp_check(keys::Suite suite);
inline bool srtp_supports(keys::Suite suite) {
  return srtp_check(suite).ok();
}

/// The protection of one direction of a bundle's streams. A key and an SSRC must have one sender only (RFC
/// 3711 9.1): never make two sending sessions that share both. Not for use by two threads at a time. Keys
/// live in libsrtp's memory, which it clears when it frees them.
class SrtpSession {
 public:
  /// Room to leave behind any packet: the largest tag, SRTCP's index and the MKI in use.
  static constexpr std::size_t kMaxTrailer = 16 + 4 + 128;

  /// Starts from a bundle. TEKs beside the first one that carry an SPI are accepted by receivers as well (RFC
  /// 3830 6.13). ROCs are those of the map. Errors (ErrorCode::bad_request): no crypto session is chosen, two
  /// that cannot be told apart, a suite that libsrtp2 does not have, keys of wrong length, an MKI longer than
  /// 128 octets; ErrorCode::crypto: libsrtp2 failed.
  static Result<SrtpSession> create(const keys::Bundle& bundle, SrtpDirection direction,
                                    const SrtpOptions& options = {});

  SrtpSession(SrtpSession&&) noexcept;
  SrtpSession& operator=(SrtpSession&&) noexcept;
  ~SrtpSession();

  /// Takes the keys of a re-key: the sender changes at once; the receiver also accepts what its older keys
  /// protect, told by MKI, or by trying where there is none. ROCs, SRTCP indices and replay windows go on
  /// (RFC 3711 3.2.1, 3.4). Crypto sessions the new bundle does not have keep their keys. Nothing changes on
  /// failure, but when libsrtp2 itself runs out of memory.
  Status rekey(const keys::Bundle& bundle);
  /// Forgets all keys but the newest.
  void forget_old_keys();

  /// Protects the RTP packet in the first `length` octets of `buffer`, in place. Returns its new length.
  /// Needs trailer() octets of room behind the packet. Wrong direction: ErrorCode::bad_request.
  Result<std::size_t> protect_rtp(MutableBytes buffer, std::size_t length);
  Result<std::size_t> protect_rtcp(MutableBytes buffer, std::size_t length);
  /// The way back. Errors: ErrorCode::auth_failure for a wrong tag; ErrorCode::unspecified for a replay
  /// ("SRTP: replayed packet", "SRTP: packet too old"), a malformed packet, an SSRC without crypto session, a
  /// key outside its validity. The packet's octets are undefined after a failure.
  Result<std::size_t> unprotect_rtp(MutableBytes packet);
  Result<std::size_t> unprotect_rtcp(MutableBytes packet);

  /// Octets that protection adds at most to an RTP packet, and to an RTCP packet, with the keys in use.
  std::size_t rtp_trailer() const;
  std::size_t rtcp_trailer() const;

  /// The rollover counter of a stream; nothing before its first packet.
  std::optional<std::uint32_t> roc(std::uint32_t ssrc) const;
  /// Whether a stream has used fifteen sixteenths of the packets that its key may protect: 2^48, or those of
  /// the key's validity interval (RFC 3711 9.2, RFC 3830 9.2). Ask now and then, and re-key: packets beyond
  /// the last one are refused.
  bool rekey_due() const;
  SrtpDirection direction() const;
  const SrtpCounters& rtp_counters() const;
  const SrtpCounters& rtcp_counters() const;

 private:
  struct Impl;
  explicit SrtpSession(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mikey::bind
