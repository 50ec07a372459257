// mikey kms import: 3GPP's XML to the JSON files that configurations name, checked on the way.

#include <algorithm>
#include <cstdio>

#include "files.hpp"
#include "kms.hpp"
#include "kms_files.hpp"
#include "mikey/kms/records.hpp"
#include "session_view.hpp"
#include "terminal.hpp"

namespace mikey::cmd {
namespace {

struct Import {
  std::vector<ibc::Kms> kms;
  std::vector<std::pair<std::string, ibc::Kms>> certificates;  // found in documents, with the file's name
  std::vector<std::pair<std::string, kms::Document>> documents;
};

Error about(const std::string& path, const Error& e) {
  return bad_request(path + ": " + e.detail);
}

Status read_all(const KmsImportOptions& o, std::span<const kms::SecurityKey> keys, Import& out) {
  for (const std::string& path : o.kms) {
    auto found = read_kms(path, keys);
    if (!found) return std::move(found).error();
    std::ranges::move(*found, std::back_inserter(out.kms));
  }
  for (const std::string& path : o.files) {
    auto file = read_key_file(path, keys);
    if (!file) return std::move(file).error();
    auto* d = std::get_if<kms::Document>(&*file);
    if (d == nullptr) return bad_request(path + ": is JSON already");
    for (const kms::Certificate* c : certificates_of(*d)) {
      auto record = kms::to_record(*c);
      if (!record) return about(path, record.error());
      auto loaded = ibc::Kms::load(*std::move(record));
      if (!loaded) return about(path, loaded.error());
      out.kms.push_back(*loaded);
      // kms.json is the KMS's own; a cache of several is told apart by names.
      const std::string name =
          out.certificates.empty() ? "kms.json" : "kms-" + fingerprint(as_bytes(loaded->uri())) + ".json";
      out.certificates.emplace_back(name, *std::move(loaded));
    }
    out.documents.emplace_back(path, std::move(*d));
  }
  return {};
}

Status write(const KmsImportOptions& o, const std::string& name, ByteView octets, Readers readers) {
  const std::string path = in_folder(o.out, name);
  auto ok = write_file(path, octets, readers, o.force ? Existing::replace : Existing::keep);
  if (ok) std::printf("%s\n", safe_text(path).c_str());
  return ok;
}

Result<ibc::KeySetRecord> checked(const Import& all, const std::string& path, const kms::KeySet& k) {
  auto record = kms::to_record(k);
  if (!record) return about(path, record.error());
  std::optional<Error> why;
  for (const ibc::Kms& candidate : all.kms) {
    if (candidate.uri() != record->kms_uri) continue;
    const auto ok = ibc::KeySet::load(crypto::openssl(), candidate, *record, ibc::sakke::Tables::none);
    if (ok) return record;
    why = ok.error();
  }
  if (why)
    return bad_request(path + ": the keys of " + record->uri + " do not fit " + record->kms_uri + ": " +
                       why->detail);
  return bad_request(path + ": no public keys of " + record->kms_uri + "; name them with --kms");
}

Status import(const KmsImportOptions& o, std::span<const kms::SecurityKey> keys) {
  Import all;
  if (auto ok = read_all(o, keys, all); !ok) return ok;
  std::vector<ibc::KeySetRecord> sets;  // all are checked before the first is written
  for (const auto& [path, document] : all.documents) {
    for (const std::string& note : document.notes) kms_complain("import", path + ": " + note);
    if (document.signature == kms::Signature::unchecked)
      kms_complain("import", path + ": its signature is not checked; name the InK with --ink");
    for (const kms::KeySet* k : key_sets_of(document)) {
      auto record = checked(all, path, *k);
      if (!record) return std::move(record).error();
      sets.push_back(*std::move(record));
    }
  }
  if (sets.empty() && all.certificates.empty())
    return bad_request("there are neither certificates nor key sets to import");
  if (auto ok = make_folder(o.out); !ok) return ok;
  for (const auto& [name, kms] : all.certificates)
    if (auto ok = write(o, name, as_bytes(ibc::write_kms(kms.record())), Readers::everybody); !ok) return ok;
  for (const ibc::KeySetRecord& k : sets)
    if (auto ok = write(o, ibc::key_file_name(k), ibc::write_key_set(k).reveal(), Readers::owner); !ok)
      return ok;
  return {};
}

}  // namespace

ExitCode kms_import(const KmsImportOptions& o) {
  std::vector<kms::SecurityKey> keys;
  for (const auto& [path, id] : {std::pair(o.xml.trk, o.xml.trk_id), std::pair(o.xml.ink, o.xml.ink_id)}) {
    if (path.empty()) continue;
    auto key = read_security_key(path, id);
    if (!key) {
      kms_complain("import", key.error().detail);
      return ExitCode::usage;
    }
    keys.push_back(*std::move(key));
  }
  if (auto ok = import(o, keys); !ok) {
    kms_complain("import", ok.error().detail);
    return ExitCode::failed;
  }
  return ExitCode::done;
}

}  // namespace mikey::cmd
