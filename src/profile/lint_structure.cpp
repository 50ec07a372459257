// Which payloads stand in a message, how often and in which order.

#include "context.hpp"
#include "mikey/wire/registry.hpp"

namespace mikey::profile {
namespace {

std::string name(PayloadType t) {
  return std::string(wire::name_of(t));
}

std::string kind_name(const Context& c) {
  return std::string(wire::name_of(c.m.hdr().data_type)) + " message";
}

std::size_t count(const Context& c, PayloadType t) {
  return static_cast<std::size_t>(std::ranges::count(c.m.slots(), t, &wire::Slot::type));
}

const Expected* expected(const MessageKind& kind, PayloadType t) {
  const auto it = std::ranges::find(kind.expected, t, &Expected::type);
  return it == kind.expected.end() ? nullptr : &*it;
}

std::size_t second_offset(const Context& c, PayloadType t) {
  bool seen = false;
  for (const wire::Slot& s : c.m.slots()) {
    if (s.type == t && seen) return s.offset;
    seen = seen || s.type == t;
  }
  return 0;
}

void check_presence(Context& c) {
  for (const Expected& e : c.kind->expected) {
    const std::size_t n = count(c, e.type);
    const std::size_t least = c.update ? e.update_least : e.least;
    const std::string where = " in a " + kind_name(c) + " (" + c.kind->rfc + ")";
    if (n < least)
      c.add(rule("payload-missing"), c.m.octets().size(),
            n == 0 ? "no " + name(e.type) + where : "only one " + name(e.type) + where);
    if (e.most == kAny || n <= e.most) continue;
    if (e.type == PayloadType::id)
      c.add(rule("id-too-many"), second_offset(c, e.type), std::to_string(n) + " ID payloads" + where);
    else
      c.add(rule("payload-twice"), second_offset(c, e.type), std::to_string(n) + " " + name(e.type) + where);
  }
}

void check_unexpected(Context& c) {
  for (const wire::Slot& s : c.m.slots())
    if (s.type != PayloadType::general_ext && expected(*c.kind, s.type) == nullptr)
      c.add(rule("payload-unexpected"), s.offset,
            name(s.type) + " in a " + kind_name(c) + " (" + c.kind->rfc + ")");
}

void check_closing(Context& c) {
  if (c.kind->closes == PayloadType::last) return;
  const wire::Slot* closing = c.m.find(c.kind->closes);
  if (closing == nullptr || c.m.last_type() == c.kind->closes) return;
  c.add(rule("auth-not-last"), closing->offset,
        name(closing->type) + " authenticates this message but " + name(c.m.last_type()) +
            " is the last payload");
}

void check_order(Context& c) {
  if (!c.kind->ordered) return;
  std::ptrdiff_t reached = 0;
  for (const wire::Slot& s : c.m.slots()) {
    // IDi, CERTi, IDr: an identity may stand on either side of certificates.
    const PayloadType type = s.type == PayloadType::cert ? PayloadType::id : s.type;
    const Expected* e = expected(*c.kind, type);
    if (e == nullptr) continue;
    const std::ptrdiff_t here = e - c.kind->expected.data();
    if (here < reached)
      return c.add(rule("order-unusual"), s.offset,
                   name(s.type) + " stands after " +
                       name(c.kind->expected[static_cast<std::size_t>(reached)].type) + ", in " +
                       c.kind->rfc + " before it");
    reached = here;
  }
}

}  // namespace

void check_structure(Context& c) {
  if (c.m.trailing() > 0)
    c.add(rule("trailing-octets"), c.m.octets().size(),
          std::to_string(c.m.trailing()) + " zero octets after the last payload");
  if (c.kind == nullptr) return;  // check_values reports the unknown data type
  check_presence(c);
  check_unexpected(c);
  check_closing(c);
  check_order(c);
}

}  // namespace mikey::profile
