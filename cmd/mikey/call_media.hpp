/// \file
/// The media side of `mikey call`: WAV files, G.711, RTP.
#pragma once

#include <string>
#include <vector>

#include "mikey/base/bytes.hpp"
#include "mikey/base/error.hpp"

namespace mikey::cmd {

/// 8 kHz, 16 bits, one channel: what G.711 carries.
inline constexpr unsigned kSampleRate = 8000;
inline constexpr std::size_t kPacketSamples = 160;  // 20 ms

/// Samples of a WAV file, which must be PCM of that form. At most ten minutes.
Result<std::vector<std::int16_t>> read_wav(const std::string& path);
Status write_wav(const std::string& path, const std::vector<std::int16_t>& samples);

/// ITU-T G.711 mu-law.
std::uint8_t mu_law(std::int16_t sample);
std::int16_t from_mu_law(std::uint8_t code);

/// An RTP packet of PCMU (RFC 3550 5.1, RFC 3551 4.5.14).
struct RtpPacket {
  std::uint16_t sequence = 0;
  std::uint32_t timestamp = 0;
  std::uint32_t ssrc = 0;
  Bytes payload;
};
Bytes write_rtp(const RtpPacket& p);
/// Nothing for what is no RTP packet without extension, CSRCs and padding, which is what write_rtp makes.
std::optional<RtpPacket> read_rtp(ByteView octets);

/// Packets back in order: a gap stays silent.
class Playout {
 public:
  void add(const RtpPacket& p);
  std::size_t packets() const { return packets_; }
  const std::vector<std::int16_t>& samples() const { return samples_; }

 private:
  std::optional<std::uint32_t> first_;
  std::size_t packets_ = 0;
  std::vector<std::int16_t> samples_;
};

}  // namespace mikey::cmd
