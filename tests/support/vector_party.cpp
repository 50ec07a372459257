#include "support/vector_party.hpp"

#include <gtest/gtest.h>

#include "mikey/ibc/ibake_files.hpp"
#include "mikey/ibc/key_files.hpp"

namespace mikey::test {
namespace {

using nlohmann::json;

std::uint32_t number(const json& j) {
  return j.is_string() ? static_cast<std::uint32_t>(std::stoul(j.get<std::string>(), nullptr, 16))
                       : j.get<std::uint32_t>();
}

Policy policy_of(const json& config) {
  Policy p;
  const json c = config.value("policy", json::object());
  if (c.contains("srtp")) {
    p.srtp.clear();
    for (const std::string s : c["srtp"]) p.srtp.push_back(*keys::suite_by_name(s));
  }
  if (c.value("prf", "") == "HMAC-SHA-256") p.prf = {PrfFunc::hmac_sha_256};
  const std::map<std::string, EncrAlg> encr = {{"AES-CM-128", EncrAlg::aes_cm_128},
                                               {"AES-CM-256", EncrAlg::aes_cm_256},
                                               {"AES-KW-128", EncrAlg::aes_kw_128},
                                               {"NULL", EncrAlg::null}};
  const std::map<std::string, MacAlg> mac = {{"HMAC-SHA-1-160", MacAlg::hmac_sha_1_160},
                                             {"HMAC-SHA-256-256", MacAlg::hmac_sha_256_256},
                                             {"NULL", MacAlg::null}};
  if (c.contains("kemac_encryption")) p.kemac_encryption = {encr.at(c["kemac_encryption"])};
  if (c.contains("kemac_mac")) p.kemac_mac = {mac.at(c["kemac_mac"])};
  p.allow_null = c.value("allow_null", false);
  p.request_verification = c.value("request_verification", true);
  return p;
}

/// A file of vectors/mikey-peer/certificates.json.
std::string pem(const std::string& name) {
  static const json files = json::parse(read_source_file("vectors/mikey-peer/certificates.json"));
  return files.at(name).get<std::string>();
}

Pki pki_of(const json& config) {
  Pki pki;
  auto trust = std::make_shared<crypto::TrustStore>();
  const json c = config.value("certificate", json::object());
  for (const std::string name : c.value("trust", json::array()))
    trust->add_anchor(crypto::Certificate::from_pem(pem(name))->front());
  if (c.contains("chain"))
    pki.own.push_back(
        {*crypto::Certificate::from_pem(pem(c["chain"])), *crypto::load_private_key_pem(pem(c["key"])), {}});
  const json peers = config.value("peers", json::object());
  for (const auto& [peer, table] : peers.items())
    trust->pin(IdType::uri, as_bytes(peer),
               crypto::Certificate::from_pem(pem(table["certificate"]))->front());
  pki.trust = std::move(trust);
  return pki;
}

std::vector<Identity> uris(const json& list) {
  std::vector<Identity> out;
  for (const std::string s : list) out.push_back(Identity::uri(s));
  return out;
}

/// What a [ticket] table, or the member "ticket" of a request, says of tickets to ask for.
TicketRequest ticket_request(const json& j) {
  TicketRequest r;
  r.mode = j.value("mode", 1);
  if (j.contains("flags")) r.flags = TicketFlags::parse(j["flags"].get<std::string>());
  if (j.contains("responders")) r.responders = uris(j["responders"]);
  const std::map<std::string, KeyDataType> types = {
      {"tgk", KeyDataType::tgk}, {"gtgk", KeyDataType::gtgk}, {"tek", KeyDataType::tek}};
  if (j.contains("keys")) {
    r.keys.emplace();
    for (const std::string k : j["keys"]) r.keys->push_back(types.at(k));
  }
  if (j.value("reuse", false)) r.reuse = TicketRequest::Reuse::only;
  return r;
}

void read_ticket(const json& j, Credentials& to) {
  to.ticket.emplace();
  to.ticket->kms = Identity::uri(j["kms"].get<std::string>());
  to.ticket->public_key = j.value("auth", "psk") == "pk";
  if (j.contains("groups")) to.ticket->groups = uris(j["groups"]);
  if (j.contains("content_key"))
    to.ticket->content_key = SecretBytes(hex(j["content_key"].get<std::string>()));
  to.ticket_request = ticket_request(j);
}

/// A file of vectors/mikey-peer/sakke-files.json.
Bytes key_file(const std::string& name) {
  static const json files = json::parse(read_source_file("vectors/mikey-peer/sakke-files.json"));
  return to_bytes(as_bytes(files.at(name).dump()));
}

SakkeStore sakke_of(const json& config, SakkePolicy& policy) {
  SakkeStore store;
  const json c = config.value("sakke", json::object());
  for (const std::string name : c.value("kms", json::array()))
    store.add(*ibc::Kms::load(*ibc::parse_kms(key_file(name))));
  for (const std::string name : c.value("keys", json::array()))
    store.add(
        *ibc::KeySet::load(crypto::openssl(), store.kms().front(), *ibc::parse_key_set(key_file(name))));
  const json peers = config.value("peers", json::object());
  for (const auto& [peer, table] : peers.items()) store.know(Identity::uri(peer), table.value("kms", ""));
  policy.sign_rsa = c.value("sign", "eccsi") == "rsa";
  policy.hide_identities = c.value("hide", false);
  return store;
}

void read_ibake(const json& j, IbakeSettings& to) {
  to.kms = Identity::uri(j["kms"].get<std::string>());
  to.public_key = j.value("auth", "psk") == "pk";
  if (j.contains("accept")) to.accept = uris(j["accept"]);
  if (j.contains("answer_for")) to.answer_for = uris(j["answer_for"]);
  const auto kms = *ibc::IbakeKms::load(crypto::openssl(), *ibc::parse_ibake_kms(ibake_file(j["params"])));
  to.store.add(kms);
  for (const std::string name : j.value("keys", json::array()))
    to.store.add(*ibc::IbakeKey::load(crypto::openssl(), kms, *ibc::parse_ibake_key(ibake_file(name))));
}

}  // namespace

VectorParty::VectorParty(const json& config, std::int64_t unix_time) : clock_(NtpTime::from_unix(unix_time)) {
  Credentials credentials;
  const json psk = config.value("psk", json::object());
  for (const auto& [peer, table] : psk.items())
    credentials.psk.emplace(Identity::uri(peer), Psk(hex(table["key"].get<std::string>().substr(4))));
  credentials.pki = pki_of(config);
  if (config.contains("ticket")) read_ticket(config["ticket"], credentials);
  if (config.contains("ibake")) read_ibake(config["ibake"], credentials.ibake.emplace());
  Policy policy = policy_of(config);
  credentials.sakke = sakke_of(config, policy.sakke);
  rng_.add("replay cache key", Bytes(16, 0x5A));
  party_ = std::make_unique<Party>(Identity::uri(config["identity"].get<std::string>()), std::move(policy),
                                   std::move(credentials), crypto::openssl(), rng_, clock_,
                                   PartyLimits{.waiting = 10, .bundles = 10, .replay_entries = 100});
}

VectorKms::VectorKms(const json& config, std::int64_t unix_time)
    : clock_(NtpTime::from_unix(unix_time)),
      unique_(clock_),
      self_(Identity::uri(config["identity"].get<std::string>())),
      policy_(policy_of(config)),
      pki_(pki_of(config)) {
  kms::Tables t;
  const json psk = config.value("psk", json::object());
  for (const auto& [client, table] : psk.items())
    t.psk.emplace(Identity::uri(client), Psk(hex(table["key"].get<std::string>().substr(4))));
  const json ticket = config["ticket"];
  t.tpk.emplace_back(hex(ticket["tpk"].get<std::string>().substr(4)));
  const json groups = ticket.value("groups", json::object());
  for (const auto& [group, members] : groups.items())
    for (const Identity& m : uris(members)) t.groups[Identity::uri(group)].insert(m);
  rng_.add("replay cache key", Bytes(16, 0x5A));
  authority_.emplace(std::move(t));
  replay_.emplace(keys::ReplayCache(crypto::openssl(), rng_, policy_.clock_skew, 100), unique_);
  const Env env{crypto::openssl(), rng_, unique_, policy_, self_, &pki_};
  issuer_.emplace(env, *authority_, *replay_);
  service_.add(*issuer_);
  if (!config.contains("ibake")) return;
  const json& ibake = config["ibake"];
  std::map<Identity, std::set<Identity>> members;
  const json tables = ibake.value("members", json::object());
  for (const auto& [user, others] : tables.items())
    for (const Identity& m : uris(others)) members[Identity::uri(user)].insert(m);
  rights_.emplace(std::move(members), ibake.value("ahead", 0U));
  key_issuer_.emplace(env, *authority_, *replay_, *rights_, ibake_master(ibake["master"]));
  service_.add(*key_issuer_);
}

Bytes ibake_file(const std::string& name) {
  static const json files = json::parse(read_source_file("vectors/mikey-peer/ibake-files.json"));
  return to_bytes(as_bytes(files.at(name).dump()));
}

ibc::IbakeMaster ibake_master(const std::string& name) {
  return *ibc::IbakeMaster::load(crypto::openssl(), *ibc::parse_ibake_master(ibake_file(name)));
}

InitiateRequest request_of(const json& j) {
  InitiateRequest r;
  r.mode = *mode_by_name(j["mode"].get<std::string>());
  r.terms.to = Identity::uri(j["to"].get<std::string>());
  if (j.contains("csb")) r.csb_id = number(j["csb"]);
  if (j.contains("ticket")) r.ticket = ticket_request(j["ticket"]);
  if (j.contains("key")) r.terms.key.given = SecretBytes(hex(j["key"].get<std::string>()));
  if (j.contains("streams")) {
    r.terms.streams.emplace();
    for (const json& s : j["streams"]) {
      Stream stream;
      stream.ssrc = s.contains("ssrc") ? number(s["ssrc"]) : 0;
      stream.roc = s.contains("roc") ? number(s["roc"]) : 0;
      if (s.contains("policy")) stream.suite = keys::suite_by_name(s["policy"].get<std::string>());
      r.terms.streams->push_back(stream);
    }
  }
  const std::map<std::string, DhGroup> groups = {
      {"oakley5", DhGroup::oakley_5}, {"oakley1", DhGroup::oakley_1}, {"oakley2", DhGroup::oakley_2}};
  if (j.contains("group")) r.group = groups.at(j["group"]);
  const std::map<std::string, EccCurve> curves = {{"P-256", EccCurve::p256}, {"P-384", EccCurve::p384}};
  if (j.contains("curve")) r.ibake.curve = curves.at(j["curve"]);
  r.ibake.esk = j.value("esk", false);
  r.terms.key.none = j.value("no_key", false);
  r.terms.key.tek = j.value("key_type", "tgk") == "tek";
  if (j.contains("key_length")) r.terms.key.length = j["key_length"].get<std::size_t>();
  if (j.contains("with_salt")) r.terms.key.with_salt = j["with_salt"].get<bool>();
  if (j.contains("key")) r.terms.key.given = SecretBytes(hex(j["key"].get<std::string>()));
  if (j.contains("mki")) r.terms.validity = {KvType::spi, hex(j["mki"].get<std::string>()), {}, {}};
  if (j.contains("interval"))
    r.terms.validity = {KvType::interval,
                        {},
                        hex(j["interval"][0].get<std::string>().substr(2)),
                        hex(j["interval"][1].get<std::string>().substr(2))};
  for (const json& e : j.value("extensions", json::array()))
    r.terms.extensions.push_back(
        {static_cast<GeneralExtType>(e["type"].get<int>()), hex(e["data"].get<std::string>())});
  return r;
}

void expect_bundle(const keys::Bundle& b, const json& want) {
  EXPECT_EQ(b.csb_id, number(want["csb"]));
  EXPECT_EQ(mode_name(b.mode), want["mode"].get<std::string>());
  EXPECT_EQ(b.role == Role::initiator ? "initiator" : "responder", want["role"].get<std::string>());
  EXPECT_EQ(b.peer.name(), want["peer"].get<std::string>());
  const json& sessions = want["crypto_sessions"];
  ASSERT_EQ(b.sessions.size(), sessions.size());
  const json tgks = want.value("tgk", json::array());
  if (!tgks.empty()) {
    ASSERT_FALSE(b.keys.empty());
    EXPECT_EQ(to_hex(b.keys.front().key.reveal()), tgks[0].get<std::string>());
  }
  for (std::size_t i = 0; i < sessions.size(); ++i) {
    const keys::CryptoSession& s = b.sessions[i];
    EXPECT_EQ(s.cs_id, sessions[i]["cs_id"].get<int>());
    EXPECT_EQ(s.ssrc, number(sessions[i]["ssrc"]));
    EXPECT_EQ(s.roc, sessions[i]["roc"].get<std::uint32_t>());
    EXPECT_EQ(s.policy_no, sessions[i]["policy_no"].get<int>());
    EXPECT_EQ(keys::info(s.suite).name, sessions[i]["suite"].get<std::string>());
    EXPECT_EQ(to_hex(s.validity.spi), sessions[i]["mki"].get<std::string>());
    EXPECT_EQ(to_hex(s.tek.reveal()), sessions[i]["tek"].get<std::string>());
    EXPECT_EQ(to_hex(s.salt.reveal()), sessions[i]["salt"].get<std::string>());
    if (!sessions[i]["valid_from"].is_null()) {
      EXPECT_EQ("0x" + to_hex(s.validity.valid_from), sessions[i]["valid_from"].get<std::string>());
      EXPECT_EQ("0x" + to_hex(s.validity.valid_to), sessions[i]["valid_to"].get<std::string>());
    }
  }
}

}  // namespace mikey::test
