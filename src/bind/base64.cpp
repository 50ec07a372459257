#include "mikey/bind/base64.hpp"

#include "bind/text.hpp"

namespace mikey::bind {
namespace {

constexpr const char* kRfc = "RFC 4648 4";

bool in_alphabet(char c) {
  return text::is_alnum(c) || c == '+' || c == '/';
}

// What is left of the text once everything tolerable is put right, and what that was.
struct Normalised {
  std::string text;
  bool spaces = false;
  bool url = false;
};

Result<Normalised> normalise(std::string_view in) {
  Normalised out;
  out.text.reserve(in.size() + 2);
  bool padding = false;
  for (std::size_t i = 0; i < in.size(); ++i) {
    char c = in[i];
    if (text::is_space(c)) {
      out.spaces = true;
      continue;
    }
    if (c == '-' || c == '_') {
      out.url = true;
      c = c == '-' ? '+' : '/';
    }
    if (c == '=') {
      padding = true;
      continue;  // put back, in the right number, below
    }
    if (!in_alphabet(c) || padding)
      return bad_message(ErrorCode::unspecified, kRfc, "a character that base64 does not allow there", i);
    out.text += c;
  }
  return out;
}

Result<DecodedBase64> decode_tolerant(std::string_view in) {
  Result<Normalised> n = normalise(in);
  if (!n) return n.error();
  if (n->text.empty() || n->text.size() % 4 == 1)
    return bad_message(ErrorCode::unspecified, kRfc, "base64 of an impossible length");
  DecodedBase64 out;
  if (n->spaces) out.diagnostics.emplace_back("white space inside the base64");
  if (n->url) out.diagnostics.emplace_back("base64 of the URL alphabet (RFC 4648 5)");
  const std::size_t pad = (4 - n->text.size() % 4) % 4;
  if (static_cast<std::size_t>(std::ranges::count(in, '=')) != pad)
    out.diagnostics.emplace_back("base64 with wrong padding");
  n->text.append(pad, '=');
  std::optional<Bytes> octets = from_base64(n->text);
  if (!octets) {  // only the unused bits can be at fault now
    out.diagnostics.emplace_back("base64 whose unused bits are not zero");
    const std::size_t last = n->text.size() - pad - 1;
    static constexpr std::string_view kZeroBits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const std::size_t value = kZeroBits.find(n->text[last]);
    n->text[last] = kZeroBits[value & (pad == 1 ? ~std::size_t{3} : ~std::size_t{15})];
    octets = from_base64(n->text);
  }
  if (!octets) return bad_message(ErrorCode::unspecified, kRfc, "the text is not base64");
  out.octets = std::move(*octets);
  return out;
}

Result<DecodedBase64> decode_strict(std::string_view in) {
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (!in_alphabet(in[i]) && in[i] != '=')
      return bad_message(ErrorCode::unspecified, kRfc, "a character that base64 does not have", i);
  }
  std::optional<Bytes> octets = from_base64(in);
  if (in.empty() || !octets)
    return bad_message(ErrorCode::unspecified, kRfc, "base64 with wrong length, padding or unused bits");
  return DecodedBase64{std::move(*octets), {}};
}

}  // namespace

Result<DecodedBase64> decode_base64(std::string_view in, Reading reading) {
  // White space may stand after every character of tolerant text, hence twice the room.
  if (in.size() > kMaxMessage / 3 * 4 * (reading == Reading::strict ? 1 : 2))
    return Error{ErrorCode::resource, Severity::message, kRfc, std::nullopt, "the base64 text is too long"};
  return reading == Reading::strict ? decode_strict(in) : decode_tolerant(in);
}

}  // namespace mikey::bind
