// mikey-kms user: who is known, and by what key.

#include <cstdio>

#include "admin.hpp"
#include "agent_names.hpp"
#include "files.hpp"
#include "mikey/crypto/certificate.hpp"
#include "terminal.hpp"

namespace mikey::cmd {
namespace {

using kms::Store;

constexpr std::size_t kMostKeyFile = 4096;
constexpr std::size_t kMostCertificates = 1 << 20;

/// Where a pre-shared key comes from, and who learns of it.
struct PskOptions : AdminOptions {
  std::string file;
  bool generate = false;
  std::size_t length = 16;
  std::string out;
  bool reveal = false;
  std::string name;
};

struct UserOptions : PskOptions {
  std::vector<std::string> ids;
  std::string id;
  std::string prefix;
  std::string note;
  bool disabled = false;
  bool trusted_kms = false;
  bool other_kms = false;
  bool remove = false;
  std::string certificate;
};

void add_psk_options(CLI::App& v, PskOptions& o) {
  auto* file = v.add_option("--psk-file", o.file, "The key: raw octets, or \"hex:...\"; - for standard input")
                   ->type_name("FILE");
  auto* generate = v.add_flag("--generate", o.generate, "Make a random key")->excludes(file);
  v.add_option("--length", o.length, "Its octets")
      ->check(CLI::Range(16, 255))
      ->capture_default_str()
      ->needs(generate);
  v.add_option("--out", o.out, "File for it, which is the key_file of a client's configuration")
      ->type_name("FILE")
      ->needs(generate);
  v.add_flag("--reveal", o.reveal, "Print it")->needs(generate);
  v.add_option("--psk-name", o.name, "What the client calls the key in IDRpsk, if not by the user's name");
}

/// Nothing when none is asked for.
Result<std::optional<SecretBytes>> key_of(const PskOptions& o) {
  if (!o.file.empty()) {
    auto octets = read_secret_file(o.file, kMostKeyFile);
    if (!octets) return std::move(octets).error();
    std::string_view text = as_text(octets->reveal());
    if (!text.starts_with("hex:")) return std::optional(std::move(*octets));
    text.remove_prefix(4);
    auto key = from_hex(text);
    if (!key) return bad_request(o.file + ": expected hexadecimal digits behind \"hex:\"");
    SecretBytes out(*key);
    wipe(*key);
    return std::optional(std::move(out));
  }
  if (!o.generate) return std::optional<SecretBytes>();
  if (o.out.empty() && !o.reveal)
    return bad_request("nobody would learn the key: give --out FILE, or --reveal to print it");
  auto key = crypto::openssl_rng()->secret(o.length, "PSK");
  if (!key) return std::move(key).error();
  if (!o.out.empty())  // before the store has it: a file that cannot be written changes nothing
    if (auto s = write_file(o.out, key->reveal(), Readers::owner, Existing::keep); !s)
      return std::move(s).error();
  return std::optional(std::move(*key));
}

Status set_key(const PskOptions& o, Store& s, const Identity& id, const SecretBytes& key) {
  std::optional<Bytes> name;
  if (!o.name.empty()) name = to_bytes(as_bytes(o.name));
  return s.set_psk(id, key.reveal(), name);
}

/// What the store made of a key that key_of has read or made: the file of one that was not kept goes.
Result<AdminOutput> finished(const PskOptions& o, const Status& kept, const std::optional<SecretBytes>& key,
                             AdminOutput out) {
  if (!kept) {
    if (o.generate && !o.out.empty()) (void)std::remove(o.out.c_str());
    return kept.error();
  }
  if (key && o.reveal) {
    out.text += "hex:" + to_hex(key->reveal()) + "\n";
    out.json["psk"] = "hex:" + to_hex(key->reveal());
  }
  return out;
}

Result<AdminOutput> add(const UserOptions& o, Store& s) {
  if (o.ids.size() > 1 && (!o.file.empty() || o.generate || !o.name.empty()))
    return bad_request("a key is for one user at a time");
  if (!o.name.empty() && o.file.empty() && !o.generate)
    return bad_request("--psk-name needs --psk-file or --generate");
  auto key = key_of(o);
  if (!key) return std::move(key).error();
  const Status all = s.transaction([&]() -> Status {
    for (const std::string& text : o.ids) {
      auto id = identity_of(o, text);
      if (!id) return std::move(id).error();
      if (auto r = s.add_user({*id, !o.disabled, o.trusted_kms, o.other_kms, o.note}); !r) return r;
      if (*key)
        if (auto r = set_key(o, s, *id, **key); !r) return r;
    }
    return {};
  });
  return finished(o, all, *key,
                  done(std::to_string(o.ids.size()) + (o.ids.size() == 1 ? " user added" : " users added")));
}

/// All users of the command line, or none.
template <class Change>
Result<AdminOutput> each(const UserOptions& o, Store& s, const std::string& what, Change change) {
  auto all = s.transaction([&]() -> Status {
    for (const std::string& text : o.ids) {
      auto id = identity_of(o, text);
      if (!id) return std::move(id).error();
      if (auto r = change(*id); !r) return r;
    }
    return {};
  });
  if (!all) return std::move(all).error();
  return done(std::to_string(o.ids.size()) + (o.ids.size() == 1 ? " user " : " users ") + what);
}

Result<AdminOutput> remove(const UserOptions& o, Store& s) {
  return each(o, s, "removed", [&](const Identity& id) { return s.remove_user(id); });
}

Status enable(Store& s, const Identity& id, bool on) {
  auto user = s.user(id);
  if (!user) return std::move(user).error();
  if (!*user) return bad_request("there is no user " + id.name());
  (*user)->enabled = on;
  return s.change_user(**user);
}

Result<AdminOutput> enable_all(const UserOptions& o, Store& s) {
  return each(o, s, "enabled", [&](const Identity& id) { return enable(s, id, true); });
}

Result<AdminOutput> disable_all(const UserOptions& o, Store& s) {
  return each(o, s, "disabled", [&](const Identity& id) { return enable(s, id, false); });
}

Result<AdminOutput> list(const UserOptions& o, Store& s) {
  const auto users = s.users(o.prefix);
  if (!users) return users.error();
  AdminOutput out;
  out.json = Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const kms::UserLine& u : *users) {
    const std::string kms = u.user.trusted_kms && u.user.other_kms ? "trusted, asked"
                            : u.user.trusted_kms                   ? "trusted"
                            : u.user.other_kms                     ? "asked"
                                                                   : "";
    const std::string name = u.psk_name ? std::string(as_text(*u.psk_name)) : "";
    rows.push_back({u.user.id.name(), std::string(name_of_value(kIdTypes, u.user.id.type)),
                    u.user.enabled ? "yes" : "no", u.has_psk ? "yes" : "no", name,
                    std::to_string(u.certificates), kms, u.user.note});
    out.json.push_back({{"id", u.user.id.name()},
                        {"type", name_of_value(kIdTypes, u.user.id.type)},
                        {"enabled", u.user.enabled},
                        {"psk", u.has_psk},
                        {"psk_name", u.psk_name ? Json(safe_text(name)) : Json(nullptr)},
                        {"certificates", u.certificates},
                        {"trusted_kms", u.user.trusted_kms},
                        {"other_kms", u.user.other_kms},
                        {"note", u.user.note}});
  }
  out.text = table({"USER", "TYPE", "ENABLED", "PSK", "PSK-NAME", "CERTIFICATES", "KMS", "NOTE"}, rows);
  return out;
}

Result<AdminOutput> psk(const UserOptions& o, Store& s) {
  auto id = identity_of(o, o.id);
  if (!id) return std::move(id).error();
  if (o.remove) {
    if (auto r = s.remove_psk(*id); !r) return std::move(r).error();
    return done("the pre-shared key is removed");
  }
  auto key = key_of(o);
  if (!key) return std::move(key).error();
  if (!*key) return bad_request("say where the key comes from: --psk-file FILE or --generate; or --remove");
  return finished(o, set_key(o, s, *id, **key), *key, done("the pre-shared key is set"));
}

Result<AdminOutput> certificate(const UserOptions& o, Store& s) {
  auto id = identity_of(o, o.id);
  if (!id) return std::move(id).error();
  if (o.remove) {
    auto fingerprint = fingerprint_of(o.certificate);
    if (!fingerprint) return std::move(fingerprint).error();
    if (auto r = s.remove_certificate(*fingerprint); !r) return std::move(r).error();
    return done("the certificate is removed");
  }
  if (!o.certificate.empty()) {
    auto pem = read_file(o.certificate, kMostCertificates);
    if (!pem) return std::move(pem).error();
    auto read = crypto::Certificate::from_pem(as_text(*pem));
    if (!read) return bad_request(o.certificate + ": " + read.error().detail);
    if (read->empty()) return bad_request(o.certificate + ": there is no certificate in it");
    if (auto r = s.add_certificate(*id, read->front().der()); !r) return std::move(r).error();
  }
  const auto all = s.certificates(*id);
  if (!all) return all.error();
  AdminOutput out;
  out.json = Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const kms::UserCertificate& c : *all) {
    rows.push_back({to_hex(c.fingerprint)});
    out.json.push_back({{"fingerprint", to_hex(c.fingerprint)}, {"der", to_base64(c.der)}});
  }
  out.text = table({"SHA-256 OF THE CERTIFICATE"}, rows);
  return out;
}

