// [ibake]: the KMS's parameters, one's own private keys, and who answers for whom.

#include "agent_names.hpp"
#include "config_modes.hpp"
#include "mikey/ibc/ibake_files.hpp"

namespace mikey::cmd {
namespace {

/// Identities of this party's type; `any` is set when "*" is among them.
std::vector<Identity> identities(ConfigSection& s, std::string_view key, IdType type, bool* any = nullptr) {
  std::vector<Identity> out;
  for (const std::string& name : s.list(key, "a list of identities").value_or(std::vector<std::string>{})) {
    if (any != nullptr && name == "*") {
      *any = true;
      continue;
    }
    auto id = parse_identity(type, name);
    if (!id) s.fail(key, "expected identities, got \"" + name + "\"");
    if (id) out.push_back(std::move(*id));
  }
  return out;
}

void read_parameters(ConfigSection& s, IbakeStore& to) {
  const auto paths = s.one_or_more("params", "a file or a list of files");
  for (const std::string& path : paths ? *paths : std::vector<std::string>{}) {
    const auto text = s.load("params", path);
    if (!text) return;
    auto record = ibc::parse_any_ibake_kms(text->reveal());
    auto kms = record ? ibc::IbakeKms::load(crypto::openssl(), std::move(*record))
                      : Result<ibc::IbakeKms>(record.error());
    if (!kms)
      return s.fail("params", "expected a KMS's IBE parameters in \"" + path + "\": " + kms.error().detail);
    to.add(std::move(*kms));
  }
}

Result<ibc::IbakeKey> load_key(ByteView text, const IbakeStore& store) {
  auto record = ibc::parse_ibake_key(text);
  if (!record) return std::move(record).error();
  const ibc::IbakeKms* kms = store.kms_by_uri(record->kms_uri);
  if (kms == nullptr) return bad_request("kms_uri: no parameters of this KMS are given");
  return ibc::IbakeKey::load(crypto::openssl(), *kms, *record);
}

void read_keys(ConfigSection& s, IbakeStore& to) {
  for (const std::string& path : s.list("keys", "a list of files").value_or(std::vector<std::string>{})) {
    const auto text = s.load("keys", path);
    if (!text) return;
    auto key = load_key(text->reveal(), to);
    if (!key) return s.fail("keys", "expected a private key in \"" + path + "\": " + key.error().detail);
    to.add(std::move(*key));
  }
}

void read_curves(ConfigSection& s, std::vector<EccCurve>& to) {
  const std::string expected = "one or a list of " + all_names(kCurves);
  const auto names = s.one_or_more("curves", expected);
  if (!names) return;
  std::vector<EccCurve> curves;
  for (const std::string& name : *names) {
    const auto curve = value_named(kCurves, name);
    if (!curve) return s.fail("curves", "expected " + expected + ", got \"" + name + "\"");
    if (!Policy::has(curves, *curve)) curves.push_back(*curve);
  }
  to = std::move(curves);
}

}  // namespace

void read_ibake(ConfigSection s, Config& out) {
  const IdType type = out.identity.type;
  IbakeSettings settings;
  if (const auto kms = s.text("kms", "an identity")) {
    auto id = parse_identity(type, *kms);
    if (!id) return s.fail("kms", "expected an identity");
    settings.kms = std::move(*id);
  }
  const auto auth = s.text("auth", "psk or pk").value_or("psk");
  if (auth != "psk" && auth != "pk") return s.fail("auth", "expected one of psk pk, got \"" + auth + "\"");
  settings.public_key = auth == "pk";
  if (const auto name = s.text("psk_id", "what IDRpsk calls the key"); name && !name->empty())
    settings.psk_name = Identity{IdType::byte_string, to_bytes(as_bytes(*name))};
  settings.accept = identities(s, "accept", type, &settings.accept_any);
  settings.answer_for = identities(s, "answer_for", type);
  read_curves(s, out.policy.ecc_curves);
  read_parameters(s, settings.store);
  read_keys(s, settings.store);
  for (const auto& [peer, kms] : out.credentials.sakke.peers())
    if (!kms.empty()) settings.store.know(peer, kms);
  s.finish();
  if (!s.present() || !s.ok()) return;
  if (settings.store.empty())
    return s.fail("params", "expected a file or a list of files, but it is missing");
  out.credentials.ibake = std::move(settings);
}

}  // namespace mikey::cmd
