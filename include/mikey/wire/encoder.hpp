/// \file
/// Writes payloads: a visitor that measures and checks, and one that writes into room measured before.
#pragma once

#include <cstring>

#include "mikey/wire/decoder.hpp"

namespace mikey::wire {

/// Measures a payload and checks that every value fits its field.
class Sizer {
 public:
  static constexpr bool kDecodes = false;

  std::size_t size() const { return size_; }
  bool ok() const { return what_.empty(); }
  /// Name of the first field whose value does not fit.
  std::string_view misfit() const { return what_; }

  template <class U>
  void num(std::string_view, const U&) {
    size_ += sizeof(U);
  }
  template <class E>
  void code(std::string_view, const E&) {
    size_ += sizeof(E);
  }
  template <std::size_t N, class... T>
  void packed(Bits<T>... fields) {
    (..., check(to_number(fields.ref) >> fields.width == 0, fields.name));
    size_ += N;
  }
  void octets(std::string_view name, const Octets& o, std::size_t n) {
    check(o.size() == n, name);
    size_ += n;
  }
  void sized(std::string_view name, const Octets& o, std::optional<std::size_t> n, ErrorCode) {
    check(n && o.size() == *n, name);
    size_ += o.size();
  }
  void var8(std::string_view name, const Octets& o) {
    check(o.size() <= 0xFF, name);
    size_ += 1 + o.size();
  }
  void var16(std::string_view name, const Octets& o) {
    check(o.size() <= 0xFFFF, name);
    size_ += 2 + o.size();
  }
  template <class E>
  void list(std::string_view name, const Octets& o, std::size_t n) {
    Decoder d(o);
    Octets all;
    d.list<E>(name, all, n);
    check(d.ok() && d.left() == 0, name);
    size_ += o.size();
  }
  template <class E>
  void entries(const Octets& o) {
    Decoder d(o);
    d.entries<E>(o);
    check(d.ok(), E::kName);
  }
  void chain(const Octets&, Chain) {}
  void zeros(std::string_view, std::size_t n) { size_ += n; }
  void require(bool ok, ErrorCode, std::string_view why) { check(ok, why); }

 private:
  void check(bool fits, std::string_view name) {
    if (!fits && what_.empty()) what_ = name;
  }
  std::size_t size_ = 0;
  std::string_view what_;
};

/// Writes what a Sizer has measured and found good.
class Encoder {
 public:
  static constexpr bool kDecodes = false;

  explicit Encoder(std::uint8_t* out) : p_(out) {}

  template <class U>
  void num(std::string_view, const U& u) {
    store_be<U>(p_, u);
    p_ += sizeof(U);
  }
  template <class E>
  void code(std::string_view, const E& e) {
    num({}, static_cast<std::underlying_type_t<E>>(e));
  }
  template <std::size_t N, class... T>
  void packed(Bits<T>... fields) {
    std::uint64_t word = 0;
    (..., (word = word << fields.width | to_number(fields.ref)));
    for (std::size_t i = 0; i < N; ++i) *p_++ = static_cast<std::uint8_t>(word >> (N - 1 - i) * 8);
  }
  void octets(std::string_view, const Octets& o, std::size_t) { put(o); }
  void sized(std::string_view, const Octets& o, std::optional<std::size_t>, ErrorCode) { put(o); }
  void var8(std::string_view, const Octets& o) {
    num({}, static_cast<std::uint8_t>(o.size()));
    put(o);
  }
  void var16(std::string_view, const Octets& o) {
    num({}, static_cast<std::uint16_t>(o.size()));
    put(o);
  }
  template <class E>
  void list(std::string_view, const Octets& o, std::size_t) {
    put(o);
  }
  template <class E>
  void entries(const Octets&) {}
  void chain(const Octets&, Chain) {}
  void zeros(std::string_view, std::size_t n) {
    std::memset(p_, 0, n);
    p_ += n;
  }
  void require(bool, ErrorCode, std::string_view) {}

 private:
  void put(ByteView o) {
    if (!o.empty()) std::memcpy(p_, o.data(), o.size());
    p_ += o.size();
  }
  std::uint8_t* p_;
};

/// Octets of the body of `p` (without its Next payload octet), or an error that names the field that does not
/// fit.
template <class P>
Result<std::size_t> encoded_size(const P& p) {
  Sizer s;
  P::describe(p, s);
  if (!s.ok())
    return bad_request(std::string(P::kName) + ": " + std::string(s.misfit()) + " does not fit", P::kRfc);
  return s.size();
}

/// The body of `p` (without its Next payload octet).
template <class P>
Result<Bytes> encode(const P& p) {
  auto n = encoded_size(p);
  if (!n) return std::move(n).error();
  Bytes out(*n);
  Encoder e(out.data());
  P::describe(p, e);
  return out;
}

}  // namespace mikey::wire
