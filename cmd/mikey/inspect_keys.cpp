#include "inspect_keys.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "kms_files.hpp"
#include "mikey/kms/records.hpp"
#include "mikey/profile/mcx.hpp"
#include "session_view.hpp"

namespace mikey::cmd {
namespace {

namespace mcx = profile::mcx;

const crypto::Provider& provider() {
  return crypto::openssl();
}

// A message is read as tolerantly as can be: whoever inspects it wants to know what is in it.
class Opener {
 public:
  Opener(const wire::Message& m, const OpeningKeys& keys) : m_(m), keys_(keys) {}
  Opened open();

 private:
  void say(std::string name, std::string text) { out_.lines.emplace_back(std::move(name), std::move(text)); }
  void bad(std::string name, std::string text) {
    out_.good = false;
    say(std::move(name), std::move(text));
  }
  std::optional<Bytes> idr(IdRole role) const {
    for (const auto& i : m_.all<wire::Idr>())
      if (i.role == role) return to_bytes(i.data);
    return std::nullopt;
  }
  const ibc::Kms* kms_of(IdRole role) const;
  std::string secret(ByteView key) const {
    return keys_.reveal ? to_hex(key) : "fingerprint " + fingerprint(key);
  }
  std::optional<Bytes> identifier_of(const ibc::Kms& kms, IdRole open, IdRole hidden) const;
  std::string name_of(const ibc::Kms& kms, IdRole open, IdRole hidden) const;

  void signature();
  void signature_of(const ibc::Kms& kms, ByteView signer, const wire::Sign& sign);
  std::optional<ibc::Ssv> open_for(const ibc::KeySet& keys, ByteView sealed, const char* how);
  std::optional<ibc::Ssv> carried();
  std::optional<Octets> to_self() const;
  void group_id(const ibc::Ssv& ssv);
  void parameters(const ibc::Ssv& ssv);

