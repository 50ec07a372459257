#include "exchange/engine/kemac.hpp"

#include "exchange/engine/checks.hpp"
#include "mikey/keys/ticket_keys.hpp"

namespace mikey::engine {

bool legal_pair(EncrAlg encr, MacAlg mac, Protection by, bool allow_null) {
  const bool null_encr = encr == EncrAlg::null;
  if (by == Protection::cached) return !null_encr && mac != MacAlg::null;
  if (mac == MacAlg::null)
    return null_encr ? allow_null : encr == EncrAlg::aes_kw_128 && by == Protection::sign;
  return !null_encr || allow_null;
}

Status accept_algorithms(const Policy& policy, EncrAlg encr, MacAlg mac, Protection by, std::size_t offset) {
  if (!legal_pair(encr, mac, by, policy.allow_null)) {
    const bool encryption = encr == EncrAlg::null;
    return bad_message(encryption ? ErrorCode::invalid_ea : ErrorCode::invalid_mac, "RFC 3830 4.2.3",
                       encryption ? "NULL encryption is not allowed here" : "a NULL MAC is not allowed here",
                       offset);
  }
  if (encr == EncrAlg::null && mac == MacAlg::null) return {};
  if (by == Protection::cached) {  // the envelope key's own exchange said what both sides can do
    if (wire::to_number(encr) <= 3) return {};
  } else if (Policy::has(policy.kemac_encryption, encr)) {
    if (Policy::has(policy.kemac_mac, mac)) return {};
    return bad_message(ErrorCode::invalid_mac, "RFC 3830 6.2", "the MAC algorithm is not accepted here",
                       offset);
  }
  return bad_message(ErrorCode::invalid_ea, "RFC 3830 6.2", "the encryption algorithm is not accepted here",
                     offset);
}

namespace {

/// Sub-payloads after which zeros may stand, of as many octets as a key wrap needs and no more (RFC
/// 3830 4.2.3 leaves the padding open; doc/readings.md, 3830-6).
Result<wire::PayloadChain> parse_padded(PayloadType first, ByteView plain) {
  std::size_t n = plain.size();
  for (std::size_t cut = 0; cut <= 16 && cut <= plain.size(); ++cut) {
    if (cut > 0 && plain[plain.size() - cut] != 0) break;
    n = plain.size() - cut;
    auto chain = wire::PayloadChain::parse(first, plain.first(n));
    const std::size_t padded = std::max<std::size_t>(16, (n + 7) / 8 * 8);
    if (chain && plain.size() == padded) return chain;
  }
  return bad_message(ErrorCode::unspecified, "RFC 3830 6.2",
                     "the sub-payloads and their padding are malformed");
}

Result<SecretBytes> open_plain(const keys::MessageKeys& keys, const wire::Kemac& kemac, std::size_t offset,
                               ByteView t) {
  auto plain = keys.open(kemac.encr_alg, t, kemac.encr_data);
  if (!plain) plain.error().offset = offset;
  return plain;
}

}  // namespace

Result<wire::PayloadChain> sub_payloads(EncrAlg alg, ByteView plain, PayloadType first) {
  return alg == EncrAlg::aes_kw_128 && !plain.empty() ? parse_padded(first, plain)
                                                      : wire::PayloadChain::parse(first, plain);
}

Result<std::vector<keys::KeyEntry>> open_keys(const keys::MessageKeys& keys, const wire::Kemac& kemac,
                                              std::size_t offset, ByteView t, const Identity* id,
                                              bool may_be_empty) {
  auto plain = open_plain(keys, kemac, offset, t);
  if (!plain) return std::move(plain).error();
  const auto chain =
      sub_payloads(kemac.encr_alg, plain->reveal(), id != nullptr ? PayloadType::id : PayloadType::key_data);
  if (!chain)  // neither the place nor the detail of a fault in the plaintext is told
    return bad_message(ErrorCode::unspecified, "RFC 3830 6.2", "the content of the KEMAC is malformed",
                       offset);
  std::size_t i = 0;
  if (id != nullptr) {
    if (chain->size() == 0 || chain->type(0) != PayloadType::id || identity_of(chain->at<wire::Id>(0)) != *id)
      return bad_message(ErrorCode::auth_failure, "RFC 3830 3.2", "the encrypted ID is not the one expected",
                         offset);
    i = 1;
  }
  std::vector<keys::KeyEntry> out;
  for (; i < chain->size(); ++i) {
    if (chain->type(i) != PayloadType::key_data)
      return bad_message(ErrorCode::unspecified, "RFC 3830 6.2", "the KEMAC holds something other than keys",
                         offset);
    const auto d = chain->at<wire::KeyData>(i);
    if (wire::to_number(d.type) > wire::to_number(KeyDataType::tek_salt) || d.key.empty())
      return bad_message(ErrorCode::unspecified, "RFC 3830 6.13",
                         "the KEMAC holds something other than TGKs and TEKs", offset);
    out.push_back(
        {d.type, SecretBytes(d.key), SecretBytes(d.salt), wire::carries_salt(d.type), validity_of(d.kv)});
  }
  if (out.empty() && !may_be_empty)
    return bad_message(ErrorCode::unspecified, "RFC 3830 3.1", "the KEMAC holds no key", offset);
  return out;
}

Result<SecretBytes> open_kemac_6043(const keys::MessageKeys& keys, const wire::Kemac& kemac,
                                    std::size_t offset, PrfFunc prf, ByteView t) {
  if (kemac.mac_alg != MacAlg::null)
    return bad_message(ErrorCode::invalid_mac, "RFC 6043 4.2.1.5", "the KEMAC has a MAC of its own", offset);
  if (auto s = keys::check_ticket_encryption(prf, kemac.encr_alg); !s) {
    Error e = std::move(s).error();
    e.offset = offset;
    return e;
  }
  return open_plain(keys, kemac, offset, t);
}

Result<std::vector<keys::KeyEntry>> open_ticket_kemac(const keys::MessageKeys& keys, const wire::Kemac& kemac,
                                                      std::size_t offset, PrfFunc prf, ByteView t) {
  auto plain = open_kemac_6043(keys, kemac, offset, prf, t);
  if (!plain) return std::move(plain).error();
  const auto chain = sub_payloads(kemac.encr_alg, plain->reveal(), PayloadType::key_data);
  const Error malformed =
      bad_message(ErrorCode::unspecified, "RFC 6043 6.2.1", "the content of the KEMAC is malformed", offset);
  if (!chain) return malformed;
  std::vector<keys::KeyEntry> out;
  for (std::size_t i = 0; i < chain->size(); ++i) {
    if (chain->type(i) != PayloadType::key_data) return malformed;
    const auto d = chain->at<wire::KeyData>(i);
    if (wire::to_number(d.type) > wire::to_number(KeyDataType::mpk) || d.key.empty()) return malformed;
    out.push_back(
        {d.type, SecretBytes(d.key), SecretBytes(d.salt), wire::carries_salt(d.type), validity_of(d.kv)});
  }
  return out;
}

}  // namespace mikey::engine
