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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView json(data, size);
  if (const auto kms = ibc::parse_kms(json)) {
    const std::string text = ibc::write_kms(*kms);
    const auto again = ibc::parse_kms(as_bytes(text));
    if (!again) std::abort();
    expect_same(as_bytes(ibc::write_kms(*again)), as_bytes(text));
  } else {
    check_error(kms.error());
  }
  if (const auto keys = ibc::parse_key_set(json)) {
    const SecretBytes text = ibc::write_key_set(*keys);
    const auto again = ibc::parse_key_set(text.reveal());
    if (!again || ibc::key_file_name(*keys).find('/') != std::string::npos) std::abort();
    expect_same(ibc::write_key_set(*again).reveal(), text.reveal());
  } else {
    check_error(keys.error());
  }
  if (const auto master = ibc::parse_master(json)) {
    const SecretBytes text = ibc::write_master(*master);
    const auto again = ibc::parse_master(text.reveal());
    if (!again) std::abort();
    expect_same(ibc::write_master(*again).reveal(), text.reveal());
  } else {
    check_error(master.error());
  }
  if (const auto kms = ibc::parse_ibake_kms(json)) {
    const std::string text = ibc::write_ibake_kms(*kms);
    const auto again = ibc::parse_any_ibake_kms(as_bytes(text));
    if (!again) std::abort();
    expect_same(as_bytes(ibc::write_ibake_kms(*again)), as_bytes(text));
    load(*kms);
  } else {
    check_error(kms.error());
  }
  if (const auto key = ibc::parse_ibake_key(json)) {
    const SecretBytes text = ibc::write_ibake_key(*key);
    const auto again = ibc::parse_ibake_key(text.reveal());
    if (!again || ibc::ibake_key_file_name(*key).find('/') != std::string::npos) std::abort();
    expect_same(ibc::write_ibake_key(*again).reveal(), text.reveal());
  } else {
    check_error(key.error());
  }
  if (const auto master = ibc::parse_ibake_master(json)) {
    const SecretBytes text = ibc::write_ibake_master(*master);
    const auto again = ibc::parse_ibake_master(text.reveal());
    if (!again) std::abort();
    expect_same(ibc::write_ibake_master(*again).reveal(), text.reveal());
  } else {
    check_error(master.error());
  }
  for (const auto& kms :
       {ibc::parse_ibe_system_parameters(json), ibc::parse_published_parameters(as_text(json))}) {
    if (kms)
      load(*kms);
    else
      check_error(kms.error());
  }
  return 0;
}
