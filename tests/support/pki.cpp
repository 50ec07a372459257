#include "support/pki.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace mikey::test {
namespace {

template <class T>
T must(Result<T> r) {
  if (!r) {
    ADD_FAILURE() << r.error().to_string();
    std::abort();  // there is no certificate to go on with
  }
  return std::move(*r);
}

constexpr std::chrono::seconds kMonth = std::chrono::hours(24 * 30);

}  // namespace

std::string key_pem(const std::string& name) {
  return read_source_file("tests/support/keys/" + name + ".pem");
}

crypto::PublicKey public_key(const std::string& name) {
  return must(crypto::public_key_of(key_pem(name)));
}

std::shared_ptr<const crypto::PrivateKey> private_key(const std::string& name) {
  return must(crypto::load_private_key_pem(key_pem(name)));
}

crypto::CertificateSpec spec_for(const std::string& name) {
  crypto::CertificateSpec s;
  s.common_name = name;
  s.uris = {"sip:" + name + "@example.com"};
  s.emails = {name + "@example.com"};
  s.not_before = kPkiTime + -kMonth;
  s.not_after = kPkiTime + kMonth;
  return s;
}

crypto::CertificateSpec ca_spec(const std::string& name) {
  crypto::CertificateSpec s = spec_for(name);
  s.uris.clear();
  s.emails.clear();
  s.ca = true;
  return s;
}

crypto::Issuer self_signed(const crypto::CertificateSpec& spec, const std::string& key) {
  CountingRng rng(std::hash<std::string>{}(spec.common_name));
  const std::string pem = key_pem(key);
  return {must(crypto::make_self_signed(spec, pem, "", rng)), pem, ""};
}

crypto::Certificate issue(const crypto::CertificateSpec& spec, const std::string& key,
                          const crypto::Issuer& by) {
  static CountingRng rng(7);
  return must(crypto::make_certificate(spec, public_key(key), by, rng));
}

}  // namespace mikey::test
