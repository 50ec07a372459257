/// \file
/// What symmetric cryptography a piece of work asks for: a provider that takes notes.
#pragma once

#include <memory>
#include <vector>

#include "mikey/crypto/provider.hpp"

namespace mikey::bench {

/// One call of the provider. What is secret in it is of the benchmark's own making.
struct Operation {
  enum class Kind : std::uint8_t { hash, hmac, p_hash, aes_ctr } kind{};
  crypto::Hash hash{};
  Bytes key;
  Bytes iv;    ///< aes_ctr
  Bytes text;  ///< what is hashed or encrypted, in one piece
  std::size_t size = 0;
};
using Operations = std::vector<Operation>;

/// Does what another provider does and notes it. Key wrapping and GCM are not noted: no exchange that is
/// measured uses them.
class Recorder final : public crypto::Provider {
 public:
  explicit Recorder(const crypto::Provider& real) : real_(real) {}

  Status hash(crypto::Hash h, std::span<const ByteView> parts, MutableBytes out) const override;
  Status hmac(crypto::Hash h, ByteView key, std::span<const ByteView> parts, MutableBytes out) const override;
  Status p_hash(crypto::Hash h, ByteView key, ByteView label, MutableBytes out) const override;
  Status aes_ctr(ByteView key, ByteView iv, ByteView in, MutableBytes out) const override;
  Result<Bytes> aes_wrap(ByteView kek, ByteView iv, ByteView plain) const override;
  Result<SecretBytes> aes_unwrap(ByteView kek, ByteView iv, ByteView wrapped) const override;
  Result<Bytes> aes_gcm_seal(ByteView key, ByteView iv, ByteView aad, ByteView plain) const override;
  Result<SecretBytes> aes_gcm_open(ByteView key, ByteView iv, ByteView aad, ByteView sealed) const override;
  Result<Bytes> aes_wrap_padded(ByteView kek, ByteView plain) const override;
  Result<SecretBytes> aes_unwrap_padded(ByteView kek, ByteView wrapped) const override;

  const Operations& operations() const { return noted_; }

 private:
  const crypto::Provider& real_;
  mutable Operations noted_;
};

}  // namespace mikey::bench
