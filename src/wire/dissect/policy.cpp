#include "mikey/wire/registry.hpp"
#include "wire/dissect/explain.hpp"

namespace mikey::wire {
namespace {

/// The value as an unsigned integer, when it has 1 to 8 octets.
std::optional<std::uint64_t> number(ByteView value) {
  if (value.empty() || value.size() > 8) return std::nullopt;
  std::uint64_t n = 0;
  for (const std::uint8_t b : value) n = n << 8 | b;
  return n;
}

/// `n` and a unit, in the plural unless n is 1.
std::string count(std::uint64_t n, const std::string& unit) {
  return std::to_string(n) + " " + unit + (n == 1 ? "" : "s");
}

template <class E>
std::string name(std::uint64_t n) {
  return n <= 0xFF ? std::string(name_of(static_cast<E>(n))) : std::string();
}

std::string on_off(std::uint64_t n) {
  return n > 1 ? "" : n == 1 ? "on" : "off";
}

std::string srtp_meaning(SrtpParam type, std::uint64_t n) {
  switch (type) {
    case SrtpParam::encr_alg:
      return name<SrtpEncr>(n);
    case SrtpParam::auth_alg:
    case SrtpParam::srtp_auth_alg:
    case SrtpParam::srtcp_auth_alg:
      return name<SrtpAuth>(n);
    case SrtpParam::prf:
      return name<SrtpPrf>(n);
    case SrtpParam::fec_order:
      return name<FecOrder>(n);
    case SrtpParam::srtp_encr:
    case SrtpParam::srtcp_encr:
    case SrtpParam::srtp_auth:
      return on_off(n);
    case SrtpParam::kdr:
      return n == 0 ? "keys are derived once" : "keys are derived every " + count(n, "packet");
    case SrtpParam::roc_rate:
      return "in every " + count(n, "packet");
    case SrtpParam::encr_key_len:
    case SrtpParam::auth_key_len:
    case SrtpParam::salt_key_len:
    case SrtpParam::auth_tag_len:
    case SrtpParam::prefix_len:
    case SrtpParam::srtp_auth_key_len:
    case SrtpParam::srtcp_auth_key_len:
    case SrtpParam::srtp_tag_len:
    case SrtpParam::srtcp_tag_len:
    case SrtpParam::aead_tag_len:
      return count(n, "octet");
  }
  return {};
}

std::string tesla_meaning(TeslaParam type, std::uint64_t n, ByteView value) {
  switch (type) {
    case TeslaParam::prf:
      return name<TeslaPrf>(n);
    case TeslaParam::mac:
      return name<TeslaMac>(n);
    case TeslaParam::prf_len:
    case TeslaParam::mac_len:
      return count(n, "bit");
    case TeslaParam::session_start:
    case TeslaParam::receiver_time:
      return time_meaning(TsType::ntp_utc, value);
    case TeslaParam::interval:
      return std::to_string(n) + " ms";
    case TeslaParam::disclosure_delay:
    case TeslaParam::chain_length:
      return count(n, "interval");
  }
  return {};
}

}  // namespace

std::string_view param_name(ProtType protocol, std::uint8_t type) {
  switch (protocol) {
    case ProtType::srtp:
      return name_of(static_cast<SrtpParam>(type));
    case ProtType::tesla:
      return name_of(static_cast<TeslaParam>(type));
  }
  return {};
}

std::string param_meaning(ProtType protocol, std::uint8_t type, ByteView value) {
  const auto n = number(value);
  if (!n) return {};
  switch (protocol) {
    case ProtType::srtp:
      return srtp_meaning(static_cast<SrtpParam>(type), *n);
    case ProtType::tesla:
      return tesla_meaning(static_cast<TeslaParam>(type), *n, value);
  }
  return {};
}

}  // namespace mikey::wire
