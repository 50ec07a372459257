/// \file
/// Any octets as a key file (JSON): a KMS's public keys, a user's key set, a KMS's master secrets. What is
/// read is written, and read again as the same.
#include <cstdint>
#include <cstdlib>

#include "mikey/ibc/key_files.hpp"

namespace {

using namespace mikey;

void expect_same(ByteView a, ByteView b) {
  if (!ct_equal(a, b)) std::abort();
}

void check_error(const Error& e) {
  if (e.code != ErrorCode::bad_request || e.detail.empty()) std::abort();
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
  return 0;
}
