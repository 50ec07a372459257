/// \file
/// Whole exchanges between two parties of the library, both roles, beside the public-key operations of
/// libcrypto that such an exchange cannot do without. What is counted:
///
///   pk      Initiator: sign, encrypt.              Responder: verify, decrypt.
///   dh      Each: sign, verify, two exponentiations (DH value, secret) of OAKLEY 5 with full exponents.
///   dhhmac  Each: two such exponentiations.
///   rsar    Initiator: sign, verify, decrypt.      Responder: verify, encrypt, sign.
///
/// RSA has 2048 bits. The signatures on certificates are NOT counted, since a party remembers the paths it
/// has verified (crypto::TrustStore); all the rest of judging a certificate - validity, revocation, usage,
/// name - is done in each exchange and is overhead here, as are parsing, hashing, KEMAC, V, the replay cache
/// and the keys of the sessions. A ratio of 0.87 is an exchange of 1.15 times its operations.
#include <array>

#include "mikey/crypto/make_pki.hpp"
#include "mikey/exchange/party.hpp"
#include "public_key_operations.hpp"
#include "row.hpp"

namespace mikey::bench {
namespace {

constexpr double kGoal = 0.87;
const Identity kAlice = Identity::uri("sip:alice@example.com");
const Identity kBob = Identity::uri("sip:bob@example.com");

template <class T>
T must(Result<T> r) {
  if (!r) fail("exchange", r.error().to_string());
  return std::move(*r);
}

/// Keys of 2048 bits and certificates of one CA, made when a row is first measured.
struct Certificates {
  std::unique_ptr<Rng> rng = crypto::openssl_rng();
  NtpTime now = SystemClock().now();
  std::string alice_key = must(crypto::generate_rsa_key(2048));
  std::string bob_key = must(crypto::generate_rsa_key(2048));
  crypto::Issuer ca = root();
  crypto::Certificate alice = certificate("alice", alice_key);
  crypto::Certificate bob = certificate("bob", bob_key);

  static const Certificates& get() {
    static const Certificates all;
    return all;
  }

 private:
  crypto::CertificateSpec spec(const std::string& name, bool is_ca) const {
    crypto::CertificateSpec s;
    s.common_name = name;
    if (!is_ca) s.uris = {"sip:" + name + "@example.com"};
    s.not_before = now + std::chrono::seconds(-3600);
    s.not_after = now + std::chrono::hours(24);
    s.ca = is_ca;
    return s;
  }
  crypto::Issuer root() {
    std::string key = must(crypto::generate_rsa_key(2048));
    auto certificate = must(crypto::make_self_signed(spec("ca", true), key, "", *rng));
    return {std::move(certificate), std::move(key), ""};
  }
  crypto::Certificate certificate(const std::string& name, const std::string& key) {
    return must(crypto::make_certificate(spec(name, false), must(crypto::public_key_of(key)), ca, *rng));
  }
};

/// Two parties who run whole exchanges and forget them.
class Pair {
 public:
  explicit Pair(Mode mode) : mode_(mode), rng_(crypto::openssl_rng()) {
    const Certificates& c = Certificates::get();
    alice_.emplace(kAlice, Policy{}, credentials(kBob, c.alice, c.alice_key, c.bob), crypto::openssl(), *rng_,
                   clock_);
    bob_.emplace(kBob, Policy{}, credentials(kAlice, c.bob, c.bob_key, c.alice), crypto::openssl(), *rng_,
                 clock_);
  }

  void exchange() {
    InitiateRequest request;
    request.mode = mode_;
    request.terms.to = kBob;
    const Outcome begun = must(alice_->initiate(std::move(request)));
    const Outcome answer = bob_->receive(Source::peer, begun.send[0].message);
    if (answer.state != Outcome::State::established) fail("exchange", answer.error->to_string());
    const Outcome end = alice_->receive(Source::peer, answer.send[0].message);
    if (end.state != Outcome::State::established) fail("exchange", end.error->to_string());
    if (!alice_->forget(*end.csb_id) || !bob_->forget(*end.csb_id)) fail("exchange", "there is no bundle");
  }

 private:
  static Credentials credentials(const Identity& peer, const crypto::Certificate& own, const std::string& key,
                                 const crypto::Certificate& peers) {
    Credentials c;
    c.psk.emplace(peer, Psk(Bytes(16, 0x11)));
    auto trust = std::make_shared<crypto::TrustStore>();
    trust->add_anchor(Certificates::get().ca.certificate);
    trust->pin(peer.type, peer.data, peers);
    c.pki.own.push_back({{own}, must(crypto::load_private_key_pem(key)), {}});
    c.pki.trust = std::move(trust);
    return c;
  }

  Mode mode_;
  std::unique_ptr<Rng> rng_;
  SystemClock clock_;
  std::optional<Party> alice_, bob_;
};

/// Builds `T` when it is first needed: rows that are not measured cost nothing.
template <class T, class... Args>
auto lazily(Args... args) {
  return [made = std::shared_ptr<T>(), args...]() mutable -> T& {
    if (!made) made = std::make_shared<T>(args...);
    return *made;
  };
}

Row row(Mode mode, void (*operations)(const PublicKeyOperations&)) {
  Row r{.name = "exchange/" + std::string(mode_name(mode)), .ours = {}, .peer = PublicKeyOperations::name()};
  r.ours = [pair = lazily<Pair>(mode)](std::size_t n) mutable {
    for (std::size_t i = 0; i < n; ++i) pair().exchange();
  };
  r.theirs = [operations, made = std::shared_ptr<PublicKeyOperations>()](std::size_t n) mutable {
    if (!made) made = std::make_shared<PublicKeyOperations>(Certificates::get().bob_key);
    for (std::size_t i = 0; i < n; ++i) operations(*made);
  };
  r.goal = kGoal;
  return r;
}

void add_rows(Table& table) {
  table.push_back(row(Mode::pk, [](const PublicKeyOperations& o) {
    o.sign();
    o.encrypt();
    o.verify();
    o.decrypt();
  }));
  table.push_back(row(Mode::dh, [](const PublicKeyOperations& o) {
    for (int party = 0; party < 2; ++party) {
      o.sign();
      o.verify();
      o.exponentiate();
      o.exponentiate();
    }
  }));
  table.push_back(row(Mode::dhhmac, [](const PublicKeyOperations& o) {
    for (int i = 0; i < 4; ++i) o.exponentiate();
  }));
  table.push_back(row(Mode::rsar, [](const PublicKeyOperations& o) {
    for (int party = 0; party < 2; ++party) {
      o.sign();
      o.verify();
    }
    o.encrypt();
    o.decrypt();
  }));
}

const Rows kRows(add_rows);

}  // namespace
}  // namespace mikey::bench
