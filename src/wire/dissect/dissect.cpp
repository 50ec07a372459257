#include "mikey/wire/dissect.hpp"

#include "wire/dissect/dissector.hpp"

namespace mikey::wire {
namespace {

/// HDR or THDR, which have no payload number and hold their Next payload octet themselves.
template <class P>
void dissect_head(Decoder& d, Budget& budget, std::vector<Node>& out, P& p) {
  Node n = payload_node(P::kName, P::kRfc, d.offset());
  dissect_fields(d, budget, n, p);
  if (budget.take()) out.push_back(std::move(n));
}

}  // namespace

bool shows_secret(const std::vector<Node>& nodes) {
  return std::ranges::any_of(nodes, [](const Node& n) { return n.secret || shows_secret(n.children); });
}

Node payload_node(std::string_view name, const char* rfc, std::size_t at) {
  Node n;
  n.kind = Node::Kind::payload;
  n.name = name;
  n.rfc = rfc;
  n.offset = at;
  return n;
}

std::optional<std::size_t> dissect_payloads(Decoder& d, PayloadType first, bool encrypted, Budget& budget,
                                            std::vector<Node>& out) {
  std::size_t count = 0;
  std::size_t end = d.offset();
  const bool complete = walk(
      d, first, encrypted, count,
      [&](PayloadType type, PayloadType& next) {
        return with_payload(type, [&]<class P>() { dissect_payload<P>(d, budget, out, next); });
      },
      [&](const Slot& slot) { end = slot.end(); });
  return complete ? std::optional(end) : std::nullopt;
}

void dissect_inner(Decoder& part, Chain kind, PayloadType in_kemac, Budget& budget, std::vector<Node>& out) {
  PayloadType first = in_kemac;
  if (kind == Chain::announced) {
    Dissector(part, budget, out).code("First payload", first);
  } else if (kind == Chain::ticket) {
    Thdr thdr;
    dissect_head(part, budget, out, thdr);
    first = thdr.next;
  }
  dissect_payloads(part, first, true, budget, out);
}

void Dissector::chain(const Octets& o, Chain kind) {
  if (!d_.ok()) return;
  std::vector<Node> unseen;
  std::vector<Node>& to = recorded_ ? out_.back().children : unseen;
  Decoder part = d_.within_chain(o);
  if (!d_.ok()) return;
  dissect_inner(part, kind, d_.expected_in_kemac(), budget_, to);
  if (recorded_) out_.back().secret = kind == Chain::kemac || shows_secret(to);
  d_.fail_as(part);
}

Dissection dissect(ByteView octets, const ParseOptions& options) {
  Dissection out;
  if (auto s = check_size(octets, options); !s) {
    out.error = s.error();
    return out;
  }
  Decoder d(octets);
  Budget budget;
  Hdr hdr;
  d.describe_as(Hdr::kRfc);
  dissect_head(d, budget, out.payloads, hdr);
  d.expect_in_kemac(kemac_first(hdr.data_type));
  std::optional<std::size_t> end;
  if (d.ok()) end = dissect_payloads(d, hdr.next, false, budget, out.payloads);
  out.cut = budget.cut;
  if (d.ok()) return out;
  if (end) out.trailing = trailing_zeros(octets, *end, options);
  if (out.trailing == 0) out.error = d.error("RFC 3830 6");
  return out;
}

Dissection dissect_chain(PayloadType first, ByteView plain) {
  Dissection out;
  Decoder d(plain);
  Budget budget;
  dissect_payloads(d, plain.empty() ? PayloadType::last : first, true, budget, out.payloads);
  out.cut = budget.cut;
  if (!d.ok()) out.error = d.error("RFC 3830 6");
  return out;
}

}  // namespace mikey::wire
