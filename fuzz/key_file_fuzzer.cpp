/// \file
/// Any octets as a key file: a KMS's public keys, a user's key set, a KMS's master secrets, and the same of
/// MIKEY-IBAKE, also as RFC 5408 publishes parameters. What is read is written, and read again as the same.
#include <cstdint>
#include <cstdlib>

#include "mikey/ibc/ibake_files.hpp"
#include "mikey/ibc/key_files.hpp"

namespace {

using namespace mikey;

void expect_same(ByteView a, ByteView b) {
  if (!ct_equal(a, b)) std::abort();
}

void check_error(const Error& e) {
  if (e.code != ErrorCode::bad_request || e.detail.empty()) std::abort();
}

/// Parameters of tests' size are checked and published; larger ones would take too long.
void load(const ibc::IbakeKmsRecord& record) {
  if (record.p.size() > 70 || record.q.size() > 20) return;
  const auto kms = ibc::IbakeKms::load(crypto::openssl(), record);
  if (!kms) return check_error(kms.error());
  const auto der = ibc::ibe_system_parameters(*kms);
  if (!der) return check_error(der.error());
  const auto again = ibc::parse_ibe_system_parameters(*der);
  if (!again || again->p != kms->record().p || again->kms_uri != kms->uri()) std::abort();
}

std::string_view text_of(const std::string& text) {
  return text;
}
std::string_view text_of(const SecretBytes& text) {
  return as_text(text.reveal());
}

/// What `parse` takes, `write` gives again, octet for octet the second time. The record, if there is one.
template <class Parse, class Write>
auto round_trip(ByteView json, Parse parse, Write write) -> decltype(parse(json)) {
  auto record = parse(json);
  if (!record) {
    check_error(record.error());
    return record;
  }
  const auto text = write(*record);
  const auto again = parse(as_bytes(text_of(text)));
  if (!again) std::abort();
  const auto twice = write(*again);
  expect_same(as_bytes(text_of(twice)), as_bytes(text_of(text)));
  return record;
}

void expect_file_name(const std::string& name) {
  if (name.empty() || name.find('/') != std::string::npos) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView json(data, size);
  (void)round_trip(json, ibc::parse_kms, ibc::write_kms);
  if (const auto keys = round_trip(json, ibc::parse_key_set, ibc::write_key_set))
    expect_file_name(ibc::key_file_name(*keys));
  (void)round_trip(json, ibc::parse_master, ibc::write_master);
  if (const auto kms = round_trip(json, ibc::parse_ibake_kms, ibc::write_ibake_kms)) load(*kms);
  if (const auto key = round_trip(json, ibc::parse_ibake_key, ibc::write_ibake_key))
    expect_file_name(ibc::ibake_key_file_name(*key));
  (void)round_trip(json, ibc::parse_ibake_master, ibc::write_ibake_master);
  for (const auto& kms :
       {ibc::parse_ibe_system_parameters(json), ibc::parse_published_parameters(as_text(json))}) {
    if (kms)
      load(*kms);
    else
      check_error(kms.error());
  }
  return 0;
}
