#include "kms/xml/read_keys.hpp"

#include <algorithm>

#include "kms/xml/fields.hpp"
#include "kms/xml/key_wrap.hpp"
#include "kms/xml/names.hpp"
#include "mikey/ibc/eccsi.hpp"
#include "mikey/ibc/sakke.hpp"

namespace mikey::kms::xml {
namespace {

constexpr const char* kClause = "TS 33.180 9.3.4.2";

Result<Wrap> wrap_of(Element key) {
  const auto method = key.child(kXenc, "EncryptionMethod");
  const std::string algorithm = method ? method->attribute("Algorithm").value_or("") : "";
  if (algorithm == kKwAes256) return Wrap::rfc5649_3gpp;  // or RFC 3394: opening it tells
  if (algorithm == kKwAes256Pad || algorithm == kKwAes256PadApache) return Wrap::rfc5649;
  return key.error(
      algorithm.empty() ? "does not say how it is wrapped" : "is wrapped by " + algorithm + ", not kw-aes256",
      ErrorCode::unspecified, kClause);
}

/// xenc:EncryptedKey, or the EncryptedData that Kapsch's KMS writes in its place.
Result<WrappedKey> read_wrapped(Element key) {
  WrappedKey out;
  const auto wrap = wrap_of(key);
  if (!wrap) return wrap.error();
  out.wrap = *wrap;
  if (const auto info = key.child(kDs, "KeyInfo"))
    if (const auto name = info->child(kDs, "KeyName")) {
      auto text = name->text();
      if (!text) return std::move(text).error();
      out.key_name = *std::move(text);
    }
  const auto data = key.child(kXenc, "CipherData");
  const auto value = data ? data->child(kXenc, "CipherValue") : std::nullopt;
  if (!value) return key.error("has no <CipherValue>", ErrorCode::unspecified, kClause);
  const auto text = value->secret_text();
  if (!text) return text.error();
  const auto octets = decode_octets(text->reveal());
  if (!octets || octets->empty())
    return value->error("is neither base64 nor hexadecimal", ErrorCode::unspecified, kClause);
  out.octets = to_bytes(octets->reveal());
  return out;
}

/// A point without the octet 04 that says it is uncompressed has a length that RFC 3394 takes: some KMSs
/// leave it out to that end. And an integer may have lost its leading zeros, or have got more of them.
SecretBytes normalised(SecretBytes key, KeySize size) {
  const ByteView octets = key.reveal();
  if (size.point && octets.size() + 1 == size.octets) {
    SecretBytes out(size.octets);
    out.reveal_mutable()[0] = 4;
    std::ranges::copy(octets, out.reveal_mutable().begin() + 1);
    return out;
  }
  if (size.point || octets.size() == size.octets || size.octets == 0) return key;
  SecretBytes out(size.octets);
  ByteView rest = octets;
  while (rest.size() > size.octets && rest.front() == 0) rest = rest.subspan(1);
  if (rest.size() > size.octets || rest.size() + 4 < size.octets) return key;
  std::ranges::copy(rest,
                    out.reveal_mutable().begin() + static_cast<std::ptrdiff_t>(size.octets - rest.size()));
  return out;
}

bool is_wrapped_key(const Element& e) {
  return e.is(kXenc, "EncryptedKey") || e.is(kXenc, "EncryptedData");
}

}  // namespace

KeySize rsk_size() {
  return {ibc::sakke::kPointSize, true};
}
KeySize ssk_size() {
  return {ibc::eccsi::kScalarSize, false};
}
KeySize pvt_size() {
  return {ibc::eccsi::kPointSize, true};
}

Result<KeyContent> read_key(const crypto::Provider& provider, std::span<const SecurityKey> keys, Element e,
                            KeySize size) {
  KeyContent out;
  const auto inside = e.children();
  SecretBytes key;
  if (inside.empty()) {
    const auto text = e.secret_text();
    if (!text) return text.error();
    auto octets = decode_octets(text->reveal());
    if (!octets || octets->empty()) return e.error("is neither hexadecimal nor base64");
    key = *std::move(octets);
  } else {
    const auto wrapped = std::ranges::find_if(inside, is_wrapped_key);
    if (inside.size() != 1 || wrapped == inside.end())
      return e.error("holds neither key octets nor one <EncryptedKey>", ErrorCode::unspecified, kClause);
    auto read = read_wrapped(*wrapped);
    if (!read) return std::move(read).error();
    out.wrapped = *std::move(read);
    if (keys.empty()) return out;
    auto opened = unwrap_key(provider, keys, *out.wrapped);
    if (!opened) return e.error("cannot be opened: " + opened.error().detail, opened.error().code, kClause);
    key = *std::move(opened);
  }
  out.key = normalised(std::move(key), size);
  if (size.octets != 0 && out.key.size() != size.octets)
    return e.error("has " + std::to_string(out.key.size()) + " octets, not " + std::to_string(size.octets));
  return out;
}

}  // namespace mikey::kms::xml
