/// \file
/// Key sets, a KMS's public keys and its master secrets as JSON documents.
///
/// Each is one object. Octet strings are hexadecimal of either case, numbers are whole. Members, with their
/// sizes in octets:
///  - a KMS's public keys: `kms_uri`, `params` (1), `id_scheme` (1 or 2), `Z` (257), `KPAK` (65), for scheme
///    2 `key_period` and `key_period_offset` (seconds), optionally `from` and `to` (periods);
///  - a user's key set: `kms_uri`, `params`, `id_scheme`, `uri`, `period` ("YYYY-MM", or a number for scheme
///    2), `RSK` (257), `SSK` (32), `PVT` (65), optionally `id`;
///  - a KMS's master secrets: all of its public keys, `z` (up to 128) and `KSAK` (up to 32), which may have
///    an odd number of digits.
/// Other members are ignored, so that documents can say more.
///
/// Parsing takes hostile octets. Its error (ErrorCode::bad_request) names the member, or the octet at which
/// the document stopped being JSON. What is parsed is well formed and no more: Kms::load(), KeySet::load()
/// and check_master() tell whether it is true.
#pragma once

#include "mikey/ibc/key_set.hpp"

namespace mikey::ibc {

/// Longest document that is looked at, in octets.
inline constexpr std::size_t kMaxKeyFile = 65536;

Result<KmsRecord> parse_kms(ByteView json);
Result<KeySetRecord> parse_key_set(ByteView json);
Result<MasterRecord> parse_master(ByteView json);

/// The documents, one member a line, with a line feed at the end. What the parsers take is written back to a
/// document that says the same.
std::string write_kms(const KmsRecord& record);
SecretBytes write_key_set(const KeySetRecord& record);
SecretBytes write_master(const MasterRecord& master);

/// The letters and digits of a URI without scheme and host, at most 64, for names of files.
std::string user_file_stem(std::string_view uri);
/// "447700900123-2026-11.json": a name for a user's key set, made of the letters and digits of the URI
/// (without scheme and host) and the period.
std::string key_file_name(const KeySetRecord& record);

}  // namespace mikey::ibc
