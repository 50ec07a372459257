#include "keygen_ibake.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <set>

#include "files.hpp"
#include "kms_files.hpp"
#include "mikey/crypto/provider.hpp"
#include "mikey/ibc/ibake_files.hpp"
#include "mikey/ibc/key_files.hpp"
#include "progress.hpp"
#include "terminal.hpp"

namespace mikey::cmd {
namespace {

/// Forwards to a generator, and tells how many candidates for p it has been asked for: the search is all that
/// takes time (bf::setup()).
class CountingCandidates final : public Rng {
 public:
  /// About one of `expected` numbers of this size is prime.
  CountingCandidates(Rng& inner, std::size_t expected)
      : inner_(inner), expected_(expected), terminal_(::isatty(STDERR_FILENO) == 1) {}
  ~CountingCandidates() override { clear(); }
  CountingCandidates(const CountingCandidates&) = delete;
  CountingCandidates& operator=(const CountingCandidates&) = delete;

  Status fill(MutableBytes out, std::string_view what) override {
    if (what == "BF r") {
      ++tried_;
      tell();
    }
    return inner_.fill(out, what);
  }

 private:
  using Clock = std::chrono::steady_clock;

  void tell() {
    const auto now = Clock::now();
    if (now - told_ < (terminal_ ? std::chrono::milliseconds(200) : std::chrono::milliseconds(5000))) return;
    told_ = now;
    const double seconds = std::chrono::duration<double>(now - begin_).count();
    const std::string text = "looking for p: " + std::to_string(tried_) + " candidates in " +
                             duration_text(seconds) + "; about one in " + std::to_string(expected_) +
                             " is prime";
    std::fprintf(stderr, terminal_ ? "\r\x1b[K%s" : "%s\n", text.c_str());
    shown_ = true;
  }
  void clear() const {
    if (shown_ && terminal_) std::fputs("\r\x1b[K", stderr);
  }

