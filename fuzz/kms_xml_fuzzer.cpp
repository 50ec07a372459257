/// \file
/// Any octets as a document of a KMS, with and without the keys that open it: what is read is written, and
/// read again as the same.
#include <cstdint>
#include <cstdlib>

#include "mikey/kms/records.hpp"
#include "mikey/kms/xml.hpp"

namespace {

using namespace mikey;

const std::vector<kms::SecurityKey>& keys() {
  static const auto made = [] {
    std::vector<kms::SecurityKey> out;
    out.push_back({"trk-1", SecretBytes{ByteView(Bytes(32, 0x11))}});
    out.push_back({"ink-1", SecretBytes{ByteView(Bytes(32, 0x22))}});
    return out;
  }();
  return made;
}

void check_records(const kms::Document& d) {
  if (const auto* k = std::get_if<kms::KeySet>(&d.body)) (void)kms::to_record(*k);
  if (const auto* c = std::get_if<kms::Certificate>(&d.body)) (void)kms::to_record(*c);
}

void check(ByteView octets, const kms::ReadOptions& options) {
  const auto document = kms::read_xml(crypto::openssl(), octets, options);
  if (!document) {
    if (document.error().detail.empty()) std::abort();
    return;
  }
  check_records(*document);
  const auto text = kms::write_xml(crypto::openssl(), *document);
  if (!text) {  // white space in a text that could not come back as it is
    if (text.error().code != ErrorCode::bad_request) std::abort();
    return;
  }
  const auto again = kms::read_xml(crypto::openssl(), text->reveal());
  if (!again || again->body.index() != document->body.index()) std::abort();
  const auto twice = kms::write_xml(crypto::openssl(), *again);
  if (!twice || !ct_equal(twice->reveal(), text->reveal())) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check({data, size}, {});
  check({data, size}, {keys(), false});
  return 0;
}
