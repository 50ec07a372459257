#include "mikey/crypto/dh.hpp"

#include <openssl/bn.h>

#include "crypto/constant_time.hpp"
#include "crypto/openssl/handles.hpp"

namespace mikey::crypto {
namespace {

using detail::ErrorMark;
using detail::Handle;
using detail::library_error;
using Number = Handle<BIGNUM, BN_clear_free>;
using Scratch = Handle<BN_CTX, BN_CTX_free>;
using Montgomery = Handle<BN_MONT_CTX, BN_MONT_CTX_free>;

/// A group with what every exponentiation needs; made once.
struct Group {
  Number p;
  Number g;
  Montgomery mont;
  Bytes prime;         // p
  Bytes prime_less_3;  // p - 3

  Group(BIGNUM* prime_number, std::size_t size) : p(prime_number), g(BN_new()), mont(BN_MONT_CTX_new()) {
    const Scratch scratch(BN_CTX_new());
    prime.resize(size);
    if (!p || !g || !mont || !scratch || BN_set_word(g.get(), 2) != 1 ||
        BN_MONT_CTX_set(mont.get(), p.get(), scratch.get()) != 1 ||
        BN_bn2binpad(p.get(), prime.data(), static_cast<int>(size)) < 0) {
      prime.clear();
      return;
    }
    prime_less_3 = prime;
    prime_less_3.back() = static_cast<std::uint8_t>(prime_less_3.back() - 3);  // all primes end in FF
  }
  bool usable() const { return !prime.empty(); }
};

/// Nothing for an unknown group. The generator is 2 in all of them (RFC 2409 6.1, 6.2; RFC 3526 2).
const Group* group_of(DhGroup g) {
  static const Group oakley_1(BN_get_rfc2409_prime_768(nullptr), dh_size(DhGroup::oakley_1));
  static const Group oakley_2(BN_get_rfc2409_prime_1024(nullptr), dh_size(DhGroup::oakley_2));
  static const Group oakley_5(BN_get_rfc3526_prime_1536(nullptr), dh_size(DhGroup::oakley_5));
  switch (g) {
    case DhGroup::oakley_1:
      return &oakley_1;
    case DhGroup::oakley_2:
      return &oakley_2;
    case DhGroup::oakley_5:
      return &oakley_5;
  }
  return nullptr;
}

Result<const Group*> usable_group(DhGroup g) {
  const Group* group = group_of(g);
  if (group == nullptr)
    return bad_message(ErrorCode::invalid_dh, "RFC 3830 6.4",
                       "no DH group " + std::to_string(static_cast<unsigned>(g)));
  if (!group->usable()) return crypto_error("setting up a DH group failed");
  return group;
}

/// out - m of big-endian numbers of one length; returns the borrow.
std::size_t subtract(MutableBytes out, ByteView m) {
  std::size_t borrow = 0;
  for (std::size_t i = out.size(); i-- > 0;) {
    const std::size_t d = std::size_t{out[i]} - m[i] - borrow;
    out[i] = static_cast<std::uint8_t>(d);
    borrow = d >> (sizeof d * 8 - 1);
  }
  return borrow;
}

/// r mod (p - 3) + 2. r < 2^bits(p) < 2 (p - 3), so one subtraction does, and it is made whether needed or
/// not.
void into_range(const Group& group, DhExponent& r) {
  SecretBytes reduced(r.reveal());
  const detail::Mask below = std::size_t{0} - subtract(reduced.reveal_mutable(), group.prime_less_3);
  const MutableBytes x = r.reveal_mutable();
  std::size_t carry = 2;
  for (std::size_t i = x.size(); i-- > 0;) {
    carry += detail::select8(below, x[i], reduced.reveal()[i]);
    x[i] = static_cast<std::uint8_t>(carry);
    carry >>= 8;
  }
}

/// base^x mod p.
Status power(const Group& group, const BIGNUM* base, const DhExponent& x, MutableBytes out) {
  const ErrorMark mark;
  const Scratch scratch(BN_CTX_secure_new());
  const Number exponent(BN_new());
  const Number result(BN_new());
  if (!scratch || !exponent || !result) return library_error("allocating numbers");
  BN_set_flags(exponent.get(), BN_FLG_CONSTTIME);
  const ByteView octets = x.reveal();
  if (BN_bin2bn(octets.data(), static_cast<int>(octets.size()), exponent.get()) == nullptr ||
      BN_mod_exp_mont_consttime(result.get(), base, exponent.get(), group.p.get(), scratch.get(),
                                group.mont.get()) != 1 ||
      BN_bn2binpad(result.get(), out.data(), static_cast<int>(out.size())) < 0)
    return library_error("modular exponentiation");
  return {};
}

}  // namespace

Bytes dh_prime(DhGroup group) {
  const Group* g = group_of(group);
  return g != nullptr ? g->prime : Bytes{};
}

Result<DhKeyPair> dh_generate(DhGroup group, Rng& rng, DhExponentLength length) {
  const auto g = usable_group(group);
  if (!g) return g.error();
  constexpr std::size_t kShort = 32;
  const std::size_t size = dh_size(group);
  auto drawn = rng.secret(length == DhExponentLength::full ? size : kShort, "DH secret");
  if (!drawn) return std::move(drawn).error();

  DhKeyPair pair{group, DhExponent(std::move(*drawn)), Bytes(size)};
  if (length == DhExponentLength::full) {
    into_range(**g, pair.secret);
  } else {
    std::uint8_t& first = pair.secret.reveal_mutable()[0];
    first = static_cast<std::uint8_t>(first | 0x80);
  }
  if (auto s = power(**g, (*g)->g.get(), pair.secret, pair.public_value); !s) return std::move(s).error();
  return pair;
}

Status dh_check(DhGroup group, ByteView value) {
  const auto g = usable_group(group);
  if (!g) return g.error();
  const Bytes& p = (*g)->prime;
  if (value.size() != p.size())
    return bad_message(ErrorCode::invalid_dh, "RFC 3830 6.4", "the DH value is not as long as the prime");
  Bytes p_less_2 = p;
  p_less_2.back() = static_cast<std::uint8_t>(p_less_2.back() - 2);
  const bool tiny =
      std::ranges::all_of(value.first(value.size() - 1), [](std::uint8_t b) { return b == 0; }) &&
      value.back() < 2;
  if (tiny || std::ranges::lexicographical_compare(p_less_2, value))
    return bad_message(ErrorCode::invalid_dh, "RFC 3830 4.2.7", "the DH value is not in 2 .. p-2");
  return {};
}

Result<Tgk> dh_shared(const DhKeyPair& own, ByteView peer_value) {
  if (auto s = dh_check(own.group, peer_value); !s) return std::move(s).error();
  if (own.secret.empty()) return bad_request("there is no DH exponent");
  const Group& g = *group_of(own.group);
  const Number peer(BN_bin2bn(peer_value.data(), static_cast<int>(peer_value.size()), nullptr));
  if (!peer) return library_error("allocating numbers");
  Tgk tgk(g.prime.size());
  if (auto s = power(g, peer.get(), own.secret, tgk.reveal_mutable()); !s) return std::move(s).error();
  return tgk;
}

}  // namespace mikey::crypto
