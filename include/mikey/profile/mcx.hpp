/// \file
/// Mission-critical services of 3GPP (TS 33.180, and TS 33.179 before it): the keys that MIKEY-SAKKE carries
/// there, their identifiers, parameters and media keys.
///
/// A group key is set up like this:
///
///     const auto gmk = mcx::make_key(rng, mcx::KeyType::gmk);
///     for (const std::string& member : members)
///       auto sent = party.initiate(*mcx::group_key_request(provider, gmk, member));  // one message each
///
/// and a member derives the SRTP keys of whoever speaks with media_keys().
#pragma once

#include "mikey/exchange/party.hpp"

namespace mikey::profile::mcx {

/// Purpose tag of a key identifier (TS 33.180 5.2.2, table G-1); also the Key Type of key parameters
/// (E.6.11).
enum class KeyType : std::uint8_t { gmk = 0, pck = 1, csk = 2, spk = 3, mkfc = 4, mscck = 5, musik = 6 };
std::string_view key_type_name(KeyType type);  ///< "GMK"
/// The purpose of an identifier by its upper four bits; nothing for 7 to 15.
std::optional<KeyType> purpose_of(std::uint32_t key_id);

/// CS IDs (table E.1.3-1), used in derivations also when the message has no CS ID map.
enum class CsId : std::uint8_t {
  mcptt_private_initiator = 0,
  mcptt_private_receiver = 1,
  mcvideo_private_initiator = 2,
  mcvideo_private_receiver = 3,
  mcptt_group = 4,
  mcvideo_group = 5,
  mcptt_csk_srtcp = 6,
  mcptt_musik_srtcp = 7,
  mcvideo_csk_srtcp = 8,
  mcvideo_musik_srtcp = 9,
};

/// A key with its identifier.
struct Key {
  KeyType type = KeyType::gmk;
  std::uint32_t id = 0;  ///< GMK-ID, PCK-ID, ...; the purpose tag in the upper four bits
  ibc::Ssv key;          ///< 16 octets
  Bytes rand;            ///< RAND of the messages that carry it, on which the media keys depend
};

/// A fresh key. Draws "SSV", "key ID" and "RAND".
Result<Key> make_key(Rng& rng, KeyType type);

/// TS 33.220 B.2 over HMAC-SHA-256: FC || P0 || L0 || P1 || L1 ..., 32 octets.
Result<SecretBytes> kdf(const crypto::Provider& provider, ByteView key, std::uint8_t fc,
                        std::span<const ByteView> parameters);

/// GUK-ID of a user under a GMK, and, as it is its own reverse, the GMK-ID of a GUK-ID (5.2.3, F.1.3).
Result<std::uint32_t> guk_id(const crypto::Provider& provider, const ibc::Ssv& gmk, std::uint32_t gmk_id,
                             std::string_view user);

/// Keys of signalling under a CSK or SPK (F.1.4), 16 octets each.
struct SignallingKeys {
  SecretBytes confidentiality;
  SecretBytes integrity;
};
Result<SignallingKeys> signalling_keys(const crypto::Provider& provider, const Key& key,
                                       std::string_view user);

/// SRTP master key (16) and salt (12 octets).
struct MediaKeys {
  Tek key;
  Salt salt;
};
/// 7.4, 7.5: the keys of one crypto session of a carried key. `rand`: of the message that carried it.
/// `csb_id`: its CSB ID; for group media the GUK-ID of the sender.
Result<MediaKeys> media_keys(const crypto::Provider& provider, const ibc::Ssv& key, ByteView rand,
                             std::uint32_t csb_id, CsId cs_id);
/// The same for group media by the name of whoever sends.
Result<MediaKeys> group_media_keys(const crypto::Provider& provider, const Key& gmk, std::string_view sender,
                                   CsId cs_id);

/// The MKI of packets: the key's identifier, for group media GMK-ID || GUK-ID of the sender (7.4.2).
Bytes mki(std::uint32_t key_id);
Bytes group_mki(std::uint32_t gmk_id, std::uint32_t sender_guk_id);
/// What a group MKI says.
struct GroupMki {
  std::uint32_t gmk_id = 0;
  std::uint32_t guk_id = 0;
};
std::optional<GroupMki> parse_group_mki(ByteView mki);

// ------------------------------------------------------------------ key parameters (general extension 7)

/// TS 33.180 E.6.
struct KeyParameters {
  KeyType type = KeyType::gmk;
  bool revoked = false;
  bool shared_with_gateway = false;
  std::uint64_t activation = 0;        ///< 40-bit seconds since 1970; 0: the time of the message
  std::uint64_t expiry = 0;            ///< 0: never
  std::string text;                    ///< UTF-8 for people
  std::vector<std::string> group_ids;  ///< MC groups the key is for; GMK, MKFC and MuSiK alone
};

/// The body of the extension: KeyParameters sealed under the carried key, with `csb_id` as DPPK-ID (5.2.4,
/// 8.5.4, E.6). `time`: 40-bit seconds. Draws "key parameters IV" of 16 octets.
Result<Bytes> seal_key_parameters(const crypto::Provider& provider, Rng& rng, const KeyParameters& p,
                                  const ibc::Ssv& key, std::uint32_t csb_id, std::uint64_t time);

/// How an extension body is read.
enum class Reading : bool {
  strict,
  tolerant,  ///< also what older products send: parameters in clear, Key Type one too high
};
/// The reverse. ErrorCode::auth_failure when the body does not open under that key and CSB ID, unspecified
/// when it is malformed. `purpose`: the purpose tag of the CSB ID, which wins over the Key Type: strict
/// refuses another Key Type, tolerant takes the purpose.
Result<KeyParameters> open_key_parameters(const crypto::Provider& provider, ByteView body,
                                          const ibc::Ssv& key, std::uint32_t csb_id,
                                          std::optional<KeyType> purpose, Reading reading = Reading::strict);

// ------------------------------------------------------------------ messages

/// PRF-HMAC-SHA-256, AEAD_AES_128_GCM, ECCSI with all IDR payloads, and the tolerances of tolerate().
Policy policy();
/// Accepts what products of these systems are known to send against the letter: ID scheme 1 for 2, a
/// signature that stops before SIGN, SRTP policies with ROC transmission; and messages of one's own from
/// another device.
void tolerate(Policy& policy);

/// How keys are sent.
struct Shape {
  bool explicit_policy = false;  ///< a GENERIC-ID session with SPI and policy; otherwise an Empty map, with
                                 ///< which the default profile of the key applies (E.1.2)
  bool to_self = false;          ///< SAKKE-to-self (5.2.5)
  std::optional<KeyParameters> parameters;  ///< key parameters to send along (5.2.4)
  std::string kms;                          ///< the receiver's KMS, if it is another than one's own
};

/// The SP parameters of a key's default profile (tables E.2-1, E.3-1), as products send them.
Bytes default_sp_params(KeyType type);

/// A request that sends `key` to `to`: PCK, CSK, SPK, MKFC, MSCCK or MuSiK, with the key's ID as CSB ID.
Result<InitiateRequest> key_request(const crypto::Provider& provider, Rng& rng, const Key& key,
                                    std::string_view to, const Shape& shape = {});
/// A request that sends a GMK to one member: the CSB ID is the member's GUK-ID.
Result<InitiateRequest> group_key_request(const crypto::Provider& provider, Rng& rng, const Key& gmk,
                                          std::string_view member, const Shape& shape = {});

/// What a bundle that was received or sent carries.
struct Carried {
  Key key;                                  ///< of a GMK: with the GMK-ID recovered from the CSB ID
  std::optional<std::uint32_t> guk_id;      ///< of a GMK: this user's own
  std::optional<KeyParameters> parameters;  ///< of extension 7, if there was one
};
/// Takes the key out of a MIKEY-SAKKE bundle. `user`: this party, for which the GUK-ID was made.
/// ErrorCode::bad_request for a bundle of another mode or an unknown purpose tag, else as
/// open_key_parameters().
Result<Carried> carried_key(const crypto::Provider& provider, const keys::Bundle& bundle,
                            std::string_view user, Reading reading = Reading::strict);

}  // namespace mikey::profile::mcx
