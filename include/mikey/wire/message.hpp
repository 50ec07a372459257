/// \file
/// A received MIKEY message.
#pragma once

#include "mikey/wire/chain.hpp"

namespace mikey::wire {

struct ParseOptions {
  /// Longest message that is looked at, in octets.
  std::size_t max_octets = 1 << 20;
  /// Zero octets accepted after the last payload (some products append one). Strict: none.
  std::size_t max_trailing_zeros = 0;
};

/// A MIKEY message that has been read completely and strictly: every payload is well formed, nothing is left
/// over, every length is right. Its octets are kept as they came, since MACs and signatures are checked over
/// those. One allocation.
class Message {
 public:
  /// Reads `octets` (which are copied). The error names the octet at which the message broke.
  static Result<Message> parse(ByteView octets, const ParseOptions& options = {});
  /// The same, taking over the octets.
  static Result<Message> parse(Bytes octets, const ParseOptions& options = {});

  Message(Message&&) noexcept = default;
  Message& operator=(Message&&) noexcept = default;
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;
  Message clone() const;

  const Hdr& hdr() const { return hdr_; }
  /// The message as received, without trailing zeros.
  ByteView octets() const { return {octets_.data(), length_}; }
  /// Octets that stood after the last payload (ParseOptions::max_trailing_zeros).
  std::size_t trailing() const { return octets_.size() - length_; }
  const Slots& slots() const { return slots_; }
  std::size_t size() const { return slots_.size(); }
  PayloadType type(std::size_t i) const { return slots_[i].type; }
  /// Type of the last payload; PayloadType::last when there is none.
  PayloadType last_type() const {
    return slots_.size() == 0 ? PayloadType::last : slots_[slots_.size() - 1].type;
  }
  const Slot& last_slot() const { return slots_[slots_.size() - 1]; }

  template <class P>
  std::size_t count() const {
    std::size_t n = 0;
    for (const Slot& s : slots_) n += s.type == P::kType ? 1 : 0;
    return n;
  }
  /// The payload at `s`, which must be of type P. Its fields point into this message.
  template <class P>
  P get(const Slot& s) const {
    Decoder d(octets().subspan(s.body(), s.end() - s.body()), s.body());
    d.trust_contents();
    P p;
    P::describe(p, d);
    return p;
  }
  template <class P>
  std::optional<P> first() const {
    const Slot* s = find(P::kType);
    return s == nullptr ? std::nullopt : std::optional<P>(get<P>(*s));
  }
  template <class P>
  std::vector<P> all() const {
    std::vector<P> out;
    for (const Slot& s : slots_)
      if (s.type == P::kType) out.push_back(get<P>(s));
    return out;
  }
  /// Where the first payload of a type stands, or nullptr.
  const Slot* find(PayloadType type) const;

  std::vector<SrtpId> srtp_ids() const { return entries<SrtpId>(hdr_.map); }
  std::vector<GenericId> generic_ids() const { return entries<GenericId>(hdr_.map); }

  friend bool operator==(const Message& a, const Message& b) {
    return Octets(a.octets()) == Octets(b.octets());
  }

 private:
  Message() = default;
  Bytes octets_;
  std::size_t length_ = 0;
  Hdr hdr_;
  Slots slots_;
};

/// What can be said of a message that does not parse: enough to answer it with an error message (RFC
/// 3830 5.1.2).
struct Remains {
  std::optional<Hdr> hdr;  ///< the header, when it was good; its map points into the octets given
  std::optional<T> t;      ///< the timestamp, when it stood before the fault
  Error error;
};
Remains examine_broken(ByteView octets);

/// Decodes and encodes every payload again. For a message that was parsed the result is its own octets.
Result<Bytes> reencode(const Message& message);

}  // namespace mikey::wire
