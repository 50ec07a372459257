/// \file
/// The key derivations of MIKEY-TICKET (RFC 6043 5.1, 6.10, A.2). Each is a label for the PRF of RFC 3830;
/// the constants are in derive.hpp.
#pragma once

#include <optional>
#include <span>

#include "mikey/keys/bundle.hpp"
#include "mikey/keys/message_keys.hpp"

namespace mikey::keys {

/// The CSB ID in labels of keys that belong to no CSB.
inline constexpr std::uint32_t kNoCsb = 0xFFFFFFFF;

/// Which message of an exchange keys are for (RFC 6043 5.1.2).
enum class Phase : std::uint8_t { initial = 1, response = 2 };

/// RFC 6043 5.1.2: what follows the CSB ID in the labels of keys that protect messages; the context of
/// MessageKeys made of a PSK, an envelope key, MPKi or MPKr'. A RAND that takes no part is empty. RANDs have
/// at most 255 octets, as their payloads do.
Bytes ticket_message_context(Phase phase, ByteView rand_i, ByteView rand_r);

/// RFC 6043 5.1.3: the same in the labels of session keys, where the CSB ID is kNoCsb. It takes the place of
/// RAND in a bundle.
Bytes ticket_session_context(ByteView rand_i, ByteView rand_r);

/// RFC 6043 6.10: the keys of Vr in Initiator Data.
MessageKeys initiator_data_keys(const crypto::Provider& provider, PrfFunc prf, ByteView mpk_r);

/// RFC 6043 A.2.1: the keys that protect the Ticket Data of a base ticket.
MessageKeys ticket_data_keys(const crypto::Provider& provider, PrfFunc prf, ByteView tpk, ByteView rand);

/// RFC 6043 A.2.2: MPKi and MPKr of the MPK in a base ticket; as long as the MPK.
struct MpkPair {
  SecretBytes initiator;
  SecretBytes responder;
};
Result<MpkPair> split_mpk(const crypto::Provider& provider, PrfFunc prf, ByteView mpk, ByteView rand);

/// What keys are forked with (RFC 6043 5.1.1, "modifier"): the ID data of the endpoint that answers, and a
/// RAND of the KMS.
struct Modifier {
  ByteView id;
  ByteView rand_kms;
};

/// RFC 6043 5.1.1: `what` is forked_mpk_r or forked_tgk; the result is as long as `key`.
Result<SecretBytes> forked(const crypto::Provider& provider, PrfFunc prf, Derivation what, ByteView key,
                           const Modifier& modifier);

/// The keys of a ticket as one responder gets them: TGKs forked, TEKs and GTGKs as they are.
Result<std::vector<KeyEntry>> fork_keys(const crypto::Provider& provider, PrfFunc prf,
                                        std::span<const KeyEntry> keys, const Modifier& modifier);

/// Whether key forking changes keys of this type.
constexpr bool is_forked(KeyDataType t) {
  return t == KeyDataType::tgk || t == KeyDataType::tgk_salt;
}

/// The algorithms that go with a PRF function (RFC 6043 12.1: those of 256 bits together, and never mixed
/// with shorter ones).
struct TicketAlgorithms {
  EncrAlg encryption{};
  MacAlg mac{};
};
TicketAlgorithms ticket_algorithms(PrfFunc prf);
/// ErrorCode::invalid_ea, invalid_mac for an algorithm that does not go with `prf`, invalid_prf for an
/// unknown one. AES-KW-128 is taken where AES-CM-128 is.
Status check_ticket_encryption(PrfFunc prf, EncrAlg alg);
Status check_ticket_mac(PrfFunc prf, MacAlg alg);

/// RFC 6043 12.1: octets that a RAND must have beside keys of which the longest has `longest` octets; at
/// least 16. Nothing when no RAND can be as long (255 octets).
std::optional<std::size_t> ticket_rand_size(std::size_t longest);

/// Octets of the longest TGK or GTGK; with `teks` also of TEKs.
std::size_t longest_key(std::span<const KeyEntry> keys, bool teks);

}  // namespace mikey::keys
