#include "keygen_pki.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <set>

#include "files.hpp"
#include "mikey/crypto/make_pki.hpp"
#include "mikey/crypto/provider.hpp"
#include "terminal.hpp"

namespace mikey::cmd {
namespace {

using crypto::Certificate;
using crypto::CertificateSpec;
using crypto::Issuer;

/// A certificate is valid a little before it was made: other clocks may be behind.
constexpr std::chrono::seconds kBefore = std::chrono::hours(1);

/// A certificate and its key, as files.
struct Made {
  std::string name;  ///< of the files, without suffix
  Certificate certificate;
  std::string key_pem;
};

std::string path_of(const PkiOptions& o, const std::string& name, const char* suffix) {
  return o.dir + "/" + name + suffix;
}

/// "alice" of "sip:alice@example.com" and "alice@example.com".
Result<std::string> file_name(const std::string& identity) {
  const std::size_t colon = identity.find(':');
  std::string name = identity.substr(colon == std::string::npos ? 0 : colon + 1);
  name = name.substr(0, name.find('@'));
  for (char& c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '+';
    if (!plain) c = '_';
  }
  if (name.empty() || name[0] == '.' || name == "ca")
    return bad_request("no file can be named after the identity \"" + safe_text(identity) + "\"");
  return name;
}

/// A URI has a scheme, a NAI has none (RFC 3830 6.7); both go into subjectAltName.
void add_identity(CertificateSpec& spec, const std::string& identity) {
  (identity.find(':') != std::string::npos ? spec.uris : spec.emails).push_back(identity);
}

CertificateSpec lifetime(const PkiOptions& o) {
  CertificateSpec spec;
  const NtpTime now = SystemClock().now();
  spec.not_before = now + -kBefore;
  spec.not_after = now + std::chrono::hours(24) * o.days;
  return spec;
}

Status check_absent(const PkiOptions& o, const std::set<std::string>& names) {
  for (const std::string& name : names)
    for (const char* suffix : {".pem", ".key"}) {
      struct stat st {};
      const std::string path = path_of(o, name, suffix);
      if (!o.force && ::lstat(path.c_str(), &st) == 0)
        return bad_request(path + " exists already; nothing was made (--force replaces it)");
    }
  return {};
}

Result<std::set<std::string>> names_of(const std::vector<std::string>& identities) {
  std::set<std::string> names;
  for (const std::string& identity : identities) {
    auto name = file_name(identity);
    if (!name) return std::move(name).error();
    if (!names.insert(*name).second)
      return bad_request("two identities would have the files " + *name + ".pem and " + *name + ".key");
  }
  return names;
}

Result<Made> make_one(const PkiOptions& o, const std::string& identity, const Issuer& issuer, Rng& rng) {
  auto name = file_name(identity);
  if (!name) return std::move(name).error();
  CertificateSpec spec = lifetime(o);
  spec.common_name = *name;
  spec.not_after = NtpTime::from_unix(
      std::min(spec.not_after.unix_seconds(), issuer.certificate.not_after()));  // not longer than the CA
  add_identity(spec, identity);
  for (const std::string& more : o.also) add_identity(spec, more);
  auto key = crypto::generate_rsa_key(o.bits);
  if (!key) return std::move(key).error();
  auto subject = crypto::public_key_of(*key);
  if (!subject) return std::move(subject).error();
  auto certificate = crypto::make_certificate(spec, *subject, issuer, rng);
  if (!certificate) return std::move(certificate).error();
  return Made{std::move(*name), std::move(*certificate), std::move(*key)};
}

/// The key first: a certificate without its key is of no use.
Status write(const PkiOptions& o, Made& m) {
  const std::string key = path_of(o, m.name, ".key");
  const std::string pem = path_of(o, m.name, ".pem");
  Status s =
      write_file(key, as_bytes(m.key_pem), Readers::owner, o.force ? Existing::replace : Existing::keep);
  wipe({static_cast<std::uint8_t*>(static_cast<void*>(m.key_pem.data())), m.key_pem.size()});
  if (s)
    s = write_file(pem, as_bytes(m.certificate.to_pem()), Readers::everybody,
                   o.force ? Existing::replace : Existing::keep);
  if (s) std::printf("%s\n%s\n", safe_text(pem).c_str(), safe_text(key).c_str());
  return s;
}

Status issue_all(const PkiOptions& o, const Issuer& issuer, Rng& rng) {
  for (const std::string& identity : o.identities) {
    auto made = make_one(o, identity, issuer, rng);
    if (!made) return std::move(made).error();
    if (auto s = write(o, *made); !s) return s;
  }
  return {};
}

Result<Issuer> load_issuer(const PkiOptions& o) {
  const std::string pem = o.ca.empty() ? path_of(o, "ca", ".pem") : o.ca;
  const std::string key = o.ca_key.empty() ? path_of(o, "ca", ".key") : o.ca_key;
  auto text = read_file(pem);
  if (!text) return std::move(text).error();
  auto certificates = Certificate::from_pem(as_text(*text));
  if (!certificates) return bad_request(pem + ": " + certificates.error().detail);
  if (!certificates->front().is_ca()) return bad_request(pem + " is not the certificate of a CA");
  auto secret = read_file(key);
  if (!secret) return std::move(secret).error();
  std::string key_pem(as_text(*secret));
  wipe(*secret);
  const auto own = crypto::public_key_of(key_pem);
  const auto certified = certificates->front().public_key();
  if (!own || !certified || !(*own == *certified))
    return bad_request(key + " is not the private key of " + pem);
  return Issuer{certificates->front(), std::move(key_pem), ""};
}

}  // namespace

std::string identity_fault(const std::string& identity) {
  const bool printable = std::ranges::all_of(identity, [](char c) { return c > ' ' && c < 0x7F; });
  const bool named = identity.find_first_of(":@") != std::string::npos;
  if (printable && named) return "";
  return "expected a URI (sip:alice@example.com) or a NAI (alice@example.com)";
}

Status make_ca(const PkiOptions& o) {
  auto names = names_of(o.identities);
  if (!names) return std::move(names).error();
  names->insert("ca");
  if (auto s = check_absent(o, *names); !s) return s;
  static_cast<void>(::mkdir(o.dir.c_str(), 0777));  // if it cannot be made, no file can either
  const auto rng = crypto::openssl_rng();
  auto key = crypto::generate_rsa_key(o.bits);
  if (!key) return std::move(key).error();
  CertificateSpec spec = lifetime(o);
  spec.common_name = o.name;
  spec.ca = true;
  auto certificate = crypto::make_self_signed(spec, *key, "", *rng);
  if (!certificate) return std::move(certificate).error();
  const Issuer issuer{*certificate, *key, ""};
  Made ca{"ca", std::move(*certificate), std::move(*key)};
  if (auto s = write(o, ca); !s) return s;
  return issue_all(o, issuer, *rng);
}

Status make_certificates(const PkiOptions& o) {
  auto names = names_of(o.identities);
  if (!names) return std::move(names).error();
  if (o.identities.size() != 1 && !o.also.empty())
    return bad_request("--also is for a certificate of one identity");
  if (auto s = check_absent(o, *names); !s) return s;
  auto issuer = load_issuer(o);
  if (!issuer) return std::move(issuer).error();
  const auto rng = crypto::openssl_rng();
  return issue_all(o, *issuer, *rng);
}

Status make_rsa(const PkiOptions& o) {
  auto key = crypto::generate_rsa_key(o.bits);
  if (!key) return std::move(key).error();
  Status s;
  if (!o.out.empty()) {
    s = write_file(o.out, as_bytes(*key), Readers::owner, o.force ? Existing::replace : Existing::keep);
  } else if (std::fputs(key->c_str(), stdout) < 0 || std::fflush(stdout) != 0) {
    s = bad_request("the key cannot be written");
  }
  wipe({static_cast<std::uint8_t*>(static_cast<void*>(key->data())), key->size()});
  return s;
}

}  // namespace mikey::cmd
