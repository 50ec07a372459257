#include "bf_der.hpp"

#include <array>

namespace mikey::ibc::bf {
namespace {

constexpr std::array<std::uint8_t, 11> kTypeOne = {0x60, 0x86, 0x48, 0x01, 0x86, 0xFD,
                                                   0x1E, 0x01, 0x01, 0x01, 0x01};
constexpr std::array<std::uint8_t, 5> kSha1 = {0x2B, 0x0E, 0x03, 0x02, 0x1A};
constexpr std::array<std::uint8_t, 9> kSha256 = {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01};
constexpr std::array<std::uint8_t, 9> kSha384 = {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02};
constexpr std::array<std::uint8_t, 9> kSha512 = {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03};
constexpr std::array<std::uint8_t, 9> kSha224 = {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x04};

}  // namespace

ByteView DerReader::element(std::uint8_t tag) {
  if (!good_ || in_.size() < 2 || in_[0] != tag) {
    good_ = false;
    return {};
  }
  std::size_t length = in_[1];
  std::size_t head = 2;
  if (length >= 0x80) {
    const std::size_t count = length & 0x7F;
    if (count == 0 || count > 3 || in_.size() < 2 + count || in_[2] == 0) {
      good_ = false;
      return {};
    }
    length = 0;
    for (std::size_t i = 0; i < count; ++i) length = length << 8 | in_[2 + i];
    if (length < 0x80) good_ = false;  // not the shortest form
    head += count;
  }
  if (!good_ || in_.size() - head < length) {
    good_ = false;
    return {};
  }
  const ByteView contents = in_.subspan(head, length);
  in_ = in_.subspan(head + length);
  return contents;
}

ByteView DerReader::integer() {
  ByteView v = element(kInteger);
  if (!good_) return {};
  if (v.empty() || v[0] >= 0x80 || (v.size() > 1 && v[0] == 0 && v[1] < 0x80)) {
    good_ = false;
    return {};
  }
  if (v.size() > 1 && v[0] == 0) v = v.subspan(1);
  return v;
}

Point DerReader::point() {
  DerReader inner(element(kSequence));
  const ByteView x = inner.integer();
  const ByteView y = inner.integer();
  if (!inner.done()) good_ = false;
  return {to_bytes(x), to_bytes(y)};
}

void put_element(Bytes& out, std::uint8_t tag, ByteView contents) {
  out.push_back(tag);
  const std::size_t n = contents.size();
  if (n >= 0x80) {
    const std::size_t count = n >= 0x10000 ? 3 : n >= 0x100 ? 2 : 1;
    out.push_back(static_cast<std::uint8_t>(0x80 | count));
    for (std::size_t i = count; i-- > 0;) out.push_back(static_cast<std::uint8_t>(n >> (8 * i)));
  } else {
    out.push_back(static_cast<std::uint8_t>(n));
  }
  append(out, contents);
}

void put_integer(Bytes& out, ByteView v) {
  while (v.size() > 1 && v[0] == 0) v = v.subspan(1);
  Bytes contents;
  if (v.empty() || v[0] >= 0x80) contents.push_back(0);
  append(contents, v);
  put_element(out, kInteger, contents);
  wipe(contents);
}

void put_point(Bytes& out, ByteView x, ByteView y) {
  Bytes contents;
  put_integer(contents, x);
  put_integer(contents, y);
  put_element(out, kSequence, contents);
  wipe(contents);
}

ByteView hash_oid(crypto::Hash hash) {
  switch (hash) {
    case crypto::Hash::sha1:
      return kSha1;
    case crypto::Hash::sha224:
      return kSha224;
    case crypto::Hash::sha256:
      return kSha256;
    case crypto::Hash::sha384:
      return kSha384;
    case crypto::Hash::sha512:
      return kSha512;
  }
  return {};
}

std::optional<crypto::Hash> hash_by_oid(ByteView oid) {
  using crypto::Hash;
  for (const Hash h : {Hash::sha1, Hash::sha224, Hash::sha256, Hash::sha384, Hash::sha512})
    if (std::ranges::equal(hash_oid(h), oid)) return h;
  return std::nullopt;
}

ByteView type_1_curve_oid() {
  return kTypeOne;
}

Result<DerParameters> parse_parameters_der(ByteView der) {
  DerReader outer(der);
  DerReader in(outer.element(kSequence));
  DerParameters out;
  const ByteView version = in.integer();
  const ByteView curve = in.element(kObjectIdentifier);
  out.p = to_bytes(in.integer());
  out.q = to_bytes(in.integer());
  out.point_p = in.point();
  out.point_p_pub = in.point();
  const auto hash = hash_by_oid(in.element(kObjectIdentifier));
  if (!outer.done() || !in.done()) return bad_request("BFPublicParameters: not DER", "RFC 5091 8");
  if (!std::ranges::equal(version, Bytes{2}) || !std::ranges::equal(curve, type_1_curve_oid()) || !hash)
    return bad_request("BFPublicParameters: unknown version, curve or hash function", "RFC 5091 8");
  out.hash = *hash;
  return out;
}

}  // namespace mikey::ibc::bf
