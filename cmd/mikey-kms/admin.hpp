/// \file
/// The verbs of `mikey-kms` that administer a store: what they share, and one function a verb. They print to
/// standard output and error.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent_json.hpp"
#include "mikey/kms/store.hpp"

namespace mikey::cmd {

inline constexpr int kAdminDone = 0;
inline constexpr int kAdminFailed = 1;
inline constexpr int kAdminUsage = 2;

/// Which store, and how to print.
struct AdminOptions {
  std::string config;  ///< a file with [store]; or both of the next
  std::string url;
  std::string master_key;
  bool json = false;
  std::string id_type = "uri";  ///< of identities on the command line
};

/// What an operation prints: for people, and for programs.
struct AdminOutput {
  std::string text;
  Json json = Json::object();
};

using AdminWork = std::function<Result<AdminOutput>(kms::Store&)>;

/// Adds a verb that works on a store. `options`: its own and the common ones live as long as the verb.
template <class Options>
struct AdminVerb {
  CLI::App* app;
  std::shared_ptr<Options> options;
};

void add_store_options(CLI::App& verb, AdminOptions& o);
void add_id_type(CLI::App& verb, AdminOptions& o);

/// Opens the store, does the work, prints. The exit status.
int run_on_store(const AdminOptions& o, const std::string& verb, const AdminWork& work);
/// Which store the options name. The error is of a usage.
Result<kms::Store> open_named_store(const AdminOptions& o, Rng& rng, bool create = false);

/// A subcommand of `parent` with the common options; `work` gets the options and the store.
template <class Options>
AdminVerb<Options> add_verb(CLI::App& parent, const std::string& name, const std::string& what, int& exit,
                            Result<AdminOutput> (*work)(const Options&, kms::Store&)) {
  auto o = std::make_shared<Options>();
  CLI::App* v = parent.add_subcommand(name, what);
  add_store_options(*v, *o);
  const std::string path = parent.get_name() + " " + name;
  v->callback(
      [o, work, path, &exit] { exit = run_on_store(*o, path, [&](kms::Store& s) { return work(*o, s); }); });
  return {v, o};
}

// ---- reading what stands on the command line
Result<Identity> identity_of(const AdminOptions& o, const std::string& text);
/// 64 hexadecimal digits.
Result<Bytes> fingerprint_of(const std::string& text);
/// `7d`, `12h`, `30m`, `45s`: so long before `now`; or seconds since 1970. Nothing for the empty text.
Result<std::optional<std::int64_t>> moment_of(const std::string& text, std::int64_t now);
std::int64_t seconds_now();

// ---- printing
/// Columns as wide as they must be, two blanks between them; nothing of others' text can upset a terminal.
std::string table(const std::vector<std::string>& head, const std::vector<std::vector<std::string>>& rows);
/// "2026-11-28T21:30:00Z"
std::string time_text(std::int64_t seconds);
/// One line for people, `done: true` for programs.
AdminOutput done(const std::string& text);

// ---- the verbs
void add_init(CLI::App& app, int& exit);
void add_user(CLI::App& app, int& exit);
void add_group(CLI::App& app, int& exit);
void add_policy(CLI::App& app, int& exit);
void add_key(CLI::App& app, int& exit);
void add_audit(CLI::App& app, int& exit);
void add_import(CLI::App& app, int& exit);

/// All of them.
void add_admin(CLI::App& app, int& exit);

}  // namespace mikey::cmd
