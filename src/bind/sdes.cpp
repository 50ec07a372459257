#include "mikey/bind/sdes.hpp"

#include <algorithm>

namespace mikey::bind {
namespace {

using keys::Suite;

constexpr std::uint32_t kMaxTag = 999'999'999;
constexpr std::size_t kMaxMki = 128;

// A big-endian number of any size in decimal.
std::string decimal(ByteView octets) {
  Bytes digits{0};  // least significant first
  for (const std::uint8_t octet : octets) {
    unsigned carry = octet;
    for (std::uint8_t& d : digits) {
      carry += d * 256U;
      d = static_cast<std::uint8_t>(carry % 10);
      carry /= 10;
    }
    for (; carry != 0; carry /= 10) digits.push_back(static_cast<std::uint8_t>(carry % 10));
  }
  std::string out;
  for (auto d = digits.rbegin(); d != digits.rend(); ++d) out += static_cast<char>('0' + *d);
  return out;
}

}  // namespace

Result<std::string> reveal_sdes_crypto(const keys::CryptoSession& session, std::uint32_t tag) {
  constexpr const char* kRfc = "RFC 4568 9.1";
  const keys::SuiteInfo& info = keys::info(session.suite);
  if (tag > kMaxTag) return bad_request("a tag of SDES has at most 9 digits", kRfc);
  if (session.roc != 0) return bad_request("SDES starts with ROC 0 only", "RFC 4568 6.4");
  if (session.tek.size() != info.key_len || session.salt.size() != info.salt_len)
    return bad_request("the SRTP master key or salt does not have its suite's length", "RFC 4568 6.2");
  const bool mki = session.validity.type == KvType::spi && !session.validity.spi.empty();
  if (mki && session.validity.spi.size() > kMaxMki)
    return bad_request("a MKI of SDES has at most 128 octets", kRfc);

  std::string_view name = info.name;
  const bool clear = info.encr == SrtpEncr::null;
  if (session.suite == Suite::null_hmac_sha1_80) name = keys::info(Suite::aes_cm_128_hmac_sha1_80).name;
  if (session.suite == Suite::null_hmac_sha1_32) name = keys::info(Suite::aes_cm_128_hmac_sha1_32).name;
  SecretBytes key(session.tek.size() + session.salt.size());
  std::ranges::copy(session.tek.reveal(), key.reveal_mutable().begin());
  std::ranges::copy(session.salt.reveal(),
                    key.reveal_mutable().begin() + static_cast<std::ptrdiff_t>(session.tek.size()));
  std::string out =
      "a=crypto:" + std::to_string(tag) + ' ' + std::string(name) + " inline:" + to_base64(key.reveal());
  if (mki) out += '|' + decimal(session.validity.spi) + ':' + std::to_string(session.validity.spi.size());
  if (clear) out += " UNENCRYPTED_SRTP UNENCRYPTED_SRTCP";
  return out;
}

}  // namespace mikey::bind
