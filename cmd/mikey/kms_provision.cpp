// mikey kms provision: key sets of any number of users, over all processors.

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <thread>

#include "files.hpp"
#include "kms.hpp"
#include "kms_files.hpp"
#include "mikey/kms/records.hpp"
#include "progress.hpp"
#include "session_view.hpp"

namespace mikey::cmd {
namespace {

constexpr std::size_t kMaxKeySets = 10'000'000;

// A user with the names of the files that are made.
struct Job {
  std::string uri;
  std::vector<std::string> paths;  // JSON: one a period; XML: one
};

// What all threads read.
struct Plan {
  const KmsProvisionOptions& options;
  const ibc::MasterRecord& master;
  ibc::Kms kms;
  PeriodRange periods;
  std::optional<kms::SecurityKey> trk;
  std::optional<kms::SecurityKey> ink;
  kms::Time now;
};

void complain(const std::string& text) {
  kms_complain("provision", text);
}

// ------------------------------------------------------------------ users and their files

std::vector<std::string> paths_of(const Plan& p, const std::string& stem) {
  const std::string begin = in_folder(p.options.out, stem);
  const auto text = [&](ibc::KeyPeriod period) {
    return "-" + ibc::period_text(p.kms.record().ids.scheme, period);
  };
  if (p.options.format == "xml")
    return {begin + text(p.periods.first) + (p.periods.size() > 1 ? text(p.periods.last) : "") + ".xml"};
  std::vector<std::string> out;
  for (std::int64_t n = p.periods.first.number; n <= p.periods.last.number; ++n)
    out.push_back(begin + text({n}) + ".json");
  return out;
}

std::vector<Job> make_jobs(const Plan& p, const std::vector<UserLine>& users) {
  const auto stems = user_stems(users);
  std::vector<Job> out;
  for (std::size_t i = 0; i < users.size(); ++i) out.push_back({users[i].uri, paths_of(p, stems[i])});
  return out;
}

Result<std::vector<UserLine>> users_of(const KmsProvisionOptions& o) {
  auto users = read_users(o.users, o.users_file);
  if (!users) return users;
  if (users->empty()) return bad_request("name users on the command line, or in a file with --users FILE");
  for (const UserLine& u : *users)
    if (!u.rest.empty()) return bad_request(u.uri + ": what is \"" + u.rest + "\" behind it? One URI a line");
  return users;
}

// Leaves out what --skip-existing leaves out; anything else that exists is an error before anything is made.
Status drop_existing(const Plan& p, std::vector<Job>& jobs) {
  if (p.options.force) return {};
  const auto there = [](const Job& j) { return std::ranges::any_of(j.paths, file_exists); };
  if (p.options.skip) {
    std::erase_if(jobs, [](const Job& j) { return std::ranges::all_of(j.paths, file_exists); });
    return {};
  }
  const auto found = std::ranges::find_if(jobs, there);
  if (found == jobs.end()) return {};
  return bad_request(*std::ranges::find_if(found->paths, file_exists) +
                     " exists; --skip-existing leaves such users out, --force replaces their files");
}

// ------------------------------------------------------------------ the work

Result<SecretBytes> xml_document(const Plan& p, const Job& job, std::vector<kms::KeySet> key_sets) {
  kms::Response r;
  r.user_uri = job.uri;
  r.kms_uri = p.kms.uri();
  r.time = p.now;
  r.client_req_url = "https://" + p.kms.uri() + "/keymanagement/identity/v1/keyprov";
  r.message = kms::KeyProv{std::move(key_sets), {}, {}};
  kms::WriteOptions options;
  if (p.trk) options.transport_key = &*p.trk;
  options.wrap = p.options.wrap == "3gpp" ? kms::Wrap::rfc5649_3gpp : kms::Wrap::rfc5649;
  options.signing_key =
      p.ink ? &*p.ink : options.transport_key;  // TS 33.180 prefers the InK and allows the TrK
  return kms::write_xml(crypto::openssl(), {std::move(r), kms::Signature::none, "", {}}, options);
}

Status do_job(const Plan& p, const Job& job, Rng& rng, Progress& progress) {
  const bool xml = p.options.format == "xml";
  const auto existing = p.options.force ? Existing::replace : Existing::keep;
  std::vector<kms::KeySet> key_sets;
  for (std::size_t i = 0; i < p.periods.size(); ++i) {
    const ibc::KeyPeriod period{p.periods.first.number + static_cast<std::int64_t>(i)};
    if (!xml && p.options.skip && file_exists(job.paths[i])) continue;
    const auto made = ibc::issue_key_set(crypto::openssl(), rng, p.master, p.kms, job.uri, period);
    if (!made) return bad_request(job.uri + ": " + made.error().detail);
    if (xml) {
      auto set = kms::to_key_set(*made, p.kms.record().ids);
      if (!set) return std::move(set).error();
      key_sets.push_back(*std::move(set));
    } else if (auto ok =
                   write_file(job.paths[i], ibc::write_key_set(*made).reveal(), Readers::owner, existing);
               !ok) {
      return ok;
    }
    progress.add(1);
  }
  if (!xml) return {};
  const auto text = xml_document(p, job, std::move(key_sets));
  if (!text) return bad_request(job.uri + ": " + text.error().detail);
  return write_file(job.paths[0], text->reveal(), Readers::owner, existing);
}

// The first error ends all threads after the user each is at.
Status do_all(const Plan& p, const std::vector<Job>& jobs, Progress& progress) {
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  std::optional<Error> error;
  const auto work = [&] {
    const auto rng = crypto::openssl_rng();
    for (std::size_t i = next++; i < jobs.size(); i = next++) {
      auto ok = do_job(p, jobs[i], *rng, progress);
      if (ok) continue;
      const std::lock_guard lock(mutex);
      if (!error) error = std::move(ok).error();
      next = jobs.size();
    }
  };
  const std::size_t wanted =
      p.options.jobs != 0 ? p.options.jobs : std::max(1U, std::thread::hardware_concurrency());
  std::vector<std::jthread> threads;
  for (std::size_t i = 1; i < std::min(wanted, jobs.size()); ++i) threads.emplace_back(work);
  work();
  threads.clear();  // joins
  if (error) return *error;
  return {};
}

// ------------------------------------------------------------------ what was asked for

Status check_form(const KmsProvisionOptions& o, SakkeIdScheme scheme) {
  const bool xml = o.format == "xml";
  if (!xml && !(o.xml.trk.empty() && o.xml.ink.empty()))
    return bad_request("--trk and --ink protect XML: add --format xml");
  if (xml && scheme == SakkeIdScheme::tel_uri_monthly)
    return bad_request("3GPP's XML knows no monthly keys of tel URIs (ID scheme 1): use --format json");
  return {};
}

template <class T>
bool usable(const Result<T>& r) {
  if (!r) complain(r.error().detail);
  return r.ok();
}

Status read_xml_keys(const XmlKeyOptions& o, Plan& p) {
  if (!o.trk.empty()) {
    auto key = read_security_key(o.trk, o.trk_id);
    if (!key) return std::move(key).error();
    if (key->key.size() != 32)
      return bad_request(o.trk + ": a transport key (TrK) has 32 octets, not " +
                         std::to_string(key->key.size()));
    p.trk = *std::move(key);
  }
  if (o.ink.empty()) return {};
  auto key = read_security_key(o.ink, o.ink_id);
  if (!key) return std::move(key).error();
  p.ink = *std::move(key);
  return {};
}

Result<ibc::MasterRecord> read_master(const std::string& path) {
  auto file = read_key_file(path);
  if (!file) return std::move(file).error();
  auto* master = std::get_if<ibc::MasterRecord>(&*file);
  if (master == nullptr)
    return bad_request(path + ": holds no master secrets; \"mikey kms init\" makes them");
  if (auto ok = ibc::check_master(*master); !ok) return bad_request(path + ": " + ok.error().detail);
  return std::move(*master);
}

void tell(const Plan& p, const std::vector<Job>& jobs, std::size_t skipped, const Progress& progress) {
  constexpr std::size_t kListed = 20;
  std::size_t files = 0;
  for (const Job& j : jobs)
    for (const std::string& path : j.paths)
      if (++files <= kListed) std::printf("%s\n", path.c_str());
  if (files > kListed) std::printf("... and %zu files more\n", files - kListed);
  std::fflush(stdout);
  if (skipped > 0) std::fprintf(stderr, "%zu users left out: their files exist\n", skipped);
  const std::string where = p.options.out.empty() ? "" : ", in " + p.options.out;
  std::fprintf(stderr, "%s%s\n", progress.summary().c_str(), where.c_str());
}

}  // namespace

ExitCode kms_provision(const KmsProvisionOptions& o) {
  const auto master = read_master(o.master);
  if (!usable(master)) return ExitCode::usage;
  const auto kms = ibc::Kms::load(master->known);
  if (!usable(kms)) return ExitCode::usage;
  const auto& ids = kms->record().ids;
  const auto now = SystemClock().now();
  const auto periods = parse_periods(ids, o.periods, now);
  const auto users = periods.ok() ? users_of(o) : Result<std::vector<UserLine>>(periods.error());
  if (!usable(users)) return ExitCode::usage;
  Plan plan{o, *master, *kms, *periods, {}, {}, kms::Time(std::chrono::seconds(now.unix_seconds()))};
  if (!usable(check_form(o, ids.scheme)) || !usable(read_xml_keys(o.xml, plan))) return ExitCode::usage;
  if (users->size() > kMaxKeySets / plan.periods.size()) {
    complain("these are more than " + std::to_string(kMaxKeySets) + " key sets; provision them in parts");
    return ExitCode::usage;
  }
  // A URI that is none must not stop the work in its midst.
  for (const UserLine& u : *users)
    if (const auto id = kms->identifier(crypto::openssl(), u.uri, plan.periods.first); !id) {
      complain(u.uri + ": " + id.error().detail);
      return ExitCode::usage;
    }
  std::vector<Job> jobs = make_jobs(plan, *users);
  if (!usable(make_folder(o.out)) || !usable(drop_existing(plan, jobs))) return ExitCode::failed;
  Progress progress(jobs.size() * plan.periods.size(), "key sets");
  const auto done = do_all(plan, jobs, progress);
  progress.end();
  if (!usable(done)) return ExitCode::failed;
  tell(plan, jobs, users->size() - jobs.size(), progress);
  return ExitCode::done;
}

}  // namespace mikey::cmd