  Rng& inner_;
  std::size_t expected_;
  std::size_t tried_ = 0;
  bool terminal_;
  bool shown_ = false;
  Clock::time_point begin_ = Clock::now();
  Clock::time_point told_ = begin_;
};

struct NewFile {
  std::string path;
  SecretBytes octets;
  Readers readers;
};

/// All of them, or none when one of them is there already; secrets first.
Status write_all(const std::string& dir, const std::vector<NewFile>& files, bool force) {
  for (const NewFile& f : files)
    if (!force && file_exists(f.path))
      return bad_request(f.path + " exists already; nothing was made (--force replaces it)");
  if (!dir.empty() && dir != ".")
    if (auto s = make_folder(dir); !s) return s;
  for (const NewFile& f : files) {
    if (auto s = write_file(f.path, f.octets.reveal(), f.readers, force ? Existing::replace : Existing::keep);
        !s)
      return s;
    std::printf("%s\n", safe_text(f.path).c_str());
  }
  return {};
}

/// How many numbers 12 q r - 1 of so many bits must be tried for a prime: by their size, of those that 2 and
/// 3 do not divide.
std::size_t expected_candidates(unsigned level) {
  switch (level) {
    case 1024:
      return 118;
    case 2048:
      return 237;
    case 3072:
      return 355;
    case 7680:
      return 887;
    default:
      return 1774;
  }
}

Result<ibc::KeyDate> parse_one(ibc::DateFormat format, std::string_view text, NtpTime now) {
  if (const auto d = ibc::parse_date(format, text)) return *d;
  if (const auto more = periods_from_now(text)) {
    ibc::KeyDate out = ibc::date_at(format, now);
    out.number += *more;
    return out;
  }
  return bad_request("\"" + std::string(text) + "\" is no date of this KMS; say now, now+1, or " +
                     std::string(ibc::date_format_text(format)));
}

/// "now", "now+2", "2026-11", or two of them with ".." between.
Result<std::vector<ibc::KeyDate>> parse_dates(ibc::DateFormat format, std::string_view text, NtpTime now) {
  const std::size_t dots = text.find("..");
  const auto first = parse_one(format, text.substr(0, dots), now);
  if (!first) return first.error();
  const auto last = dots == std::string_view::npos ? first : parse_one(format, text.substr(dots + 2), now);
  if (!last) return last.error();
  if (*last < *first) return bad_request("the dates \"" + std::string(text) + "\" end before they begin");
  if (last->number - first->number >= static_cast<std::int64_t>(kMaxPeriods))
    return bad_request("\"" + std::string(text) + "\" are more than " + std::to_string(kMaxPeriods) +
                       " dates");
  std::vector<ibc::KeyDate> out;
  for (ibc::KeyDate d = *first; d <= *last; d = d.next()) out.push_back(d);
  return out;
}

Result<ibc::IbakeMaster> load_master(const std::string& path) {
  const auto text = read_secret_file(path, ibc::kMaxKeyFile);
  if (!text) return text.error();
  auto record = ibc::parse_ibake_master(text->reveal());
  auto master = record ? ibc::IbakeMaster::load(crypto::openssl(), std::move(*record))
                       : Result<ibc::IbakeMaster>(record.error());
  if (!master) return bad_request(path + ": " + master.error().detail);
  return master;
}

}  // namespace

Status make_ibake_params(const IbakeParamsOptions& o) {
  const std::string master = in_folder(o.dir, "ibake-master.json");
  if (!o.force && file_exists(master))  // before the search, which may take long
    return bad_request(master + " exists already; nothing was made (--force replaces it)");
  const auto rng = crypto::openssl_rng();
  Result<ibc::IbakeMasterRecord> made = bad_request("");
  {
    CountingCandidates counting(*rng, expected_candidates(o.level));
    made = ibc::make_ibake_master(crypto::openssl(), counting, o.uri,
                                  ibc::parse_date_format(o.dates).value_or(ibc::DateFormat::month),
                                  static_cast<ibc::bf::Level>(o.level));
  }
  if (!made) return std::move(made).error();
  made->known.serial = o.serial;
  if (o.valid_days > 0) {
    made->known.not_before = SystemClock().now().unix_seconds();
    made->known.not_after = *made->known.not_before + std::int64_t{o.valid_days} * 86400 - 1;
  }
  std::vector<NewFile> files;
  files.push_back({master, ibc::write_ibake_master(*made), Readers::owner});
  files.push_back({in_folder(o.dir, "ibake-params.json"),
                   SecretBytes(as_bytes(ibc::write_ibake_kms(made->known))), Readers::everybody});
  if (!o.publish.empty()) {
    const auto kms = ibc::IbakeKms::load(crypto::openssl(), made->known);
    if (!kms) return kms.error();
    const auto text = ibc::published_parameters(*kms);
    if (!text) return text.error();
    files.push_back({o.publish, SecretBytes(as_bytes(*text + "\n")), Readers::everybody});
  }
  return write_all(o.dir, files, o.force);
}

Status make_ibake_keys(const IbakeKeyOptions& o) {
  const auto master = load_master(o.master);
  if (!master) return master.error();
  const auto dates = parse_dates(master->kms().dates(), o.dates, SystemClock().now());
  if (!dates) return dates.error();
  std::vector<NewFile> files;
  std::set<std::string> paths;
  for (const std::string& identity : o.identities)
    for (const ibc::KeyDate& date : *dates) {
      const Bytes id = to_bytes(as_bytes(identity));
      auto secret = master->extract(crypto::openssl(), id, date);
      if (!secret) return std::move(secret).error();
      const auto key = ibc::IbakeKey::load(crypto::openssl(), master->kms(), id, date, std::move(*secret));
      if (!key) return key.error();
      const ibc::IbakeKeyRecord record = key->record();
      std::string path = in_folder(o.dir, ibc::ibake_key_file_name(record));
      if (!paths.insert(path).second)
        return bad_request("two identities would have the file " + path + "; use two folders");
      files.push_back({std::move(path), ibc::write_ibake_key(record), Readers::owner});
    }
  return write_all(o.dir, files, o.force);
}

}  // namespace mikey::cmd
