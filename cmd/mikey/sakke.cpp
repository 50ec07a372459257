// mikey sakke: messages of MIKEY-SAKKE by the hundred.

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "files.hpp"
#include "inspect_keys.hpp"
#include "kms_files.hpp"
#include "mikey/profile/mcx.hpp"
#include "progress.hpp"
#include "session_view.hpp"
#include "terminal.hpp"
#include "verbs.hpp"

namespace mikey::cmd {
namespace {

namespace mcx = profile::mcx;

constexpr std::size_t kMaxMembers = 1'000'000;
constexpr std::size_t kMaxGroupFile = 65536;

struct Options {
  std::vector<std::string> members;
  std::string members_file;
  std::vector<std::string> keys;
  std::vector<std::string> kms;
  std::string out;
  std::string save;
  std::string again;
  std::vector<std::string> group_ids;
  std::string text;
  bool hide = false;
  std::size_t jobs = 0;
  bool force = false;
};

void complain(const std::string& text) {
  std::fputs(("mikey sakke group: " + safe_text(text) + "\n").c_str(), stderr);
}

template <class T>
bool usable(const Result<T>& r) {
  if (!r) complain(r.error().detail);
  return r.ok();
}

// What all threads read.
struct Plan {
  const Options& options;
  OpeningKeys keys;
  std::string sender;
  SakkeIdScheme scheme = SakkeIdScheme::mcx_hashed_uid;
  mcx::Key group;  // of tel URIs: the SSV, RAND and the CSB ID that all members share
  std::vector<UserLine> members;
  std::vector<std::string> paths;  // with --out
};

// ------------------------------------------------------------------ the group's key

std::string hex_id(std::uint32_t id) {
  Bytes out(4);
  store_be(out.data(), id);
  return to_hex(out);
}

SecretBytes group_text(const Plan& p) {
  // No JSON library here: it would leave copies of the key behind.
  std::string text = "{\n  \"sender\": " + nlohmann::json(p.sender).dump(-1, ' ', true) + ",\n  \"id\": \"" +
                     hex_id(p.group.id) + "\",\n  \"rand\": \"" + to_hex(p.group.rand) + "\",\n  \"key\": \"";
  text.reserve(text.size() + 64);
  std::string key = to_hex(p.group.key.reveal());
  text += key;
  text += "\"\n}\n";
  SecretBytes out(as_bytes(text));
  for (std::string* s : {&text, &key}) std::ranges::fill(*s, '\0');
  return out;
}

Result<mcx::Key> read_group(const std::string& path) {
  const auto octets = read_secret_file(path, kMaxGroupFile);
  if (!octets) return octets.error();
  const auto text = as_text(octets->reveal());
  const auto o = nlohmann::json::parse(text.begin(), text.end(), nullptr, false);
  const auto member = [&](const char* name, std::size_t least, std::size_t most) {
    const auto it = o.is_object() ? o.find(name) : o.end();
    auto value = it != o.end() && it->is_string() ? from_hex(it->get<std::string>()) : std::nullopt;
    return value && value->size() >= least && value->size() <= most ? *value : Bytes();
  };
  Bytes key = member("key", 16, 16);
  const Bytes id = member("id", 4, 4), rand = member("rand", 16, 255);
  if (key.empty() || id.empty() || rand.empty())
    return bad_request(path + ": is no group's key as --save writes it (id, rand, key)");
  mcx::Key out{mcx::KeyType::gmk, load_be<std::uint32_t>(id.data()), ibc::Ssv(ByteView(key)), rand};
  wipe(key);
  return out;
}

Result<mcx::Key> group_key(const Options& o, SakkeIdScheme scheme) {
  auto key = o.again.empty() ? mcx::make_key(*crypto::openssl_rng(), mcx::KeyType::gmk) : read_group(o.again);
  if (key && scheme == SakkeIdScheme::mcx_hashed_uid && mcx::purpose_of(key->id) != mcx::KeyType::gmk)
    return bad_request(o.again + ": the identifier's purpose tag is not that of a GMK");
  return key;
}

// ------------------------------------------------------------------ one thread

// A party of its own for every thread.
class Sender {
 public:
  explicit Sender(const Plan& p) : plan_(p), rng_(crypto::openssl_rng()) {
    Policy policy = mcx::policy();
    policy.sakke.hide_identities = p.options.hide;
    Credentials credentials;
    for (const ibc::Kms& k : p.keys.kms) credentials.sakke.add(k);
    for (const ibc::KeySet& k : p.keys.sets) credentials.sakke.add(k);
    party_.emplace(Identity::uri(p.sender), policy, std::move(credentials), crypto::openssl(), *rng_, clock_);
  }

