#include "config_reader.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "terminal.hpp"

namespace mikey::cmd {
namespace {

/// Closes a file descriptor when it goes.
class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

bool is_bare_key(std::string_view key) {
  return !key.empty() && std::ranges::all_of(key, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

}  // namespace

Result<SecretBytes> read_config_file(const std::string& path) {
  const File f(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat st {};
  if (f.get() < 0 || ::fstat(f.get(), &st) != 0) return bad_request(std::strerror(errno));
  if (!S_ISREG(st.st_mode)) return bad_request("it is not a regular file");
  if (static_cast<std::uint64_t>(st.st_size) > kMaxConfigFile) return bad_request("it is larger than 4 MiB");
  SecretBytes out(static_cast<std::size_t>(st.st_size));
  std::size_t have = 0;
  while (have < out.size()) {
    const ssize_t n = ::read(f.get(), out.reveal_mutable().data() + have, out.size() - have);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return bad_request(std::strerror(errno));
    if (n == 0) break;
    have += static_cast<std::size_t>(n);
  }
  out.truncate(have);
  return out;
}

// ------------------------------------------------------------------ the file

ConfigSection ConfigReader::open() {
  auto octets = read_config_file(path_);
  if (!octets) {
    error_ = safe_text(path_) + ": expected a readable file: " + safe_text(octets.error().detail);
    return {*this, nullptr, ""};
  }
  return open_text(as_text(octets->reveal()));
}

ConfigSection ConfigReader::open_text(std::string_view text) {
  try {
    root_ = toml::parse(text);
  } catch (const toml::parse_error& e) {
    const auto at = e.source().begin;
    error_ = safe_text(path_) + ": line " + std::to_string(at.line) + ", column " +
             std::to_string(at.column) + ": expected TOML: " + safe_text(e.description());
    return {*this, nullptr, ""};
  }
  return {*this, &root_, ""};
}

void ConfigReader::fail(std::string_view key, std::string_view what) {
  if (!error_) error_ = safe_text(path_) + ": " + safe_text(key) + ": " + safe_text(what);
}

std::string ConfigReader::resolve(std::string_view path) const {
  return (std::filesystem::path(path_).parent_path() / std::filesystem::path(path)).string();
}

// ------------------------------------------------------------------ a table

std::string ConfigSection::name_of(std::string_view key) const {
  std::string name = where_.empty() ? "" : where_ + ".";
  if (is_bare_key(key)) return name.append(key);
  return name.append("\"").append(key).append("\"");
}

toml::node* ConfigSection::find(std::string_view key) {
  asked_.emplace(key);
  if (table_ == nullptr || !ok()) return nullptr;
  return table_->get(key);
}

bool ConfigSection::has(std::string_view key) const {
  return table_ != nullptr && table_->contains(key);
}

std::optional<std::string> ConfigSection::text(std::string_view key, std::string_view expected) {
  toml::node* n = find(key);
  if (n == nullptr) return std::nullopt;
  if (const auto* s = n->as_string()) return s->get();
  fail(key, "expected " + std::string(expected));
  return std::nullopt;
}

std::optional<bool> ConfigSection::flag(std::string_view key) {
  toml::node* n = find(key);
  if (n == nullptr) return std::nullopt;
  if (const auto* b = n->as_boolean()) return b->get();
  fail(key, "expected true or false");
  return std::nullopt;
}

std::optional<std::int64_t> ConfigSection::integer(std::string_view key, std::int64_t least,
                                                   std::int64_t most, std::string_view expected) {
  toml::node* n = find(key);
  if (n == nullptr) return std::nullopt;
  const auto* i = n->as_integer();
  if (i != nullptr && i->get() >= least && i->get() <= most) return i->get();
  fail(key, "expected " + std::string(expected) + " from " + std::to_string(least) + " to " +
                std::to_string(most));
  return std::nullopt;
}

std::optional<std::vector<std::string>> ConfigSection::list(std::string_view key, std::string_view expected) {
  toml::node* n = find(key);
  if (n == nullptr) return std::nullopt;
  std::vector<std::string> out;
  bool good = false;
  if (const auto* a = n->as_array()) {
    good = true;
    for (const toml::node& item : *a) {
      const auto* s = item.as_string();
      good = good && s != nullptr;
      if (s != nullptr) out.push_back(s->get());
    }
  }
  if (good) return out;
  fail(key, "expected " + std::string(expected));
  return std::nullopt;
}

std::optional<std::vector<std::string>> ConfigSection::one_or_more(std::string_view key,
                                                                   std::string_view expected) {
  toml::node* n = find(key);
  if (n == nullptr) return std::nullopt;
  if (const auto* s = n->as_string()) return std::vector<std::string>{s->get()};
  auto many = list(key, expected);
  if (many && many->empty()) {
    fail(key, "expected " + std::string(expected) + ", at least one");
    return std::nullopt;
  }
  return many;
}

std::optional<SecretBytes> ConfigSection::hex_secret_bare(std::string_view key) {
  return hex_secret(key, true);
}

std::optional<SecretBytes> ConfigSection::hex_secret(std::string_view key, bool bare) {
  toml::node* n = find(key);
  if (n == nullptr) return std::nullopt;
  std::optional<SecretBytes> out;
  if (auto* node = n->as_string()) {
    std::string& value = node->get();
    std::optional<Bytes> octets;
    const bool prefixed = value.starts_with("hex:");
    if (prefixed || bare) octets = from_hex(std::string_view(value).substr(prefixed ? 4 : 0));
    if (octets && !octets->empty()) {
      out.emplace(ByteView(*octets));
      wipe(*octets);
    }
    wipe({static_cast<std::uint8_t*>(static_cast<void*>(value.data())), value.size()});
  }
  if (!out) fail(key, "expected \"hex:\" and an even number of hexadecimal digits, at least two");
  return out;
}

std::optional<SecretBytes> ConfigSection::load(std::string_view key, std::string_view path) const {
  auto octets = read_config_file(reader_->resolve(path));
  if (octets) return std::move(*octets);
  fail(key, "expected a readable file, got \"" + std::string(path) + "\": " + octets.error().detail);
  return std::nullopt;
}

std::optional<SecretBytes> ConfigSection::file(std::string_view key) {
  const auto path = text(key, "the path of a file");
  if (!path) return std::nullopt;
  return load(key, *path);
}

ConfigSection ConfigSection::table(std::string_view key) {
  toml::node* n = find(key);
  toml::table* t = n == nullptr ? nullptr : n->as_table();
  if (n != nullptr && t == nullptr) fail(key, "expected a table");
  return {*reader_, t, name_of(key)};
}

std::vector<std::string> ConfigSection::names() const {
  std::vector<std::string> out;
  if (table_ == nullptr) return out;
  for (const auto& entry : *table_) out.emplace_back(entry.first.str());
  return out;
}

void ConfigSection::finish() const {
  if (!ok()) return;
  for (const std::string& name : names())
    if (!asked_.contains(name)) reader_->note_unknown(safe_text(name_of(name)));
}

}  // namespace mikey::cmd
