#include <array>
#include <cstring>

#include "crypto/constant_time.hpp"
#include "crypto/declassify.hpp"
#include "crypto/mgf1.hpp"
#include "crypto/rsa_padding.hpp"

namespace mikey::crypto::detail {
namespace {

constexpr std::size_t kPkcs1Overhead = 11;  // 00 02, eight octets of padding at least, 00
constexpr std::size_t kOaepHash = 20;       // SHA-1

Result<Bytes> empty_label_hash() {
  return digest(Hash::sha1, {});
}

}  // namespace

Result<SecretBytes> pad_pkcs1_encryption(ByteView plain, std::size_t n, Rng& rng) {
  if (plain.empty() || n < kPkcs1Overhead || plain.size() > n - kPkcs1Overhead)
    return bad_request("the RSA key cannot encrypt that many octets", "RFC 8017 7.2.1");
  SecretBytes em(n);
  const MutableBytes out = em.reveal_mutable();
  out[1] = 2;
  const MutableBytes padding = out.subspan(2, n - 3 - plain.size());
  std::size_t done = 0;
  while (done < padding.size()) {
    const auto more = rng.secret(padding.size() - done, "PKCS#1 padding");
    if (!more) return more.error();
    for (const std::uint8_t b : more->reveal())
      if (b != 0) padding[done++] = b;
  }
  std::memcpy(out.data() + (n - plain.size()), plain.data(), plain.size());
  return em;
}

std::size_t unpad_pkcs1_encryption(MutableBytes out, ByteView em, EnvelopeKeyLengths lengths,
                                   ByteView rejection) {
  const std::size_t n = em.size();
  Mask good = is_zero(em[0]) & is_equal(em[1], 2);
  std::size_t zero_at = 0;  // the first zero octet after the two of the head
  Mask found = 0;
  for (std::size_t i = 2; i < n; ++i) {
    const Mask here = is_zero(em[i]) & ~found;
    zero_at = select(here, i, zero_at);
    found |= here;
  }
  good &= found & ~is_less(zero_at, kPkcs1Overhead - 1);
  std::size_t length = n - zero_at - 1;
  good &= ~is_less(length, lengths.min) & ~is_less(lengths.max, length);
  length = select(good, length, lengths.min);

  // Both candidates are brought to the end of a buffer of the greatest length.
  for (std::size_t i = 0; i < lengths.max; ++i) {
    const std::size_t back = lengths.max - i;  // distance from the end
    const std::uint8_t rejected = back <= lengths.min ? rejection[lengths.min - back] : std::uint8_t{0};
    const std::uint8_t decrypted = back <= n ? em[n - back] : std::uint8_t{0};
    out[i] = select8(good, decrypted, rejected);
  }
  return length;
}

SecretBytes unpad_pkcs1_encryption(ByteView em, EnvelopeKeyLengths lengths, ByteView rejection) {
  SecretBytes both(lengths.max);
  const std::size_t length = unpad_pkcs1_encryption(both.reveal_mutable(), em, lengths, rejection);
  return SecretBytes(both.reveal().last(length));  // the caller sees the size of what it gets
}

Result<SecretBytes> pad_oaep(ByteView plain, std::size_t n, Rng& rng) {
  if (plain.empty() || n < 2 * kOaepHash + 2 || plain.size() > n - 2 * kOaepHash - 2)
    return bad_request("the RSA key cannot encrypt that many octets", "RFC 8017 7.1.1");
  const auto label = empty_label_hash();
  if (!label) return label.error();
  SecretBytes em(n);
  const MutableBytes seed = em.reveal_mutable().subspan(1, kOaepHash);
  const MutableBytes db = em.reveal_mutable().subspan(1 + kOaepHash);
  std::ranges::copy(*label, db.begin());
  db[db.size() - plain.size() - 1] = 1;
  std::memcpy(db.data() + (db.size() - plain.size()), plain.data(), plain.size());
  if (auto s = rng.fill(seed, "OAEP seed"); !s) return std::move(s).error();
  if (auto s = mgf1_xor(Hash::sha1, seed, db); !s) return std::move(s).error();
  if (auto s = mgf1_xor(Hash::sha1, db, seed); !s) return std::move(s).error();
  return em;
}

Result<SecretBytes> unpad_oaep(ByteView em) {
  const auto label = empty_label_hash();
  if (!label) return label.error();
  if (em.size() < 2 * kOaepHash + 2)
    return bad_request("the RSA key is too short for OAEP", "RFC 8017 7.1.2");
  SecretBytes work(em);
  const MutableBytes seed = work.reveal_mutable().subspan(1, kOaepHash);
  const MutableBytes db = work.reveal_mutable().subspan(1 + kOaepHash);
  if (auto s = mgf1_xor(Hash::sha1, db, seed); !s) return std::move(s).error();
  if (auto s = mgf1_xor(Hash::sha1, seed, db); !s) return std::move(s).error();

  Mask good = is_zero(em[0]);
  for (std::size_t i = 0; i < kOaepHash; ++i) good &= is_equal(db[i], (*label)[i]);
  std::size_t one_at = 0;
  Mask found = 0;
  for (std::size_t i = kOaepHash; i < db.size(); ++i) {
    const Mask one = is_equal(db[i], 1) & ~found;
    one_at = select(one, i, one_at);
    found |= one;
    good &= found | is_zero(db[i]);
  }
  good &= found;
  if (!public_outcome(good))
    return bad_message(ErrorCode::auth_failure, "RFC 8017 7.1.2", "the OAEP padding of PKE is wrong");
  return SecretBytes(ByteView(db).subspan(public_length(one_at) + 1));
}

}  // namespace mikey::crypto::detail
