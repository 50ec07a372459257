// Numbers that nobody assigned, and reserved bits: a visitor of the payload declarations finds them all.

#include "context.hpp"
#include "mikey/wire/registry.hpp"

namespace mikey::profile {
namespace {

// Walks a declaration with its values, knowing where each field stands.
class ValueChecker {
 public:
  ValueChecker(Context& c, std::string_view payload, std::size_t at) : c_(c), payload_(payload), at_(at) {}

  template <class U>
  void num(std::string_view name, const U& u) {
    check_reserved(name, wire::to_number(u));
    at_ += sizeof(U);
  }
  template <class E>
  void code(std::string_view name, const E& e) {
    check(name, e);
    at_ += sizeof(E);
  }
  template <std::size_t N, class... T>
  void packed(wire::Bits<T>... fields) {
    (..., check_bits(fields));
    at_ += N;
  }
  void octets(std::string_view, const Octets& o, std::size_t) { at_ += o.size(); }
  void sized(std::string_view, const Octets& o, std::optional<std::size_t>, ErrorCode) { at_ += o.size(); }
  void var8(std::string_view, const Octets& o) { at_ += 1 + o.size(); }
  void var16(std::string_view, const Octets& o) { at_ += 2 + o.size(); }
  template <class E>
  void list(std::string_view, const Octets& o, std::size_t) {
    check_entries<E>(o, at_);
    at_ += o.size();
  }
  template <class E>
  void entries(const Octets& o) {
    check_entries<E>(o, at_ - o.size());
  }
  void chain(const Octets& o, wire::Chain kind);
  void zeros(std::string_view, std::size_t n) { at_ += n; }
  void require(bool, ErrorCode, std::string_view) {}

 private:
  template <class E>
  void check_entries(const Octets& o, std::size_t at) {
    ValueChecker inner(c_, E::kName, at);
    for (const E& e : wire::entries<E>(o)) E::describe(e, inner);
  }
  template <class T>
  void check_bits(const wire::Bits<T>& b) {
    if constexpr (std::is_enum_v<std::remove_const_t<T>>)
      check(b.name, b.ref);
    else
      check_reserved(b.name, wire::to_number(b.ref));
  }
  template <class E>
  void check(std::string_view name, E e) {
    // Unknown extensions may be ignored and have a rule of their own; tests of one value are in describe().
    if constexpr (!std::is_same_v<E, GeneralExtType>)
      if (wire::name_of(e).empty())
        c_.add(rule("unknown-value"), at_,
               std::string(payload_) + ": " + std::string(name) + " " + std::to_string(wire::to_number(e)) +
                   " is not assigned");
  }
  void check_reserved(std::string_view name, std::uint64_t v) {
    if (v != 0 && (name == "Reserved" || name == "Reserv" || name == "Res"))
      c_.add(rule("reserved-set"), at_,
             std::string(payload_) + ": reserved bits are " + std::to_string(v) + ", not 0");
  }

  Context& c_;
  std::string_view payload_;
  std::size_t at_;
};

template <class P>
void check_payload(Context& c, const P& p, std::size_t body) {
  ValueChecker v(c, P::kName, body);
  P::describe(p, v);
}

void check_chain(Context& c, const wire::PayloadChain& chain) {
  for (std::size_t i = 0; i < chain.size(); ++i)
    wire::with_payload(chain.type(i),
                       [&]<class P>() { check_payload(c, chain.at<P>(i), chain.slots()[i].body()); });
}

void ValueChecker::chain(const Octets& o, wire::Chain kind) {
  if (o.empty()) return;
  const std::size_t base = at_ - o.size();
  const auto first = wire::kemac_first(c_.m.hdr().data_type);
  const auto inner = kind == wire::Chain::announced ? wire::PayloadChain::parse_announced(o, base)
                                                    : wire::PayloadChain::parse(first, o, base);
  if (inner) check_chain(c_, *inner);
}

}  // namespace

void check_values(Context& c) {
  check_payload(c, c.m.hdr(), 0);
  for (const wire::Slot& s : c.m.slots())
    wire::with_payload(s.type, [&]<class P>() { check_payload(c, c.m.get<P>(s), s.body()); });
}

}  // namespace mikey::profile
