/// \file
/// wolfSSL's SAKKE and ECCSI: what ours are measured beside and, in tests/interop, judged by. wolfSSL is
/// under the GPL; nothing but the benchmark and that test links it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "mikey/base/bytes.hpp"

namespace mikey::peer {

/// "wolfSSL 5.5.4"
std::string wolfssl_version();

/// One SAKKE key of wolfSSL's: a KMS, a sender, or a receiver. Points are 04 || x || y.
class WolfSakke {
 public:
  /// A KMS with a fresh z_T.
  static std::optional<WolfSakke> fresh_kms();
  /// The KMS of this z_T (128 octets) and Z_T.
  static std::optional<WolfSakke> kms(ByteView z, ByteView z_t);
  /// One who knows Z_T only.
  static std::optional<WolfSakke> client(ByteView z_t);

  std::optional<Bytes> master_secret() const;
  std::optional<Bytes> public_key() const;
  std::optional<Bytes> make_rsk(ByteView id) const;
  bool validate_rsk(ByteView id, ByteView rsk) const;

  /// Computes [b]P + Z of whom encapsulations are for.
  bool set_receiver(ByteView id) const;
  /// R || H for the receiver set.
  std::optional<Bytes> encapsulate(ByteView ssv) const;
  /// Takes one's own key, with tables where this wolfSSL makes any.
  bool set_own_key(ByteView id, ByteView rsk) const;
  std::optional<Bytes> decapsulate(ByteView encapsulated) const;
  /// Whether this wolfSSL was built with tables for receivers' points and own keys.
  bool has_tables() const;

 private:
  struct Held;
  std::shared_ptr<Held> held_;
};

/// One ECCSI key of wolfSSL's: a KMS, a signer, or a verifier.
class WolfEccsi {
 public:
  static std::optional<WolfEccsi> fresh_kms();
  /// The KMS of this KSAK (32 octets) and KPAK.
  static std::optional<WolfEccsi> kms(ByteView ksak, ByteView kpak);
  static std::optional<WolfEccsi> client(ByteView kpak);

  struct Pair {
    Bytes ssk;
    Bytes pvt;
  };
  std::optional<Bytes> secret_key() const;
  std::optional<Bytes> public_key() const;
  std::optional<Pair> make_pair(ByteView id) const;
  bool validate_pair(ByteView id, const Pair& pair) const;

  /// Takes one's own pair.
  bool set_pair(ByteView id, const Pair& pair) const;
  std::optional<Bytes> sign(ByteView message) const;
  /// Computes HS of a signer with the PVT of one of its signatures.
  bool set_signer(ByteView id, ByteView signature) const;
  /// By the signer set.
  bool verify(ByteView message, ByteView signature) const;

 private:
  struct Held;
  std::shared_ptr<Held> held_;
};

}  // namespace mikey::peer
