// mikey keygen: keys and test PKI.

#include <cstdio>
#include <memory>

#include "files.hpp"
#include "keygen_ibake.hpp"
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

void add_ibake_params(CLI::App& v, ExitCode& exit) {
  auto* params = v.add_subcommand("ibake-params", "A KMS for MIKEY-IBAKE: its parameters and master secret");
  auto o = std::make_shared<IbakeParamsOptions>();
  params->add_option("URI", o->uri, "The KMS's name, as it stands in messages: sip:kms@example.com")
      ->required();
  params
      ->add_option("--level", o->level,
                   "Security, in bits of an RSA modulus: p has half as many (RFC 5091 5.1.2)")
      ->check(CLI::IsMember({1024, 2048, 3072, 7680, 15360}))
      ->type_name("BITS")
      ->capture_default_str();
  params->add_option("--dates", o->dates, "How long a private key is for: a month, or a day (YYYY-MM-DD)")
      ->check(CLI::IsMember({"YYYY-MM", "YYYY-MM-DD"}))
      ->type_name("FORMAT")
      ->capture_default_str();
  params->add_option("--dir", o->dir, "Folder of the files")->type_name("FOLDER")->capture_default_str();
  params->add_option("--serial", o->serial, "Their number, higher than that of any before (RFC 5408 4.2)")
      ->type_name("NUMBER")
      ->capture_default_str();
  params->add_option("--days", o->valid_days, "How long they are valid; 0: for ever")
      ->check(CLI::Range(0, 36500))
      ->capture_default_str();
  params->add_option("--publish", o->publish, "Also write them as RFC 5408 publishes them (base64)")
      ->type_name("FILE");
  add_force(*params, o->force);
  params->footer(
      examples({{"mikey keygen ibake-params sip:kms@example.com --dir ibake",
                 "ibake/ibake-master.json, for the KMS alone, and ibake-params.json, for everybody"},
                {"mikey keygen ibake-params sip:kms@example.com --level 1024 --dates YYYY-MM-DD",
                 "small and quick, for tests, with a key a day"}}));
  params->callback([o, &exit] { exit = done(make_ibake_params(*o)); });
}

void add_ibake_key(CLI::App& v, ExitCode& exit) {
  auto* key =
      v.add_subcommand("ibake-key", "Users' private keys of such a KMS, for users that do not ask it");
  auto o = std::make_shared<IbakeKeyOptions>();
  key->add_option("identity", o->identities, "URIs or NAIs: a key each")
      ->required()
      ->check(identity_fault)
      ->type_name("IDENTITY");
  key->add_option("--master", o->master, "The KMS's ibake-master.json")->required()->type_name("FILE");
  key->add_option("--date", o->dates,
                  "now, now+1, 2026-11 (2026-11-28 where keys are for a day), or two with ..")
      ->type_name("DATES")
      ->capture_default_str();
  key->add_option("--dir", o->dir, "Folder of the files")->type_name("FOLDER")->capture_default_str();
  add_force(*key, o->force);
  key->footer(
      examples({{"mikey keygen ibake-key --master ibake/ibake-master.json sip:alice@example.com",
                 "alice-ibake-2026-11.json: her key for this month"},
                {"mikey keygen ibake-key --master ibake/ibake-master.json --date now..now+11 --dir keys "
                 "sip:alice@example.com sip:bob@example.com",
                 "a year of keys for two users"}}));
  key->callback([o, &exit] { exit = done(make_ibake_keys(*o)); });
}

}  // namespace

void add_keygen(CLI::App& app, ExitCode& exit) {
  auto* v = app.add_subcommand("keygen", "Make pre-shared keys, RSA keys, certificates, keys of MIKEY-IBAKE");
  v->require_subcommand(1);
  add_psk(*v, exit);
  add_ca(*v, exit);
  add_cert(*v, exit);
  add_rsa(*v, exit);
  add_ibake_params(*v, exit);
  add_ibake_key(*v, exit);
}

}  // namespace mikey::cmd
