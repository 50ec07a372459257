/// \file
/// Documents of a KMS, with the keys of vectors/streamwide: a running product's test KMS.
#pragma once

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "mikey/ibc/key_files.hpp"
#include "mikey/kms/records.hpp"
#include "mikey/kms/xml.hpp"
#include "support/scripted_rng.hpp"

namespace mikey::kms::test {

inline const crypto::Provider& provider() {
  return crypto::openssl();
}

inline const nlohmann::json& mcx() {
  static const auto read =
      nlohmann::json::parse(mikey::test::read_source_file("vectors/streamwide/mcx.json"));
  return read;
}

inline ibc::KmsRecord kms_record() {
  return *ibc::parse_kms(as_bytes(mcx().at("kms").dump()));
}

inline ibc::KeySetRecord user_record(std::size_t n) {
  return *ibc::parse_key_set(as_bytes(mcx().at("users").at(n).dump()));
}

inline Certificate certificate() {
  Certificate c = *to_certificate(kms_record());
  c.cert_uri = "cert1.kms.mydev.streamwide.com";
  c.issuer = "www.streamwide.com";
  c.valid_from = parse_time("2014-01-26T00:00:00");
  c.domains = {"streamwide.com", "users.streamwide.com"};
  return c;
}

inline KeySet key_set(std::size_t n) {
  return *to_key_set(user_record(n), kms_record().ids);
}

inline Response response() {
  Response r;
  r.user_uri = "sip:alice@streamwide.com";
  r.kms_uri = "kms.mydev.streamwide.com";
  r.time = *parse_time("2026-11-24T15:09:47");
  r.client_req_url = "https://kms.mydev.streamwide.com/keymanagement/identity/v1/keyprov";
  return r;
}

inline Document key_prov_document() {
  KeyProv prov;
  prov.key_sets.push_back(key_set(0));
  prov.key_sets.push_back(key_set(1));
  Response r = response();
  r.message = std::move(prov);
  return {std::move(r), Signature::none, "", {}};
}

inline Document init_document() {
  Response r = response();
  r.message = Init{certificate(), {}, {}};
  return {std::move(r), Signature::none, "", {}};
}

inline std::string written(const Document& d, const WriteOptions& options = {}) {
  const auto out = write_xml(provider(), d, options);
  EXPECT_TRUE(out) << (out ? "" : out.error().to_string());
  return out ? std::string(as_text(out->reveal())) : std::string();
}

inline Result<Document> read(std::string_view xml, const ReadOptions& options = {}) {
  return read_xml(provider(), as_bytes(xml), options);
}

inline std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  if (at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

inline SecurityKey security_key(const char* id, std::uint8_t octet, std::size_t size = 32) {
  return {id, SecretBytes{ByteView(Bytes(size, octet))}};
}

struct KeySpec {
  const char* id;
  std::uint8_t octet;
  std::size_t size = 32;
};
inline std::vector<SecurityKey> security_keys(std::initializer_list<KeySpec> specs) {
  std::vector<SecurityKey> out;
  for (const KeySpec& k : specs) out.push_back(security_key(k.id, k.octet, k.size));
  return out;
}

inline const KeyProv& key_prov(const Document& d) {
  return std::get<KeyProv>(std::get<Response>(d.body).message);
}

inline std::string error_of(const Result<Document>& r) {
  return r ? "no error" : r.error().to_string();
}

}  // namespace mikey::kms::test
