/// \file
/// The paddings of RSA (RFC 8017): encodings made from, and checked after, the bare RSA operation.
#pragma once

#include "mikey/crypto/public_key.hpp"

namespace mikey::crypto::detail {

/// The DER prefix of DigestInfo for `h` (RFC 8017 9.2, note 1).
ByteView digest_info_prefix(Hash h);

/// Hash of one octet string.
Result<Bytes> digest(Hash h, ByteView message);

/// EMSA-PKCS1-v1_5 (RFC 8017 9.2) of `n` octets. ErrorCode::bad_request when `n` is too small.
Result<Bytes> encode_pkcs1_signature(Hash h, ByteView message, std::size_t n);
/// The hash, if `em` is exactly the encoding of `message` under one of the four.
std::optional<Hash> check_pkcs1_signature(ByteView em, ByteView message);

/// EMSA-PSS (RFC 8017 9.1) for a modulus of `bits`, in as many octets as the modulus. Draws "PSS salt".
Result<Bytes> encode_pss(Hash h, ByteView message, std::size_t bits, Rng& rng);
std::optional<Hash> check_pss(ByteView em, ByteView message, std::size_t bits);

/// EME-PKCS1-v1_5 (RFC 8017 7.2.1). Draws "PKCS#1 padding": all octets at once, then as many as were zero,
/// until none is.
Result<SecretBytes> pad_pkcs1_encryption(ByteView plain, std::size_t n, Rng& rng);
/// The reverse, in time that depends on the sizes and on the length of the result only. When the padding is
/// wrong or the length outside `lengths`, the result is the first `lengths.min` octets of `rejection`, which
/// must have `lengths.max`.
SecretBytes unpad_pkcs1_encryption(ByteView em, EnvelopeKeyLengths lengths, ByteView rejection);
/// The same with the result at the end of `out`, of `lengths.max` octets, in time that depends on the sizes
/// only. Returns the length, which is secret still.
std::size_t unpad_pkcs1_encryption(MutableBytes out, ByteView em, EnvelopeKeyLengths lengths,
                                   ByteView rejection);

/// EME-OAEP (RFC 8017 7.1.1) with SHA-1, MGF1-SHA-1, empty label. Draws "OAEP seed", 20 octets.
Result<SecretBytes> pad_oaep(ByteView plain, std::size_t n, Rng& rng);
/// The reverse. All checks are made before their outcome is looked at; ErrorCode::auth_failure.
Result<SecretBytes> unpad_oaep(ByteView em);

}  // namespace mikey::crypto::detail
