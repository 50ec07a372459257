/// \file
/// GStreamer's MIKEY messages (libgstsdp).
#pragma once

#include <memory>
#include <string>

#include "mikey/base/bytes.hpp"

namespace mikey::bench {

/// A message as GStreamer holds it, and the work of reading and writing it.
class GStreamerMessage {
 public:
  explicit GStreamerMessage(ByteView octets);
  /// Whether GStreamer accepted the octets.
  bool ok() const;
  /// The message written by GStreamer.
  Bytes octets() const;
  void parse(std::size_t n) const;
  void serialise(std::size_t n) const;
  /// "GStreamer 1.22.0"
  static std::string version();

 private:
  struct Held;
  std::shared_ptr<const Held> held_;
};

/// What a PSK message with one session, one policy and one TEK in clear says.
struct GStreamerContent {
  std::uint32_t csb_id;
  std::uint32_t ssrc;
  std::uint64_t stamp;
  Bytes rand;
  Bytes types;   ///< of policy parameters
  Bytes values;  ///< one octet each
  Bytes key;

  /// The message, made by GStreamer; empty when it refuses.
  Bytes build() const;
  void build(std::size_t n) const;
};

}  // namespace mikey::bench
