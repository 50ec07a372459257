/// \file
/// Storage for secrets: wiped when it goes, never copied by accident, never printed.
#pragma once

#include <array>
#include <cstddef>
#include <memory>

#include "mikey/base/bytes.hpp"

namespace mikey {

/// Overwrites `octets` with zeros in a way the optimiser may not remove.
void wipe(MutableBytes octets) noexcept;

/// Compares in time that depends on the lengths only. Different lengths are different.
bool ct_equal(ByteView a, ByteView b) noexcept;

/// An owned secret octet string. Short ones (up to `kInline` octets) need no allocation. Move-only; the
/// moved-from object is empty and wiped. There is no stream operator and no comparison but `ct_equal`.
class SecretBytes {
 public:
  static constexpr std::size_t kInline = 64;

  SecretBytes() noexcept = default;
  /// `size` octets of zero.
  explicit SecretBytes(std::size_t size);
  /// A copy of `octets`.
  explicit SecretBytes(ByteView octets);
  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes();

  /// A deliberate copy.
  SecretBytes clone() const { return SecretBytes(reveal()); }

  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }

  /// The octets themselves. Named so that every use can be found.
  ByteView reveal() const noexcept { return {data(), size_}; }
  MutableBytes reveal_mutable() noexcept { return {data(), size_}; }

  /// Drops what stands after the first `size` octets (wiping it). `size` must not exceed size().
  void truncate(std::size_t size) noexcept;
  void clear() noexcept;

 private:
  const std::uint8_t* data() const noexcept { return heap_ ? heap_.get() : inline_.data(); }
  std::uint8_t* data() noexcept { return heap_ ? heap_.get() : inline_.data(); }

  std::size_t size_ = 0;
  std::size_t capacity_ = 0;  // of heap_, so that all of it is wiped
  std::unique_ptr<std::uint8_t[]> heap_;
  std::array<std::uint8_t, kInline> inline_;  // only the first size_ octets are ever read
};

/// A secret of one kind. Two kinds do not convert into one another.
template <class Tag>
class Secret : public SecretBytes {
 public:
  using SecretBytes::SecretBytes;
  Secret() = default;
  explicit Secret(SecretBytes&& raw) noexcept : SecretBytes(std::move(raw)) {}
  Secret clone() const { return Secret(reveal()); }
};

using Psk = Secret<struct PskTag>;                  ///< pre-shared key s (RFC 3830 3.1)
using EnvelopeKey = Secret<struct EnvelopeKeyTag>;  ///< envelope key env_key (RFC 3830 3.2)
using Tgk = Secret<struct TgkTag>;                  ///< TEK generation key (RFC 3830 2.3)
using Tek = Secret<struct TekTag>;                  ///< traffic-encrypting key; for SRTP the master key
using Salt = Secret<struct SaltTag>;                ///< salting key; for SRTP the master salt

}  // namespace mikey
