#include "mikey/wire/dissect.hpp"
#include "wire/dissect/text.hpp"

namespace mikey::wire {
namespace {

/// Writes members of one JSON object.
class Object {
 public:
  explicit Object(std::string& out) : out_(out) { out_ += '{'; }
  void close() { out_ += '}'; }

  /// Begins a member whose value the caller writes.
  std::string& member(std::string_view name) {
    if (out_.back() != '{') out_ += ',';
    out_ += '"';
    out_ += name;
    out_ += "\":";
    return out_;
  }
  void text(std::string_view name, std::string_view value) { member(name) += json_string(value); }
  void number(std::string_view name, std::size_t value) { member(name) += std::to_string(value); }

 private:
  std::string& out_;
};

void write_node(std::string& out, const Node& n);

/// The nodes of which `payload` tells whether they are payloads, as an array; nothing when there are none.
void write_nodes(Object& o, std::string_view name, const std::vector<Node>& nodes, bool payloads) {
  bool any = false;
  std::string* out = nullptr;
  for (const Node& n : nodes) {
    if ((n.kind == Node::Kind::payload) != payloads) continue;
    if (any) {
      *out += ',';
    } else {
      out = &o.member(name);
      *out += '[';
      any = true;
    }
    write_node(*out, n);
  }
  if (any) *out += ']';
}

bool is_decimal(std::string_view s) {
  return !s.empty() && s.find_first_not_of("0123456789") == std::string_view::npos;
}

void write_value(Object& o, const Node& n) {
  switch (n.kind) {
    case Node::Kind::payload:
      if (!n.value.empty()) o.member("type") += n.value;
      break;
    case Node::Kind::number:
      if (is_decimal(n.value))
        o.member("value") += n.value;
      else
        o.text("value", n.value);
      break;
    case Node::Kind::octets:
      o.text("value", n.value);
      break;
    case Node::Kind::entry:
      break;
  }
}

void write_node(std::string& out, const Node& n) {
  Object o(out);
  o.text("name", n.name);
  write_value(o, n);
  if (!n.meaning.empty()) o.text("meaning", n.meaning);
  if (!n.rfc.empty()) o.text("rfc", n.rfc);
  o.number("offset", n.offset);
  o.number("length", n.length);
  if (n.bits > 0) {
    o.number("bit", n.bit_offset);
    o.number("bits", n.bits);
  }
  if (n.secret) o.member("secret") += "true";
  write_nodes(o, "fields", n.children, false);
  write_nodes(o, "payloads", n.children, true);
  o.close();
}

void write_error(std::string& out, const Error& e) {
  Object o(out);
  o.number("number", wire_number(e.code));
  o.text("name", error_name(e.code));
  o.text("detail", e.detail);
  if (e.offset)
    o.number("offset", *e.offset);
  else
    o.member("offset") += "null";
  o.text("rfc", e.rfc);
  o.close();
}

void mask(std::vector<Node>& nodes) {
  for (Node& n : nodes) {
    if (n.secret) n.value = "(" + std::to_string(n.length) + (n.length == 1 ? " octet)" : " octets)");
    mask(n.children);
  }
}

}  // namespace

void mask_secrets(Dissection& d) {
  mask(d.payloads);
}

std::string to_json(const Dissection& d) {
  std::string out;
  Object o(out);
  std::string& payloads = o.member("payloads");
  payloads += '[';
  for (const Node& n : d.payloads) {
    if (payloads.back() != '[') payloads += ',';
    write_node(out, n);
  }
  payloads += ']';
  o.number("trailing", d.trailing);
  if (d.cut) o.member("cut") += "true";
  std::string& error = o.member("error");
  if (d.error)
    write_error(error, *d.error);
  else
    error += "null";
  o.close();
  return out;
}

}  // namespace mikey::wire
