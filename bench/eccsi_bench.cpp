/// \file
/// ECCSI beside wolfSSL's. Of a new signer only the identifier is known: the identity hash belongs to the
/// work. A cached one's is at hand, and with us a table of multiples of its [HS]PVT + KPAK.
#include "ibc_setup.hpp"
#include "mikey/ibc/eccsi.hpp"
#ifdef MIKEY_BENCH_WOLFSSL
#include "wolfssl_peer.hpp"
#endif

namespace mikey::bench {
namespace {

namespace eccsi = ibc::eccsi;

constexpr std::size_t kSigners = 64;

struct Signed {
  Bytes id;
  Bytes signature;
};

/// A KMS, a signer, and signatures of many over as many octets as an I_MESSAGE with SAKKE has.
struct Signer {
  std::unique_ptr<Rng> rng = crypto::openssl_rng();
  const crypto::Provider& provider = crypto::openssl();
  ibc::Ksak ksak = need("eccsi", eccsi::generate_ksak(*rng));
  Bytes kpak = need("eccsi", eccsi::kms_public_key(ksak));
  eccsi::KmsPublicKey kms = need("eccsi", eccsi::KmsPublicKey::load(kpak));
  Bytes id = identifier(0);
  eccsi::SigningPair pair = need("eccsi", eccsi::issue(provider, *rng, ksak, kms, id));
  eccsi::SigningKey key = need("eccsi", eccsi::SigningKey::load(provider, kms, id, pair.ssk, pair.pvt));
  Bytes message = Bytes(450, 0x5a);
  Bytes signature = need("eccsi", eccsi::sign(provider, *rng, key, message));
  eccsi::KnownSigner known = need("eccsi", eccsi::KnownSigner::prepare(provider, kms, id, pair.pvt));
  std::vector<Signed> others = sign_as_others();

 private:
  std::vector<Signed> sign_as_others() const {
    std::vector<Signed> out;
    out.reserve(kSigners);
    for (std::size_t i = 1; i <= kSigners; ++i) {
      const Bytes other = identifier(i);
      const auto own = need("eccsi", eccsi::issue(provider, *rng, ksak, kms, other));
      const auto with = need("eccsi", eccsi::SigningKey::load(provider, kms, other, own.ssk, own.pvt));
      out.push_back({other, need("eccsi", eccsi::sign(provider, *rng, with, message))});
    }
    return out;
  }
};

void sign(const Signer& s, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) keep(eccsi::sign(s.provider, *s.rng, s.key, s.message));
}

void verify_new(const Signer& s, const Counter& counter, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    const Signed& from = s.others[counter.next() % kSigners];
    keep(eccsi::verify(s.provider, s.kms, from.id, s.message, from.signature));
  }
}

void verify_cached(const Signer& s, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) keep(eccsi::verify(s.provider, s.known, s.message, s.signature));
}

#ifdef MIKEY_BENCH_WOLFSSL
void add_peer(const std::shared_ptr<const Signer>& s, Row& sign_row, Row& new_row, Row& cached_row) {
  using peer::WolfEccsi;
  const auto signer = need("eccsi", WolfEccsi::client(s->kpak));
  const auto verifier = need("eccsi", WolfEccsi::client(s->kpak));
  const auto cached = need("eccsi", WolfEccsi::client(s->kpak));
  need("eccsi", signer.set_pair(s->id, {to_bytes(s->pair.ssk.reveal()), s->pair.pvt}));
  const Bytes theirs = need("eccsi", signer.sign(s->message));
  need("eccsi", eccsi::verify(s->provider, s->kms, s->id, s->message, theirs).ok());
  need("eccsi", cached.set_signer(s->id, s->signature) && cached.verify(s->message, s->signature));
  sign_row.theirs = [signer, s](std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) keep(signer.sign(s->message));
  };
  new_row.theirs = [verifier, s, counter = Counter()](std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
      const Signed& from = s->others[counter.next() % kSigners];
      keep(verifier.set_signer(from.id, from.signature) && verifier.verify(s->message, from.signature));
    }
  };
  cached_row.theirs = [cached, s](std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) keep(cached.verify(s->message, s->signature));
  };
  sign_row.goal = 2;
  new_row.goal = 8;
  for (Row* row : {&sign_row, &new_row, &cached_row}) row->peer = peer::wolfssl_version();
}
#endif

const Rows kRows([](Table& table) {
  const auto signer = std::make_shared<const Signer>();
  Row sign_row{.name = "eccsi/sign", .ours = [signer](std::size_t n) { sign(*signer, n); }};
  Row new_row{.name = "eccsi/verify-new-signer",
              .ours = [signer, counter = Counter()](std::size_t n) { verify_new(*signer, counter, n); }};
  Row cached_row{.name = "eccsi/verify-cached-signer",
                 .ours = [signer](std::size_t n) { verify_cached(*signer, n); }};
#ifdef MIKEY_BENCH_WOLFSSL
  add_peer(signer, sign_row, new_row, cached_row);
#endif
  for (Row* row : {&sign_row, &new_row, &cached_row}) table.push_back(std::move(*row));
});

}  // namespace
}  // namespace mikey::bench
