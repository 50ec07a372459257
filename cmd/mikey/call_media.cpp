#include "call_media.hpp"

#include <array>
#include <fstream>
#include <iterator>

namespace mikey::cmd {
namespace {

constexpr std::size_t kMaxSamples = std::size_t{600} * kSampleRate;

std::uint32_t little(const Bytes& b, std::size_t at, std::size_t n) {
  std::uint32_t v = 0;
  for (std::size_t i = n; i-- > 0;) v = v << 8 | b[at + i];
  return v;
}

void put_little(Bytes& b, std::uint32_t v, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) b.push_back(static_cast<std::uint8_t>(v >> 8 * i));
}

Error wav_error(const std::string& path, const char* why) {
  return bad_request(path + ": " + why);
}

}  // namespace

Result<std::vector<std::int16_t>> read_wav(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return wav_error(path, "cannot be read");
  Bytes b(std::istreambuf_iterator<char>(in), {});
  const auto tag = [&](std::size_t at) { return as_text(ByteView(b).subspan(at, 4)); };
  if (b.size() < 12 || tag(0) != "RIFF" || tag(8) != "WAVE") return wav_error(path, "is no WAV file");
  bool right_form = false;
  for (std::size_t at = 12; at + 8 <= b.size();) {
    const std::size_t n = std::min<std::size_t>(little(b, at + 4, 4), b.size() - at - 8);
    if (tag(at) == "fmt " && n >= 16)
      right_form = little(b, at + 8, 2) == 1 && little(b, at + 10, 2) == 1 &&
                   little(b, at + 12, 4) == kSampleRate && little(b, at + 22, 2) == 16;
    if (tag(at) == "data") {
      if (!right_form)
        return wav_error(path,
                         "must be PCM of 8000 Hz, 16 bits, one channel (sox IN -r 8000 -c 1 -b 16 OUT)");
      std::vector<std::int16_t> out(std::min(n / 2, kMaxSamples));
      for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = static_cast<std::int16_t>(little(b, at + 8 + 2 * i, 2));
      return out;
    }
    at += 8 + n + n % 2;
  }
  return wav_error(path, "has no samples");
}

Status write_wav(const std::string& path, const std::vector<std::int16_t>& samples) {
  const auto data = static_cast<std::uint32_t>(samples.size() * 2);
  Bytes b = to_bytes(as_bytes("RIFF"));
  put_little(b, 36 + data, 4);
  append(b, as_bytes("WAVEfmt "));
  put_little(b, 16, 4);
  put_little(b, 1, 2);
  put_little(b, 1, 2);
  put_little(b, kSampleRate, 4);
  put_little(b, kSampleRate * 2, 4);
  put_little(b, 2, 2);
  put_little(b, 16, 2);
  append(b, as_bytes("data"));
  put_little(b, data, 4);
  for (const std::int16_t s : samples) put_little(b, static_cast<std::uint16_t>(s), 2);
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << as_text(b);
  out.flush();
  if (!out) return wav_error(path, "cannot be written");
  return {};
}

std::uint8_t mu_law(std::int16_t sample) {
  constexpr int kBias = 0x84;
  constexpr int kClip = 32635;
  const int sign = sample < 0 ? 0x80 : 0;
  const int magnitude =
      std::min(sign != 0 ? -static_cast<int>(sample) : static_cast<int>(sample), kClip) + kBias;
  int exponent = 7;
  for (int mask = 0x4000; exponent > 0 && (magnitude & mask) == 0; mask >>= 1) --exponent;
  const int mantissa = magnitude >> (exponent + 3) & 0x0F;
  return static_cast<std::uint8_t>(~(sign | exponent << 4 | mantissa));
}

std::int16_t from_mu_law(std::uint8_t code) {
  const int u = static_cast<std::uint8_t>(~code);
  const int magnitude = (((u & 0x0F) << 3) + 0x84) << ((u & 0x70) >> 4);
  return static_cast<std::int16_t>((u & 0x80) != 0 ? 0x84 - magnitude : magnitude - 0x84);
}

Bytes write_rtp(const RtpPacket& p) {
  Bytes out(12);
  out[0] = 0x80;
  store_be(out.data() + 2, p.sequence);
  store_be(out.data() + 4, p.timestamp);
  store_be(out.data() + 8, p.ssrc);
  append(out, p.payload);
  return out;
}

std::optional<RtpPacket> read_rtp(ByteView o) {
  if (o.size() < 12 || o[0] != 0x80 || (o[1] & 0x7F) != 0) return std::nullopt;
  return RtpPacket{load_be<std::uint16_t>(o.data() + 2), load_be<std::uint32_t>(o.data() + 4),
                   load_be<std::uint32_t>(o.data() + 8), to_bytes(o.subspan(12))};
}

void Playout::add(const RtpPacket& p) {
  if (!first_) first_ = p.timestamp;
  const std::uint32_t at = p.timestamp - *first_;
  ++packets_;
  if (at > kMaxSamples || p.payload.size() > kMaxSamples) return;  // from before the first one, or far away
  if (samples_.size() < at + p.payload.size()) samples_.resize(at + p.payload.size());
  for (std::size_t i = 0; i < p.payload.size(); ++i) samples_[at + i] = from_mu_law(p.payload[i]);
}

}  // namespace mikey::cmd
