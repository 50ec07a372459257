#include "store_kms.hpp"

#include <unistd.h>

#include <atomic>

#include "row.hpp"

namespace mikey::bench {

StoreFile::StoreFile(const std::string& row)
    : row_(row),
      folder_(std::filesystem::temp_directory_path() / ("mikey-bench-" + std::to_string(getpid()))) {
  std::filesystem::create_directories(folder_);
  const auto rng = crypto::openssl_rng();
  kms::Store store = open(*rng, true);
  const kms::Tables tables = kms_tables();
  for (const auto& [id, psk] : tables.psk)
    if (!store.add_user({id}) || !store.set_psk(id, psk.reveal())) fail(row_, "a user is not taken");
  if (!store.rotate_ticket_key(SystemClock().now().unix_seconds(), 0, tables.tpk.front().reveal()))
    fail(row_, "the key is not taken");
}

StoreFile::~StoreFile() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

kms::Store StoreFile::open(Rng& rng, bool create) const {
  auto master = kms::symmetric_master_key(crypto::openssl(), Bytes(32, 1));
  auto store = kms::Store::open("sqlite:" + (folder_ / "kms.db").string(), crypto::openssl(), rng,
                                {master ? *master : nullptr, create}, SystemClock().now().unix_seconds());
  if (!store) fail(row_, store.error().to_string());
  if (!create) store->defer_syncs();
  return std::move(*store);
}

Verdict EverNewInStore::admit(const NeedReplayVerdict& question) {
  static std::atomic<std::uint32_t> next{0};
  NeedReplayVerdict other = question;
  other.csb_id = next++;
  return inner_.admit(other);
}

}  // namespace mikey::bench
