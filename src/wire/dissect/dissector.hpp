/// \file
/// The visitor that writes down what a decoder reads.
#pragma once

#include "mikey/wire/dissect.hpp"
#include "mikey/wire/registry.hpp"
#include "wire/dissect/explain.hpp"
#include "wire/walk.hpp"

namespace mikey::wire {

inline std::size_t end_of(const Node& n) {
  return n.offset + n.length;
}

/// Reads the fields of `p` at the decoder's position into `node`, whose offset is set. The node ends up as
/// long as what could be read.
template <class P>
void dissect_fields(Decoder& d, Budget& budget, Node& node, P& p);

/// Gives every field it is told of to a decoder, and adds a node for it to `out`. Since the decoder does the
/// reading, a dissection and a parser cannot disagree.
class Dissector {
 public:
  static constexpr bool kDecodes = true;

  Dissector(Decoder& d, Budget& budget, std::vector<Node>& out) : d_(d), budget_(budget), out_(out) {}

  Decoder& decoder() { return d_; }
  Budget& budget() { return budget_; }

  template <class U>
  void num(std::string_view name, U& u) {
    const std::size_t at = d_.offset();
    d_.num(name, u);
    add_number(name, u, at, sizeof(U));
  }

  template <class E>
  void code(std::string_view name, E& e) {
    const std::size_t at = d_.offset();
    d_.code(name, e);
    add_number(name, e, at, sizeof(E));
  }

  template <std::size_t N, class... T>
  void packed(Bits<T>... fields) {
    const std::size_t at = d_.offset();
    d_.packed<N>(fields...);
    unsigned from = 0;
    (..., (add_bits(fields, at, N, from), from += fields.width));
  }

  void octets(std::string_view name, Octets& o, std::size_t n) {
    const std::size_t at = d_.offset();
    d_.octets(name, o, n);
    add_octets(name, o, at);
  }

  void sized(std::string_view name, Octets& o, std::optional<std::size_t> n, ErrorCode unknown) {
    const std::size_t at = d_.offset();
    d_.sized(name, o, n, unknown);
    add_octets(name, o, at);
  }

  void var8(std::string_view name, Octets& o) { var<std::uint8_t>(name, o); }
  void var16(std::string_view name, Octets& o) { var<std::uint16_t>(name, o); }

  template <class E>
  void list(std::string_view name, Octets& o, std::size_t n) {
    const std::size_t at = d_.offset();
    std::vector<Node> entries;
    for (std::size_t i = 0; i < n && d_.ok(); ++i) entry<E>(d_, entries);
    o = d_.read_since(at);
    if (!d_.ok() && entries.empty()) return;
    const std::size_t end = d_.ok() ? d_.offset() : end_of(entries.back());
    if (Node* node = push(name, Node::Kind::octets, at, end)) {
      node->value = to_hex(o);
      node->children = std::move(entries);
    }
  }

  template <class E>
  void entries(const Octets& o) {
    Decoder part = d_.within(o);
    std::vector<Node> unseen;
    std::vector<Node>& to = recorded_ ? out_.back().children : unseen;
    while (part.left() > 0 && part.ok()) entry<E>(part, to);
    d_.fail_as(part);
  }

  void chain(const Octets& o, Chain kind);

  void zeros(std::string_view name, std::size_t n) {
    const std::size_t at = d_.offset();
    d_.zeros(name, n);
    if (n > 0) add_octets(name, d_.read_since(at), at);
  }

  void require(bool ok, ErrorCode code, std::string_view why) { d_.require(ok, code, why); }

 private:
  /// A node for the octets from `at` to `end`; nullptr when no more may be added.
  Node* push(std::string_view name, Node::Kind kind, std::size_t at, std::size_t end) {
    recorded_ = budget_.take();
    if (!recorded_) return nullptr;
    Node& n = out_.emplace_back();
    n.kind = kind;
    n.name = name;
    n.offset = at;
    n.length = end - at;
    return &n;
  }

  /// A node for what was read since `at`; nullptr also when reading failed.
  Node* add(std::string_view name, Node::Kind kind, std::size_t at) {
    recorded_ = false;
    return d_.ok() ? push(name, kind, at, d_.offset()) : nullptr;
  }

  template <class U>
  Node* add_number(std::string_view name, U u, std::size_t at, std::size_t size) {
    Node* n = add(name, Node::Kind::number, at);
    if (n == nullptr) return nullptr;
    n->length = size;
    n->value = std::to_string(to_number(u));
    if constexpr (std::is_enum_v<U>) n->meaning = name_of(u);
    return n;
  }

  template <class T>
  void add_bits(const Bits<T>& b, std::size_t at, std::size_t size, unsigned from) {
    Node* n = add_number(b.name, b.ref, at, size);
    if (n == nullptr) return;
    n->bit_offset = from;
    n->bits = b.width;
  }

  void add_octets(std::string_view name, ByteView o, std::size_t at) {
    if (Node* n = add(name, Node::Kind::octets, at)) n->value = to_hex(o);
  }

  template <class L>
  void var(std::string_view name, Octets& o) {
    const std::size_t at = d_.offset();
    L n = 0;
    d_.num(name, n);
    if (d_.ok()) add_number(std::string(name) + " len", n, at, sizeof(L));
    octets(name, o, n);
  }

  template <class E>
  void entry(Decoder& d, std::vector<Node>& to) {
    Node node;
    node.kind = Node::Kind::entry;
    node.name = E::kName;
    node.rfc = E::kRfc;
    node.offset = d.offset();
    E e;
    dissect_fields(d, budget_, node, e);
    if (!node.children.empty() && budget_.take()) to.push_back(std::move(node));
  }

  Decoder& d_;
  Budget& budget_;
  std::vector<Node>& out_;
  bool recorded_ = false;  // the field last read is out_.back()
};

/// Takes apart a chain of payloads. Where it ended, if it did; the decoder may have failed nevertheless, when
/// octets follow.
std::optional<std::size_t> dissect_payloads(Decoder& d, PayloadType first, bool encrypted, Budget& budget,
                                            std::vector<Node>& out);

/// Takes apart what stands in an octet string that holds a chain; of a KEMAC, with its first payload's type.
void dissect_inner(Decoder& part, Chain kind, PayloadType in_kemac, Budget& budget, std::vector<Node>& out);

/// A payload's node, without fields yet.
Node payload_node(std::string_view name, const char* rfc, std::size_t at);

/// Whether a value among these nodes, or inside them, is secret.
bool shows_secret(const std::vector<Node>& nodes);

/// Sets the length of a node with children, some of which may be missing.
inline void close(const Decoder& d, Node& node) {
  if (d.ok())
    node.length = d.offset() - node.offset;
  else if (!node.children.empty())
    node.length = end_of(node.children.back()) - node.offset;
}

template <class P>
void dissect_fields(Decoder& d, Budget& budget, Node& node, P& p) {
  Dissector v(d, budget, node.children);
  P::describe(p, v);
  close(d, node);
  explain(p, node, d, budget);
}

/// Takes apart one payload, its Next payload octet included.
template <class P>
void dissect_payload(Decoder& d, Budget& budget, std::vector<Node>& out, PayloadType& next) {
  d.describe_as(P::kRfc);
  Node n = payload_node(P::kName, P::kRfc, d.offset());
  n.value = std::to_string(to_number(P::kType));
  if constexpr (P::kType != PayloadType::sign) Dissector(d, budget, n.children).code("Next payload", next);
  P p;
  dissect_fields(d, budget, n, p);
  if (!n.children.empty() && budget.take()) out.push_back(std::move(n));
}

}  // namespace mikey::wire
