/// \file
/// What stands inside octet strings that the parser leaves alone: it may be anything, so whatever does not
/// read well is no fault of the message.
#include <array>
#include <cstdio>

#include "mikey/base/clock.hpp"
#include "wire/dissect/dissector.hpp"
#include "wire/dissect/text.hpp"

namespace mikey::wire {
namespace {

/// Lets `read` add to the children of the node of `data`. When it fails, or leaves octets, they go again.
template <class Read>
void look_inside(ByteView data, Node* node, const Decoder& d, std::string_view what, Read&& read) {
  if (node == nullptr || data.empty() || d.depth() >= Decoder::kMaxDepth) return;
  Decoder part = d.within(data);
  std::vector<Node> inside;
  read(part, inside);
  if (part.ok() && part.left() > 0) part.fail(ErrorCode::unspecified, "octets after the end", part.offset());
  if (part.ok()) {
    node->children = std::move(inside);
  } else {
    node->meaning = "does not read as " + std::string(what) + ": " + part.error("").detail;
  }
}

std::string flag_letters(std::uint16_t flags) {
  std::string letters;
  for (unsigned i = 0; i < 12; ++i)
    if ((flags >> (11 - i) & 1) != 0) letters += static_cast<char>('D' + i);
  return letters;
}

void explain_policy(const TicketPolicy& p, Node& node) {
  if (Node* flags = field(node, "Flags")) flags->meaning = flag_letters(p.flags);
}

/// Key parameters as TS 33.180 E.6 carries them: an MCData protected payload (8.5.4).
struct ProtectedPayload {
  std::uint8_t authenticated = 0;
  std::uint8_t encrypted = 0;
  std::uint8_t type = 0;
  Octets date;
  Octets payload_id;
  std::uint8_t sequence = 0;
  std::uint8_t algorithm = 0;
  Octets iv;
  Octets dppk_id;
  std::uint8_t iei = 0;
  Octets payload;

  template <class Self, class V>
  static constexpr void describe(Self& s, V& v) {
    v.template packed<1>(bits("Authenticated", 1, s.authenticated), bits("Encrypted", 1, s.encrypted),
                         bits("Message type", 6, s.type));
    v.require(s.encrypted == 1, ErrorCode::unspecified, "not encrypted");
    v.octets("Date and time", s.date, 5);
    v.octets("Payload ID", s.payload_id, 4);
    v.num("Payload sequence number", s.sequence);
    v.num("Algorithm", s.algorithm);
    v.octets("IV", s.iv, 16);
    v.octets("DPPK-ID", s.dppk_id, 4);
    v.num("Payload IEI", s.iei);
    v.var16("Payload", s.payload);
  }
};

/// Key parameters in clear (TS 33.180 table E.6.1-1), as early implementations send them.
struct KeyParameters {
  std::uint8_t key_type = 0;
  std::uint32_t status = 0;
  Octets activation;
  Octets expiry;
  Octets text;

  template <class Self, class V>
  static constexpr void describe(Self& s, V& v) {
    v.num("Key Type", s.key_type);
    v.num("Status", s.status);
    v.octets("Activation Time", s.activation, 5);
    v.octets("Expiry Time", s.expiry, 5);
    v.var16("Text", s.text);
  }
};

/// A 40-bit count of seconds since 1970.
std::string unix_time(ByteView o, std::string_view zero) {
  std::uint64_t seconds = 0;
  for (const std::uint8_t b : o) seconds = seconds << 8 | b;
  if (seconds == 0) return std::string(zero);
  if (seconds >= 0x100000000) return {};
  return to_string(NtpTime::from_unix(static_cast<std::int64_t>(seconds)));
}

void set_meaning(std::vector<Node>& nodes, std::string_view name, const std::string& meaning) {
  for (Node& n : nodes)
    if (n.name == name) n.meaning = meaning;
}

void read_key_parameters(Decoder& part, Budget& budget, std::vector<Node>& out) {
  Dissector v(part, budget, out);
  KeyParameters k;
  KeyParameters::describe(k, v);
  Octets groups;
  if (part.ok() && part.left() > 0) v.var16("MC Group IDs", groups);
  set_meaning(out, "Activation Time", unix_time(k.activation, "that of the message"));
  set_meaning(out, "Expiry Time", unix_time(k.expiry, "never"));
  if (auto text = printable(k.text)) set_meaning(out, "Text", *text);
}

void read_protected_payload(Decoder& part, Budget& budget, std::vector<Node>& out) {
  Dissector v(part, budget, out);
  ProtectedPayload p;
  ProtectedPayload::describe(p, v);
  set_meaning(out, "Date and time", unix_time(p.date, {}));
  constexpr std::array<const char*, 3> kAlgorithms = {"", "AEAD_AES_128_GCM", "AEAD_AES_256_GCM"};
  if (p.algorithm < kAlgorithms.size()) set_meaning(out, "Algorithm", kAlgorithms[p.algorithm]);
}

std::string identifier(ByteView four) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "0x%08x",
                static_cast<unsigned>(load_be<std::uint32_t>(four.data())));
  return text.data();
}

}  // namespace

