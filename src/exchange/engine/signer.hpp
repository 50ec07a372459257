/// \file
/// Signatures and certificates of messages (RFC 3830 4.2.6, 4.3, 5.2; RFC 4738 3.6).
#pragma once

#include "exchange/engine/error_message.hpp"
#include "exchange/engine/opening.hpp"

namespace mikey::engine {

/// Whoever signed a message, judged by certificate path, revocation, exclusions and name.
struct Signer {
  Identity identity;
  crypto::Certificate certificate;
};

/// `claimed`: the ID payload that names the sender; without one the certificate must name a single identity.
/// `expected`: who it is when there is neither ID nor certificate.
Result<Signer> find_signer(const Env& env, const wire::Message& m, const FetchedCertificates* fetched,
                           const std::optional<Identity>& claimed, const Identity* expected = nullptr);

/// ErrorCode::bad_request unless there is a certificate and key of one's own.
Status need_own_certificate(const Env& env);
/// The same as an answer to a message: ErrorCode::invalid_cert.
Status can_answer_signed(const Env& env);

/// CERT payloads of one's own chain, or of the URL it is at.
void add_own_certificates(wire::ChainBuilder& b, const Env& env);

/// RFC 3830 5.2: appends SIGN; the signature covers everything before the signature field itself.
Result<Bytes> finish_signed(wire::ChainBuilder b, const Env& env);
/// RFC 4738 3.6: of the R_MESSAGE is signed the message without the SIGN payload, IDi, IDr and the timestamp.
Result<Bytes> finish_signed_rsar(wire::ChainBuilder b, const Env& env, ByteView id_i, ByteView id_r,
                                 ByteView t);

/// RFC 6043 5.5: of a message to a KMS is signed the message, and the data of both identities.
Result<Bytes> finish_signed_6043(wire::ChainBuilder b, const Env& env, ByteView id_1, ByteView id_2);

/// A signed error message, or the plain one when there is nothing to sign with.
std::optional<Send> signed_error(const Offence& o, const Error& e, const Env& env);
/// Whether an error message is signed by `peer`, as far as a certificate known beforehand tells.
bool error_is_signed_by(const Env& env, const wire::Message& m, const Identity& peer);

}  // namespace mikey::engine
