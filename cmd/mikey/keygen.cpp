// mikey keygen: keys and test PKI.

#include <cstdio>
#include <memory>

#include "files.hpp"
#include "keygen_pki.hpp"
#include "mikey/crypto/provider.hpp"
#include "terminal.hpp"
#include "verbs.hpp"

namespace mikey::cmd {
namespace {

ExitCode done(const Status& s) {
  if (s) return ExitCode::done;
  std::fprintf(stderr, "mikey keygen: %s\n", safe_text(s.error().to_string()).c_str());
  return ExitCode::failed;
}

ExitCode make_psk(std::size_t length, const std::string& out, bool force) {
  auto key = crypto::openssl_rng()->secret(length, "PSK");
  if (!key) return done(std::move(key).error());
  if (!out.empty())
    return done(write_file(out, key->reveal(), Readers::owner, force ? Existing::replace : Existing::keep));
  std::printf("hex:%s\n", to_hex(key->reveal()).c_str());
  return ExitCode::done;
}

void add_force(CLI::App& v, bool& force) {
  v.add_flag("--force", force, "Replace files that exist");
}

void add_bits(CLI::App& v, PkiOptions& o) {
  v.add_option("--bits", o.bits, "Size of RSA keys")
      ->check(CLI::IsMember({2048, 3072, 4096}))
      ->capture_default_str();
}

/// What `ca` and `cert` share.
void add_certificate_options(CLI::App& v, PkiOptions& o) {
  add_bits(v, o);
  v.add_option("--days", o.days, "How long certificates are valid")
      ->check(CLI::Range(1, 20000))
      ->capture_default_str();
  v.add_option("--dir", o.dir, "Folder of all files")->type_name("FOLDER")->capture_default_str();
  add_force(v, o.force);
}

void add_psk(CLI::App& v, ExitCode& exit) {
  auto* psk = v.add_subcommand("psk", "A pre-shared key");
  struct Options {
    std::size_t length = 16;
    std::string out;
    bool force = false;
  };
  auto o = std::make_shared<Options>();
  psk->add_option("--length", o->length, "Octets")->check(CLI::Range(16, 1024))->capture_default_str();
  psk->add_option("--out", o->out,
                  "File for the raw octets (key_file of a configuration), readable by its owner only")
      ->type_name("FILE");
  add_force(*psk, o->force);
  psk->footer(examples({{"mikey keygen psk", "print a key as configurations take it: key = \"hex:...\""},
                        {"mikey keygen psk --length 32 --out bob.psk", "32 octets into a file"}}));
  psk->callback([o, &exit] { exit = make_psk(o->length, o->out, o->force); });
}

void add_ca(CLI::App& v, ExitCode& exit) {
  auto* ca = v.add_subcommand("ca", "A certification authority, and certificates of it");
  auto o = std::make_shared<PkiOptions>();
  ca->add_option("--name", o->name, "Its common name")->capture_default_str();
  ca->add_option("--for", o->identities, "Also make a certificate for this identity (may be repeated)")
      ->type_name("IDENTITY")
      ->check(identity_fault)
      ->allow_extra_args(false);
  add_certificate_options(*ca, *o);
  ca->footer(
      examples({{"mikey keygen ca --dir pki --for sip:alice@example.com --for sip:bob@example.com",
                 "a whole test PKI: pki/ca.pem, ca.key, alice.pem, alice.key, bob.pem, bob.key"},
                {"mikey keygen ca --name \"Lab CA\" --bits 4096 --days 3650", "ca.pem and ca.key here"}}));
  ca->callback([o, &exit] { exit = done(make_ca(*o)); });
}

void add_cert(CLI::App& v, ExitCode& exit) {
  auto* cert = v.add_subcommand("cert", "Certificates signed by a CA of `mikey keygen ca`");
  auto o = std::make_shared<PkiOptions>();
  cert->add_option("identity", o->identities, "URIs or NAIs: a certificate and a key each")
      ->required()
      ->check(identity_fault)
      ->type_name("IDENTITY");
  cert->add_option("--also", o->also, "A further identity of the one certificate (may be repeated)")
      ->type_name("IDENTITY")
      ->check(identity_fault)
      ->allow_extra_args(false);
  cert->add_option("--ca", o->ca, "The CA's certificate (default: ca.pem of the folder)")->type_name("FILE");
  cert->add_option("--ca-key", o->ca_key, "The CA's key (default: ca.key of the folder)")->type_name("FILE");
  add_certificate_options(*cert, *o);
  cert->footer(examples({{"mikey keygen cert --dir pki sip:carol@example.com", "pki/carol.pem and carol.key"},
                         {"mikey keygen cert --dir pki sip:dave@example.com --also dave@example.com",
                          "one certificate for a URI and a NAI"}}));
  cert->callback([o, &exit] { exit = done(make_certificates(*o)); });
}

void add_rsa(CLI::App& v, ExitCode& exit) {
  auto* rsa = v.add_subcommand("rsa", "An RSA key in PKCS#8, for a certificate made elsewhere");
  auto o = std::make_shared<PkiOptions>();
  add_bits(*rsa, *o);
  rsa->add_option("--out", o->out, "File for it, readable by its owner only (default: standard output)")
      ->type_name("FILE");
  add_force(*rsa, o->force);
  rsa->footer(examples({{"mikey keygen rsa --bits 3072 --out carol.key", "a key for a signing request"}}));
  rsa->callback([o, &exit] { exit = done(make_rsa(*o)); });
}

}  // namespace

void add_keygen(CLI::App& app, ExitCode& exit) {
  auto* v = app.add_subcommand("keygen", "Make pre-shared keys, RSA keys, certificates");
  v->require_subcommand(1);
  add_psk(*v, exit);
  add_ca(*v, exit);
  add_cert(*v, exit);
  add_rsa(*v, exit);
}

}  // namespace mikey::cmd
