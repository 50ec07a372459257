/// \file
/// A KMS whose users, replays and audit trail are in a file of SQLite.
#pragma once

#include <filesystem>

#include "kms_setup.hpp"
#include "mikey/kms/store_authority.hpp"

namespace mikey::bench {

/// A new store in a folder of its own, with what kms_tables() has; gone with this object.
class StoreFile {
 public:
  explicit StoreFile(const std::string& row);
  ~StoreFile();
  StoreFile(const StoreFile&) = delete;
  StoreFile& operator=(const StoreFile&) = delete;

  /// A connection; commits wait for sync().
  kms::Store open(Rng& rng, bool create = false) const;

 private:
  std::string row_;
  std::filesystem::path folder_;
};

/// The same question again and again, each with a CSB ID that no other object here has used.
class EverNewInStore final : public KmsReplay {
 public:
  EverNewInStore(kms::Store& store, const Clock& clock) : inner_(store, clock, std::chrono::seconds(300)) {}
  Verdict admit(const NeedReplayVerdict& question) override;

 private:
  kms::StoreReplay inner_;
};

/// One thread's KMS on a store.
class StoreKms {
 public:
  /// `file` must outlive it.
  explicit StoreKms(const StoreFile& file) : store_(file.open(*rng_)) {}
  kms::Answer handle(ByteView message) const { return issuer_.handle(message); }
  Status sync() { return store_.sync(); }

 private:
  std::unique_ptr<Rng> rng_ = crypto::openssl_rng();
  SystemClock system_;
  UniqueClock clock_{system_};
  kms::Store store_;
  Policy policy_;
  Identity self_ = bench_party("kms");
  kms::StoreAuthority authority_{store_, clock_};
  EverNewInStore replay_{store_, clock_};
  kms::StoreRecord record_{store_, clock_};
  kms::Issuer issuer_{{crypto::openssl(), *rng_, clock_, policy_, self_}, authority_, replay_, &record_};
};

}  // namespace mikey::bench
