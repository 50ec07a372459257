/// \file
/// Sub-payloads under identity-based encryption: what IBAKE and ESK payloads hold (RFC 6267 6.1.1, 6.1.2).
#pragma once

#include <array>

#include "exchange/engine/token.hpp"
#include "mikey/crypto/ecdh.hpp"
#include "mikey/exchange/ibake.hpp"

namespace mikey::ibake {

/// An ECCPT sub-payload. The octets are kept, as they are sent back unchanged.
struct Value {
  EccCurve curve{};
  Bytes point;  ///< 04 || X || Y; another first octet when it is compressed
  keys::Validity validity;
  Bytes body;  ///< of the sub-payload, without its Next payload octet
};

/// One of this party's own, of the length that MPK and TGK have (RFC 6267 6.1.4).
Result<Value> own_value(const crypto::EcKeyPair& pair, PrfFunc prf, const keys::Validity& validity);

/// What is sealed, by the message: IDR, ECCPT and SK in this order.
using Shape = std::span<const PayloadType>;
inline constexpr std::array kOffered = {PayloadType::idr, PayloadType::eccpt, PayloadType::idr};
inline constexpr std::array kBoth = {PayloadType::idr, PayloadType::eccpt, PayloadType::idr,
                                     PayloadType::eccpt};
inline constexpr std::array kAnswered = {PayloadType::idr, PayloadType::idr, PayloadType::eccpt};
inline constexpr std::array kReturned = {PayloadType::idr, PayloadType::eccpt};
inline constexpr std::array kContentKey = {PayloadType::idr, PayloadType::sk};

/// Decrypted sub-payloads, in order.
struct Contents {
  std::vector<PayloadType> shape;
  std::vector<Identity> ids;
  std::vector<Value> values;
  SecretBytes key;  ///< of an SK

  bool is(Shape want) const { return std::ranges::equal(shape, want); }
};

/// Encr data: DER of the BFCiphertextBlock of the chain `b`, for `to` and the date of `t`. Draws "rho".
/// ErrorCode::bad_request when no parameters are known for `to`.
Result<Bytes> seal(const Env& env, const Identity& to, NtpTime t, wire::ChainBuilder b);

/// The reverse. ErrorCode::unspecified when it is not encrypted for this key, or does not hold a chain of
/// IDR, ECCPT and SK. `offset`: of the payload, for errors.
Result<Contents> unseal(const crypto::Provider& provider, const ibc::IbakeKey& key, ByteView encr_data,
                        std::size_t offset);

}  // namespace mikey::ibake
