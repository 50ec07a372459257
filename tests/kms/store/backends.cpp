#include "backends.hpp"

#include <unistd.h>

#include <filesystem>

#include "postgres_server.hpp"

namespace mikey::kms::test {
namespace {

namespace fs = std::filesystem;

struct Folder {
  fs::path path = fs::temp_directory_path() / ("mikey-store-" + std::to_string(getpid()));
  Folder() { fs::create_directories(path); }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
};

}  // namespace

PostgresServer& postgres() {
  static PostgresServer server;
  return server;
}

std::string fresh_url(Backend backend) {
  if (backend == Backend::postgresql) return postgres().fresh_url();
  static const Folder folder;
  static int count = 0;
  return "sqlite:" + (folder.path / (std::to_string(++count) + ".db")).string();
}

std::shared_ptr<const MasterKey> master_key(std::uint8_t octet) {
  return *symmetric_master_key(crypto::openssl(), Bytes(32, octet));
}

std::unique_ptr<store::Database> raw(const std::string& url) {
  constexpr std::string_view kSqlite = "sqlite:";
  auto db = url.starts_with(kSqlite) ? store::open_sqlite(url.substr(kSqlite.size()), true)
                                     : store::open_postgresql(url);
  if (!db) ADD_FAILURE() << db.error().to_string();
  return db ? std::move(*db) : nullptr;
}

Store open_store(const std::string& url, std::shared_ptr<const MasterKey> master) {
  static const auto rng = crypto::openssl_rng();
  auto s = Store::open(url, crypto::openssl(), *rng, {std::move(master), true}, kNow);
  if (!s) throw std::runtime_error(s.error().to_string());  // ends the test, with the text
  return std::move(*s);
}

}  // namespace mikey::kms::test