void add_ids(CLI::App& v, UserOptions& o) {
  v.add_option("user", o.ids, "Identities of users")->required()->type_name("USER");
  add_id_type(v, o);
}

void add_one_id(CLI::App& v, UserOptions& o) {
  v.add_option("user", o.id, "The user's identity")->required()->type_name("USER");
  add_id_type(v, o);
}

}  // namespace

void add_user(CLI::App& app, int& exit) {
  CLI::App* user = app.add_subcommand("user", "Users and other KMSs, their keys and certificates");
  user->require_subcommand(1);
  auto a = add_verb<UserOptions>(*user, "add", "Add users", exit, add);
  add_ids(*a.app, *a.options);
  add_psk_options(*a.app, *a.options);
  a.app->add_option("--note", a.options->note, "For people");
  a.app->add_flag("--disabled", a.options->disabled, "Not to be served yet");
  a.app->add_flag("--trusted-kms", a.options->trusted_kms, "A KMS that may resolve tickets for its clients");
  a.app->add_flag("--other-kms", a.options->other_kms, "A KMS that is asked about its tickets");
  a.app->footer(
      "\nExamples:\n"
      "  mikey-kms user add sip:alice@example.com --generate --out alice.psk --config kms.toml\n"
      "      a user, and a key for her\n"
      "  mikey-kms user add sip:kms@example.org --trusted-kms --psk-file link.key --config kms.toml\n"
      "      another KMS\n");
  for (const auto& [name, what, work] :
       {std::tuple{"remove", "Remove users; their tickets end", &remove},
        std::tuple{"disable", "Serve users no more; their tickets end, until they are enabled", &disable_all},
        std::tuple{"enable", "Serve users again", &enable_all}}) {
    auto v = add_verb<UserOptions>(*user, name, what, exit, work);
    add_ids(*v.app, *v.options);
  }
  auto l = add_verb<UserOptions>(*user, "list", "Show users", exit, list);
  l.app->add_option("prefix", l.options->prefix, "What their names begin with");
  auto p = add_verb<UserOptions>(*user, "psk", "Set or remove a user's pre-shared key", exit, psk);
  add_one_id(*p.app, *p.options);
  add_psk_options(*p.app, *p.options);
  p.app->add_flag("--remove", p.options->remove, "Remove it");
  auto c = add_verb<UserOptions>(*user, "certificate", "Add, remove or show a user's certificates", exit,
                                 certificate);
  add_one_id(*c.app, *c.options);
  c.app->add_option("certificate", c.options->certificate,
                    "A PEM file to add, or with --remove a fingerprint");
  c.app->add_flag("--remove", c.options->remove, "Remove it");
}

}  // namespace mikey::cmd
