#include "mikey/wire/chain.hpp"

#include "wire/walk.hpp"

namespace mikey::wire {

void Slots::push(const Slot& s) {
  if (count_ < few_.size()) {
    few_[count_] = s;
  } else {
    if (many_.empty()) many_.assign(few_.begin(), few_.end());
    many_.push_back(s);
  }
  ++count_;
}

bool read_hdr(Decoder& d, Hdr& hdr) {
  d.describe_as(Hdr::kRfc);
  Hdr::describe(hdr, d);
  d.expect_in_kemac(kemac_first(hdr.data_type));
  return d.ok();
}

bool walk_chain(Decoder& d, PayloadType first, bool encrypted, Slots& out) {
  std::size_t count = 0;
  return walk(
      d, first, encrypted, count,
      [&](PayloadType type, PayloadType& next) {
        return with_payload(type, [&]<class P>() {
          d.describe_as(P::kRfc);
          if constexpr (P::kType != PayloadType::sign) d.code("Next payload", next);
          P p;
          P::describe(p, d);
        });
      },
      [&](const Slot& slot) { out.push(slot); });
}

Result<PayloadChain> PayloadChain::finish(ByteView data, std::size_t base, Decoder& d, PayloadType first) {
  PayloadChain c;
  c.data_ = data;
  c.base_ = base;
  walk_chain(d, first, true, c.slots_);
  if (!d.ok()) return d.error("RFC 3830 6");
  return c;
}

Result<PayloadChain> PayloadChain::parse(PayloadType first, ByteView data, std::size_t base) {
  Decoder d(data, base);
  return finish(data, base, d, data.empty() ? PayloadType::last : first);
}

Result<PayloadChain> PayloadChain::parse_announced(ByteView data, std::size_t base) {
  Decoder d(data, base);
  PayloadType first = PayloadType::last;
  d.code("First payload", first);
  return finish(data, base, d, first);
}

Result<PayloadChain> PayloadChain::parse_ticket(ByteView data, Thdr& thdr, std::size_t base) {
  Decoder d(data, base);
  Thdr::describe(thdr, d);
  return finish(data, base, d, thdr.next);
}

namespace {
constexpr std::size_t kRoom = 512;  // most messages fit: one allocation
}

ChainBuilder::ChainBuilder(bool announce) {
  buffer_.reserve(kRoom);
  if (announce) {
    next_at_ = 0;
    grow(1);
  }
}

ChainBuilder::ChainBuilder(const Hdr& hdr) {
  buffer_.reserve(kRoom);
  if (std::uint8_t* p = grow(measure(hdr))) {
    Encoder e(p);
    Hdr::describe(hdr, e);
    next_at_ = 2;
    buffer_[next_at_] = 0;
  }
}

ChainBuilder::ChainBuilder(const Thdr& thdr) {
  buffer_.reserve(kRoom);
  if (std::uint8_t* p = grow(measure(thdr))) {
    Encoder e(p);
    Thdr::describe(thdr, e);
    next_at_ = 0;
    buffer_[next_at_] = 0;
  }
}

void ChainBuilder::misfit(std::string_view payload, std::string_view field, const char* rfc) {
  if (!error_) error_ = bad_request(std::string(payload) + ": " + std::string(field) + " does not fit", rfc);
}

std::uint8_t* ChainBuilder::grow(std::size_t n) {
  if (error_) return nullptr;
  const std::size_t old = buffer_.size();
  if (old + n > buffer_.capacity()) {  // by hand, so that nothing secret stays in the memory left behind
    Bytes bigger;
    bigger.reserve(std::max(2 * buffer_.capacity(), old + n));
    bigger.assign(buffer_.begin(), buffer_.end());
    wipe(buffer_);
    buffer_.swap(bigger);
  }
  buffer_.resize(old + n);
  return buffer_.data() + old;
}

std::uint8_t* ChainBuilder::open(PayloadType type, std::size_t body) {
  if (closed_ && !error_) error_ = bad_request("nothing can follow SIGN", "RFC 3830 6.5");
  const bool sign = type == PayloadType::sign;
  const std::size_t at = buffer_.size();
  std::uint8_t* p = grow(body + (sign ? 0 : 1));
  if (p == nullptr) return nullptr;
  if (next_at_ != kNowhere) buffer_[next_at_] = static_cast<std::uint8_t>(type);
  if (first_ == PayloadType::last) first_ = type;
  closed_ = sign;
  if (sign) return p;
  next_at_ = at;
  *p = 0;
  return p + 1;
}

ChainBuilder& ChainBuilder::add_encoded(PayloadType type, ByteView body) {
  if (std::uint8_t* p = open(type, body.size()))
    if (!body.empty()) std::memcpy(p, body.data(), body.size());
  return *this;
}

Result<Bytes> ChainBuilder::finish() && {
  if (error_) return *error_;
  return std::move(buffer_);
}

Result<SecretBytes> ChainBuilder::finish_secret() && {
  if (error_) return *error_;
  return SecretBytes(ByteView(buffer_));
}

}  // namespace mikey::wire
