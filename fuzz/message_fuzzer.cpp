/// \file
/// Arbitrary octets as a message, and as the sub-payloads of encrypted data. Whatever is accepted must encode
/// again to itself, and dissection must say the same as parsing.
#include <cstdlib>

#include "mikey/wire/dissect.hpp"

namespace {

using namespace mikey;
using namespace mikey::wire;

/// Ends the process when something that always holds does not.
void insist(bool holds) {
  if (!holds) std::abort();
}

/// Nodes lie within what they belong to.
void check_nodes(const std::vector<Node>& nodes, std::size_t from, std::size_t to) {
  for (const Node& n : nodes) {
    insist(n.offset >= from && n.offset + n.length <= to);
    check_nodes(n.children, n.offset, n.offset + n.length);
  }
}

void check_dissection(const Dissection& d, const Error* error, std::size_t size) {
  insist(d.error.has_value() == (error != nullptr));
  if (error != nullptr) {
    insist(d.error->to_string() == error->to_string());
    insist(!error->offset || *error->offset <= size);
  }
  check_nodes(d.payloads, 0, size);
  insist(!to_json(d).empty());
}

void check_chain(PayloadType first, ByteView octets) {
  auto c = PayloadChain::parse(first, octets);
  check_dissection(dissect_chain(first, octets), c.ok() ? nullptr : &c.error(), octets.size());
  if (!c.ok()) return;
  ChainBuilder b;
  for (std::size_t i = 0; i < c->size(); ++i)
    with_payload(c->type(i), [&]<class P>() { b.add(c->at<P>(i)); });
  auto again = std::move(b).finish();
  insist(again.ok() && Octets(*again) == Octets(octets));
}

/// Octet strings that may hold chains of their own.
void check_contents(const Message& m) {
  for (const Slot& s : m.slots()) {
    if (s.type == PayloadType::ticket) {
      const auto t = m.get<Ticket>(s);
      Thdr thdr;
      (void)PayloadChain::parse_ticket(t.ticket_data, thdr);
      (void)PayloadChain::parse_announced(t.initiator_data);
      insist(PayloadChain::parse_announced(t.policy.tp_data).ok());
    } else if (s.type == PayloadType::kemac) {
      const auto k = m.get<Kemac>(s);
      if (k.encr_alg == EncrAlg::null)
        insist(PayloadChain::parse(kemac_first(m.hdr().data_type), k.encr_data).ok());
    } else if (s.type == PayloadType::sp) {
      (void)entries<SpParam>(m.get<Sp>(s).params);
    }
  }
}

void check_message(ByteView octets) {
  ParseOptions options;
  options.max_trailing_zeros = 1;
  auto m = Message::parse(octets, options);
  check_dissection(dissect(octets, options), m.ok() ? nullptr : &m.error(), octets.size());
  if (!m.ok()) {
    (void)examine_broken(octets);
    return;
  }
  auto again = reencode(*m);
  insist(again.ok() && Octets(*again) == Octets(m->octets()));
  const Message copy = m->clone();
  insist(copy == *m && copy.hdr() == m->hdr() && copy.size() == m->size());
  insist(m->hdr().map_type == CsIdMapType::empty ||
         m->hdr().n_cs == (m->hdr().map_type == CsIdMapType::srtp_id ? copy.srtp_ids().size()
                                                                     : copy.generic_ids().size()));
  check_contents(copy);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const mikey::ByteView octets(data, size);
  check_message(octets);
  if (size > 0) check_chain(static_cast<mikey::PayloadType>(data[0]), octets.subspan(1));
  return 0;
}
