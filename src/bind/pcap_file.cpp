#include "bind/pcap_file.hpp"

namespace mikey::bind::pcap {
namespace {

constexpr std::uint32_t kMicro = 0xA1B2C3D4;
constexpr std::uint32_t kNano = 0xA1B23C4D;
constexpr std::size_t kFileHeader = 24;
constexpr std::size_t kRecordHeader = 16;
constexpr std::uint64_t kSecond = 1'000'000'000;

constexpr std::uint32_t kSectionHeader = 0x0A0D0D0A;
constexpr std::uint32_t kByteOrder = 0x1A2B3C4D;
constexpr std::uint32_t kInterfaceBlock = 1;
constexpr std::uint32_t kPacketBlock = 2;  // obsolete
constexpr std::uint32_t kSimpleBlock = 3;
constexpr std::uint32_t kEnhancedBlock = 6;
constexpr std::size_t kMaxInterfaces = 4096;
// A packet larger than this is none; the bound of libpcap, too.
constexpr std::uint32_t kMaxPacket = 262144 * 4;

Error broken(const char* rule, std::string detail, std::size_t offset) {
  return bad_message(ErrorCode::unspecified, rule, std::move(detail), offset);
}

// The byte order and unit a classic file's magic number tells.
struct Magic {
  Order order;
  bool nano = false;
};

std::optional<Magic> classic_magic(ByteView f) {
  if (f.size() < 4) return std::nullopt;
  for (const bool big : {false, true}) {
    const std::uint32_t m = Order{big}.u32(f, 0);
    if (m == kMicro || m == kNano) return Magic{{big}, m == kNano};
  }
  return std::nullopt;
}

// An interface of a pcapng section: what its packets are, and what a unit of their time is.
struct Interface {
  std::uint32_t link_type = 0;
  std::uint32_t snap = 0;
  std::uint8_t resolution = 6;  // negative power of 10, or of 2 with the high bit
  std::uint64_t offset_s = 0;

  std::uint64_t to_ns(std::uint64_t units) const {
    std::uint64_t per_second = 1;
    const unsigned power = resolution & 0x7F;
    const bool binary = (resolution & 0x80) != 0;
    if (power > (binary ? 62U : 18U)) return 0;  // finer than anyone's clock
    for (unsigned i = 0; i < power; ++i) per_second *= binary ? 2 : 10;
    if (!binary && power <= 9) {
      const std::uint64_t scale = kSecond / per_second;
      return (units / per_second + offset_s) * kSecond + units % per_second * scale;
    }
    const auto rest = static_cast<double>(units % per_second) / static_cast<double>(per_second);
    return (units / per_second + offset_s) * kSecond +
           static_cast<std::uint64_t>(rest * static_cast<double>(kSecond));
  }
};

constexpr const char* kNg = "pcapng 3";

// One file's worth of blocks.
class NgReader {
 public:
  NgReader(ByteView file, const PacketSink& sink) : file_(file), sink_(sink) {}

  Result<FileNotes> run() {
    while (at_ < file_.size() && !done_) {
      Result<ByteView> block = next_block();
      if (!block) return std::move(block).error();
      if (block->empty()) break;
      if (Status s = take(*block); !s) return std::move(s).error();
    }
    return notes_;
  }

 private:
  // The block at at_, checked to be whole; empty when the file is cut within it.
  Result<ByteView> next_block() {
    const std::size_t left = file_.size() - at_;
    const ByteView rest = file_.subspan(at_);
    if (left < 12) return cut_or("a pcapng block is shorter than its header");
    if (order_.u32(rest, 0) == kSectionHeader) {  // the same in either order
      const std::uint32_t little = Order{false}.u32(rest, 8);
      const std::uint32_t big = Order{true}.u32(rest, 8);
      if (little != kByteOrder && big != kByteOrder)
        return broken(kNg, "a pcapng section without its byte order magic", at_);
      order_.big = big == kByteOrder;
    }
    const std::uint32_t length = order_.u32(rest, 4);
    if (length < 12 || length % 4 != 0) return broken(kNg, "a pcapng block of an impossible length", at_);
    if (length > left) return cut_or("a pcapng block is longer than the file");
    if (order_.u32(rest, length - 4) != length)
      return broken(kNg, "a pcapng block whose two lengths differ", at_);
    at_ += length;
    return rest.first(length);
  }

  // A file that is cut before its first section's header ended is no capture; later it was interrupted.
  Result<ByteView> cut_or(const char* why) {
    if (!in_section_) return broken(kNg, why, at_);
    notes_.cut = true;
    return ByteView{};
  }

  Status take(ByteView b) {
    switch (order_.u32(b, 0)) {
      case kSectionHeader:
        return take_section(b);
      case kInterfaceBlock:
        return take_interface(b);
      case kEnhancedBlock:
        return take_packet(b, order_.u32(b, 8));  // 12 octets there are in any block
      case kPacketBlock:
        return take_packet(b, order_.u16(b, 8));
      case kSimpleBlock:
        return take_simple(b);
      default:
        return {};  // statistics, names, decryption secrets, ...
    }
  }

