#include "support/wire_check.hpp"

#include <nlohmann/json.hpp>

namespace mikey::test {
namespace {

using nlohmann::json;
using wire::Node;

void render_to(std::string& out, const std::vector<Node>& nodes, std::size_t depth) {
  for (const Node& n : nodes) {
    out += std::string(2 * depth, ' ') + std::to_string(n.offset);
    if (n.bits > 0)
      out += "." + std::to_string(n.bit_offset) + ":" + std::to_string(n.bits);
    else
      out += "+" + std::to_string(n.length);
    out += " " + n.name;
    if (!n.value.empty()) out += (n.secret ? " =! " : " = ") + n.value;
    if (!n.meaning.empty()) out += " (" + n.meaning + ")";
    out += "\n";
    render_to(out, n.children, depth + 1);
  }
}

void expect_node(const json& j, const Node& n) {
  EXPECT_EQ(j.at("name"), n.name);
  EXPECT_EQ(j.value("meaning", ""), n.meaning);
  EXPECT_EQ(j.value("rfc", ""), n.rfc);
  EXPECT_EQ(j.at("offset"), n.offset);
  EXPECT_EQ(j.at("length"), n.length);
  EXPECT_EQ(j.value("secret", false), n.secret);
  EXPECT_EQ(j.value("bits", 0U), n.bits);
  EXPECT_EQ(j.value("bit", 0U), n.bit_offset);
  const char* member = n.kind == Node::Kind::payload ? "type" : "value";
  if (n.kind == Node::Kind::entry || (n.kind == Node::Kind::payload && n.value.empty())) {
    EXPECT_FALSE(j.contains(member));
  } else if (n.kind != Node::Kind::octets && !n.value.starts_with("0x")) {
    EXPECT_EQ(j.at(member).get<std::uint64_t>(), std::stoull(n.value));
  } else {
    EXPECT_EQ(j.at(member), n.value);
  }
  std::size_t fields = 0;
  std::size_t payloads = 0;
  for (const Node& c : n.children) {
    if (c.kind == Node::Kind::payload)
      expect_node(j.at("payloads").at(payloads++), c);
    else
      expect_node(j.at("fields").at(fields++), c);
  }
  EXPECT_EQ(j.value("fields", json::array()).size(), fields);
  EXPECT_EQ(j.value("payloads", json::array()).size(), payloads);
}

void expect_same_error(const Error& a, const Error& b) {
  EXPECT_EQ(a.to_string(), b.to_string());
  EXPECT_EQ(a.code, b.code);
}

void expect_within(const Error& e, std::size_t size) {
  EXPECT_FALSE(e.detail.empty());
  EXPECT_EQ(e.severity, Severity::message);
  ASSERT_TRUE(e.offset.has_value()) << e.to_string();
  EXPECT_LE(*e.offset, size) << e.to_string();
}

}  // namespace

std::string render(const std::vector<Node>& nodes) {
  std::string out;
  render_to(out, nodes, 0);
  return out;
}

void expect_json(const wire::Dissection& d) {
  const std::string text = wire::to_json(d);
  const json j = json::parse(text, nullptr, false);
  ASSERT_FALSE(j.is_discarded()) << text;
  ASSERT_EQ(j.at("payloads").size(), d.payloads.size());
  for (std::size_t i = 0; i < d.payloads.size(); ++i) expect_node(j["payloads"][i], d.payloads[i]);
  EXPECT_EQ(j.at("trailing"), d.trailing);
  EXPECT_EQ(j.value("cut", false), d.cut);
  if (!d.error) {
    EXPECT_TRUE(j.at("error").is_null());
    return;
  }
  const json& e = j.at("error");
  EXPECT_EQ(e.at("number"), wire_number(d.error->code));
  EXPECT_EQ(e.at("name"), error_name(d.error->code));
  EXPECT_EQ(e.at("detail"), d.error->detail);
  EXPECT_EQ(e.at("rfc"), d.error->rfc);
  EXPECT_EQ(e.at("offset").is_null(), !d.error->offset.has_value());
  if (d.error->offset) {
    EXPECT_EQ(e.at("offset"), *d.error->offset);
  }
}

void expect_nodes_fit(const std::vector<Node>& nodes, std::size_t from, std::size_t to) {
  std::size_t at = from;
  for (const Node& n : nodes) {
    EXPECT_LE(n.offset + n.length, to) << n.name;
    if (n.bits > 0 && n.bit_offset > 0) {
      EXPECT_LE(n.bit_offset + n.bits, n.length * 8) << n.name;
    } else {
      EXPECT_EQ(n.offset, at) << n.name;
      at = n.offset + n.length;
    }
    if (!n.children.empty()) expect_nodes_fit(n.children, n.offset, n.offset + n.length);
  }
}

void expect_consistent(ByteView octets, const wire::ParseOptions& options) {
  const auto m = wire::Message::parse(octets, options);
  const auto d = wire::dissect(octets, options);
  expect_nodes_fit(d.payloads, 0, octets.size());
  ASSERT_EQ(m.ok(), !d.error.has_value()) << (m.ok() ? d.error->to_string() : m.error().to_string());
  if (!m.ok()) {
    expect_same_error(m.error(), *d.error);
    expect_within(m.error(), octets.size());
    expect_same_error(wire::examine_broken(octets).error, m.error());
    return;
  }
  EXPECT_EQ(m->trailing(), d.trailing);
  EXPECT_EQ(m->octets().size() + m->trailing(), octets.size());
  ASSERT_EQ(d.payloads.size(), m->size() + 1);
  for (std::size_t i = 0; i < m->size(); ++i) {
    EXPECT_EQ(d.payloads[i + 1].offset, m->slots()[i].offset);
    EXPECT_EQ(d.payloads[i + 1].length, m->slots()[i].length);
    EXPECT_EQ(d.payloads[i + 1].value, std::to_string(wire::to_number(m->type(i))));
  }
  auto again = wire::reencode(*m);
  ASSERT_TRUE(again.ok()) << again.error().to_string();
  EXPECT_EQ(to_hex(*again), to_hex(m->octets()));
}

void expect_chain_consistent(PayloadType first, ByteView octets) {
  const auto c = wire::PayloadChain::parse(first, octets);
  const auto d = wire::dissect_chain(first, octets);
  expect_nodes_fit(d.payloads, 0, octets.size());
  ASSERT_EQ(c.ok(), !d.error.has_value());
  if (!c.ok()) {
    expect_same_error(c.error(), *d.error);
    expect_within(c.error(), octets.size());
    return;
  }
  ASSERT_EQ(d.payloads.size(), c->size());
  wire::ChainBuilder b;
  for (std::size_t i = 0; i < c->size(); ++i)
    wire::with_payload(c->type(i), [&]<class P>() { b.add(c->at<P>(i)); });
  auto again = std::move(b).finish();
  ASSERT_TRUE(again.ok()) << again.error().to_string();
  EXPECT_EQ(to_hex(*again), to_hex(octets));
}

}  // namespace mikey::test
