// Key parameters, general extension 7 (TS 33.180 5.2.4, 8.5.4, E.6).

#include <array>

#include "mikey/profile/mcx.hpp"

namespace mikey::profile::mcx {
namespace {

constexpr const char* kRfc = "TS 33.180 E.6";
constexpr std::uint8_t kSealed = 0x43;    // data payload, encrypted
constexpr std::uint8_t kKindMask = 0x7F;  // without the flag "authenticated"
constexpr std::size_t kHead = 32;         // message type to DPPK-ID: the additional data of AES-GCM
constexpr std::size_t kIv = 16;
constexpr std::uint8_t kAesGcm128 = 1;
constexpr std::uint8_t kFcDpck = 0x53;
constexpr std::uint8_t kPayloadIei = 0x00;  // seen; TS 33.180 names none
constexpr std::uint8_t kGroupIei = 0x7B;    // MCData group ID, TS 24.282 15.2.14
constexpr std::uint64_t kMaxTime = (std::uint64_t{1} << 40) - 1;
constexpr std::size_t kMaxGroups = 255;

Error malformed(const char* why) {
  return bad_message(ErrorCode::unspecified, kRfc, std::string("key parameters: ") + why);
}

void put_be(Bytes& to, std::uint64_t n, std::size_t octets) {
  for (std::size_t i = octets; i-- > 0;) to.push_back(static_cast<std::uint8_t>(n >> (8 * i)));
}

/// DPCK (F.1.5): of a 16-octet DPPK the last 16 octets.
Result<SecretBytes> dpck(const crypto::Provider& provider, const ibc::Ssv& key, ByteView dppk_id) {
  const std::array<ByteView, 1> parameters{dppk_id};
  auto out = kdf(provider, key.reveal(), kFcDpck, parameters);
  if (!out) return out;
  return SecretBytes(out->reveal().last(16));
}

bool for_groups(KeyType t) {
  return t == KeyType::gmk || t == KeyType::mkfc || t == KeyType::musik;
}

/// Table E.6.1-1.
Result<Bytes> encode(const KeyParameters& p) {
  if (p.activation > kMaxTime || p.expiry > kMaxTime) return bad_request("times have 40 bits", kRfc);
  if (p.text.size() > 0xFFFF) return bad_request("the text has at most 65535 octets", kRfc);
  if (!for_groups(p.type) && !p.group_ids.empty())
    return bad_request("only GMK, MKFC and MuSiK are for groups", kRfc);
  Bytes out;
  put_be(out, static_cast<std::uint64_t>(p.type), 1);
  put_be(out, (p.revoked ? 0U : 1U) | (p.shared_with_gateway ? 2U : 0U), 4);
  put_be(out, p.activation, 5);
  put_be(out, p.expiry, 5);
  put_be(out, p.text.size(), 2);
  append(out, as_bytes(p.text));
  if (!for_groups(p.type)) return out;
  Bytes groups;
  if (p.group_ids.size() > kMaxGroups) return bad_request("at most 255 groups", kRfc);
  put_be(groups, p.group_ids.size(), 1);
  for (const std::string& id : p.group_ids) {
    if (id.size() > 0xFFFF) return bad_request("a group ID has at most 65535 octets", kRfc);
    put_be(groups, kGroupIei, 1);
    put_be(groups, id.size(), 2);
    append(groups, as_bytes(id));
  }
  if (groups.size() > 0xFFFF) return bad_request("the group IDs have at most 65535 octets", kRfc);
  put_be(out, groups.size(), 2);
  append(out, groups);
  return out;
}

/// Reads octets front to back; what is not there sticks.
class Input {
 public:
  explicit Input(ByteView octets) : left_(octets) {}
  std::uint64_t number(std::size_t octets) {
    std::uint64_t n = 0;
    for (const std::uint8_t o : take(octets)) n = n << 8 | o;
    return n;
  }
  ByteView take(std::size_t n) {
    if (n > left_.size()) {
      ok_ = false;
      left_ = {};
      return {};
    }
    const ByteView out = left_.first(n);
    left_ = left_.subspan(n);
    return out;
  }
  std::string text(std::size_t n) { return std::string(as_text(take(n))); }
  std::size_t left() const { return left_.size(); }
  bool ok() const { return ok_; }

