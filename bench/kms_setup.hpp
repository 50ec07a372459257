/// \file
/// A KMS for MIKEY-TICKET and its clients' questions, for measurements.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "mikey/exchange/party.hpp"
#include "mikey/kms/issuer.hpp"

namespace mikey::bench {

inline Identity bench_party(const char* name) {
  return Identity::uri(std::string("sip:") + name + "@example.com");
}

/// What all KMSs of the benchmark know: Alice, Bob, and the key of tickets.
kms::Tables kms_tables();

/// The same question again and again: a real replay cache does its work, on a CSB ID of its own each time.
class EverNew final : public KmsReplay {
 public:
  EverNew(const crypto::Provider& provider, Rng& rng, const Clock& clock, std::chrono::seconds skew)
      : inner_(keys::ReplayCache(provider, rng, skew, std::size_t{1} << 24), clock) {}
  Verdict admit(const NeedReplayVerdict& question) override;

 private:
  std::mutex mutex_;
  kms::CachedReplay inner_;
  std::uint32_t next_ = 0;
};

/// One thread's KMS.
class BenchKms {
 public:
  BenchKms(const crypto::Provider& provider, KmsReplay& replay);
  kms::Answer handle(ByteView message) const { return issuer_.handle(message); }

 private:
  std::unique_ptr<Rng> rng_ = crypto::openssl_rng();
  SystemClock system_;
  UniqueClock clock_{system_};
  Policy policy_;
  Identity self_ = bench_party("kms");
  kms::TableAuthority authority_{kms_tables()};
  kms::Issuer issuer_;
};

/// Messages of mode 1 (RFC 6043 4.1.1) with default policy: key forking, one TGK.
struct KmsQuestions {
  Bytes request;  ///< REQUEST_INIT_PSK
  Bytes resolve;  ///< RESOLVE_INIT_PSK of a ticket that was granted
};
/// Ends the program, naming `row`, when the exchange does not get so far.
KmsQuestions ask_kms(const BenchKms& kms, const std::string& row);

}  // namespace mikey::bench
