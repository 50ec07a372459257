/// \file
/// What the fields of a payload mean, where the field alone does not say it.
#pragma once

#include "mikey/wire/dissect.hpp"

namespace mikey::wire {

/// How many nodes may still be made; shared by all visitors of a dissection.
struct Budget {
  std::size_t nodes = kMaxNodes;
  bool cut = false;

  bool take() {
    if (nodes == 0) cut = true;
    return nodes > 0 && nodes-- > 0;
  }
};

/// Adds meanings, and what stands inside octet strings, to the node of a payload or entry. Fields that could
/// not be read have no node, and their values are zero.
template <class P>
void explain(const P& /*p*/, Node& /*node*/, const Decoder& /*d*/, Budget& /*budget*/) {}

void explain(const Hdr& p, Node& node, const Decoder& d, Budget& budget);
void explain(const SrtpId& p, Node& node, const Decoder& d, Budget& budget);
void explain(const GenericId& p, Node& node, const Decoder& d, Budget& budget);
void explain(const T& p, Node& node, const Decoder& d, Budget& budget);
void explain(const Tr& p, Node& node, const Decoder& d, Budget& budget);
void explain(const Id& p, Node& node, const Decoder& d, Budget& budget);
void explain(const Idr& p, Node& node, const Decoder& d, Budget& budget);
void explain(const Cert& p, Node& node, const Decoder& d, Budget& budget);
void explain(const Sp& p, Node& node, const Decoder& d, Budget& budget);
void explain(const KeyData& p, Node& node, const Decoder& d, Budget& budget);
void explain(const Sk& p, Node& node, const Decoder& d, Budget& budget);
void explain(const Eccpt& p, Node& node, const Decoder& d, Budget& budget);
void explain(const Tp& p, Node& node, const Decoder& d, Budget& budget);
void explain(const Ticket& p, Node& node, const Decoder& d, Budget& budget);
void explain(const Sakke& p, Node& node, const Decoder& d, Budget& budget);
void explain(const Sign& p, Node& node, const Decoder& d, Budget& budget);
void explain(const GeneralExt& p, Node& node, const Decoder& d, Budget& budget);

/// The field of that name, or nullptr.
Node* field(Node& node, std::string_view name);

/// "2026-11-24T15:09:47.250Z", with a remark when the value looks like a Windows FILETIME; "7" for counters;
/// empty for what has not the length its type asks for.
std::string time_meaning(TsType type, ByteView value);

/// What a policy parameter is called, and what its value says; empty when unknown.
std::string_view param_name(ProtType protocol, std::uint8_t type);
std::string param_meaning(ProtType protocol, std::uint8_t type, ByteView value);

/// The contents of general extensions, into the children and the meaning of the node of its data.
void explain_extension(GeneralExtType type, ByteView data, Node& node, const Decoder& d, Budget& budget);

}  // namespace mikey::wire
