#include "kms/xml/fields.hpp"

#include <algorithm>
#include <charconv>

#include "kms/xml/names.hpp"
#include "mikey/kms/xml.hpp"

namespace mikey::kms::xml {
namespace {

constexpr std::size_t kMaxUri = 1024;
constexpr std::size_t kMaxText = 4096;

bool is_hex(std::uint8_t c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool is_space(std::uint8_t c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

}  // namespace

std::optional<SecretBytes> decode_octets(ByteView text) {
  // Both forms may be broken into lines.
  SecretBytes packed(text.size());
  const auto end =
      std::ranges::copy_if(text, packed.reveal_mutable().begin(), [](auto c) { return !is_space(c); });
  packed.truncate(static_cast<std::size_t>(end.out - packed.reveal_mutable().begin()));
  const std::string_view digits = as_text(packed.reveal());
  // Random octets in base64 are never hexadecimal digits only: 22 of 64 characters are.
  const bool hex = digits.size() % 2 == 0 && std::ranges::all_of(packed.reveal(), is_hex);
  auto octets = hex ? from_hex(digits) : from_base64(digits);
  if (!octets) return std::nullopt;
  SecretBytes out{ByteView(*octets)};
  wipe(*octets);
  return out;
}

Fields::Fields(Element parent, std::string_view name_space) : parent_(parent) {
  for (const Element& e : parent.children())
    if (e.name_space() == name_space) children_[std::string(e.name())].elements.push_back(e);
}

void Fields::fail(Error error) {
  if (!error_) error_ = std::move(error);
}

std::vector<Element> Fields::all(const char* name) {
  const auto it = children_.find(std::string_view(name));
  if (it == children_.end()) return {};
  it->second.read = true;
  return it->second.elements;
}

std::optional<Element> Fields::optional(const char* name) {
  const auto found = all(name);
  if (found.empty() || !ok()) return std::nullopt;
  if (found.size() > 1) fail(found[1].error("stands twice"));
  return found[0];
}

std::optional<Element> Fields::required(const char* name) {
  const auto e = optional(name);
  if (!e && ok()) fail(parent_.error("lacks <" + std::string(name) + ">"));
  return ok() ? e : std::nullopt;
}

std::string Fields::text_of(Element e, std::size_t least, std::size_t most) {
  auto t = e.text();
  if (!t) {
    fail(std::move(t).error());
    return {};
  }
  if (t->size() < least || t->size() > most)
    fail(e.error(t->empty() ? "is empty" : "has more than " + std::to_string(most) + " octets"));
  return *std::move(t);
}

std::string Fields::uri_of(Element e) {
  std::string t = text_of(e, 1, kMaxUri);
  if (std::ranges::any_of(t, [](char c) { return static_cast<std::uint8_t>(c) <= ' ' || c == '\x7f'; }))
    fail(e.error("has a blank or control character in it"));
  return t;
}

std::string Fields::uri(const char* name) {
  const auto e = required(name);
  return e ? uri_of(*e) : std::string();
}

std::string Fields::optional_uri(const char* name) {
  const auto e = optional(name);
  return e ? uri_of(*e) : std::string();
}

std::string Fields::text(const char* name) {
  const auto e = required(name);
  return e ? text_of(*e, 1, kMaxText) : std::string();
}

std::string Fields::optional_text(const char* name) {
  const auto e = optional(name);
  return e ? text_of(*e, 0, kMaxText) : std::string();
}

std::uint64_t Fields::number_of(Element e) {
  const std::string t = text_of(e, 1, 32);
  std::uint64_t out = 0;
  const char* begin = t.data() + (t.starts_with('+') ? 1 : 0);
  const auto [end, problem] = std::from_chars(begin, t.data() + t.size(), out);
  if (problem != std::errc() || end != t.data() + t.size()) fail(e.error("is no whole number from 0 on"));
  return out;
}

std::uint64_t Fields::number(const char* name) {
  const auto e = required(name);
  return e ? number_of(*e) : 0;
}

std::optional<std::uint64_t> Fields::optional_number(const char* name) {
  const auto e = optional(name);
  return e ? std::optional(number_of(*e)) : std::nullopt;
}

std::int64_t Fields::signed_number(const char* name) {
  const auto e = required(name);
  if (!e) return 0;
  const std::string t = text_of(*e, 1, 32);
  std::int64_t out = 0;
  const auto [end, problem] = std::from_chars(t.data(), t.data() + t.size(), out);
  if (problem != std::errc() || end != t.data() + t.size()) fail(e->error("is no whole number"));
  return out;
}

Time Fields::time_of(Element e) {
  const auto t = parse_time(text_of(e, 1, 64));
  if (!t) fail(e.error("is no date and time as 2026-11-24T15:09:47"));
  return t.value_or(Time{});
}

Time Fields::time(const char* name) {
  const auto e = required(name);
  return e ? time_of(*e) : Time{};
}

std::optional<Time> Fields::optional_time(const char* name) {
  const auto e = optional(name);
  return e ? std::optional(time_of(*e)) : std::nullopt;
}

bool Fields::flag(const char* name) {
  const auto e = optional(name);
  if (!e) return false;
  const std::string t = text_of(*e, 1, 8);
  if (t == "true" || t == "1") return true;
  if (t != "false" && t != "0") fail(e->error("is neither true nor false"));
  return false;
}

Bytes Fields::octets(const char* name, std::size_t size) {
  const auto e = required(name);
  if (!e) return {};
  const auto t = e->secret_text();
  if (!t) {
    fail(t.error());
    return {};
  }
  const auto out = decode_octets(t->reveal());
  if (!out || out->size() != size) {
    fail(e->error("is not " + std::to_string(size) + " octets in hexadecimal or base64"));
    return {};
  }
  return to_bytes(out->reveal());
}

void Fields::note_rest(std::vector<std::string>& notes) const {
  constexpr std::size_t kMaxNotes = 100;
  for (const auto& [name, child] : children_)
    if (!child.read && notes.size() < kMaxNotes)
      notes.push_back("line " + std::to_string(child.elements[0].line()) + ": " + child.elements[0].tag() +
                      " in " + parent_.tag() + " is not known and was passed over");
}

}  // namespace mikey::kms::xml
