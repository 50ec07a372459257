/// \file
/// Payloads of MIKEY-IBAKE (RFC 6267) and MIKEY-SAKKE (RFC 6509).
#pragma once

#include "mikey/wire/payload/key.hpp"

namespace mikey::wire {

/// IBAKE (RFC 6267 6.1.1): identities and ECCPT sub-payloads under identity-based encryption.
struct Ibake {
  static constexpr PayloadType kType = PayloadType::ibake;
  static constexpr std::string_view kName = "IBAKE";
  static constexpr const char* kRfc = "RFC 6267 6.1.1";
  Octets encr_data;

  template <class Self, class V>
  static constexpr void describe(Self& s, V& v) {
    v.var16("Encr data", s.encr_data);
  }
  friend bool operator==(const Ibake&, const Ibake&) = default;
};

/// Encrypted secret key, ESK (RFC 6267 6.1.2).
struct Esk {
  static constexpr PayloadType kType = PayloadType::esk;
  static constexpr std::string_view kName = "ESK";
  static constexpr const char* kRfc = "RFC 6267 6.1.2";
  Octets encr_data;

  template <class Self, class V>
  static constexpr void describe(Self& s, V& v) {
    v.var16("Encr data", s.encr_data);
  }
  friend bool operator==(const Esk&, const Esk&) = default;
};

/// Secret key sub-payload, SK (RFC 6267 6.1.5). Never in clear.
struct Sk {
  static constexpr PayloadType kType = PayloadType::sk;
  static constexpr std::string_view kName = "SK";
  static constexpr const char* kRfc = "RFC 6267 6.1.5";
  SkType type = SkType::secret_key;
  Octets key;
  Kv kv;

  template <class Self, class V>
  static constexpr void describe(Self& s, V& v) {
    v.template packed<1>(bits("Type", 4, s.type), bits("KV", 4, s.kv.type));
    v.require(s.type == SkType::secret_key, ErrorCode::unspecified, "unknown secret key type");
    v.var16("Key data", s.key);
    Kv::describe(s.kv, v);
  }
  friend bool operator==(const Sk&, const Sk&) = default;
};

/// EC Diffie-Hellman sub-payload, ECCPT (RFC 6267 6.1.4). Never in clear. The point is in octet string
/// representation (SEC 1 2.3.3) and followed by zeros up to a multiple of 4 octets, counted from the start of
/// the payload.
struct Eccpt {
  static constexpr PayloadType kType = PayloadType::eccpt;
  static constexpr std::string_view kName = "ECCPT";
  static constexpr const char* kRfc = "RFC 6267 6.1.4";
  EccCurve curve{};
  std::uint8_t form = 4;      ///< first octet of the point: 4 uncompressed, 2 or 3 compressed
  Octets coordinates;         ///< the rest of the point: x, and y when uncompressed
  MacAlg auth_alg{};          ///< ignored in MIKEY-IBAKE
  std::uint16_t tgk_len = 0;  ///< ignored in MIKEY-IBAKE
  std::uint8_t reserved = 0;
  Kv kv;

  template <class Self, class V>
  static constexpr void describe(Self& s, V& v) {
    v.code("ECC Curve", s.curve);
    v.num("Point form", s.form);
    v.require(s.form >= 2 && s.form <= 4, ErrorCode::unspecified, "unknown point form");
    const auto field = field_size(s.curve);
    const std::optional<std::size_t> n = field ? std::optional(*field * (s.form == 4 ? 2 : 1)) : std::nullopt;
    v.sized("Point coordinates", s.coordinates, n, ErrorCode::unspecified);
    v.zeros("ECC Point padding", (4 - (3 + n.value_or(1)) % 4) % 4);
    v.code("Auth alg", s.auth_alg);
    v.num("TGK len", s.tgk_len);
    v.template packed<1>(bits("Reserv", 4, s.reserved), bits("KV", 4, s.kv.type));
    Kv::describe(s.kv, v);
  }
  friend bool operator==(const Eccpt&, const Eccpt&) = default;
};

/// SAKKE (RFC 6509 4.2): SAKKE encapsulated data.
struct Sakke {
  static constexpr PayloadType kType = PayloadType::sakke;
  static constexpr std::string_view kName = "SAKKE";
  static constexpr const char* kRfc = "RFC 6509 4.2";
  SakkeParams params = SakkeParams::set_1;
  SakkeIdScheme id_scheme{};
  Octets data;

  template <class Self, class V>
  static constexpr void describe(Self& s, V& v) {
    v.code("SAKKE params", s.params);
    v.code("ID scheme", s.id_scheme);
    v.var16("SAKKE data", s.data);
  }
  friend bool operator==(const Sakke&, const Sakke&) = default;
};

}  // namespace mikey::wire
