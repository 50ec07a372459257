// [sakke]: identity-based keys, provisioned by a KMS.

#include "config_modes.hpp"
#include "mikey/ibc/key_files.hpp"
#include "mikey/profile/mcx.hpp"

namespace mikey::cmd {
namespace {

std::optional<std::string> one_of(ConfigSection& s, std::string_view key,
                                  std::initializer_list<std::string_view> names) {
  std::string expected = "one of";
  for (const std::string_view n : names) expected.append(" ").append(n);
  auto value = s.text(key, expected);
  if (value && std::ranges::find(names, *value) == names.end())
    s.fail(key, "expected " + expected + ", got \"" + *value + "\"");
  return value;
}

void read_kms(ConfigSection& s, SakkeStore& to) {
  for (const std::string& path : s.list("kms", "a list of files").value_or(std::vector<std::string>{})) {
    const auto text = s.load("kms", path);
    if (!text) return;
    auto record = ibc::parse_kms(text->reveal());
    auto kms = record ? ibc::Kms::load(std::move(*record)) : Result<ibc::Kms>(record.error());
    if (!kms) return s.fail("kms", "expected a KMS's public keys in \"" + path + "\": " + kms.error().detail);
    to.add(std::move(*kms));
  }
}

/// A key set must belong to one of the KMSs that are trusted.
Result<ibc::KeySet> load_key_set(ByteView text, const SakkeStore& store) {
  auto record = ibc::parse_key_set(text);
  if (!record) return std::move(record).error();
  for (const ibc::Kms& kms : store.kms())
    if (kms.uri() == record->kms_uri && kms.record().covers(record->period))
      return ibc::KeySet::load(crypto::openssl(), kms, *record);
  return bad_request("kms_uri: no public keys of this KMS are given for the period");
}

void read_keys(ConfigSection& s, SakkeStore& to) {
  for (const std::string& path : s.list("keys", "a list of files").value_or(std::vector<std::string>{})) {
    const auto text = s.load("keys", path);
    if (!text) return;
    auto set = load_key_set(text->reveal(), to);
    if (!set) return s.fail("keys", "expected a key set in \"" + path + "\": " + set.error().detail);
    to.add(std::move(*set));
  }
}

}  // namespace

void read_sakke(ConfigSection s, Config& out) {
  if (one_of(s, "profile", {"strict", "mcx"}) == "mcx") profile::mcx::tolerate(out.policy);
  SakkePolicy& policy = out.policy.sakke;
  policy.sign_rsa = one_of(s, "sign", {"eccsi", "rsa"}) == "rsa";
  const auto idr = one_of(s, "idr", {"all", "kms", "none"}).value_or("all");
  policy.identities = idr == "kms"    ? SakkeIdentities::kms
                      : idr == "none" ? SakkeIdentities::none
                                      : SakkeIdentities::all;
  policy.hide_identities = s.flag("hide").value_or(false);
  policy.open_own = s.flag("open_own").value_or(policy.open_own);
  SakkeStore& store = out.credentials.sakke;
  read_kms(s, store);
  read_keys(s, store);
  for (const auto& [peer, psk] : out.credentials.psk) store.know(peer);
  s.finish();
}

}  // namespace mikey::cmd