  const wire::Message& m_;
  const OpeningKeys& keys_;
  NtpTime t_;
  std::string user_;  // whose key set opened it
  Opened out_;
};

const ibc::Kms* Opener::kms_of(IdRole role) const {
  const auto named = idr(role);
  for (const ibc::Kms& k : keys_.kms) {
    const bool is = named ? k.uri() == as_text(*named) : keys_.kms.size() == 1;
    if (is && k.record().covers(ibc::period_at(k.record().ids, t_))) return &k;
  }
  return nullptr;
}

std::optional<Bytes> Opener::identifier_of(const ibc::Kms& kms, IdRole open, IdRole hidden) const {
  if (auto uid = idr(hidden)) return uid;
  const auto name = idr(open);
  if (!name) return std::nullopt;
  auto id = kms.identifier(provider(), as_text(*name), ibc::period_at(kms.record().ids, t_));
  if (!id) return std::nullopt;
  return *std::move(id);
}

// A UID is a name when it is that of one of the key sets' users.
std::string Opener::name_of(const ibc::Kms& kms, IdRole open, IdRole hidden) const {
  if (const auto name = idr(open)) return std::string(as_text(*name));
  const auto uid = idr(hidden);
  if (!uid) return "nobody named";
  for (const ibc::KeySet& k : keys_.sets) {
    const auto id = kms.identifier(provider(), k.uri(), ibc::period_at(kms.record().ids, t_));
    if (id && *id == *uid) return k.uri();
  }
  return "UID " + to_hex(*uid);
}

void Opener::signature_of(const ibc::Kms& kms, ByteView signer, const wire::Sign& sign) {
  const ByteView all = m_.octets();
  const ByteView whole = all.first(all.size() - sign.signature.size());
  const auto fine = ibc::eccsi::verify(provider(), kms.kpak(), signer, whole, sign.signature);
  if (fine) return say("signature", "good (ECCSI, under KPAK of " + kms.uri() + ")");
  // Some stacks stop before the SIGN payload (TS 33.180 E.1.2 against RFC 3830 5.2).
  if (ibc::eccsi::verify(provider(), kms.kpak(), signer, whole.first(m_.last_slot().offset), sign.signature))
    return say("signature", "good, but it stops before the SIGN payload, against RFC 3830 5.2");
  bad("signature", "bad: " + fine.error().detail);
}

void Opener::signature() {
  const ibc::Kms* kms = kms_of(IdRole::kms_initiator);
  if (kms == nullptr) kms = kms_of(IdRole::kms_responder);
  if (kms != nullptr) say("signer", name_of(*kms, IdRole::initiator, IdRole::uid_initiator));
  if (m_.last_type() != PayloadType::sign) return bad("signature", "there is none");
  const auto sign = m_.get<wire::Sign>(m_.last_slot());
  if (sign.type != SignType::eccsi) return say("signature", "not checked: it is made with a certificate");
  if (kms == nullptr) {
    const auto uri = idr(IdRole::kms_initiator);
    return say("signature", "not checked: no keys of " + (uri ? std::string(as_text(*uri)) : "its KMS") +
                                " for the period of T; name them with --kms");
  }
  const auto signer = identifier_of(*kms, IdRole::initiator, IdRole::uid_initiator);
  if (!signer) return bad("signature", "cannot be checked: the message does not say who signs");
  signature_of(*kms, *signer, sign);
}

std::optional<Octets> Opener::to_self() const {
  for (const auto& e : m_.all<wire::GeneralExt>()) {
    if (e.type != GeneralExtType::sakke_to_self || e.data.empty()) continue;
    wire::Sakke inside;
    wire::Decoder d(e.data.subspan(1));
    wire::Sakke::describe(inside, d);
    if (d.ok()) return inside.data;
  }
  return std::nullopt;
}

std::optional<ibc::Ssv> Opener::open_for(const ibc::KeySet& keys, ByteView sealed, const char* how) {
  auto ssv = ibc::sakke::decapsulate(provider(), keys.receiver(), sealed);
  if (!ssv) {
    bad("SSV", std::string(how) + " does not open for " + keys.uri() + ": " + ssv.error().detail);
    return std::nullopt;
  }
  user_ = keys.uri();
  say("opened with", "keys of " + keys.uri() + ", " + how);
  say("SSV", secret(ssv->reveal()));
  return *std::move(ssv);
}

std::optional<ibc::Ssv> Opener::carried() {
  if (keys_.sets.empty()) return std::nullopt;
  const auto sealed = m_.first<wire::Sakke>();
  if (!sealed) {
    bad("SSV", "there is no SAKKE payload");
    return std::nullopt;
  }
  const auto is = [&](const ibc::KeySet& k, IdRole role, IdRole open, IdRole hidden) {
    const ibc::Kms* kms = kms_of(role);
    const auto id =
        kms != nullptr && kms->uri() == k.kms_uri() ? identifier_of(*kms, open, hidden) : std::nullopt;
    return id && *id == k.id();
  };
  const auto own = to_self();
  for (const ibc::KeySet& k : keys_.sets) {
    if (is(k, IdRole::kms_responder, IdRole::responder, IdRole::uid_responder))
      return open_for(k, sealed->data, "the SAKKE payload");
    if (own && is(k, IdRole::kms_initiator, IdRole::initiator, IdRole::uid_initiator))
      return open_for(k, *own, "the SAKKE-to-self extension");
  }
  say("SSV", "not opened: none of the key sets is that of the Responder in the period of T");
  return std::nullopt;
}

void Opener::group_id(const ibc::Ssv& ssv) {
  const std::uint32_t csb_id = m_.hdr().csb_id;
  const auto purpose = mcx::purpose_of(csb_id);
  if (!purpose) return;
  say("key type", std::string(mcx::key_type_name(*purpose)) + ", by the purpose tag of the CSB ID");
  if (*purpose != mcx::KeyType::gmk) return;
  const auto gmk_id = mcx::guk_id(provider(), ssv, csb_id, user_);
  if (!gmk_id) return;
  Bytes octets(4);
  store_be(octets.data(), *gmk_id);
  say("GMK-ID", to_hex(octets) + ", if the CSB ID is the GUK-ID of " + user_);
}

void Opener::parameters(const ibc::Ssv& ssv) {
  for (const auto& e : m_.all<wire::GeneralExt>()) {
    if (e.type != GeneralExtType::key_parameters_3gpp) continue;
    const std::uint32_t csb_id = m_.hdr().csb_id;
    const auto p = mcx::open_key_parameters(provider(), e.data, ssv, csb_id, mcx::purpose_of(csb_id),
                                            mcx::Reading::tolerant);
    if (!p) return bad("key parameters", "bad: " + p.error().detail);
    const auto time = [](std::uint64_t s, const char* zero) {
      if (s == 0) return std::string(zero);
      if (s > 0xFFFFFFFF) return std::to_string(s) + " s after 1970";
      return to_string(NtpTime::from_unix(static_cast<std::int64_t>(s)));
    };
    say("key parameters", std::string(mcx::key_type_name(p->type)) +
                              (p->revoked ? ", revoked" : ", in force") +
                              (p->shared_with_gateway ? ", shared with a security gateway" : ""));
    say("activation", time(p->activation, "the time of the message"));
    say("expiry", time(p->expiry, "never"));
    if (!p->text.empty()) say("text", p->text);
    for (const std::string& g : p->group_ids) say("group", g);
  }
}

Opened Opener::open() {
  if (m_.hdr().data_type != DataType::sakke_init) return out_;
  out_.applies = true;
  const auto t = m_.first<wire::T>();
  if (!t || t->value.size() != 8) {
    bad("key period", "unknown: there is no T payload with a time");
    return std::move(out_);
  }
  t_ = {load_be<std::uint64_t>(t->value.data())};
  if (const ibc::Kms* kms = kms_of(IdRole::kms_responder)) {
    const auto& ids = kms->record().ids;
    const ibc::KeyPeriod period = ibc::period_at(ids, t_);
    say("key period", ibc::period_text(ids.scheme, period) + " (" + period_dates(ids, period, period) + ")");
  }
  signature();
  const auto ssv = carried();
  if (ssv) {
    const auto sakke = m_.first<wire::Sakke>();
    if (sakke && sakke->id_scheme == SakkeIdScheme::mcx_hashed_uid) group_id(*ssv);
    parameters(*ssv);
  }
  return std::move(out_);
}

Result<std::vector<ibc::KeySetRecord>> records_of(const std::string& path) {
  auto file = read_key_file(path);
  if (!file) return std::move(file).error();
  std::vector<ibc::KeySetRecord> out;
  if (auto* k = std::get_if<ibc::KeySetRecord>(&*file)) out.push_back(std::move(*k));
  if (const auto* d = std::get_if<kms::Document>(&*file))
    for (const kms::KeySet* k : key_sets_of(*d)) {
      auto record = kms::to_record(*k);
      if (!record)
        return bad_request(path + ": " + record.error().detail + "; \"mikey kms import\" opens it");
      out.push_back(*std::move(record));
    }
  if (out.empty()) return bad_request(path + ": holds no key set of a user");
  return out;
}

}  // namespace

Result<OpeningKeys> read_opening_keys(const std::vector<std::string>& keys,
                                      const std::vector<std::string>& kms) {
  OpeningKeys out;
  for (const std::string& path : kms) {
    auto found = read_kms(path);
    if (!found) return std::move(found).error();
    std::ranges::move(*found, std::back_inserter(out.kms));
  }
  for (const std::string& path : keys) {
    auto records = records_of(path);
    if (!records) return std::move(records).error();
    for (const ibc::KeySetRecord& r : *records) {
      Result<ibc::KeySet> set =
          bad_request("no public keys of " + r.kms_uri + " for its period; name them with --kms");
      for (const ibc::Kms& k : out.kms)
        if (!set && k.uri() == r.kms_uri && k.record().covers(r.period))
          set = ibc::KeySet::load(provider(), k, r, ibc::sakke::Tables::none);
      if (!set) return bad_request(path + ": " + set.error().detail);
      out.sets.push_back(*std::move(set));
    }
  }
  return out;
}

Opened open_message(const wire::Message& message, const OpeningKeys& keys) {
  return Opener(message, keys).open();
}

std::string opened_text(const Opened& opened, const Paint& paint) {
  std::string out;
  for (const auto& [name, text] : opened.lines) {
    const bool is_bad = text.starts_with("bad");
    const bool is_good = text.starts_with("good");
    std::string padded = name;
    padded.append(name.size() < 15 ? 15 - name.size() : 1, ' ');
    out += paint(Paint::bold, padded) +
           paint(is_bad    ? Paint::red
                 : is_good ? Paint::green
                           : Paint::plain,
                 safe_text(text)) +
           "\n";
  }
  return out;
}

std::string opened_json(const Opened& opened) {
  nlohmann::ordered_json out;
  out["good"] = opened.good;
  for (const auto& [name, text] : opened.lines) {
    std::string key = name;
    std::ranges::replace(key, ' ', '_');
    std::ranges::replace(key, '-', '_');
    if (name == "group")
      out["groups"].push_back(text);
    else
      out[key] = text;
  }
  return out.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace mikey::cmd
