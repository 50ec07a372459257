/// \file
/// Reads payloads from octets. Nothing is copied: octet fields point into the input.
#pragma once

#include "mikey/wire/field.hpp"

namespace mikey::wire {

/// A cursor over octets of which the first is octet `base` of a message. The first failure sticks; reading
/// goes on as if there were zeros, so that payload declarations need no checks of their own.
class Decoder {
 public:
  static constexpr bool kDecodes = true;

  /// Chains inside chains inside a message; TICKET > TP Data > KEMAC > Key data needs 3. The limit is what
  /// keeps a hostile message from using up the stack.
  static constexpr unsigned kMaxDepth = 8;

  explicit Decoder(ByteView in, std::size_t base = 0)
      : begin_(in.data()), p_(in.data()), end_(in.data() + in.size()), base_(base) {}

  /// What KEMACs in clear begin with (kemac_first); Key data unless said otherwise. Holds for this decoder,
  /// not for those of its parts.
  void expect_in_kemac(PayloadType first) { kemac_first_ = first; }
  PayloadType expected_in_kemac() const { return kemac_first_; }
  /// For octets that were decoded before: what stands inside fields is not checked again.
  void trust_contents() { trusted_ = true; }
  unsigned depth() const { return depth_; }

  bool ok() const { return !failed_; }
  std::size_t left() const { return static_cast<std::size_t>(end_ - p_); }
  /// Offset in the message of the next octet.
  std::size_t offset() const { return base_ + static_cast<std::size_t>(p_ - begin_); }
  std::size_t end_offset() const { return base_ + static_cast<std::size_t>(end_ - begin_); }

  /// The failure as an error. `rfc` describes what was read, unless `describe_as` named something closer.
  Error error(const char* rfc) const;
  /// From here on failures belong to what `rfc` describes.
  void describe_as(const char* rfc) {
    if (!failed_) rfc_ = rfc;
  }

  /// Records a failure at `at` unless there is one already.
  void fail(ErrorCode code, std::string_view what, std::size_t at);
  /// Takes over the failure of a decoder of a part of the input.
  void fail_as(const Decoder& part) {
    if (!failed_ && part.failed_) {
      failed_ = true;
      code_ = part.code_;
      what_ = part.what_;
      needed_ = part.needed_;
      left_ = part.left_;
      at_ = part.at_;
      unknown_ = part.unknown_;
      if (part.rfc_ != nullptr) rfc_ = part.rfc_;
    }
    if (failed_) p_ = end_;
  }

  template <class U>
  void num(std::string_view name, U& u) {
    if (const std::uint8_t* p = take(name, sizeof(U))) u = load_be<U>(p);
  }

  template <class E>
  void code(std::string_view name, E& e) {
    std::underlying_type_t<E> raw = 0;
    num(name, raw);
    e = static_cast<E>(raw);
  }

  template <std::size_t N, class... T>
  void packed(Bits<T>... fields) {
    const std::uint8_t* p = take(first_name(fields...), N);
    if (p == nullptr) return;
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < N; ++i) word = word << 8 | p[i];
    unsigned shift = N * 8;
    (..., (shift -= fields.width,
           fields.ref = static_cast<T>(word >> shift & ((std::uint64_t{1} << fields.width) - 1))));
  }

  void octets(std::string_view name, Octets& o, std::size_t n) {
    if (const std::uint8_t* p = take(name, n)) o = ByteView(p, n);
  }

  void sized(std::string_view name, Octets& o, std::optional<std::size_t> n, ErrorCode unknown) {
    if (n) {
      octets(name, o, *n);
    } else if (ok()) {
      unknown_ = true;
      fail(unknown, name, last_);
    }
  }

  void var8(std::string_view name, Octets& o) { var<std::uint8_t>(name, o); }
  void var16(std::string_view name, Octets& o) { var<std::uint16_t>(name, o); }

  template <class E>
  void list(std::string_view /*name*/, Octets& o, std::size_t n) {
    const std::uint8_t* from = p_;
    for (std::size_t i = 0; i < n && ok(); ++i) {
      E e;
      E::describe(e, *this);
    }
    o = ByteView(from, static_cast<std::size_t>(p_ - from));
  }

  template <class E>
  void entries(const Octets& o) {
    if (trusted_ || failed_) return;
    Decoder part = within(o);
    while (part.left() > 0 && part.ok()) {
      E e;
      E::describe(e, part);
    }
    fail_as(part);
  }

  void chain(const Octets& o, Chain kind);

  void zeros(std::string_view name, std::size_t n) {
    const std::size_t at = offset();
    if (const std::uint8_t* p = take(name, n))
      for (std::size_t i = 0; i < n; ++i)
        if (p[i] != 0) fail(ErrorCode::unspecified, name, at + i);
  }

  void require(bool ok, ErrorCode code, std::string_view why) {
    if (!ok) fail(code, why, last_);
  }

  /// What was read since offset `at`; nothing after a failure.
  ByteView read_since(std::size_t at) const {
    return failed_ ? ByteView{} : ByteView(begin_ + (at - base_), p_);
  }

  /// A decoder of octets that lie inside this one's input.
  Decoder within(ByteView part) const {
    Decoder d(part, part.empty() ? offset() : base_ + static_cast<std::size_t>(part.data() - begin_));
    d.depth_ = depth_ + 1;
    return d;
  }
  /// `within` for a chain; fails when chains are nested too deep.
  Decoder within_chain(ByteView part) {
    if (depth_ == kMaxDepth) fail(ErrorCode::unspecified, "payloads nested too deep", last_);
    return within(part);
  }

 private:
  template <class B, class... Rest>
  static std::string_view first_name(const B& b, const Rest&...) {
    return b.name;
  }

  const std::uint8_t* take(std::string_view name, std::size_t n) {
    last_ = offset();
    if (n > left()) [[unlikely]] {
      fail_short(name, n);
      return nullptr;
    }
    const std::uint8_t* p = p_;
    p_ += n;
    return p;
  }

  template <class L>
  void var(std::string_view name, Octets& o) {
    L n = 0;
    num(name, n);
    octets(name, o, n);
  }

  void fail_short(std::string_view name, std::size_t n);

  const std::uint8_t* begin_;
  const std::uint8_t* p_;
  const std::uint8_t* end_;
  std::size_t base_;
  std::size_t last_ = 0;  // where the field last read began
  unsigned depth_ = 0;
  bool trusted_ = false;
  PayloadType kemac_first_ = PayloadType::key_data;

  bool failed_ = false;
  bool unknown_ = false;  // the failure is a value that is not in the registry
  const char* rfc_ = nullptr;
  ErrorCode code_ = ErrorCode::unspecified;
  std::string_view what_;  // string literals only
  std::size_t needed_ = 0;
  std::size_t left_ = 0;
  std::size_t at_ = 0;
};

/// Reads one payload body (without its Next payload octet) that must fill `in`.
template <class P>
Result<P> decode(ByteView in, std::size_t base = 0) {
  Decoder d(in, base);
  P p;
  P::describe(p, d);
  if (d.ok() && d.left() > 0) d.fail(ErrorCode::unspecified, "octets after the end", d.offset());
  if (!d.ok()) return d.error(P::kRfc);
  return p;
}

}  // namespace mikey::wire