  struct Sent {
    std::uint32_t csb_id = 0;
    Bytes message;
  };
  Result<Sent> send(const UserLine& to) {
    auto request = make_request(to);
    if (!request) return std::move(request).error();
    auto outcome = party_->initiate(*std::move(request));
    if (!outcome) return std::move(outcome).error();
    if (outcome->send.empty() || !outcome->csb_id)
      return outcome->error ? *outcome->error : bad_request("no message was made");
    Sent out{*outcome->csb_id, std::move(outcome->send.front().message)};
    if (auto ok = party_->forget(out.csb_id); !ok) return std::move(ok).error();
    return out;
  }

 private:
  Result<InitiateRequest> make_request(const UserLine& to) {
    if (plan_.scheme == SakkeIdScheme::mcx_hashed_uid) {
      mcx::Shape shape{true, false, std::nullopt, to.rest};
      if (!plan_.options.text.empty() || !plan_.options.group_ids.empty()) {
        shape.parameters.emplace();
        shape.parameters->text = plan_.options.text;
        shape.parameters->group_ids = plan_.options.group_ids;
      }
      return mcx::group_key_request(crypto::openssl(), *rng_, plan_.group, to.uri, shape);
    }
    // RFC 6509: session keys come from SSV, RAND and CSB ID, so that all members have all three.
    InitiateRequest out;
    out.mode = Mode::sakke;
    out.terms.to = Identity::uri(to.uri);
    out.terms.key.given = SecretBytes(plan_.group.key.reveal());
    out.sakke.kms = to.rest;
    out.sakke.rand = plan_.group.rand;
    out.sakke.csb_id = plan_.group.id;
    out.sakke.sessions.emplace();
    return out;
  }

  const Plan& plan_;
  std::unique_ptr<Rng> rng_;
  SystemClock clock_;
  std::optional<Party> party_;
};

// ------------------------------------------------------------------ all of them

// Lines in the order of the members, as soon as all before them are there.
class Lines {
 public:
  explicit Lines(std::size_t n) : waiting_(n) {}
  void put(std::size_t i, std::string line) {
    const std::lock_guard lock(mutex_);
    waiting_[i] = std::move(line);
    for (; next_ < waiting_.size() && waiting_[next_]; ++next_) {
      std::fwrite(waiting_[next_]->data(), 1, waiting_[next_]->size(), stdout);
      waiting_[next_] = std::string();
    }
  }

 private:
  std::mutex mutex_;
  std::vector<std::optional<std::string>> waiting_;
  std::size_t next_ = 0;
};

Status deliver(const Plan& p, std::size_t i, const Sender::Sent& sent, Lines& lines) {
  const std::string text = to_base64(sent.message);
  if (!p.options.out.empty())
    return write_file(p.paths[i], as_bytes(text + "\n"), Readers::everybody,
                      p.options.force ? Existing::replace : Existing::keep);
  nlohmann::ordered_json line{{"to", p.members[i].uri}, {"csb", hex_id(sent.csb_id)}, {"message", text}};
  lines.put(i, line.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace) + "\n");
  return {};
}

Status send_all(const Plan& p, Progress& progress) {
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  std::optional<Error> error;
  Lines lines(p.options.out.empty() ? p.members.size() : 0);
  const auto work = [&] {
    Sender sender(p);
    for (std::size_t i = next++; i < p.members.size(); i = next++) {
      auto sent = sender.send(p.members[i]);
      Status ok = sent ? deliver(p, i, *sent, lines)
                       : Status(bad_request(p.members[i].uri + ": " + sent.error().detail));
      progress.add(1);
      if (ok) continue;
      const std::lock_guard lock(mutex);
      if (!error) error = std::move(ok).error();
      next = p.members.size();
    }
  };
  const std::size_t wanted =
      p.options.jobs != 0 ? p.options.jobs : std::max(1U, std::thread::hardware_concurrency());
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 1; i < std::min(wanted, p.members.size()); ++i) threads.emplace_back(work);
    work();
  }
  if (error) return *error;
  return {};
}

// ------------------------------------------------------------------ what was asked for

// The sender is who the key sets belong to; one of them must be for now.
Status find_sender(Plan& p) {
  const NtpTime now = SystemClock().now();
  for (const ibc::KeySet& k : p.keys.sets)
    if (k.uri() != p.keys.sets[0].uri()) return bad_request("the key sets are of different users");
  p.sender = p.keys.sets[0].uri();
  for (const ibc::KeySet& k : p.keys.sets)
    for (const ibc::Kms& kms : p.keys.kms) {
      const auto& ids = kms.record().ids;
      if (kms.uri() != k.kms_uri() || k.period() != ibc::period_at(ids, now)) continue;
      p.scheme = ids.scheme;
      return {};
    }
  return bad_request("none of the key sets is for the current key period; \"mikey kms show\" tells theirs");
}

