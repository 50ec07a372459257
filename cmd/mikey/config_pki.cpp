// [certificate] and [peers]: what modes with certificates need.

#include "config_modes.hpp"
#include "terminal.hpp"

namespace mikey::cmd {
namespace {

using crypto::Certificate;

std::optional<std::vector<Certificate>> load_certificates(const ConfigSection& s, std::string_view key,
                                                          const std::string& path) {
  const auto text = s.load(key, path);
  if (!text) return std::nullopt;
  auto list = Certificate::from_pem(as_text(text->reveal()));
  if (list) return std::move(*list);
  s.fail(key, "expected PEM certificates in \"" + path + "\": " + list.error().detail);
  return std::nullopt;
}

std::vector<std::string> paths(ConfigSection& s, std::string_view key) {
  return s.list(key, "a list of PEM files").value_or(std::vector<std::string>{});
}

constexpr std::string_view kTokenUri = "pkcs11:";
/// Speaks for all tokens that the system knows.
constexpr const char* kEveryModule = "p11-kit-proxy.so";

/// A PIN, of which an editor may have made a line.
std::string_view without_line_end(std::string_view text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

/// A key that stays on its token (RFC 7512).
std::shared_ptr<const crypto::PrivateKey> load_token_key(ConfigSection& s, const std::string& uri) {
  auto module = s.text("pkcs11_module", "the path of a PKCS#11 module").value_or(kEveryModule);
  if (module.find('/') != std::string::npos) module = s.reader().resolve(module);
  const auto pin = s.has("pin_file") ? s.file("pin_file") : SecretBytes();
  if (!pin) return nullptr;
  auto key = crypto::load_private_key_uri(uri, module, without_line_end(as_text(pin->reveal())));
  if (key) return std::move(*key);
  s.fail("key", "expected an RSA private key on a token: " + key.error().detail);
  return nullptr;
}

std::shared_ptr<const crypto::PrivateKey> load_key(ConfigSection& s, const std::string& path) {
  if (path.starts_with(kTokenUri)) return load_token_key(s, path);
  for (const char* token_only : {"pkcs11_module", "pin_file"}) {
    if (!s.has(token_only)) continue;
    s.fail(token_only, "expected only with a key that is a pkcs11: URI");
    return nullptr;
  }
  const auto text = s.load("key", path);
  if (!text) return nullptr;
  auto key = crypto::load_private_key_pem(as_text(text->reveal()));
  if (key) return std::move(*key);
  s.fail("key", "expected an RSA private key in PEM in \"" + path + "\": " + key.error().detail);
  return nullptr;
}

void read_own(ConfigSection& s, Pki& to) {
  const auto chain_path = s.text("chain", "the path of a PEM file");
  const auto key_path = s.text("key", "the path of a PEM file, or a pkcs11: URI");
  auto url = s.text("url", "the URL of the certificate");
  if (!s.ok() || (!chain_path && !key_path)) return;
  if (!chain_path) return s.fail("chain", "expected the path of a PEM file, but it is missing");
  if (!key_path) return s.fail("key", "expected the path of a PEM file or a pkcs11: URI, but it is missing");
  auto chain = load_certificates(s, "chain", *chain_path);
  if (!chain) return;
  auto key = load_key(s, *key_path);
  if (!key) return;
  const auto certified = chain->front().public_key();
  if (!certified || !(*certified == key->public_key()))
    return s.fail("key", "expected the private key of the first certificate of the chain");
  to.own.push_back({std::move(*chain), std::move(key), std::move(url).value_or("")});
}

void read_trust(ConfigSection& s, crypto::TrustStore& trust) {
  for (const std::string& path : paths(s, "trust")) {
    auto anchors = load_certificates(s, "trust", path);
    if (!anchors) return;
    for (Certificate& c : *anchors) trust.add_anchor(std::move(c));
  }
  for (const std::string& path : paths(s, "crls")) {
    const auto text = s.load("crls", path);
    if (!text) return;
    auto lists = crypto::Crl::from_pem(as_text(text->reveal()));
    if (!lists)
      return s.fail("crls", "expected PEM revocation lists in \"" + path + "\": " + lists.error().detail);
    for (crypto::Crl& crl : *lists) trust.add_crl(std::move(crl));
  }
  const auto excluded =
      s.list("exclude", "a list of identities, with \"*\" at one end").value_or(std::vector<std::string>{});
  for (const std::string& pattern : excluded)
    if (auto done = trust.exclude(pattern); !done)
      return s.fail("exclude", "expected an identity, with \"*\" at one end, got \"" + pattern + "\"");
}

}  // namespace

void read_certificates(ConfigSection certificate, ConfigSection peers, Config& out) {
  auto trust = std::make_shared<crypto::TrustStore>();
  read_own(certificate, out.credentials.pki);
  read_trust(certificate, *trust);
  certificate.finish();
  for (const std::string& name : peers.names()) {
    ConfigSection entry = peers.table(name);
    const auto kms = entry.text("kms", "an identity");
    const auto path = entry.text("certificate", "the path of a PEM file");
    entry.finish();
    if (const auto peer = parse_identity(out.identity.type, name))
      out.credentials.sakke.know(*peer, kms.value_or(""));
    if (!path) continue;
    auto chain = load_certificates(entry, "certificate", *path);
    if (!chain) return;
    if (const auto peer = parse_identity(out.identity.type, name)) {
      trust->pin(peer->type, peer->data, std::move(chain->front()));
    } else {
      out.warnings.push_back(safe_text(peers.name_of(name)) +
                             ": not an identity of this party's id_type; never used");
    }
  }
  out.credentials.pki.trust = std::move(trust);
}

}  // namespace mikey::cmd
