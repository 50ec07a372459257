#include "mikey/wire/decoder.hpp"

#include "mikey/wire/chain.hpp"

namespace mikey::wire {

void Decoder::fail(ErrorCode code, std::string_view what, std::size_t at) {
  if (failed_) return;
  failed_ = true;
  code_ = code;
  what_ = what;
  at_ = at;
  p_ = end_;
}

void Decoder::fail_short(std::string_view name, std::size_t n) {
  if (failed_) return;
  needed_ = n;
  left_ = left();
  fail(ErrorCode::unspecified, name, end_offset());
}

Error Decoder::error(const char* rfc) const {
  std::string detail(what_);
  if (needed_ > 0) {
    detail += " needs " + std::to_string(needed_) + (needed_ == 1 ? " octet, " : " octets, ") +
              std::to_string(left_) + (left_ == 1 ? " is left" : " are left");
  } else if (unknown_) {
    detail += " is of no known length: its algorithm or type is not in the registry";
  }
  return bad_message(code_, rfc_ == nullptr ? rfc : rfc_, std::move(detail), at_);
}

void Decoder::chain(const Octets& o, Chain kind) {
  if (failed_ || trusted_) return;
  Decoder part = within_chain(o);
  if (failed_) return;
  Slots slots;
  switch (kind) {
    case Chain::kemac:
      walk_chain(part, kemac_first_, true, slots);
      break;
    case Chain::announced: {
      PayloadType first = PayloadType::last;
      part.code("First payload", first);
      walk_chain(part, first, true, slots);
      break;
    }
    case Chain::ticket: {
      Thdr thdr;
      Thdr::describe(thdr, part);
      walk_chain(part, thdr.next, true, slots);
      break;
    }
  }
  fail_as(part);
}

}  // namespace mikey::wire
