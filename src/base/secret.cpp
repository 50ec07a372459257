#include "mikey/base/secret.hpp"

#include <cstring>

namespace mikey {

void wipe(MutableBytes octets) noexcept {
  if (octets.empty()) return;
  std::memset(octets.data(), 0, octets.size());
  __asm__ __volatile__("" : : "r"(octets.data()) : "memory");  // the zeros are observable from here
}

bool ct_equal(ByteView a, ByteView b) noexcept {
  if (a.size() != b.size()) return false;
  unsigned diff = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    diff |= static_cast<unsigned>(a[i] ^ b[i]);
    __asm__ __volatile__("" : "+r"(diff));  // keeps the loop from ending early
  }
  return diff == 0;
}

// inline_ is left uninitialised on purpose: only its first size_ octets are ever read, and a secret is made
// often. NOLINTBEGIN(cppcoreguidelines-pro-type-member-init)
SecretBytes::SecretBytes(std::size_t size) : size_(size) {
  if (size > kInline) {
    capacity_ = size;
    heap_ = std::make_unique<std::uint8_t[]>(size);
  } else {
    std::memset(inline_.data(), 0, size);
  }
}

SecretBytes::SecretBytes(ByteView octets) : SecretBytes(octets.size()) {
  if (!octets.empty()) std::memcpy(data(), octets.data(), octets.size());
}

SecretBytes::SecretBytes(SecretBytes&& other) noexcept {
  *this = std::move(other);
}
// NOLINTEND(cppcoreguidelines-pro-type-member-init)

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  if (this == &other) return *this;
  clear();
  size_ = other.size_;
  capacity_ = other.capacity_;
  heap_ = std::move(other.heap_);
  if (!heap_ && size_ > 0) std::memcpy(inline_.data(), other.inline_.data(), size_);
  other.capacity_ = 0;
  if (!heap_) wipe({other.inline_.data(), size_});
  other.size_ = 0;
  return *this;
}

SecretBytes::~SecretBytes() {
  clear();
}

void SecretBytes::truncate(std::size_t size) noexcept {
  wipe({data() + size, size_ - size});
  size_ = size;
}

void SecretBytes::clear() noexcept {
  if (heap_) {
    wipe({heap_.get(), capacity_});
  } else {
    wipe({inline_.data(), size_});
  }
  heap_.reset();
  size_ = capacity_ = 0;
}

}  // namespace mikey
