/// \file
/// The names by which the agent's configuration and answers call algorithms and kinds of identities.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "mikey/crypto/provider.hpp"
#include "mikey/keys/bundle.hpp"

namespace mikey::cmd {

template <class T>
struct Named {
  std::string_view name;
  T value;
};

inline constexpr std::array<Named<IdType>, 3> kIdTypes{
    {{"uri", IdType::uri}, {"nai", IdType::nai}, {"bytes", IdType::byte_string}}};
inline constexpr std::array<Named<PrfFunc>, 2> kPrfs{
    {{"MIKEY-1", PrfFunc::mikey_1}, {"HMAC-SHA-256", PrfFunc::hmac_sha_256}}};
inline constexpr std::array<Named<EncrAlg>, 4> kEncryptions{{{"AES-CM-128", EncrAlg::aes_cm_128},
                                                             {"AES-CM-256", EncrAlg::aes_cm_256},
                                                             {"AES-KW-128", EncrAlg::aes_kw_128},
                                                             {"NULL", EncrAlg::null}}};
inline constexpr std::array<Named<MacAlg>, 3> kMacs{{{"HMAC-SHA-1-160", MacAlg::hmac_sha_1_160},
                                                     {"HMAC-SHA-256-256", MacAlg::hmac_sha_256_256},
                                                     {"NULL", MacAlg::null}}};

inline constexpr std::array<Named<DhGroup>, 3> kDhGroups{
    {{"oakley5", DhGroup::oakley_5}, {"oakley1", DhGroup::oakley_1}, {"oakley2", DhGroup::oakley_2}}};
inline constexpr std::array<Named<SignType>, 2> kSignatures{
    {{"RSA-PKCS1", SignType::rsa_pkcs1_15}, {"RSA-PSS", SignType::rsa_pss}}};
inline constexpr std::array<Named<crypto::Hash>, 4> kHashes{{{"SHA-1", crypto::Hash::sha1},
                                                             {"SHA-256", crypto::Hash::sha256},
                                                             {"SHA-384", crypto::Hash::sha384},
                                                             {"SHA-512", crypto::Hash::sha512}}};
/// The C flag of PKE (RFC 3830 6.3).
inline constexpr std::array<Named<EnvelopeCache>, 3> kCaches{{{"none", EnvelopeCache::no_cache},
                                                              {"cache", EnvelopeCache::cache},
                                                              {"csb", EnvelopeCache::cache_for_csb}}};

/// Elliptic curves of MIKEY-IBAKE (RFC 6267 6.1.4).
inline constexpr std::array<Named<EccCurve>, 16> kCurves{{{"P-256", EccCurve::p256},
                                                          {"P-384", EccCurve::p384},
                                                          {"P-521", EccCurve::p521},
                                                          {"P-224", EccCurve::p224},
                                                          {"P-192", EccCurve::p192},
                                                          {"B-571", EccCurve::b571},
                                                          {"K-571", EccCurve::k571},
                                                          {"B-409", EccCurve::b409},
                                                          {"K-409", EccCurve::k409},
                                                          {"B-283", EccCurve::b283},
                                                          {"K-283", EccCurve::k283},
                                                          {"B-233", EccCurve::b233},
                                                          {"K-233", EccCurve::k233},
                                                          {"B-163", EccCurve::b163},
                                                          {"K-163", EccCurve::k163},
                                                          {"sect163r1", EccCurve::sect163r1}}};

/// Session keys of a ticket (RFC 6043 6.2.1).
inline constexpr std::array<Named<KeyDataType>, 3> kTicketKeys{
    {{"tgk", KeyDataType::tgk}, {"gtgk", KeyDataType::gtgk}, {"tek", KeyDataType::tek}}};

template <class Table>
auto value_named(const Table& table, std::string_view name) -> std::optional<decltype(table[0].value)> {
  for (const auto& e : table)
    if (e.name == name) return e.value;
  return std::nullopt;
}

template <class Table, class T>
std::string_view name_of_value(const Table& table, T value) {
  for (const auto& e : table)
    if (e.value == value) return e.name;
  return "unknown";
}

/// "MIKEY-1, HMAC-SHA-256"
template <class Table>
std::string all_names(const Table& table) {
  std::string out;
  for (const auto& e : table) out.append(out.empty() ? "" : ", ").append(e.name);
  return out;
}

}  // namespace mikey::cmd
