#include "kms/xml/writer.hpp"

#include <algorithm>

namespace mikey::kms::xml {
namespace {

constexpr std::string_view kDigits = "0123456789ABCDEF";
constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// XML 1.0 has no control characters but these three, and those that stand in attributes or between lines
// would not come back as they were.
bool has_character(std::uint8_t c) {
  return c >= 0x20 && c != 0x7f;
}

// UTF-8, in its shortest form and without surrogates (RFC 3629 4).
bool is_utf8(std::string_view s) {
  while (!s.empty()) {
    const auto at = [&](std::size_t i) {
      return i < s.size() ? static_cast<std::uint8_t>(s[i]) : std::uint8_t{0};
    };
    const std::uint8_t c = at(0);
    const std::size_t n = c < 0x80                ? 1
                          : c >= 0xc2 && c < 0xe0 ? 2
                          : c >> 4 == 14          ? 3
                          : c >= 0xf0 && c < 0xf5 ? 4
                                                  : 0;
    if (n == 0) return false;
    for (std::size_t i = 1; i < n; ++i)
      if (at(i) >> 6 != 2) return false;
    const std::uint8_t second = at(1);
    if ((c == 0xe0 && second < 0xa0) || (c == 0xed && second >= 0xa0) || (c == 0xf0 && second < 0x90) ||
        (c == 0xf4 && second >= 0x90))
      return false;
    s.remove_prefix(n);
  }
  return true;
}

}  // namespace

void Writer::put(std::string_view text) {
  if (text_.size() - size_ < text.size()) {
    SecretBytes larger(std::max(2 * text_.size(), size_ + text.size()));
    std::ranges::copy(text_.reveal().first(size_), larger.reveal_mutable().begin());
    text_ = std::move(larger);
  }
  std::ranges::copy(as_bytes(text), text_.reveal_mutable().begin() + static_cast<std::ptrdiff_t>(size_));
  size_ += text.size();
}

void Writer::put_escaped(std::string_view text, bool in_attribute) {
  if (!is_utf8(text) || !std::ranges::all_of(as_bytes(text), has_character))
    fail(bad_request("a text has a character that XML cannot hold", "TS 33.180 D.3.5"));
  for (const char& c : text) {
    if (c == '&')
      put("&amp;");
    else if (c == '<')
      put("&lt;");
    else if (c == '>')
      put("&gt;");
    else if (c == '"' && in_attribute)
      put("&quot;");
    else
      put({&c, 1});
  }
}

void Writer::indent() {
  for (std::size_t i = 0; i < depth_; ++i) put("  ");
}

void Writer::put_tag(std::string_view tag, Attributes attributes, std::string_view close) {
  indent();
  put("<");
  put(tag);
  for (const auto& [name, value] : attributes) {
    if (value.empty() && name != "URI") continue;
    put(" ");
    put(name);
    put("=\"");
    put_escaped(value, true);
    put("\"");
  }
  put(close);
}

void Writer::declaration() {
  put("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
}

void Writer::begin(std::string_view tag, Attributes attributes) {
  put_tag(tag, attributes, ">\n");
  ++depth_;
}

void Writer::end(std::string_view tag) {
  --depth_;
  indent();
  put("</");
  put(tag);
  put(">\n");
}

void Writer::empty(std::string_view tag, Attributes attributes) {
  put_tag(tag, attributes, "/>\n");
}

void Writer::element(std::string_view tag, std::string_view text, Attributes attributes) {
  put_tag(tag, attributes, ">");
  put_escaped(text, false);
  put("</");
  put(tag);
  put(">\n");
}

void Writer::optional(std::string_view tag, std::string_view text) {
  if (!text.empty()) element(tag, text);
}

void Writer::hex(std::string_view tag, ByteView octets, Attributes attributes) {
  put_tag(tag, attributes, ">");
  for (const std::uint8_t o : octets) {
    put(kDigits.substr(o >> 4, 1));
    put(kDigits.substr(o & 15U, 1));
  }
  put("</");
  put(tag);
  put(">\n");
}

void Writer::base64(std::string_view tag, ByteView octets) {
  put_tag(tag, {}, ">");
  for (std::size_t i = 0; i < octets.size(); i += 3) {
    const std::size_t n = std::min<std::size_t>(3, octets.size() - i);
    std::uint32_t v = 0;
    for (std::size_t j = 0; j < 3; ++j) v = v << 8 | (j < n ? octets[i + j] : 0U);
    for (std::size_t j = 0; j < 4; ++j)
      put(j <= n ? kBase64.substr((v >> (18 - 6 * j)) & 63U, 1) : std::string_view("="));
  }
  put("</");
  put(tag);
  put(">\n");
}

void Writer::fail(Error error) {
  if (!error_) error_ = std::move(error);
}

Result<SecretBytes> Writer::finish() {
  if (error_) return *error_;
  text_.truncate(size_);
  return std::move(text_);
}

}  // namespace mikey::kms::xml
