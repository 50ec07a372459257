/// \file
/// The numbers of the IANA registry "Multimedia Internet KEYing (MIKEY) Payload Name Spaces", as types.
/// Every type may hold any value of its width: what arrives is kept, and judged where it matters. Names and
/// sources of the values are in wire/registry.
#pragma once

#include <cstdint>

namespace mikey {

/// HDR: Data type (RFC 3830 6.1, 4650, 4738, 6043, 6267, 6509).
enum class DataType : std::uint8_t {
  psk_init = 0,
  psk_resp = 1,
  pk_init = 2,
  pk_resp = 3,
  dh_init = 4,
  dh_resp = 5,
  error = 6,
  dhhmac_init = 7,
  dhhmac_resp = 8,
  rsar_init = 9,
  rsar_resp = 10,
  request_init_psk = 11,
  request_init_pk = 12,
  request_resp = 13,
  transfer_init = 14,
  transfer_resp = 15,
  resolve_init_psk = 16,
  resolve_init_pk = 17,
  resolve_resp = 18,
  request_key_init_psk = 19,
  request_key_init_pke = 20,
  request_key_resp = 21,
  i_message_1 = 22,
  r_message_1 = 23,
  i_message_2 = 24,
  r_message_2 = 25,
  sakke_init = 26,
};

/// Next payload (RFC 3830 6.1).
enum class PayloadType : std::uint8_t {
  last = 0,
  kemac = 1,
  pke = 2,
  dh = 3,
  sign = 4,
  t = 5,
  id = 6,
  cert = 7,
  chash = 8,
  v = 9,
  sp = 10,
  rand = 11,
  err = 12,
  tr = 13,
  idr = 14,
  randr = 15,
  tp = 16,
  ticket = 17,
  key_data = 20,
  general_ext = 21,
  ibake = 22,
  esk = 23,
  sk = 24,
  eccpt = 25,
  sakke = 26,
};

enum class PrfFunc : std::uint8_t { mikey_1 = 0, hmac_sha_256 = 1 };               ///< 7 bits, RFC 3830 6.1
enum class CsIdMapType : std::uint8_t { srtp_id = 0, empty = 1, generic_id = 2 };  ///< RFC 3830 6.1
enum class EncrAlg : std::uint8_t { null = 0, aes_cm_128 = 1, aes_kw_128 = 2, aes_cm_256 = 3 };  ///< 6.2
enum class MacAlg : std::uint8_t { null = 0, hmac_sha_1_160 = 1, hmac_sha_256_256 = 2 };         ///< 6.2
enum class EnvelopeCache : std::uint8_t { no_cache = 0, cache = 1, cache_for_csb = 2 };  ///< 2 bits, 6.3
enum class DhGroup : std::uint8_t { oakley_5 = 0, oakley_1 = 1, oakley_2 = 2 };          ///< 6.4
enum class SignType : std::uint8_t { rsa_pkcs1_15 = 0, rsa_pss = 1, eccsi = 2 };         ///< 4 bits, 6.5
enum class TsType : std::uint8_t { ntp_utc = 0, ntp = 1, counter = 2, ntp_utc_32 = 3 };  ///< 6.6
enum class IdType : std::uint8_t { nai = 0, uri = 1, byte_string = 2 };                  ///< 6.7
enum class CertType : std::uint8_t { x509v3 = 0, x509v3_url = 1, x509v3_sign = 2, x509v3_encr = 3 };  ///< 6.7
enum class HashFunc : std::uint8_t { sha_1 = 0, md5 = 1, sha_256 = 2 };                               ///< 6.8
enum class ProtType : std::uint8_t { srtp = 0, tesla = 1 };  ///< 6.10
enum class KeyDataType : std::uint8_t {                      ///< 4 bits, 6.13
  tgk = 0,
  tgk_salt = 1,
  tek = 2,
  tek_salt = 3,
  gtgk = 4,
  gtgk_salt = 5,
  mpk = 6,
  k_pr = 7,
};
enum class KvType : std::uint8_t { null = 0, spi = 1, interval = 2 };  ///< 4 bits, 6.14
enum class ErrorNo : std::uint8_t {};                                  ///< 6.12; see ErrorCode
enum class GeneralExtType : std::uint8_t {                             ///< 6.15
  vendor_id = 0,
  sdp_ids = 1,
  tesla_i_key = 2,
  key_id = 3,
  csb_id = 4,
  oma_bcast = 5,
  sakke_to_self = 6,
  key_parameters_3gpp = 7,
};
enum class KeyIdType : std::uint8_t { key_domain = 0, msk = 1, mtk = 2 };  ///< RFC 4563
enum class OmaBcastType : std::uint8_t {
  ltkm = 1,
  stkm = 2,
  ltkm_reporting = 3,
  parental_control = 4
};  ///< 5410
enum class TsRole : std::uint8_t {
  issued = 1,
  start = 2,
  end = 3,
  rekey = 4
};                                  ///< RFC 6043 6.3: TRi TRs TRe TRr
enum class IdRole : std::uint8_t {  ///< RFC 6043 6.6, 6509, 33.180
  initiator = 1,
  responder = 2,
  kms = 3,
  psk = 4,
  application = 5,
  kms_initiator = 6,
  kms_responder = 7,
  uid_initiator = 8,
  uid_responder = 9,
};
enum class RandRole : std::uint8_t { initiator = 1, responder = 2, kms = 3 };  ///< RFC 6043 6.8
enum class TicketType : std::uint16_t { mikey_base = 1, base_3gpp = 2 };       ///< RFC 6043 6.10
enum class EccCurve : std::uint8_t {                                           ///< RFC 6267 6.1.2
  p192 = 1,
  b163 = 2,
  k163 = 3,
  sect163r1 = 4,
  p224 = 5,
  b233 = 6,
  k233 = 7,
  p256 = 8,
  b283 = 9,
  k283 = 10,
  p384 = 11,
  b409 = 12,
  k409 = 13,
  p521 = 14,
  b571 = 15,
  k571 = 16,
};
enum class SkType : std::uint8_t { secret_key = 1 };  ///< RFC 6267 6.1.3
enum class SakkeParams : std::uint8_t { set_1 = 1 };  ///< RFC 6509 4.2
enum class SakkeIdScheme : std::uint8_t {
  tel_uri_monthly = 1,
  mcx_hashed_uid = 2
};  ///< RFC 6509 4.2, 33.180

/// SRTP policy parameters (RFC 3830 6.10.1, 4771, 7714).
enum class SrtpParam : std::uint8_t {
  encr_alg = 0,
  encr_key_len = 1,
  auth_alg = 2,
  auth_key_len = 3,
  salt_key_len = 4,
  prf = 5,
  kdr = 6,
  srtp_encr = 7,
  srtcp_encr = 8,
  fec_order = 9,
  srtp_auth = 10,
  auth_tag_len = 11,
  prefix_len = 12,
  roc_rate = 13,
  srtp_auth_alg = 14,
  srtcp_auth_alg = 15,
  srtp_auth_key_len = 16,
  srtcp_auth_key_len = 17,
  srtp_tag_len = 18,
  srtcp_tag_len = 19,
  aead_tag_len = 20,
};
enum class SrtpEncr : std::uint8_t {
  null = 0,
  aes_cm = 1,
  aes_f8 = 2,
  seed_ctr = 3,
  seed_ccm = 4,
  seed_gcm = 5,
  aes_gcm = 6,
  aria_ctr = 7,
  aria_gcm = 8,
};
enum class SrtpAuth : std::uint8_t { null = 0, hmac_sha_1 = 1, rcc_m1 = 2, rcc_m2 = 3, rcc_m3 = 4 };
enum class SrtpPrf : std::uint8_t {
  aes_cm = 0,
  seed_ctr = 1,
  aria_ctr = 2
};                                                    ///< RFC 3830 6.10.1, 5748, 8269
enum class FecOrder : std::uint8_t { fec_srtp = 0 };  ///< RFC 3830 6.10.1

/// TESLA policy parameters (RFC 4442 4.2).
enum class TeslaParam : std::uint8_t {
  prf = 1,
  prf_len = 2,
  mac = 3,
  mac_len = 4,
  session_start = 5,
  interval = 6,
  disclosure_delay = 7,
  chain_length = 8,
  receiver_time = 9,
};
enum class TeslaPrf : std::uint8_t { hmac_sha_1 = 0 };  ///< RFC 4442 4.2
enum class TeslaMac : std::uint8_t { hmac_sha_1 = 0 };  ///< RFC 4442 4.2

}  // namespace mikey
