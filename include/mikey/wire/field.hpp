/// \file
/// The vocabulary in which payloads are declared.
///
/// A payload is a struct with one function template that lists its fields in wire order:
///
///     template <class Self, class V>
///     static constexpr void describe(Self& s, V& v) {
///       v.code("Encr alg", s.encr_alg);
///       v.var16("Encr data", s.encr_data);
///       ...
///     }
///
/// The same list is walked by visitors that decode, measure, encode and dissect. A visitor has:
///
///     num(name, u)              an unsigned integer of sizeof(u) octets
///     code(name, e)             an enumerated value of a registry, as wide as its type
///     packed<N>(bits(...)...)   bit fields, most significant first, that fill N octets
///     octets(name, o, n)        n octets
///     sized(name, o, n, code)   as octets; `n` is empty when an algorithm is unknown, which is error `code`
///     var8 / var16(name, o)     a length of 8 or 16 bits, then as many octets
///     list<E>(name, o, n)       n entries of E one after another, kept as the octets they cover
///     entries<E>(o)             the octets `o`, just read, must consist of entries of E
///     chain(o, kind)            the octets `o`, just read, hold a chain of sub-payloads in clear
///     zeros(name, n)            n octets of zero
///     require(ok, code, why)    a condition on what was read so far
///
/// A visitor remembers its first failure and does nothing after it.
#pragma once

#include <string_view>
#include <type_traits>

#include "mikey/base/bytes.hpp"
#include "mikey/base/error.hpp"
#include "mikey/base/iana.hpp"

namespace mikey::wire {

/// A bit field of `width` bits inside `packed`.
template <class T>
struct Bits {
  std::string_view name;
  unsigned width;
  T& ref;
};

template <class T>
constexpr Bits<T> bits(std::string_view name, unsigned width, T& ref) {
  return {name, width, ref};
}

/// What a chain of sub-payloads may hold.
enum class Chain : std::uint8_t {
  kemac,      ///< KEMAC in clear: sub-payloads, the first of which is unannounced (see kemac_first)
  announced,  ///< one octet that names the first payload, then payloads (TP Data, Initiator Data)
  ticket,     ///< THDR, then payloads (base ticket)
};

/// What the data of a KEMAC begin with: mostly Key data, but in some messages the sender's identity. A KEMAC
/// inside TP Data or Ticket Data always begins with Key data.
constexpr PayloadType kemac_first(DataType t) {
  switch (t) {
    case DataType::pk_init:    // IDi || {TGK}, RFC 3830 3.2
    case DataType::rsar_resp:  // IDr || {TGK}, RFC 4738 3.6
      return PayloadType::id;
    case DataType::request_key_resp:  // (ID || K_PR), RFC 6267 4.2.1.3; an IDR as everywhere in that RFC
      return PayloadType::idr;
    default:
      return PayloadType::key_data;
  }
}

constexpr std::uint64_t to_number(auto v) {
  if constexpr (std::is_enum_v<decltype(v)>)
    return static_cast<std::uint64_t>(static_cast<std::underlying_type_t<decltype(v)>>(v));
  else
    return static_cast<std::uint64_t>(v);
}

/// Octets of a MAC; nothing for an algorithm that is not in the registry.
constexpr std::optional<std::size_t> mac_size(MacAlg a) {
  switch (a) {
    case MacAlg::null:
      return 0;
    case MacAlg::hmac_sha_1_160:
      return 20;
    case MacAlg::hmac_sha_256_256:
      return 32;
  }
  return std::nullopt;
}

constexpr std::optional<std::size_t> hash_size(HashFunc h) {
  switch (h) {
    case HashFunc::sha_1:
      return 20;
    case HashFunc::md5:
      return 16;
    case HashFunc::sha_256:
      return 32;
  }
  return std::nullopt;
}

constexpr std::optional<std::size_t> ts_size(TsType t) {
  switch (t) {
    case TsType::ntp_utc:
    case TsType::ntp:
      return 8;
    case TsType::counter:
    case TsType::ntp_utc_32:
      return 4;
  }
  return std::nullopt;
}

/// Octets of a DH value: the length of the group's prime.
constexpr std::optional<std::size_t> dh_size(DhGroup g) {
  switch (g) {
    case DhGroup::oakley_5:
      return 192;
    case DhGroup::oakley_1:
      return 96;
    case DhGroup::oakley_2:
      return 128;
  }
  return std::nullopt;
}

/// Octets of a field element of the curve.
constexpr std::optional<std::size_t> field_size(EccCurve c) {
  constexpr std::uint8_t kSizes[] = {24, 21, 21, 21, 28, 30, 30, 32, 36, 36, 48, 52, 52, 66, 72, 72};
  const auto n = to_number(c);
  if (n < 1 || n > 16) return std::nullopt;
  return kSizes[n - 1];
}

}  // namespace mikey::wire
