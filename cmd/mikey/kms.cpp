// mikey kms: a key management server on files.

#include "kms.hpp"

#include <algorithm>
#include <cstdio>
#include <memory>

#include "files.hpp"
#include "kms_files.hpp"
#include "mikey/kms/records.hpp"
#include "terminal.hpp"

namespace mikey::cmd {
namespace {

struct NewFile {
  std::string path;
  SecretBytes octets;
  Readers readers;
};

Result<ibc::MasterRecord> make_master(const KmsInitOptions& o) {
  const bool monthly = o.scheme == 1;
  const ibc::IdScheme ids{static_cast<SakkeIdScheme>(o.scheme), monthly ? 0 : o.period,
                          monthly ? 0 : o.offset};
  if (auto ok = ibc::check_scheme(ids); !ok) return std::move(ok).error();
  std::optional<PeriodRange> periods;
  if (!o.periods.empty()) {
    auto read = parse_periods(ids, o.periods, SystemClock().now());
    if (!read) return std::move(read).error();
    periods = *read;
  }
  auto master = ibc::make_master(*crypto::openssl_rng(), o.uri, ids);
  if (master && periods) {
    master->known.from = periods->first;
    master->known.to = periods->last;
  }
  return master;
}

// The certificate comes last: RFC 6509's own identifiers have none.
Result<std::vector<NewFile>> files_of(const KmsInitOptions& o, const ibc::MasterRecord& master) {
  std::vector<NewFile> out;
  out.push_back({in_folder(o.out, "sakke-master.json"), ibc::write_master(master), Readers::owner});
  out.push_back({in_folder(o.out, "kms.json"), SecretBytes(as_bytes(ibc::write_kms(master.known))),
                 Readers::everybody});
  if (o.scheme == 1) return out;
  auto certificate = kms::to_certificate(master.known);
  if (!certificate) return std::move(certificate).error();
  auto xml = kms::write_xml(crypto::openssl(), {*std::move(certificate), kms::Signature::none, "", {}});
  if (!xml) return std::move(xml).error();
  out.push_back({in_folder(o.out, "kms.xml"), *std::move(xml), Readers::everybody});
  return out;
}

void add_xml_keys(CLI::App* verb, XmlKeyOptions& o, const std::string& use) {
  verb->add_option("--trk", o.trk,
                   "File of the transport key (32 octets, raw, hexadecimal or base64) that " + use)
      ->type_name("FILE");
  verb->add_option("--trk-id", o.trk_id, "Its name in documents")->type_name("ID");
  verb->add_option("--ink", o.ink, "File of the integrity key of signatures (16 to 128 octets)")
      ->type_name("FILE");
  verb->add_option("--ink-id", o.ink_id, "Its name in documents")->type_name("ID");
}

void add_init(CLI::App* kms, ExitCode& exit) {
  auto o = std::make_shared<KmsInitOptions>();
  CLI::App* v = kms->add_subcommand("init", "Make a KMS: its master secrets and its public keys");
  v->add_option("URI", o->uri, "The KMS's name, as it stands in messages: kms.example.org")->required();
  v->add_option("--out", o->out, "Folder of the files")->type_name("DIR");
  v->add_option("--scheme", o->scheme,
                "Identifiers of its users: 1 tel URIs and months (RFC 6509), 2 hashed (3GPP)")
      ->check(CLI::IsMember({1, 2}))
      ->capture_default_str();
  v->add_option("--period", o->period, "Seconds of a key period (scheme 2)")
      ->check(CLI::Range(1U, 0xFFFFFFFFU))
      ->type_name("SECONDS")
      ->capture_default_str();
  v->add_option("--offset", o->offset, "Seconds by which periods begin later, less than a period")
      ->type_name("SECONDS")
      ->capture_default_str();
  v->add_option("--valid", o->periods,
                "Periods the keys are for, as 2026-11..2027-10 or now..now+12; else any")
      ->type_name("PERIODS");
  v->add_flag("--force", o->force, "Replace files; key sets made before are worthless then");
  v->footer(examples({
      {"mikey kms init kms.example.org --out kms", "3GPP's identifiers, periods of 30 days"},
      {"mikey kms init kms.example.org --scheme 1 --out kms", "tel URIs and monthly keys"},
  }));
  v->callback([o, &exit] { exit = kms_init(*o); });
}

void add_provision(CLI::App* kms, ExitCode& exit) {
  auto o = std::make_shared<KmsProvisionOptions>();
  CLI::App* v = kms->add_subcommand("provision", "Make users' key sets");
  v->add_option("USER", o->users, "URIs of users: sip:alice@example.org");
  v->add_option("--users", o->users_file, "A file of URIs, one a line; - for standard input")
      ->type_name("FILE");
  v->add_option("--master", o->master, "The KMS's sakke-master.json")->required()->type_name("FILE");
  v->add_option("--period", o->periods, "Key periods: now, now+1, 2026-11, 1545, or two with .. between")
      ->type_name("PERIODS")
      ->capture_default_str();
  v->add_option("--out", o->out, "Folder of the files")->type_name("DIR");
  v->add_option("--format", o->format, "json: a file a user and period; xml: a KmsResponse a user")
      ->check(CLI::IsMember({"json", "xml"}))
      ->type_name("FORM")
      ->capture_default_str();
  add_xml_keys(v, o->xml, "wraps the keys, and signs without --ink");
  v->add_option("--wrap", o->wrap, "pad: RFC 5649 under its own name; 3gpp: under the name kw-aes256")
      ->check(CLI::IsMember({"pad", "3gpp"}))
      ->type_name("HOW")
      ->capture_default_str();
  v->add_option("--jobs", o->jobs, "Threads; 0: one a processor")
      ->check(CLI::Range(0, 1024))
      ->type_name("N")
      ->capture_default_str();
  CLI::Option* force = v->add_flag("--force", o->force, "Replace files that exist");
  v->add_flag("--skip-existing", o->skip,
              "Leave out users whose files exist: goes on with what was interrupted")
      ->excludes(force);
  v->footer(examples({
      {"mikey kms provision --master kms/sakke-master.json sip:alice@example.org", "Alice's keys for now"},
      {"mikey kms provision --master kms/sakke-master.json --users staff.txt --period now..now+2 --out keys",
       "many users, three periods each"},
      {"mikey kms provision --master kms/sakke-master.json sip:bob@example.org --format xml --trk bob.trk "
       "--trk-id bob-1",
       "as 3GPP's XML, wrapped and signed under his transport key"},
  }));
  v->callback([o, &exit] { exit = kms_provision(*o); });
}

void add_show(CLI::App* kms, ExitCode& exit) {
  auto o = std::make_shared<KmsShowOptions>();
  CLI::App* v = kms->add_subcommand("show", "Tell what key files hold (never keys), and check them");
  v->add_option("FILE", o->files, "JSON or XML; - for standard input")->required();
  v->add_option("--kms", o->kms,
                "Check key sets against these public keys (kms.json, or a certificate as XML)")
      ->allow_extra_args(false)
      ->type_name("FILE");
  add_xml_keys(v, o->xml, "opens the keys");
  v->add_flag("--json", o->json, "As a JSON array");
  v->footer(examples({
      {"mikey kms show kms/kms.json", "a KMS's public keys, and whether they are sound"},
      {"mikey kms show alice-1545.json --kms kms.json", "do these keys fit their user, period and KMS?"},
      {"mikey kms show bob-1545.xml --kms kms.xml --trk bob.trk", "open, verify and check 3GPP's XML"},
  }));
  v->callback([o, &exit] { exit = kms_show(*o); });
}

void add_import(CLI::App* kms, ExitCode& exit) {
  auto o = std::make_shared<KmsImportOptions>();
  CLI::App* v = kms->add_subcommand("import", "Turn 3GPP's XML into the JSON files that configurations name");
  v->add_option("FILE", o->files, "XML documents; - for standard input")->required();
  v->add_option("--kms", o->kms, "Public keys to check key sets against, unless the documents have them")
      ->allow_extra_args(false)
      ->type_name("FILE");
  v->add_option("--out", o->out, "Folder of the files")->type_name("DIR");
  add_xml_keys(v, o->xml, "opens the keys");
  v->add_flag("--force", o->force, "Replace files that exist");
  v->footer(examples({
      {"mikey kms import kms.xml bob-1545.xml --trk bob.trk --out keys",
       "a certificate and a key set, checked"},
  }));
  v->callback([o, &exit] { exit = kms_import(*o); });
}

}  // namespace

void kms_complain(const char* verb, const std::string& text) {
  std::fputs(("mikey kms " + std::string(verb) + ": " + safe_text(text) + "\n").c_str(), stderr);
}

ExitCode kms_init(const KmsInitOptions& o) {
  if (std::ranges::any_of(o.uri, [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; })) {
    kms_complain("init", "the name of a KMS has no blanks in it; \"kms.example.org\" is one");
    return ExitCode::usage;
  }
  const auto master = make_master(o);
  if (!master) {
    kms_complain("init", master.error().detail);
    return ExitCode::usage;
  }
  const auto files = files_of(o, *master);
  if (!files) {
    kms_complain("init", files.error().detail);
    return ExitCode::failed;
  }
  if (auto ok = make_folder(o.out); !ok) {
    kms_complain("init", ok.error().detail);
    return ExitCode::failed;
  }
  for (const NewFile& f : *files) {
    if (o.force || !file_exists(f.path)) continue;
    kms_complain("init",
                 f.path + " exists; with --force it is replaced, and all key sets of that KMS are lost");
    return ExitCode::failed;
  }
  for (const NewFile& f : *files) {
    const auto existing = o.force ? Existing::replace : Existing::keep;
    if (auto ok = write_file(f.path, f.octets.reveal(), f.readers, existing); !ok) {
      kms_complain("init", ok.error().detail);
      return ExitCode::failed;
    }
    const char* secret = f.readers == Readers::owner ? " (secret: whoever reads it reads all messages)" : "";
    std::printf("%s%s\n", safe_text(f.path).c_str(), secret);
  }
  return ExitCode::done;
}

void add_kms(CLI::App& app, ExitCode& exit) {
  CLI::App* v = app.add_subcommand("kms", "Be a key management server on files");
  v->require_subcommand(1);
  add_init(v, exit);
  add_provision(v, exit);
  add_show(v, exit);
  add_import(v, exit);
}

}  // namespace mikey::cmd
