/// \file
/// Crypto sessions in a GENERIC-ID map (RFC 6043 6.1.1), and the policies they may have.
#pragma once

#include "exchange/engine/terms.hpp"

namespace mikey::ticket {

/// One block of the map; what is absent is left to the response.
struct Session {
  std::uint8_t cs_id = 0;
  std::vector<std::uint8_t> policies;
  std::optional<std::uint32_t> ssrc;
  std::uint32_t roc = 0;
  std::uint16_t seq = 0;
  bool has_roc = false;  ///< the S flag
  Bytes spi;

  /// Whether the response has something to fill in.
  bool open() const { return policies.size() != 1 || !ssrc || spi.empty(); }
};

/// What an Initiator asks for. SSRC 0 in a request means: the Responder provides Session Data.
std::vector<Session> sessions_of(const engine::Proposal& p, ByteView spi);
/// Those of an established bundle.
std::vector<Session> sessions_of(const keys::Bundle& bundle);

/// The sessions of a message with a GENERIC-ID map, or none with an empty one. SRTP only; no CS ID comes
/// twice. `complete`: a response, which leaves nothing open.
Result<std::vector<Session>> read_sessions(const wire::Message& m, bool complete);

/// CS ID map info.
Result<Bytes> encode_sessions(std::span<const Session> sessions);
/// A header with these sessions in `map`, which must outlive it.
wire::Hdr map_header(DataType type, bool v, PrfFunc prf, std::uint32_t csb_id, std::size_t n,
                     const Bytes& map);

/// Security policies by number, and those that this party adds.
struct Policies {
  std::map<std::uint8_t, keys::Suite> known;
  std::vector<std::uint8_t> announced;
};
/// The Responder's choice (RFC 6043 6.1.1): one policy for each session, of those offered in `m` or in
/// `p.known` already that this party accepts; where the Initiator offers none, one of its own.
Status choose_policies(const Policy& policy, const wire::Message& m, std::vector<Session>& sessions,
                       Policies& p);
/// The Initiator's check of a response (4.2.2.4): every session has a policy that is known, and those the
/// Responder added are acceptable. One of the Initiator's may come back unchanged.
Status check_policies(const Policy& policy, const wire::Message& m, std::span<const Session> sessions,
                      Policies& p);
Status add_policies(wire::ChainBuilder& b, const Policies& p);

/// Fills in SPIs, and SSRCs that are random and distinct. Draws "SSRC".
Status complete(Rng& rng, std::vector<Session>& sessions, ByteView spi);

/// The sessions of a bundle, without keys yet. A session without an SPI gets the first key's.
std::vector<keys::CryptoSession> crypto_sessions(std::span<const Session> sessions, const Policies& p,
                                                 std::span<const keys::KeyEntry> keys);

}  // namespace mikey::ticket
