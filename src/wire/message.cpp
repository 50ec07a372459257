#include "mikey/wire/message.hpp"

#include "wire/walk.hpp"

namespace mikey::wire {

Status check_size(ByteView octets, const ParseOptions& options) {
  if (octets.size() <= options.max_octets) return {};
  return bad_message(ErrorCode::unspecified, "RFC 3830 6",
                     "a message of " + std::to_string(octets.size()) +
                         " octets is longer than the limit of " + std::to_string(options.max_octets));
}

std::size_t trailing_zeros(ByteView octets, std::size_t end, const ParseOptions& options) {
  const ByteView rest = octets.subspan(end);
  if (rest.size() > options.max_trailing_zeros) return 0;
  return std::ranges::all_of(rest, [](std::uint8_t b) { return b == 0; }) ? rest.size() : 0;
}

Result<Message> Message::parse(ByteView octets, const ParseOptions& options) {
  if (auto s = check_size(octets, options); !s) return std::move(s).error();
  return parse(to_bytes(octets), options);
}

Result<Message> Message::parse(Bytes octets, const ParseOptions& options) {
  if (auto s = check_size(octets, options); !s) return std::move(s).error();
  Message m;
  m.octets_ = std::move(octets);
  Decoder d(m.octets_);
  const bool complete = read_hdr(d, m.hdr_) && walk_chain(d, m.hdr_.next, false, m.slots_);
  m.length_ = m.octets_.size();
  if (!d.ok()) {
    const std::size_t end = m.slots_.size() == 0 ? 10 + m.hdr_.map.size() : m.last_slot().end();
    if (!complete || trailing_zeros(m.octets_, end, options) == 0) return d.error("RFC 3830 6");
    m.length_ = end;
  }
  return m;
}

Message Message::clone() const {
  Message m;
  m.octets_ = octets_;
  m.length_ = length_;
  m.hdr_ = hdr_;
  if (!hdr_.map.empty()) m.hdr_.map = ByteView(m.octets_).subspan(10, hdr_.map.size());
  m.slots_ = slots_;
  return m;
}

const Slot* Message::find(PayloadType type) const {
  for (const Slot& s : slots_)
    if (s.type == type) return &s;
  return nullptr;
}

Remains examine_broken(ByteView octets) {
  Remains r;
  Decoder d(octets);
  Hdr hdr;
  if (!read_hdr(d, hdr)) {
    r.error = d.error(Hdr::kRfc);
    return r;
  }
  r.hdr = hdr;
  Slots slots;
  walk_chain(d, hdr.next, false, slots);
  if (!d.ok()) r.error = d.error("RFC 3830 6");
  for (const Slot& s : slots) {
    if (s.type != PayloadType::t) continue;
    auto t = decode<T>(octets.subspan(s.body(), s.end() - s.body()), s.body());
    if (t) r.t = *t;
    break;
  }
  return r;
}

Result<Bytes> reencode(const Message& message) {
  ChainBuilder b(message.hdr());
  for (const Slot& s : message.slots()) with_payload(s.type, [&]<class P>() { b.add(message.get<P>(s)); });
  return std::move(b).finish();
}

}  // namespace mikey::wire
