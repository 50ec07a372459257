#include "support/wire_samples.hpp"

#include <gtest/gtest.h>

#include <array>

namespace mikey::test {
namespace {

using wire::ChainBuilder;

constexpr auto kCounting = [] {
  std::array<std::uint8_t, 1024> a{};
  for (std::size_t i = 0; i < a.size(); ++i) a[i] = static_cast<std::uint8_t>(i);
  return a;
}();

Bytes done(ChainBuilder&& b) {
  auto out = std::move(b).finish();
  EXPECT_TRUE(out.ok()) << (out.ok() ? "" : out.error().to_string());
  return out.ok() ? *out : Bytes{};
}

const Octets kAlice = text("sip:alice@example.com");
const Octets kBob = text("sip:bob@example.com");
const Octets kKms = text("sip:kms@example.com");
const Octets kStamp = run(8, 0xC8);

wire::Hdr header(DataType kind, Bytes& map) {
  wire::Hdr h;
  h.data_type = kind;
  h.v = 1;
  h.csb_id = 0x12345678;
  const auto n = static_cast<unsigned>(kind);
  if (n == 6 || n == 26) {
    h.map_type = CsIdMapType::empty;
  } else if (n < 11 || (n > 18 && n < 22)) {
    const wire::SrtpId ids[] = {{0, 0x11223344, 5}, {1, 0, 0}};
    map = *wire::encode_entries<wire::SrtpId>(ids);
    h.n_cs = 2;
  } else {
    wire::GenericId a{1, ProtType::srtp, 1, 2, run(2), run(10, 1), run(4, 0x20)};
    wire::GenericId b{2, ProtType::srtp, 0, 0, {}, {}, {}};
    const wire::GenericId ids[] = {a, b};
    map = *wire::encode_entries<wire::GenericId>(ids);
    h.n_cs = 2;
    h.map_type = CsIdMapType::generic_id;
    h.prf = PrfFunc::hmac_sha_256;
  }
  h.map = map;
  return h;
}

Bytes key_ids() {
  const wire::KeyId ids[] = {{KeyIdType::key_domain, run(3, 1)}, {KeyIdType::msk, run(4, 4)}};
  return *wire::encode_entries<wire::KeyId>(ids);
}

/// A whole SAKKE payload, as SAKKE-to-self carries it.
Bytes to_self() {
  ChainBuilder b;
  b.add(wire::Sakke{SakkeParams::set_1, SakkeIdScheme::mcx_hashed_uid, run(33)});
  return done(std::move(b));
}

/// 3GPP key parameters: 0x43, time, payload ID, sequence, algorithm, IV, DPPK-ID, IEI, length, payload.
Bytes key_parameters() {
  Bytes out = {0x43, 0, 0x68, 0xDA, 0xA5, 0x55, 0, 0, 0, 0, 0, 1};
  append(out, run(16, 0x80));
  append(out, run(4, 0x12));
  out.insert(out.end(), {0, 0, 20});
  append(out, run(20, 0x40));
  return out;
}

void add_extensions(ChainBuilder& b) {
  const auto ext = [&](unsigned type, ByteView data) {
    b.add(wire::GeneralExt{static_cast<GeneralExtType>(type), data});
  };
  ext(0, text("vendor"));
  ext(1, text("mikey;other"));
  ext(2, run(20));
  ext(3, key_ids());
  ext(4, run(4, 0x12));
  ext(5, text("\x02STKM"));
  ext(6, to_self());
  ext(7, key_parameters());
}

Bytes srtp_params() {
  static constexpr std::array<std::uint8_t, 10> kValues = {1, 16, 1, 20, 14, 0, 0, 1, 1, 0};
  std::vector<wire::SpParam> list;
  for (std::uint8_t i = 0; i < kValues.size(); ++i) list.push_back({i, ByteView(kValues).subspan(i, 1)});
  return *wire::encode_entries<wire::SpParam>(list);
}

void add_policies(ChainBuilder& b) {
  const Bytes srtp = srtp_params();
  const wire::SpParam tesla[] = {{1, run(1)}, {5, kStamp}, {6, run(4)}};
  b.add(wire::Sp{0, ProtType::srtp, srtp});
  b.add(wire::Sp{1, ProtType::tesla, *wire::encode_entries<wire::SpParam>(tesla)});
}

wire::Kv spi() {
  return {KvType::spi, run(4, 1), {}, {}};
}

/// Sub-payloads of a KEMAC: `first` says what its message's data begin with.
Bytes keys(PayloadType first) {
  ChainBuilder b;
  if (first == PayloadType::id) b.add(wire::Id{IdType::uri, kAlice});
  if (first == PayloadType::idr) {
    b.add(wire::Idr{IdRole::initiator, IdType::uri, kAlice});
    b.add(wire::KeyData{KeyDataType::k_pr, run(40), {}, {KvType::interval, {}, run(4), run(4, 9)}});
    return done(std::move(b));
  }
  b.add(wire::KeyData{KeyDataType::tgk, run(16), {}, spi()});
  b.add(wire::KeyData{KeyDataType::tek_salt, run(16), run(14), {KvType::interval, {}, run(6), run(6, 9)}});
  return done(std::move(b));
}

wire::Kemac sealed() {
  return {EncrAlg::aes_cm_128, run(36), MacAlg::hmac_sha_1_160, run(20)};
}

void add_clear(ChainBuilder& b, DataType kind) {
  b.add(wire::Kemac{EncrAlg::null, keys(wire::kemac_first(kind)), MacAlg::hmac_sha_1_160, run(20)});
}

wire::Ver ver() {
  return {MacAlg::hmac_sha_256_256, run(32)};
}

Bytes policy_data(bool with_keys) {
  ChainBuilder b(true);
  b.add(wire::Idr{IdRole::kms, IdType::uri, kKms});
  b.add(wire::Tr{TsRole::end, TsType::ntp_utc_32, run(4, 0xEE)});
  b.add(wire::Tr{TsRole::rekey, TsType::ntp_utc_32, run(4)});
  if (with_keys) b.add(wire::Kemac{EncrAlg::null, keys(PayloadType::key_data), MacAlg::null, {}});
  b.add(wire::Idr{IdRole::responder, IdType::uri, kBob});
  return done(std::move(b));
}

wire::TicketPolicy policy(ByteView data) {
  return {TicketType::mikey_base, 1, 1, PrfFunc::hmac_sha_256, 0xFC3, 0x15, data};
}

void add_tp(ChainBuilder& b) {
  b.add(wire::Tp{policy(policy_data(true))});
}

void add_ticket(ChainBuilder& b, bool forked) {
  wire::Thdr thdr;
  thdr.data = run(3);
  ChainBuilder t(thdr);
  t.add(wire::T{TsType::ntp_utc, kStamp});
  t.add(wire::Rand{run(16)});
  t.add(wire::Kemac{EncrAlg::aes_cm_256, run(64), MacAlg::null, {}});
  t.add(wire::Idr{IdRole::psk, IdType::byte_string, run(8)});
  t.add(ver());
  ChainBuilder v(true);
  v.add(ver());
  v.add(ver());
  const Bytes initiator = forked ? done(std::move(v)) : Bytes{};
  b.add(wire::Ticket{policy(policy_data(false)), done(std::move(t)), initiator});
}

void add_idr(ChainBuilder& b, std::initializer_list<IdRole> roles) {
  for (const IdRole r : roles)
    b.add(wire::Idr{r, r == IdRole::psk ? IdType::byte_string : IdType::uri,
                    r == IdRole::initiator ? kAlice : kBob});
}

void add_names(ChainBuilder& b, bool certificates) {
  b.add(wire::Id{IdType::uri, kAlice});
  if (certificates) {
    b.add(wire::Cert{CertType::x509v3, run(60)});
    b.add(wire::Cert{CertType::x509v3_url, text("https://example.com/alice.cer")});
  }
  b.add(wire::Id{IdType::nai, text("bob@example.com")});
}

void add_rand(ChainBuilder& b) {
  b.add(wire::Rand{run(16)});
}

void add_sealing(ChainBuilder& b) {
  b.add(wire::Chash{HashFunc::sha_256, run(32)});
  b.add(wire::Pke{EnvelopeCache::cache_for_csb, run(64)});
}

void add_sign(ChainBuilder& b, SignType type = SignType::rsa_pkcs1_15) {
  b.add(wire::Sign{type, run(type == SignType::eccsi ? 129 : 64)});
}

/// RFC 3830, 4650, 4738.
void add_classic(ChainBuilder& b, DataType kind) {
  switch (kind) {
    case DataType::psk_init:
      add_rand(b);
      add_names(b, false);
      add_policies(b);
      add_extensions(b);
      return add_clear(b, kind);
    case DataType::pk_init:
      add_rand(b);
      add_names(b, true);
      add_policies(b);
      add_extensions(b);
      add_clear(b, kind);
      add_sealing(b);
      return add_sign(b);
    case DataType::dh_init:
    case DataType::dh_resp:
      add_rand(b);
      add_names(b, true);
      add_policies(b);
      add_extensions(b);
      b.add(wire::Dh{DhGroup::oakley_1, run(96), 5, spi()});
      if (kind == DataType::dh_resp) b.add(wire::Dh{DhGroup::oakley_1, run(96, 7), 0, {}});
      return add_sign(b, SignType::rsa_pss);
    case DataType::error:
      b.add(wire::Err{static_cast<ErrorNo>(10), 0x0102});
      add_policies(b);
      add_extensions(b);
      b.add(wire::Ver{MacAlg::hmac_sha_1_160, run(20)});
      return;
    case DataType::dhhmac_init:
    case DataType::dhhmac_resp:
      add_rand(b);
      add_names(b, false);
      add_policies(b);
      b.add(wire::Dh{DhGroup::oakley_2, run(128), 0, {KvType::interval, {}, run(6), run(6)}});
      add_extensions(b);
      b.add(wire::Kemac{EncrAlg::null, {}, MacAlg::hmac_sha_1_160, run(20)});
      return;
    case DataType::rsar_init:
      add_rand(b);
      add_names(b, true);
      add_policies(b);
      add_extensions(b);
      return add_sign(b);
    case DataType::rsar_resp:
      add_rand(b);
      add_names(b, true);
      add_policies(b);
      add_extensions(b);
      add_clear(b, kind);
      add_sealing(b);
      return add_sign(b);
    default:  // the verification messages
      add_names(b, false);
      add_extensions(b);
      b.add(wire::Ver{MacAlg::hmac_sha_1_160, run(20)});
  }
}

/// RFC 6043.
void add_ticketed(ChainBuilder& b, DataType kind) {
  const bool by_key = kind == DataType::request_init_pk || kind == DataType::resolve_init_pk;
  if (kind != DataType::request_resp) b.add(wire::Randr{RandRole::initiator, run(16)});
  add_idr(b, {IdRole::initiator, IdRole::responder, IdRole::kms, IdRole::application});
  add_extensions(b);
  if (by_key) b.add(wire::Cert{CertType::x509v3_sign, run(60)});
  switch (kind) {
    case DataType::request_init_psk:
    case DataType::request_init_pk:
      add_tp(b);
      break;
    case DataType::transfer_resp:
      b.add(wire::Randr{RandRole::responder, run(16, 2)});
      add_policies(b);
      b.add(sealed());
      break;
    case DataType::resolve_resp:
      b.add(sealed());
      b.add(wire::Randr{RandRole::kms, run(16, 3)});
      break;
    default:
      add_ticket(b, kind == DataType::transfer_init);
      b.add(sealed());
  }
  if (by_key) {
    add_sealing(b);
    return add_sign(b);
  }
  add_idr(b, {IdRole::psk});
  b.add(ver());
}

/// RFC 6267.
void add_ibake(ChainBuilder& b, DataType kind) {
  add_rand(b);
  add_idr(b, {IdRole::initiator, IdRole::responder, IdRole::kms});
  add_extensions(b);
  switch (kind) {
    case DataType::request_key_init_psk:
      b.add(sealed());
      b.add(ver());
      break;
    case DataType::request_key_init_pke:
      b.add(wire::Cert{CertType::x509v3_encr, run(60)});
      add_sealing(b);
      add_sign(b);
      break;
    case DataType::request_key_resp:
      add_clear(b, kind);
      b.add(ver());
      break;
    default:
      add_policies(b);
      b.add(wire::Ibake{run(80)});
      if (kind != DataType::r_message_2) b.add(wire::Esk{run(50)});
      if (kind == DataType::r_message_2) b.add(ver());
  }
}

/// RFC 6509 and TS 33.180.
void add_sakke(ChainBuilder& b) {
  add_rand(b);
  add_idr(b, {IdRole::uid_initiator, IdRole::uid_responder, IdRole::kms_initiator, IdRole::kms_responder});
  add_policies(b);
  b.add(wire::Sakke{SakkeParams::set_1, SakkeIdScheme::mcx_hashed_uid, run(273)});
  add_extensions(b);
  add_sign(b, SignType::eccsi);
}

}  // namespace

Octets run(std::size_t n, std::uint8_t from) {
  return ByteView(kCounting).subspan(from, n);
}

Bytes sample_message(DataType kind) {
  Bytes map;
  ChainBuilder b(header(kind, map));
  b.add(wire::T{TsType::ntp_utc, kStamp});
  const auto n = static_cast<unsigned>(kind);
  if (n <= 10) {
    add_classic(b, kind);
  } else if (n <= 18) {
    add_ticketed(b, kind);
  } else if (n <= 25) {
    add_ibake(b, kind);
  } else {
    add_sakke(b);
  }
  return done(std::move(b));
}

std::vector<DataType> all_kinds() {
  std::vector<DataType> out;
  for (std::uint8_t i = 0; i <= 26; ++i) out.push_back(static_cast<DataType>(i));
  return out;
}

std::vector<SampleChain> sample_chains() {
  std::vector<SampleChain> out;
  ChainBuilder key;
  for (std::uint8_t type = 0; type <= 7; ++type) {
    const auto t = static_cast<KeyDataType>(type);
    key.add(wire::KeyData{t, run(16), wire::carries_salt(t) ? run(14) : Octets{}, spi()});
  }
  out.push_back({"KEMAC", PayloadType::key_data, done(std::move(key))});
  ChainBuilder pk;
  pk.add(wire::Id{IdType::uri, kAlice});
  pk.add(wire::KeyData{KeyDataType::tgk, run(16), {}, {}});
  out.push_back({"KEMAC of public-key mode", PayloadType::id, done(std::move(pk))});
  ChainBuilder ibake;
  add_idr(ibake, {IdRole::initiator});
  ibake.add(wire::Eccpt{EccCurve::p256, 4, run(64), MacAlg::hmac_sha_256_256, 32, 3, spi()});
  add_idr(ibake, {IdRole::responder});
  ibake.add(wire::Eccpt{EccCurve::p521, 3, run(66), MacAlg::null, 16, 0, {}});
  out.push_back({"IBAKE", PayloadType::idr, done(std::move(ibake))});
  ChainBuilder esk;
  add_idr(esk, {IdRole::initiator});
  esk.add(wire::Sk{SkType::secret_key, run(16), {KvType::interval, {}, run(4), run(4)}});
  out.push_back({"ESK", PayloadType::idr, done(std::move(esk))});
  return out;
}

}  // namespace mikey::test
