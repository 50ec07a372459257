#include "couple.hpp"

#include "mikey/crypto/make_pki.hpp"
#include "row.hpp"

namespace mikey::bench {
namespace {

template <class T>
T must(Result<T> r) {
  if (!r) fail("test PKI", r.error().to_string());
  return std::move(*r);
}

crypto::CertificateSpec spec_of(const std::string& name) {
  crypto::CertificateSpec s;
  s.common_name = name;
  s.not_before = SystemClock().now() + -std::chrono::hours(1);
  s.not_after = SystemClock().now() + std::chrono::hours(24);
  return s;
}

}  // namespace

Couple::Couple(Mode mode, const crypto::Provider& provider) : mode_(mode), provider_(provider) {
  alice_.self = Identity::uri("sip:alice@example.com");
  bob_.self = Identity::uri("sip:bob@example.com");
  if (mode == Mode::psk || mode == Mode::dhhmac) return;
  const std::string ca_key = must(crypto::generate_rsa_key(2048));
  crypto::CertificateSpec ca = spec_of("CA");
  ca.ca = true;
  const crypto::Issuer issuer{must(crypto::make_self_signed(ca, ca_key, "", *rng_)), ca_key, ""};
  auto trust = std::make_shared<crypto::TrustStore>();
  trust->add_anchor(issuer.certificate);
  for (Party* p : {&alice_, &bob_}) {
    p->key_pem = must(crypto::generate_rsa_key(2048));
    crypto::CertificateSpec spec = spec_of(p->self.name());
    spec.uris = {p->self.name()};
    p->certificate =
        must(crypto::make_certificate(spec, must(crypto::public_key_of(p->key_pem)), issuer, *rng_));
    p->pki.own.push_back({{*p->certificate}, must(crypto::load_private_key_pem(p->key_pem)), ""});
    p->pki.trust = trust;
  }
}

Offer Couple::offer() const {
  Terms t;
  t.to = bob_.self;
  t.streams = {{0x1234, 0, {}}, {0, 0, {}}};
  switch (mode_) {
    case Mode::pk:
      return PkOffer{std::move(t), bob_.certificate, {}};
    case Mode::dh:
      return DhOffer{std::move(t), DhGroup::oakley_5};
    case Mode::dhhmac:
      return DhhmacOffer{std::move(t), key_.clone(), DhGroup::oakley_5};
    case Mode::rsar:
      return RsarOffer{std::move(t), false};
    default:
      return PskOffer{std::move(t), key_.clone()};
  }
}

/// Answers what the exchange asks until it asks no more.
Couple::End Couple::carry(Exchange& at, Step step, const Identity& peer) {
  End end;
  for (bool asked = true; asked;) {
    asked = false;
    Supply answer;
    for (Action& a : step) {
      if (auto* s = std::get_if<Send>(&a)) end.message = std::move(s->message);
      if (auto* r = std::get_if<Ready>(&a)) end.bundle = std::move(r->bundle);
      const auto* need = std::get_if<Need>(&a);
      if (need == nullptr) continue;
      asked = true;
      if (std::holds_alternative<NeedPsk>(*need)) answer = PskSupplied{peer, key_.clone(), nullptr};
      if (std::holds_alternative<NeedBundle>(*need)) answer = BundleSupplied{nullptr};
      if (std::holds_alternative<NeedReplayVerdict>(*need)) answer = ReplayVerdict{Verdict::fresh};
    }
    if (asked) step = at.supply(std::move(answer));
  }
  return end;
}

std::optional<std::pair<keys::BundlePtr, keys::BundlePtr>> Couple::exchange() {
  auto a = Exchange::initiate(env(alice_), offer());
  if (!a) return std::nullopt;
  auto b = Exchange::respond(env(bob_));
  const End first = carry(*a, a->start(), bob_.self);
  if (!first.message) return std::nullopt;
  const End theirs = carry(b, b.receive(*first.message), alice_.self);
  if (!theirs.message || !theirs.bundle) return std::nullopt;
  const End ours = carry(*a, a->receive(*theirs.message), bob_.self);
  if (!ours.bundle) return std::nullopt;
  return std::pair(ours.bundle, theirs.bundle);
}

void Couple::prove(const std::string& row) {
  const auto made = exchange();
  if (!made || made->first->sessions.size() != 2) fail(row, "the exchange fails");
  for (std::size_t i = 0; i < 2; ++i)
    if (!ct_equal(made->first->sessions[i].tek.reveal(), made->second->sessions[i].tek.reveal()))
      fail(row, "the parties have different keys");
}

}  // namespace mikey::bench