void explain(const Tp& p, Node& node, const Decoder& /*d*/, Budget& /*budget*/) {
  explain_policy(p.policy, node);
}

void explain(const Ticket& p, Node& node, const Decoder& d, Budget& budget) {
  explain_policy(p.policy, node);
  const auto chain = [&](ByteView data, std::string_view name, Chain kind) {
    Node* n = field(node, name);
    look_inside(data, n, d, name, [&](Decoder& part, std::vector<Node>& out) {
      dissect_inner(part, kind, PayloadType::key_data, budget, out);
    });
    if (n != nullptr) n->secret = shows_secret(n->children);
  };
  if (p.policy.ticket_type == TicketType::mikey_base && p.policy.subtype == 1 && p.policy.version == 1)
    chain(p.ticket_data, "Ticket Data", Chain::ticket);
  chain(p.initiator_data, "Initiator Data", Chain::announced);
}

void explain(const Sakke& p, Node& node, const Decoder& d, Budget& budget) {
  constexpr std::size_t kPoint = 257;  // 04 || x || y of 128 octets each, then 16 octets (RFC 6508 4, set 1)
  constexpr std::size_t kHidden = 16;
  if (p.params != SakkeParams::set_1 || p.data.size() != kPoint + kHidden) return;
  look_inside(p.data, field(node, "SAKKE data"), d, "SAKKE data", [&](Decoder& part, std::vector<Node>& out) {
    Dissector v(part, budget, out);
    Octets octets;
    v.octets("R", octets, kPoint);
    v.octets("H", octets, kHidden);
  });
}

void explain(const Sign& p, Node& node, const Decoder& d, Budget& budget) {
  constexpr std::size_t kScalar = 32;  // r || s || PVT over P-256 (RFC 6507 3.3)
  constexpr std::size_t kPoint = 65;
  if (p.type != SignType::eccsi || p.signature.size() != 2 * kScalar + kPoint) return;
  look_inside(p.signature, field(node, "Signature"), d, "an ECCSI signature",
              [&](Decoder& part, std::vector<Node>& out) {
                Dissector v(part, budget, out);
                Octets octets;
                v.octets("r", octets, kScalar);
                v.octets("s", octets, kScalar);
                v.octets("PVT", octets, kPoint);
              });
}

void explain(const GeneralExt& p, Node& node, const Decoder& d, Budget& budget) {
  if (Node* data = field(node, "Data")) explain_extension(p.type, p.data, *data, d, budget);
}

void explain_extension(GeneralExtType type, ByteView data, Node& node, const Decoder& d, Budget& budget) {
  switch (type) {
    case GeneralExtType::vendor_id:
    case GeneralExtType::sdp_ids:
      if (auto text = printable(data)) node.meaning = std::move(*text);
      break;
    case GeneralExtType::tesla_i_key:
    case GeneralExtType::key_id:  // its entries were read with the payload
      break;
    case GeneralExtType::csb_id:
      if (data.size() == 4) node.meaning = identifier(data);
      break;
    case GeneralExtType::oma_bcast:
      look_inside(data, &node, d, "an OMA BCAST message", [&](Decoder& part, std::vector<Node>& out) {
        Dissector v(part, budget, out);
        OmaBcastType subtype{};
        Octets rest;
        v.code("Subtype", subtype);
        v.octets("Subtype specific data", rest, part.left());
      });
      break;
    case GeneralExtType::sakke_to_self:
      look_inside(data, &node, d, "a SAKKE payload", [&](Decoder& part, std::vector<Node>& out) {
        PayloadType ignored = PayloadType::last;
        dissect_payload<Sakke>(part, budget, out, ignored);
      });
      break;
    case GeneralExtType::key_parameters_3gpp: {
      const bool sealed = !data.empty() && (data[0] & 0x40) != 0;
      look_inside(data, &node, d, "key parameters", [&](Decoder& part, std::vector<Node>& out) {
        sealed ? read_protected_payload(part, budget, out) : read_key_parameters(part, budget, out);
      });
      break;
    }
  }
}

}  // namespace mikey::wire
