/// \file
/// What the checks of lint share: the message, taken apart once, and where findings go.
#pragma once

#include <array>

#include "mikey/keys/suite.hpp"
#include "presence.hpp"
#include "rules.hpp"

namespace mikey::profile {

/// Collects findings at the level that the peer gives them.
class Report {
 public:
  explicit Report(const PeerProfile& peer) : peer_(peer) {}
  /// `advice` replaces the rule's own.
  void add(RuleNo rule, std::size_t offset, std::string detail, std::string_view advice = {});
  /// In the order of the offsets.
  std::vector<Finding> take() &&;

 private:
  const PeerProfile& peer_;
  std::vector<Finding> found_;
};

/// One SP payload.
struct PolicyView {
  wire::Slot slot;
  wire::Sp sp;
  std::vector<wire::SpParam> params;
  Result<keys::Suite> strict;    ///< as the RFCs have it
  Result<keys::Suite> tolerant;  ///< as cameras write it

  const wire::SpParam* param(SrtpParam type) const;
};

/// A key that can be read because nothing encrypts it.
struct ClearKey {
  wire::KeyData data;
  std::size_t offset;
};

struct Context {
  const wire::Message& m;
  const PeerProfile& peer;
  std::optional<NtpTime> now;
  Report& report;
  const MessageKind* kind = nullptr;  ///< nullptr: unknown data type
  bool update = false;                ///< RAND is not there though first messages have it
  std::vector<PolicyView> policies;
  std::vector<ClearKey> keys;

  Context(const wire::Message& message, const PeerProfile& p, std::optional<NtpTime> t, Report& r);

  void add(RuleNo rule, std::size_t offset, std::string detail, std::string_view advice = {}) {
    report.add(rule, offset, std::move(detail), advice);
  }
  /// Where octets of the message stand in it.
  std::size_t offset_of(ByteView part) const {
    return static_cast<std::size_t>(part.data() - m.octets().data());
  }
  bool is(DataType t) const { return m.hdr().data_type == t; }
  bool response() const { return kind != nullptr && kind->response; }
  const PolicyView* policy(std::uint8_t number) const;
  /// The suite of the first crypto session, read tolerantly; nothing when it cannot be told.
  std::optional<keys::Suite> first_suite() const;

  /// Calls f(payload, slot) for every payload of type P.
  template <class P, class F>
  void each(F&& f) const {
    for (const wire::Slot& s : m.slots())
      if (s.type == P::kType) f(m.get<P>(s), s);
  }
};

// The checks, by theme.
void check_structure(Context& c);   ///< which payloads stand where
void check_header(Context& c);      ///< HDR and its map
void check_time(Context& c);        ///< T and RAND
void check_policies(Context& c);    ///< SP
void check_keys(Context& c);        ///< KEMAC and Key data
void check_identities(Context& c);  ///< ID, IDR, CERT
void check_crypto(Context& c);      ///< DH, PKE, SIGN, V, SAKKE
void check_errors(Context& c);      ///< ERR
void check_extensions(Context& c);  ///< general extensions, and what profiles want of them
void check_values(Context& c);      ///< registered numbers and reserved bits, everywhere

// Where fields stand in the header (RFC 3830 6.1).
inline constexpr std::size_t kDataTypeAt = 1;
inline constexpr std::size_t kPrfAt = 3;
inline constexpr std::size_t kMapTypeAt = 9;
inline constexpr std::size_t kMapAt = 10;

}  // namespace mikey::profile