// Before anything is sent: every member has an identifier, of a KMS that is known.
Status check_members(const Plan& p) {
  if (p.members.empty())
    return bad_request("name members on the command line, or in a file with --members FILE");
  if (p.members.size() > kMaxMembers)
    return bad_request("these are more than " + std::to_string(kMaxMembers) + " members");
  for (const UserLine& m : p.members) {
    const std::string& uri = m.rest.empty() ? p.keys.sets[0].kms_uri() : m.rest;
    const auto kms = std::ranges::find_if(p.keys.kms, [&](const ibc::Kms& k) { return k.uri() == uri; });
    if (kms == p.keys.kms.end())
      return bad_request(m.uri + ": no public keys of its KMS " + uri + "; name them with --kms");
    const auto id =
        kms->identifier(crypto::openssl(), m.uri, ibc::period_at(kms->record().ids, SystemClock().now()));
    if (!id) return bad_request(m.uri + ": " + id.error().detail);
  }
  return {};
}

Status make_paths(Plan& p) {
  if (p.options.out.empty()) return {};
  for (const std::string& stem : user_stems(p.members))
    p.paths.push_back(in_folder(p.options.out, stem + ".mikey"));
  if (auto ok = make_folder(p.options.out); !ok) return ok;
  const auto there = p.options.force ? p.paths.end() : std::ranges::find_if(p.paths, file_exists);
  if (there == p.paths.end()) return {};
  return bad_request(*there + " exists; --force replaces it");
}

ExitCode group(const Options& o) {
  auto keys = read_opening_keys(o.keys, o.kms);
  if (!usable(keys)) return ExitCode::usage;
  Plan plan{o, *std::move(keys), {}, {}, {}, {}, {}};
  auto members = read_users(o.members, o.members_file);
  if (!usable(members) || !usable(find_sender(plan))) return ExitCode::usage;
  plan.members = *std::move(members);
  auto key = group_key(o, plan.scheme);
  if (!usable(key) || !usable(check_members(plan))) return ExitCode::usage;
  plan.group = *std::move(key);
  if (!usable(make_paths(plan))) return ExitCode::failed;
  if (!o.save.empty() && !usable(write_file(o.save, group_text(plan).reveal(), Readers::owner,
                                            o.force ? Existing::replace : Existing::keep)))
    return ExitCode::failed;
  Progress progress(plan.members.size(), "messages");
  const auto sent = send_all(plan, progress);
  progress.end();
  if (!usable(sent)) return ExitCode::failed;
  std::fflush(stdout);
  const std::string what = plan.scheme == SakkeIdScheme::mcx_hashed_uid ? "GMK-ID " : "CSB ID ";
  std::fprintf(stderr, "%s; %s%s, key %s\n", progress.summary().c_str(), what.c_str(),
               hex_id(plan.group.id).c_str(),
               ("fingerprint " + fingerprint(plan.group.key.reveal())).c_str());
  return ExitCode::done;
}

void add_group(CLI::App* sakke, ExitCode& exit) {
  auto o = std::make_shared<Options>();
  CLI::App* v = sakke->add_subcommand("group", "Give a group a key: one message a member, one key for all");
  v->add_option("MEMBER", o->members, "URIs of members");
  v->add_option("--members", o->members_file,
                "A file of URIs, one a line, each with its KMS behind it if it is another")
      ->type_name("FILE");
  v->add_option("--keys", o->keys, "The sender's key set; that of the current period is used")
      ->required()
      ->allow_extra_args(false)
      ->type_name("FILE");
  v->add_option("--kms", o->kms, "Public keys of the KMSs of sender and members")
      ->required()
      ->allow_extra_args(false)
      ->type_name("FILE");
  v->add_option("--out", o->out, "Folder for a file a member (base64); else JSON lines are printed")
      ->type_name("DIR");
  v->add_option("--save", o->save, "Keep the group's key in a file that only its owner can read")
      ->type_name("FILE");
  v->add_option("--again", o->again, "Send the key that --save kept, to members who came later")
      ->type_name("FILE");
  v->add_option("--group-id", o->group_ids, "3GPP key parameters: a group that the key is for")
      ->allow_extra_args(false)
      ->type_name("URI");
  v->add_option("--text", o->text, "3GPP key parameters: a text for people")->type_name("TEXT");
  v->add_flag("--hide", o->hide, "Hide who sends and receives behind UIDs (3GPP)");
  v->add_option("--jobs", o->jobs, "Threads; 0: one a processor")
      ->check(CLI::Range(0, 1024))
      ->type_name("N")
      ->capture_default_str();
  v->add_flag("--force", o->force, "Replace files that exist");
  v->footer(examples({
      {"mikey sakke group --keys gms-1545.json --kms kms.json --members group.txt --out messages",
       "a new key for every member"},
      {"mikey sakke group --keys gms-1545.json --kms kms.json sip:bob@example.org --again group.json",
       "the same key for one who came later"},
  }));
  v->callback([o, &exit] { exit = group(*o); });
}

}  // namespace

void add_sakke(CLI::App& app, ExitCode& exit) {
  CLI::App* v = app.add_subcommand("sakke", "Messages of MIKEY-SAKKE for groups");
  v->require_subcommand(1);
  add_group(v, exit);
}

}  // namespace mikey::cmd
