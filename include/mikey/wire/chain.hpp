/// \file
/// Chains of payloads linked by their Next payload octets: reading and building.
#pragma once

#include <array>

#include "mikey/base/secret.hpp"
#include "mikey/wire/decoder.hpp"
#include "mikey/wire/encoder.hpp"
#include "mikey/wire/payloads.hpp"

namespace mikey::wire {

/// Most payloads a chain may have. RFC 3830 sets no limit; no message known has more than 30.
inline constexpr std::size_t kMaxPayloads = 255;

/// Where a payload stands. `offset` counts from the start of the message and is that of the Next payload
/// octet (SIGN: of its first octet).
struct Slot {
  PayloadType type{};
  PayloadType next{};
  std::uint32_t offset = 0;
  std::uint32_t length = 0;

  /// Where the body begins, after the Next payload octet if there is one.
  std::uint32_t body() const { return offset + (type == PayloadType::sign ? 0 : 1); }
  std::uint32_t end() const { return offset + length; }
};

/// A short list of slots that needs no memory of its own up to 16.
class Slots {
 public:
  void push(const Slot& s);
  std::size_t size() const { return count_; }
  const Slot* begin() const { return many_.empty() ? few_.data() : many_.data(); }
  const Slot* end() const { return begin() + count_; }
  const Slot& operator[](std::size_t i) const { return begin()[i]; }

 private:
  std::size_t count_ = 0;
  std::array<Slot, 16> few_{};
  std::vector<Slot> many_;
};

/// Reads the common header and lets the decoder know what follows from it. False when it failed.
bool read_hdr(Decoder& d, Hdr& hdr);

/// Walks the chain that begins with a payload of type `first` at the decoder's position. Every payload is
/// decoded; what cannot be is a failure of the decoder. Slots of what was good are kept, also on failure.
/// True when the chain came to its end; if the decoder failed nevertheless, octets stand after it.
bool walk_chain(Decoder& d, PayloadType first, bool encrypted, Slots& out);

/// A chain of sub-payloads (KEMAC, IBAKE, ESK, TP Data, ...) over octets that the caller keeps.
class PayloadChain {
 public:
  /// Sub-payloads found inside decrypted data, the first one being of type `first`. Empty data is an empty
  /// chain. `base`: offset in the message, for errors.
  static Result<PayloadChain> parse(PayloadType first, ByteView data, std::size_t base = 0);
  /// The first octet names the first payload (TP Data, Initiator Data).
  static Result<PayloadChain> parse_announced(ByteView data, std::size_t base = 0);
  /// Base ticket data: a THDR, which is returned in `thdr`, then payloads (RFC 6043 A.1).
  static Result<PayloadChain> parse_ticket(ByteView data, Thdr& thdr, std::size_t base = 0);

  const Slots& slots() const { return slots_; }
  PayloadType type(std::size_t i) const { return slots_[i].type; }
  std::size_t size() const { return slots_.size(); }

  /// Payload `i`, which must be of type P.
  template <class P>
  P at(std::size_t i) const {
    return get<P>(slots_[i]);
  }
  /// All payloads of type P in order.
  template <class P>
  std::vector<P> all() const {
    std::vector<P> out;
    for (const Slot& s : slots_)
      if (s.type == P::kType) out.push_back(get<P>(s));
    return out;
  }
  template <class P>
  std::optional<P> first() const {
    for (const Slot& s : slots_)
      if (s.type == P::kType) return get<P>(s);
    return std::nullopt;
  }

 private:
  template <class P>
  P get(const Slot& s) const {
    Decoder d(data_.subspan(s.body() - base_, s.end() - s.body()), s.body());
    d.trust_contents();
    P p;
    P::describe(p, d);
    return p;
  }
  static Result<PayloadChain> finish(ByteView data, std::size_t base, Decoder& d, PayloadType first);

  ByteView data_;
  std::size_t base_ = 0;
  Slots slots_;
};

/// Entries of E one after another in `octets`, which were checked when the payload that holds them was
/// decoded.
template <class E>
std::vector<E> entries(ByteView octets) {
  std::vector<E> out;
  Decoder d(octets);
  while (d.ok() && d.left() > 0) {
    E e;
    E::describe(e, d);
    if (d.ok()) out.push_back(e);
  }
  return out;
}

/// The octets of entries, e.g. of a CS ID map or of policy parameters.
template <class E>
Result<Bytes> encode_entries(std::span<const E> list) {
  std::size_t size = 0;
  for (const E& e : list) {
    auto n = encoded_size(e);
    if (!n) return std::move(n).error();
    size += *n;
  }
  Bytes out(size);
  Encoder to(out.data());
  for (const E& e : list) E::describe(e, to);
  return out;
}

/// Builds a message or a chain of sub-payloads. Each payload is written when it is added, so what its fields
/// point at need not outlive the call. The first payload that does not fit makes finish() fail. The buffer is
/// wiped when the builder goes, since sub-payloads hold keys.
class ChainBuilder {
 public:
  /// A chain of sub-payloads; `announce`: preceded by an octet that names the first one.
  explicit ChainBuilder(bool announce = false);
  /// A message: the header (whose `next` is set here), then payloads.
  explicit ChainBuilder(const Hdr& hdr);
  /// Base ticket data: the THDR, then payloads.
  explicit ChainBuilder(const Thdr& thdr);
  ChainBuilder(ChainBuilder&&) noexcept = default;
  ChainBuilder& operator=(ChainBuilder&&) = delete;
  ChainBuilder(const ChainBuilder&) = delete;
  ChainBuilder& operator=(const ChainBuilder&) = delete;
  ~ChainBuilder() { wipe(buffer_); }

  template <class P>
  ChainBuilder& add(const P& p) {
    if (std::uint8_t* body = open(P::kType, measure(p))) {
      Encoder e(body);
      P::describe(p, e);
    }
    return *this;
  }
  /// A payload that stands encoded already: `body` without its Next payload octet.
  ChainBuilder& add_encoded(PayloadType type, ByteView body);

  /// Says what the next payload will be, before it is added: for signatures that cover that octet.
  void announce(PayloadType type) {
    if (!error_ && next_at_ != kNowhere) buffer_[next_at_] = static_cast<std::uint8_t>(type);
  }

  /// Type of the first payload added, or last when there is none.
  PayloadType first() const { return first_; }
  /// What is written so far.
  ByteView octets() const { return buffer_; }
  /// The last `n` octets, e.g. a MAC or signature to be filled in once the rest stands.
  MutableBytes tail(std::size_t n) { return MutableBytes(buffer_).last(n); }
  bool ok() const { return !error_; }

  Result<Bytes> finish() &&;
  Result<SecretBytes> finish_secret() &&;

 private:
  static constexpr std::size_t kNowhere = ~std::size_t{0};

  template <class P>
  std::size_t measure(const P& p) {
    Sizer s;
    P::describe(p, s);
    if (!s.ok()) misfit(P::kName, s.misfit(), P::kRfc);
    return s.size();
  }
  void misfit(std::string_view payload, std::string_view field, const char* rfc);
  std::uint8_t* open(PayloadType type, std::size_t body);
  std::uint8_t* grow(std::size_t n);

  Bytes buffer_;
  std::size_t next_at_ = kNowhere;  // the octet that will name the payload to come
  PayloadType first_ = PayloadType::last;
  bool closed_ = false;  // after SIGN nothing can follow
  std::optional<Error> error_;
};

}  // namespace mikey::wire
