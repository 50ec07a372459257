/// \file
/// The envelope of public-key modes: KEMAC under a fresh envelope key, CHASH, PKE (RFC 3830 3.2, RFC
/// 4738 3.6).
#pragma once

#include "exchange/engine/kemac.hpp"
#include "exchange/engine/opening.hpp"

namespace mikey::engine {

/// What came out of an envelope, or went into one.
struct Envelope {
  SecretBytes key;
  std::shared_ptr<keys::MessageKeys> keys;
  std::vector<keys::KeyEntry> content;
  EnvelopeCache cache{};
  MacAlg v_alg = MacAlg::hmac_sha_1_160;  ///< of a V that answers
  bool null_protected = false;
};

/// What an envelope is bound to.
struct Binding {
  PrfFunc prf{};
  std::uint32_t csb_id = 0;
  ByteView rand;
  ByteView t;
};

/// One's own key that CHASH names, or the first one when there is no CHASH (RFC 3830 3.2). There must be one.
Result<const OwnCertificate*> find_own(const Env& env, const wire::Message& m);

/// Whether an envelope key may be encrypted to the owner of `certificate`: its keyUsage and the size of its
/// key. ErrorCode::invalid_cert.
Status check_envelope_certificate(const Policy& policy, const crypto::Certificate& certificate);

/// Adds KEMAC, CHASH unless `rsar`, and PKE for the owner of `certificate`. Draws "envelope key", then the
/// padding. `content`: none, or the keys to send, after the ID of the sender.
Result<Envelope> add_envelope(wire::ChainBuilder& b, const Env& env, const Binding& to,
                              const crypto::Certificate& certificate, std::span<const keys::KeyEntry> content,
                              EnvelopeCache cache, bool rsar);

/// Opens the envelope of a message whose signature is good. `sender` must stand inside; the KEMAC may be
/// missing in an update.
Result<Envelope> open_envelope(const Env& env, const wire::Message& m, const Binding& to,
                               const Identity& sender, bool is_update);

}  // namespace mikey::engine
