/// \file
/// Names and sources of the numbers in base/iana.hpp: the IANA registry "Multimedia Internet KEYing (MIKEY)
/// Payload Name Spaces", with the policy parameters of TESLA (RFC 4442), which are registered nowhere.
#pragma once

#include <span>
#include <string_view>

#include "mikey/base/iana.hpp"

namespace mikey::wire {

/// One number.
struct Entry {
  std::string_view registry;  ///< name space, e.g. "MAC alg"
  std::uint32_t value;
  std::string_view name;    ///< e.g. "HMAC-SHA-1-160"
  std::string_view source;  ///< e.g. "RFC 3830"
};

/// All assigned numbers, name space by name space, ascending within each.
std::span<const Entry> registry();

/// The numbers of one name space; nothing when there is none of that name.
std::span<const Entry> registry(std::string_view name);

/// The name of a number; empty when it is not assigned.
std::string_view name_of(std::string_view registry, std::uint32_t value);

/// The name space a type stands for.
template <class E>
inline constexpr std::string_view kRegistryOf;
template <>
inline constexpr std::string_view kRegistryOf<DataType> = "Data type";
template <>
inline constexpr std::string_view kRegistryOf<PayloadType> = "Next payload";
template <>
inline constexpr std::string_view kRegistryOf<PrfFunc> = "PRF func";
template <>
inline constexpr std::string_view kRegistryOf<CsIdMapType> = "CS ID map type";
template <>
inline constexpr std::string_view kRegistryOf<EncrAlg> = "Encr alg";
template <>
inline constexpr std::string_view kRegistryOf<MacAlg> = "MAC alg";
template <>
inline constexpr std::string_view kRegistryOf<EnvelopeCache> = "Envelope key cache";
template <>
inline constexpr std::string_view kRegistryOf<DhGroup> = "DH-Group";
template <>
inline constexpr std::string_view kRegistryOf<SignType> = "S type";
template <>
inline constexpr std::string_view kRegistryOf<TsType> = "TS type";
template <>
inline constexpr std::string_view kRegistryOf<IdType> = "ID type";
template <>
inline constexpr std::string_view kRegistryOf<CertType> = "Cert type";
template <>
inline constexpr std::string_view kRegistryOf<HashFunc> = "Hash func";
template <>
inline constexpr std::string_view kRegistryOf<ProtType> = "Prot type";
template <>
inline constexpr std::string_view kRegistryOf<KeyDataType> = "Key data type";
template <>
inline constexpr std::string_view kRegistryOf<KvType> = "KV type";
template <>
inline constexpr std::string_view kRegistryOf<ErrorNo> = "Error no";
template <>
inline constexpr std::string_view kRegistryOf<GeneralExtType> = "General extension type";
template <>
inline constexpr std::string_view kRegistryOf<KeyIdType> = "Key ID type";
template <>
inline constexpr std::string_view kRegistryOf<OmaBcastType> = "OMA BCAST data subtype";
template <>
inline constexpr std::string_view kRegistryOf<TsRole> = "TS role";
template <>
inline constexpr std::string_view kRegistryOf<IdRole> = "ID role";
template <>
inline constexpr std::string_view kRegistryOf<RandRole> = "RAND role";
template <>
inline constexpr std::string_view kRegistryOf<TicketType> = "Ticket type";
template <>
inline constexpr std::string_view kRegistryOf<EccCurve> = "ECC curve";
template <>
inline constexpr std::string_view kRegistryOf<SkType> = "Secret key type";
template <>
inline constexpr std::string_view kRegistryOf<SakkeParams> = "SAKKE params";
template <>
inline constexpr std::string_view kRegistryOf<SakkeIdScheme> = "SAKKE ID scheme";
template <>
inline constexpr std::string_view kRegistryOf<SrtpParam> = "SRTP policy parameter";
template <>
inline constexpr std::string_view kRegistryOf<SrtpEncr> = "SRTP encryption algorithm";
template <>
inline constexpr std::string_view kRegistryOf<SrtpAuth> = "SRTP authentication algorithm";
template <>
inline constexpr std::string_view kRegistryOf<SrtpPrf> = "SRTP PRF";
template <>
inline constexpr std::string_view kRegistryOf<FecOrder> = "FEC order";
template <>
inline constexpr std::string_view kRegistryOf<TeslaParam> = "TESLA policy parameter";
template <>
inline constexpr std::string_view kRegistryOf<TeslaPrf> = "TESLA PRF";
template <>
inline constexpr std::string_view kRegistryOf<TeslaMac> = "TESLA MAC";

template <class E>
constexpr std::string_view registry_of() {
  static_assert(!kRegistryOf<E>.empty(), "a type without a name space");
  return kRegistryOf<E>;
}

/// The name of a value; empty when it is not assigned.
template <class E>
std::string_view name_of(E e) {
  return name_of(registry_of<E>(), static_cast<std::uint32_t>(e));
}

}  // namespace mikey::wire
