/// \file
/// Key files of whatever form: a KMS's public keys, its master secrets or users' key sets, JSON or 3GPP's
/// XML.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "mikey/ibc/key_files.hpp"
#include "mikey/kms/xml.hpp"

namespace mikey::cmd {

/// What a file holds.
using KeyFile = std::variant<ibc::KmsRecord, ibc::KeySetRecord, ibc::MasterRecord, kms::Document>;

/// Reads and parses a file; `keys` open and check XML. The error's detail begins with the file's name.
Result<KeyFile> read_key_file(const std::string& path, std::span<const kms::SecurityKey> keys = {});

/// All certificates and key sets of a document, wherever they stand in it.
std::vector<const kms::Certificate*> certificates_of(const kms::Document& document);
std::vector<const kms::KeySet*> key_sets_of(const kms::Document& document);

/// The KMSs whose public keys a file holds: a kms.json, a sakke-master.json, or certificates in XML.
Result<std::vector<ibc::Kms>> read_kms(const std::string& path, std::span<const kms::SecurityKey> keys = {});

/// A TrK or InK from a file: its raw octets, or hexadecimal or base64 of them in one line.
Result<kms::SecurityKey> read_security_key(const std::string& path, const std::string& id);

/// Periods, first to last.
struct PeriodRange {
  ibc::KeyPeriod first;
  ibc::KeyPeriod last;
  std::size_t size() const { return static_cast<std::size_t>(last.number - first.number) + 1; }
};
inline constexpr std::size_t kMaxPeriods = 1200;

/// 0 for "now", N for "now+N" up to kMaxPeriods; nothing for other texts.
std::optional<unsigned> periods_from_now(std::string_view text);

/// "now", "now+2", "2026-11", "1545", or two of them with ".." between.
Result<PeriodRange> parse_periods(const ibc::IdScheme& ids, const std::string& text, NtpTime now);

/// URIs of users, one a line of a text; blank lines and those that begin with # are passed over. What follows
/// the URI after white space is its second member.
struct UserLine {
  std::string uri;
  std::string rest;
};
/// Adds the lines of a file ("-": standard input) to `users`. An error when one stands twice, or none is
/// there.
Result<std::vector<UserLine>> read_users(const std::vector<std::string>& users, const std::string& path);

/// Beginnings of file names for users, all different: the letters and digits of a URI's user part, and a few
/// of its hash where others have the same.
std::vector<std::string> user_stems(const std::vector<UserLine>& users);

/// "2026-11-01T00:00:00Z to 2026-11-30T23:59:59Z"
std::string period_dates(const ibc::IdScheme& ids, ibc::KeyPeriod first, ibc::KeyPeriod last);

}  // namespace mikey::cmd
