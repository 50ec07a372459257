#include "hashing.hpp"

#include "limbs.hpp"

namespace mikey::ibc {

Status merkle_expand(const crypto::Provider& provider, crypto::Hash hash, ByteView s, MutableBytes out) {
  const std::size_t size = crypto::hash_size(hash);
  SecretBytes a(size);
  const std::array<ByteView, 1> whole{s};
  if (auto st = provider.hash(hash, whole, a.reveal_mutable()); !st) return st;
  Bytes h(size);
  for (std::size_t done = 0; done < out.size(); done += size) {
    const Bytes previous = h;
    const std::array<ByteView, 1> chain{ByteView(previous)};
    if (auto st = provider.hash(hash, chain, MutableBytes(h)); !st) return st;
    const std::array<ByteView, 2> parts{ByteView(h), a.reveal()};
    SecretBytes v(size);
    if (auto st = provider.hash(hash, parts, v.reveal_mutable()); !st) return st;
    std::ranges::copy(v.reveal().first(std::min(size, out.size() - done)),
                      out.begin() + static_cast<std::ptrdiff_t>(done));
  }
  return {};
}

SecretBytes reduce_octets(ByteView value, ByteView n) {
  // Shift and subtract, a bit at a time: for sizes nobody is in a hurry for.
  const std::size_t limbs = n.size() / 8 + 1;
  const auto load = [&](ByteView octets) {
    std::vector<Limb> r(limbs, 0);
    for (std::size_t i = 0; i < octets.size(); ++i)
      r[i / 8] |= Limb{octets[octets.size() - 1 - i]} << (8 * (i % 8));
    return r;
  };
  const std::vector<Limb> modulus = load(n);
  std::vector<Limb> r(limbs, 0);
  std::vector<Limb> t(limbs, 0);
  for (std::size_t i = 0; i < 8 * value.size(); ++i) {
    const Limb bit = static_cast<Limb>(value[i / 8] >> (7 - i % 8)) & 1;
    add_limbs(r.data(), r.data(), r.data(), limbs);
    r[0] |= bit;
    const Limb borrow = sub_limbs(t.data(), r.data(), modulus.data(), limbs);
    select_limbs(r.data(), mask_of_bit(borrow), r.data(), t.data(), limbs);
  }
  SecretBytes out(n.size());
  for (std::size_t i = 0; i < n.size(); ++i)
    out.reveal_mutable()[n.size() - 1 - i] = static_cast<std::uint8_t>(r[i / 8] >> (8 * (i % 8)));
  for (std::vector<Limb>* v : {&r, &t})
    wipe({static_cast<std::uint8_t*>(static_cast<void*>(v->data())), v->size() * sizeof(Limb)});
  return out;
}

std::size_t ceiling_log2(ByteView n) {
  std::size_t bits = 0;
  std::size_t ones = 0;
  for (const std::uint8_t octet : n) {
    for (int i = 7; i >= 0; --i) {
      const bool one = (octet >> i & 1) != 0;
      if (one || bits > 0) ++bits;
      if (one) ++ones;
    }
  }
  return ones == 1 ? bits - 1 : bits;
}

}  // namespace mikey::ibc