  Error bad_block(const char* why, ByteView b) const { return broken(kNg, why, at_ - b.size()); }

  Status take_section(ByteView b) {
    if (b.size() < 28) return bad_block("a pcapng section header is too short", b);
    if (order_.u16(b, 12) != 1) return bad_block("a pcapng section of a version other than 1", b);
    interfaces_.clear();
    in_section_ = true;
    return {};
  }

  Status take_interface(ByteView b) {
    if (b.size() < 20) return bad_block("a pcapng interface block is too short", b);
    if (interfaces_.size() == kMaxInterfaces) return bad_block("too many pcapng interfaces", b);
    Interface i;
    i.link_type = order_.u16(b, 8);
    i.snap = order_.u32(b, 12);
    std::size_t at = 16;
    while (at + 4 <= b.size() - 4) {  // options: code, length, value padded to 32 bits
      const std::uint16_t code = order_.u16(b, at);
      const std::uint16_t length = order_.u16(b, at + 2);
      if (code == 0 || at + 4 + length > b.size() - 4) break;
      if (code == 9 && length == 1) i.resolution = b[at + 4];
      if (code == 14 && length == 8) i.offset_s = order_.u32(b, at + (order_.big ? 8 : 4));
      at += 4 + (length + std::size_t{3}) / 4 * 4;
    }
    interfaces_.push_back(i);
    return {};
  }

  // Enhanced and obsolete packet blocks differ only in how the interface is told.
  Status take_packet(ByteView b, std::uint32_t interface) {
    if (b.size() < 32) return bad_block("a pcapng packet block is too short", b);
    if (interface >= interfaces_.size()) return bad_block("a pcapng packet of an interface not described", b);
    const std::uint64_t time = static_cast<std::uint64_t>(order_.u32(b, 12)) << 32 | order_.u32(b, 16);
    const std::uint32_t length = order_.u32(b, 20);
    if (length > b.size() - 32) return bad_block("a pcapng packet longer than its block", b);
    give(interfaces_[interface], interfaces_[interface].to_ns(time), b.subspan(28, length));
    return {};
  }

  Status take_simple(ByteView b) {
    if (b.size() < 16) return bad_block("a pcapng simple packet block is too short", b);
    if (interfaces_.empty()) return bad_block("a pcapng packet of an interface not described", b);
    const Interface& i = interfaces_.front();
    std::size_t length = std::min<std::size_t>(order_.u32(b, 8), b.size() - 16);
    if (i.snap != 0) length = std::min<std::size_t>(length, i.snap);
    give(i, 0, b.subspan(12, length));
    return {};
  }

  void give(const Interface& i, std::uint64_t time_ns, ByteView octets) {
    ++notes_.packets;
    done_ = !sink_({notes_.packets, time_ns, i.link_type, octets});
  }

  ByteView file_;
  const PacketSink& sink_;
  std::size_t at_ = 0;
  Order order_;
  bool in_section_ = false;
  bool done_ = false;
  std::vector<Interface> interfaces_;
  FileNotes notes_;
};

}  // namespace

bool is_pcap(ByteView file) {
  return classic_magic(file).has_value();
}

bool is_pcapng(ByteView file) {
  return file.size() >= 4 && Order{}.u32(file, 0) == kSectionHeader;
}

Result<FileNotes> read_pcap(ByteView file, const PacketSink& sink) {
  constexpr const char* kRule = "pcap 4";
  const std::optional<Magic> magic = classic_magic(file);
  if (!magic) return broken(kRule, "not a pcap file", 0);
  if (file.size() < kFileHeader) return broken(kRule, "the header of the pcap file is cut", file.size());
  const Order order = magic->order;
  if (order.u16(file, 4) != 2) return broken(kRule, "a pcap file of a version other than 2", 4);
  const std::uint32_t link_type = order.u32(file, 20) & 0xFFFF;  // the rest tells FCS lengths
  FileNotes notes;
  std::size_t at = kFileHeader;
  while (at < file.size()) {
    if (file.size() - at < kRecordHeader) {
      notes.cut = true;
      break;
    }
    const std::uint32_t length = order.u32(file, at + 8);
    if (length > kMaxPacket) return broken(kRule, "a packet of an impossible length", at + 8);
    const std::uint64_t fraction = order.u32(file, at + 4);
    const std::uint64_t time =
        order.u32(file, at) * kSecond + (magic->nano ? fraction : fraction * std::uint64_t{1000});
    at += kRecordHeader;
    if (length > file.size() - at) {
      notes.cut = true;
      break;
    }
    ++notes.packets;
    if (!sink({notes.packets, time, link_type, file.subspan(at, length)})) break;
    at += length;
  }
  return notes;
}

Result<FileNotes> read_pcapng(ByteView file, const PacketSink& sink) {
  if (!is_pcapng(file)) return broken(kNg, "not a pcapng file", 0);
  return NgReader(file, sink).run();
}

}  // namespace mikey::bind::pcap