 private:
  ByteView left_;
  bool ok_ = true;
};

Status read_groups(ByteView octets, std::vector<std::string>& to) {
  Input in(octets);
  const std::size_t count = in.number(1);
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    in.number(1);  // the IEI, of which products differ
    to.push_back(in.text(in.number(2)));
  }
  if (!in.ok() || in.left() != 0) return malformed("the group IDs do not fill their field");
  return {};
}

/// The Key Type, judged by the purpose tag of the key's identifier if that is known.
Result<KeyType> read_type(std::uint64_t number, std::optional<KeyType> purpose, Reading reading) {
  const auto known = purpose_of(static_cast<std::uint32_t>(number & 0xF) << 28);
  if (purpose && (reading == Reading::tolerant || (number <= 0xF && known == purpose))) return *purpose;
  if (purpose) return malformed("the Key Type is not that of the key's identifier");
  if (number > 0xF || !known) return malformed("unknown Key Type");
  return *known;
}

/// Octets after the last field are reserved (E.6.1) and ignored.
Result<KeyParameters> decode(ByteView plain, std::optional<KeyType> purpose, Reading reading) {
  Input in(plain);
  KeyParameters p;
  auto type = read_type(in.number(1), purpose, reading);
  if (!type) return std::move(type).error();
  p.type = *type;
  const std::uint64_t status = in.number(4);
  p.revoked = (status & 1) == 0;
  p.shared_with_gateway = (status & 2) != 0;
  p.activation = in.number(5);
  p.expiry = in.number(5);
  p.text = in.text(in.number(2));
  if (!in.ok()) return malformed("they end too early");
  if (for_groups(p.type) && in.left() > 0) {
    const ByteView groups = in.take(in.number(2));
    if (!in.ok()) return malformed("they end too early");
    if (auto s = read_groups(groups, p.group_ids); !s) return std::move(s).error();
  }
  return p;
}

}  // namespace

Result<Bytes> seal_key_parameters(const crypto::Provider& provider, Rng& rng, const KeyParameters& p,
                                  const ibc::Ssv& key, std::uint32_t csb_id, std::uint64_t time) {
  if (time > kMaxTime) return bad_request("times have 40 bits", kRfc);
  auto plain = encode(p);
  if (!plain) return plain;
  auto iv = rng.bytes(kIv, "key parameters IV");
  if (!iv) return iv;
  Bytes id;
  put_be(id, csb_id, 4);
  auto sealing_key = dpck(provider, key, id);
  if (!sealing_key) return std::move(sealing_key).error();
  Bytes out{kSealed};
  put_be(out, time, 5);
  put_be(out, 0, 5);  // payload ID and sequence number
  put_be(out, kAesGcm128, 1);
  append(out, *iv);
  append(out, id);
  auto sealed = provider.aes_gcm_seal(sealing_key->reveal(), *iv, out, *plain);
  if (!sealed) return sealed;
  put_be(out, kPayloadIei, 1);
  if (sealed->size() > 0xFFFF) return bad_request("key parameters have at most 65519 octets", kRfc);
  put_be(out, sealed->size(), 2);
  append(out, *sealed);
  return out;
}

Result<KeyParameters> open_key_parameters(const crypto::Provider& provider, ByteView body,
                                          const ibc::Ssv& key, std::uint32_t csb_id,
                                          std::optional<KeyType> purpose, Reading reading) {
  if (body.empty()) return malformed("the extension is empty");
  if ((body[0] & kKindMask) != kSealed) {
    if (reading == Reading::tolerant) return decode(body, purpose, reading);
    return malformed("they are not encrypted");
  }
  Input in(body);
  const ByteView head = in.take(kHead);
  in.number(1);  // IEI of the payload
  const ByteView sealed = in.take(in.number(2));
  if (!in.ok() || in.left() != 0) return malformed("the protected payload does not fill the extension");
  if (head[11] != kAesGcm128) return malformed("their algorithm is not AEAD_AES_128_GCM");
  const ByteView iv = head.subspan(12, kIv);
  const ByteView dppk_id = head.last(4);
  if (load_be<std::uint32_t>(dppk_id.data()) != csb_id)
    return bad_message(ErrorCode::auth_failure, kRfc, "key parameters: they are sealed under another key ID");
  auto opening_key = dpck(provider, key, dppk_id);
  if (!opening_key) return std::move(opening_key).error();
  auto plain = provider.aes_gcm_open(opening_key->reveal(), iv, head, sealed);
  if (!plain) return std::move(plain).error();
  return decode(plain->reveal(), purpose, reading);
}

}  // namespace mikey::profile::mcx
