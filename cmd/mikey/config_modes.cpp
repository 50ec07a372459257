#include "config_modes.hpp"

#include "pem.hpp"

namespace mikey::cmd {
namespace {

/// A string that must be one of a few.
void check_one_of(ConfigSection& s, std::string_view key, std::initializer_list<std::string_view> names) {
  std::string expected = "one of";
  for (const std::string_view n : names) expected.append(" ").append(n);
  const auto value = s.text(key, expected);
  if (value && std::ranges::find(names, *value) == names.end())
    s.fail(key, "expected " + expected + ", got \"" + *value + "\"");
}

void check_list_of(ConfigSection& s, std::string_view key, std::initializer_list<std::string_view> names) {
  std::string expected = "a list of";
  for (const std::string_view n : names) expected.append(" ").append(n);
  const auto values = s.list(key, expected);
  if (!values) return;
  for (const std::string& v : *values)
    if (std::ranges::find(names, v) == names.end())
      s.fail(key, "expected " + expected + ", got \"" + v + "\"");
}

void check_files(ConfigSection& s, std::string_view key) {
  const auto files = s.list(key, "a list of files");
  if (!files) return;
  for (const std::string& path : *files) (void)s.load(key, path);
}

std::vector<std::string> paths(ConfigSection& s, std::string_view key) {
  return s.list(key, "a list of PEM files").value_or(std::vector<std::string>{});
}

void check_pem(const ConfigSection& s, std::string_view key, const std::string& path,
               std::string_view label) {
  const auto text = s.load(key, path);
  if (!text) return;
  const auto blocks = pem_blocks(as_text(text->reveal()), label);
  if (blocks && !blocks->empty()) return;
  s.fail(key, "expected PEM with \"" + std::string(label) + "\" in \"" + path + "\"");
}

}  // namespace

void read_certificate(ConfigSection s) {
  const auto chain = s.text("chain", "the path of a PEM file");
  const auto key = s.text("key", "the path of a PEM file");
  if (s.present() && s.ok() && !chain) s.fail("chain", "expected the path of a PEM file, but it is missing");
  if (s.present() && s.ok() && !key) s.fail("key", "expected the path of a PEM file, but it is missing");
  if (chain) check_pem(s, "chain", *chain, "CERTIFICATE");
  if (key) check_pem(s, "key", *key, "PRIVATE KEY");
  for (const std::string& path : paths(s, "trust")) check_pem(s, "trust", path, "CERTIFICATE");
  for (const std::string& path : paths(s, "crls")) check_pem(s, "crls", path, "X509 CRL");
  s.finish();
}

void read_peers(ConfigSection s) {
  for (const std::string& name : s.names()) {
    ConfigSection peer = s.table(name);
    if (const auto path = peer.text("certificate", "the path of a PEM file"))
      check_pem(peer, "certificate", *path, "CERTIFICATE");
    (void)peer.text("kms", "an identity");
    peer.finish();
  }
}

void check_rsar(ConfigSection s) {
  const auto csb = s.text("group_csb", "\"0x\" and eight hexadecimal digits");
  if (csb) {
    const bool prefixed = csb->starts_with("0x") && csb->size() == 10;
    if (!prefixed || !from_hex(std::string_view(*csb).substr(2)))
      s.fail("group_csb", "expected \"0x\" and eight hexadecimal digits");
  }
  (void)s.hex_secret("group_key");
  (void)s.hex_secret("group_salt");
  s.finish();
}

void check_sakke(ConfigSection s) {
  check_files(s, "keys");
  check_files(s, "kms");
  check_one_of(s, "sign", {"eccsi", "rsa"});
  check_one_of(s, "idr", {"all", "kms", "none"});
  (void)s.flag("hide");
  s.finish();
}

void check_ticket(ConfigSection s) {
  (void)s.text("kms", "an identity");
  check_one_of(s, "auth", {"psk", "pk"});
  (void)s.integer("mode", 1, 4, "a mode of RFC 6043 4.1.1");
  const auto flags = s.text("flags", "letters D to O");
  if (flags && flags->find_first_not_of("DEFGHIJKLMNO") != std::string::npos)
    s.fail("flags", "expected letters D to O (RFC 6043 6.10)");
  (void)s.list("responders", "a list of identities");
  (void)s.integer("lifetime", 1, 0x7FFFFFFF, "seconds");
  check_list_of(s, "keys", {"tgk", "gtgk", "tek"});
  (void)s.list("groups", "a list of identities");
  (void)s.flag("decentralized");
  (void)s.flag("reuse");
  (void)s.integer("rekey", 1, 0xFFFFFFFF, "seconds");
  (void)s.list("applications");
  const auto key = s.text("content_key", "hexadecimal digits");
  if (key && !from_hex(std::string_view(*key).substr(key->starts_with("hex:") ? 4 : 0)))
    s.fail("content_key", "expected hexadecimal digits");
  s.finish();
}

void check_ibake(ConfigSection s) {
  (void)s.text("kms", "an identity");
  if (const auto params = s.one_or_more("params", "a file or a list of files"))
    for (const std::string& path : *params) (void)s.load("params", path);
  check_files(s, "keys");
  check_one_of(s, "auth", {"psk", "pk"});
  (void)s.list("accept", "a list of identities");
  (void)s.list("answer_for", "a list of identities");
  s.finish();
}

}  // namespace mikey::cmd
