#include <array>

#include "crypto/mgf1.hpp"
#include "crypto/rsa_padding.hpp"

namespace mikey::crypto::detail {
namespace {

constexpr std::array kHashes = {Hash::sha1, Hash::sha256, Hash::sha384, Hash::sha512};

constexpr std::uint8_t kSha1Info[] = {0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e,
                                      0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14};
constexpr std::array<std::uint8_t, 19> kSha224Info = {0x30, 0x2d, 0x30, 0x0d, 0x06, 0x09, 0x60,
                                                      0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
                                                      0x04, 0x05, 0x00, 0x04, 0x1c};
constexpr std::uint8_t kSha256Info[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                        0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
constexpr std::uint8_t kSha384Info[] = {0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                        0x65, 0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0x04, 0x30};
constexpr std::uint8_t kSha512Info[] = {0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                        0x65, 0x03, 0x04, 0x02, 0x03, 0x05, 0x00, 0x04, 0x40};

constexpr std::uint8_t kPssTrailer = 0xBC;

/// Octets of an EMSA-PSS encoding, and the bits of its first octet that may be set (RFC 8017 9.1.1).
struct PssShape {
  std::size_t octets;
  std::uint8_t first_mask;
  explicit PssShape(std::size_t modulus_bits)
      : octets((modulus_bits + 6) / 8),
        first_mask(static_cast<std::uint8_t>(0xFF >> (8 * octets - (modulus_bits - 1)))) {}
};

/// H = Hash(eight zeros || Hash(message) || salt).
Result<Bytes> pss_hash(Hash h, ByteView message, ByteView salt) {
  const auto m = digest(h, message);
  if (!m) return m.error();
  const std::array<std::uint8_t, 8> zeros{};
  const std::array<ByteView, 3> parts{zeros, *m, salt};
  Bytes out(hash_size(h));
  if (auto s = openssl().hash(h, parts, out); !s) return s.error();
  return out;
}

bool check_pss_with(Hash h, ByteView em, ByteView message, const PssShape& shape) {
  const std::size_t n = hash_size(h);
  if (em.size() < 2 * n + 2 || em.back() != kPssTrailer) return false;
  const std::size_t db_size = em.size() - n - 1;
  const ByteView hash = em.subspan(db_size, n);
  Bytes db = to_bytes(em.first(db_size));
  if ((db[0] & ~shape.first_mask) != 0) return false;
  if (!mgf1_xor(h, hash, db)) return false;
  db[0] = static_cast<std::uint8_t>(db[0] & shape.first_mask);
  const std::size_t zeros = db_size - n - 1;
  if (!std::ranges::all_of(ByteView(db).first(zeros), [](std::uint8_t b) { return b == 0; })) return false;
  if (db[zeros] != 1) return false;
  const auto expected = pss_hash(h, message, ByteView(db).last(n));
  return expected.ok() && std::ranges::equal(*expected, hash);
}

}  // namespace

ByteView digest_info_prefix(Hash h) {
  switch (h) {
    case Hash::sha1:
      return kSha1Info;
    case Hash::sha256:
      return kSha256Info;
    case Hash::sha384:
      return kSha384Info;
    case Hash::sha512:
      return kSha512Info;
    case Hash::sha224:
      return kSha224Info;
  }
  return {};
}

Result<Bytes> digest(Hash h, ByteView message) {
  Bytes out(hash_size(h));
  const std::array parts{message};
  if (auto s = openssl().hash(h, parts, out); !s) return s.error();
  return out;
}

Result<Bytes> encode_pkcs1_signature(Hash h, ByteView message, std::size_t n) {
  const auto d = digest(h, message);
  if (!d) return d.error();
  const ByteView prefix = digest_info_prefix(h);
  const std::size_t tail = prefix.size() + d->size();
  if (n < tail + 11) return bad_request("the RSA key is too short for the hash", "RFC 8017 9.2");
  Bytes em(n, 0xFF);
  em[0] = 0;
  em[1] = 1;
  em[n - tail - 1] = 0;
  std::ranges::copy(prefix, em.end() - static_cast<std::ptrdiff_t>(tail));
  std::ranges::copy(*d, em.end() - static_cast<std::ptrdiff_t>(d->size()));
  return em;
}

std::optional<Hash> check_pkcs1_signature(ByteView em, ByteView message) {
  for (const Hash h : kHashes) {
    const ByteView prefix = digest_info_prefix(h);
    const std::size_t tail = prefix.size() + hash_size(h);
    // The prefixes differ in their second octet at the latest, so only one candidate is ever hashed.
    if (em.size() < tail + 11 || !std::ranges::equal(em.subspan(em.size() - tail, prefix.size()), prefix))
      continue;
    const auto expected = encode_pkcs1_signature(h, message, em.size());
    if (expected.ok() && std::ranges::equal(*expected, em)) return h;
  }
  return std::nullopt;
}

Result<Bytes> encode_pss(Hash h, ByteView message, std::size_t bits, Rng& rng) {
  const PssShape shape(bits);
  const std::size_t n = hash_size(h);
  if (n == 0 || shape.octets < 2 * n + 2)
    return bad_request("the RSA key is too short for the hash", "RFC 8017 9.1.1");
  const auto salt = rng.bytes(n, "PSS salt");
  if (!salt) return salt.error();
  const auto hash = pss_hash(h, message, *salt);
  if (!hash) return hash.error();
  Bytes db(shape.octets - n - 1);
  db[db.size() - n - 1] = 1;
  std::ranges::copy(*salt, db.end() - static_cast<std::ptrdiff_t>(n));
  if (auto s = mgf1_xor(h, *hash, db); !s) return s.error();
  db[0] = static_cast<std::uint8_t>(db[0] & shape.first_mask);

  Bytes em((bits + 7) / 8 - shape.octets);  // one zero octet when the modulus has 8 k + 1 bits
  append(em, db);
  append(em, *hash);
  em.push_back(kPssTrailer);
  return em;
}

std::optional<Hash> check_pss(ByteView em, ByteView message, std::size_t bits) {
  const PssShape shape(bits);
  if (em.size() < shape.octets) return std::nullopt;
  for (; em.size() > shape.octets; em = em.subspan(1))
    if (em.front() != 0) return std::nullopt;
  for (const Hash h : kHashes)
    if (check_pss_with(h, em, message, shape)) return h;
  return std::nullopt;
}

}  // namespace mikey::crypto::detail
