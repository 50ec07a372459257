/// \file
/// Typed reading of a TOML configuration. The first thing wrong sticks and is told in one line that names the
/// key and what was expected; from there on everything reads as absent, so that readers need no checks.
#pragma once

#include <toml++/toml.h>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "mikey/base/error.hpp"
#include "mikey/base/secret.hpp"

namespace mikey::cmd {

/// Longest file a configuration may consist of or name, in octets.
inline constexpr std::size_t kMaxConfigFile = std::size_t{4} << 20;

/// Reads a whole regular file into storage that is wiped. The error's detail says what is wrong, without the
/// path.
Result<SecretBytes> read_config_file(const std::string& path);

class ConfigSection;

/// One configuration file.
class ConfigReader {
 public:
  explicit ConfigReader(std::string path) : path_(std::move(path)) {}
  ConfigReader(const ConfigReader&) = delete;
  ConfigReader& operator=(const ConfigReader&) = delete;

  /// Parses the file; a failure is in error().
  ConfigSection open();
  /// Parses `text` in place of the file.
  ConfigSection open_text(std::string_view text);

  bool ok() const { return !error_; }
  /// "FILE: KEY: expected ..."
  const std::string& error() const { return *error_; }
  /// Keys that nobody asked for.
  const std::vector<std::string>& unknown_keys() const { return unknown_; }

  /// Records a failure at `key` unless there is one already.
  void fail(std::string_view key, std::string_view what);
  void note_unknown(std::string key) { unknown_.push_back(std::move(key)); }
  /// A path relative to the configuration file's folder.
  std::string resolve(std::string_view path) const;

 private:
  std::string path_;
  toml::table root_;
  std::optional<std::string> error_;
  std::vector<std::string> unknown_;
};

/// A table of the configuration. Absent tables read as empty ones.
class ConfigSection {
 public:
  /// `table`: nullptr when there is none.
  ConfigSection(ConfigReader& reader, toml::table* table, std::string where)
      : reader_(&reader), table_(table), where_(std::move(where)) {}

  bool present() const { return table_ != nullptr; }
  /// The full name of a key, e.g. `psk."sip:bob@example.com".key`.
  std::string name_of(std::string_view key) const;
  void fail(std::string_view key, std::string_view what) const { reader_->fail(name_of(key), what); }
  bool ok() const { return reader_->ok(); }
  ConfigReader& reader() const { return *reader_; }

  bool has(std::string_view key) const;
  std::optional<std::string> text(std::string_view key, std::string_view expected = "a string");
  std::optional<bool> flag(std::string_view key);
  std::optional<std::int64_t> integer(std::string_view key, std::int64_t least, std::int64_t most,
                                      std::string_view expected);
  /// A list of strings.
  std::optional<std::vector<std::string>> list(std::string_view key,
                                               std::string_view expected = "a list of strings");
  /// A string, or a list of strings that is not empty.
  std::optional<std::vector<std::string>> one_or_more(std::string_view key, std::string_view expected);
  /// "hex:..." of at least one octet. The text is wiped.
  std::optional<SecretBytes> hex_secret(std::string_view key) { return hex_secret(key, false); }
  /// The same, where "hex:" may be missing.
  std::optional<SecretBytes> hex_secret_bare(std::string_view key);
  /// The path of a file that can be read, and its contents.
  std::optional<SecretBytes> file(std::string_view key);
  ConfigSection table(std::string_view key);
  /// The names of the tables inside a table, e.g. the peers of [psk].
  std::vector<std::string> names() const;

  /// The contents of the file at `path`, which stood at `key`.
  std::optional<SecretBytes> load(std::string_view key, std::string_view path) const;
  /// Reports the keys that were not asked for.
  void finish() const;

 private:
  std::optional<SecretBytes> hex_secret(std::string_view key, bool bare);
  toml::node* find(std::string_view key);

  ConfigReader* reader_;
  toml::table* table_;
  std::string where_;
  std::set<std::string, std::less<>> asked_;
};

}  // namespace mikey::cmd
