#include "wire/dissect/explain.hpp"

#include <array>
#include <cstdio>

#include "wire/dissect/text.hpp"

namespace mikey::wire {

Node* field(Node& node, std::string_view name) {
  for (Node& n : node.children)
    if (n.name == name) return &n;
  return nullptr;
}

namespace {

void set_meaning(Node& node, std::string_view name, std::string meaning) {
  if (Node* n = field(node, name)) n->meaning = std::move(meaning);
}

void set_secret(Node& node, std::string_view name) {
  if (Node* n = field(node, name)) n->secret = true;
}

/// Shows a number as an identifier.
void set_identifier(Node& node, std::string_view name, std::uint32_t value) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "0x%08x", static_cast<unsigned>(value));
  if (Node* n = field(node, name)) n->value = text.data();
}

/// Adds a number that stands inside an octet string.
void add_part(Node& node, Budget& budget, std::string_view name, ByteView octets, std::size_t from,
              std::size_t size) {
  if (!budget.take()) return;
  std::uint32_t value = 0;
  for (const std::uint8_t b : octets.subspan(from, size)) value = value << 8 | b;
  Node& n = node.children.emplace_back();
  n.name = name;
  n.value = std::to_string(value);
  n.offset = node.offset + from;
  n.length = size;
}

void explain_identity(ByteView data, Node& node) {
  if (auto text = printable(data)) set_meaning(node, "ID data", std::move(*text));
}

}  // namespace

void explain(const Hdr& p, Node& node, const Decoder& /*d*/, Budget& /*budget*/) {
  set_identifier(node, "CSB ID", p.csb_id);
  if (p.v == 1) set_meaning(node, "V", "a response is expected");
  Node* map = field(node, "CS ID map info");
  if (map == nullptr || p.map_type != CsIdMapType::srtp_id) return;
  for (std::size_t i = 0; i < map->children.size(); ++i)
    map->children[i].meaning = "CS ID " + std::to_string(i + 1);
}

void explain(const SrtpId& p, Node& node, const Decoder& /*d*/, Budget& /*budget*/) {
  set_identifier(node, "SSRC", p.ssrc);
  if (p.ssrc == 0) set_meaning(node, "SSRC", "for the Responder to choose");
}

void explain(const GenericId& p, Node& node, const Decoder& /*d*/, Budget& budget) {
  Node* data = field(node, "Session Data");
  if (data == nullptr || p.prot_type != ProtType::srtp || p.session_data.size() < 4) return;
  add_part(*data, budget, "SSRC", p.session_data, 0, 4);
  set_identifier(*data, "SSRC", load_be<std::uint32_t>(p.session_data.data()));
  if (p.session_data.size() != 10) return;
  add_part(*data, budget, "ROC", p.session_data, 4, 4);
  add_part(*data, budget, "SEQ", p.session_data, 8, 2);
}

void explain(const T& p, Node& node, const Decoder& /*d*/, Budget& /*budget*/) {
  set_meaning(node, "TS value", time_meaning(p.type, p.value));
}

void explain(const Tr& p, Node& node, const Decoder& /*d*/, Budget& /*budget*/) {
  const bool interval = p.role == TsRole::rekey && p.type != TsType::counter && p.value.size() >= 4;
  set_meaning(node, "TS value",
              interval ? "every " + std::to_string(load_be<std::uint32_t>(p.value.data())) + " s"
                       : time_meaning(p.type, p.value));
}

void explain(const Id& p, Node& node, const Decoder& /*d*/, Budget& /*budget*/) {
  explain_identity(p.data, node);
}

void explain(const Idr& p, Node& node, const Decoder& /*d*/, Budget& /*budget*/) {
  explain_identity(p.data, node);
}

void explain(const Cert& p, Node& node, const Decoder& /*d*/, Budget& /*budget*/) {
  if (p.type != CertType::x509v3_url) return;
  if (auto url = printable(p.data)) set_meaning(node, "Certificate data", std::move(*url));
}

void explain(const Sp& p, Node& node, const Decoder& /*d*/, Budget& /*budget*/) {
  Node* params = field(node, "Policy param");
  if (params == nullptr) return;
  const std::vector<SpParam> list = entries<SpParam>(p.params);
  for (std::size_t i = 0; i < std::min(list.size(), params->children.size()); ++i) {
    Node& param = params->children[i];
    set_meaning(param, "Type", std::string(param_name(p.prot_type, list[i].type)));
    set_meaning(param, "Value", param_meaning(p.prot_type, list[i].type, list[i].value));
  }
}

void explain(const KeyData& /*p*/, Node& node, const Decoder& /*d*/, Budget& /*budget*/) {
  set_secret(node, "Key data");
  set_secret(node, "Salt data");
}

void explain(const Sk& /*p*/, Node& node, const Decoder& /*d*/, Budget& /*budget*/) {
  set_secret(node, "Key data");
}

void explain(const Eccpt& p, Node& node, const Decoder& /*d*/, Budget& /*budget*/) {
  set_meaning(node, "Point form", p.form == 4 ? "uncompressed" : "compressed");
}

}  // namespace mikey::wire
