// ERR: what the peer complains about, and what to do about it.

#include "context.hpp"
#include "mikey/wire/registry.hpp"

namespace mikey::profile {
namespace {

struct Remedy {
  ErrorCode code;
  std::string_view advice;
};

constexpr Remedy kRemedies[] = {
    {ErrorCode::auth_failure,
     "Compare the pre-shared keys, the certificates and the identities that both sides authenticate with."},
    {ErrorCode::invalid_ts, "Set both clocks; also check that no message is sent twice with the same T."},
    {ErrorCode::invalid_prf, "Use PRF 0 (MIKEY-1)."},
    {ErrorCode::invalid_mac, "Use MAC 1 (HMAC-SHA-1-160); NULL must be allowed by the peer."},
    {ErrorCode::invalid_ea, "Use encryption 1 (AES-CM-128); NULL must be allowed by the peer."},
    {ErrorCode::invalid_ha, "Use hash function 0 (SHA-1)."},
    {ErrorCode::invalid_dh, "Use group 0 (OAKLEY 5)."},
    {ErrorCode::invalid_id, "Check which identity the peer expects in IDr, and whose key it has for IDi."},
    {ErrorCode::invalid_cert,
     "Check that the peer trusts the issuer and that the certificate is valid and names IDi."},
    {ErrorCode::invalid_sp, "Offer SRTP (protocol type 0)."},
    {ErrorCode::invalid_sppar, "Offer one of the policies in the SP payloads of the error message."},
    {ErrorCode::invalid_dt, "Use a mode the peer knows."},
    {ErrorCode::unspecified,
     "Look into the peer's log; the message did not parse or broke a rule without a number."},
    {ErrorCode::unsupported_message, "Use a mode the peer knows."},
    {ErrorCode::invalid_ticket, "Request a new ticket from the KMS."},
    {ErrorCode::invalid_tppar, "Request a ticket with another policy."},
};

void check_error(Context& c, const wire::Err& e, const wire::Slot& s, bool has_sp) {
  const auto code = static_cast<ErrorCode>(wire::to_number(e.number));
  const auto it = std::ranges::find(kRemedies, code, &Remedy::code);
  if (it == std::end(kRemedies)) return;  // check_values reports it
  c.add(rule("error-number"), s.body(), "the peer reports: " + std::string(error_name(code)), it->advice);
  if ((code == ErrorCode::invalid_sp || code == ErrorCode::invalid_sppar) && !has_sp)
    c.add(rule("error-without-sp"), s.body(), "the error does not say which policies are supported");
}

}  // namespace

void check_errors(Context& c) {
  c.each<wire::Err>(
      [&](const wire::Err& e, const wire::Slot& s) { check_error(c, e, s, !c.policies.empty()); });
  if (c.is(DataType::error) && c.m.find(PayloadType::v) == nullptr &&
      c.m.find(PayloadType::sign) == nullptr && c.m.find(PayloadType::kemac) == nullptr)
    c.add(rule("error-unauthenticated"), kDataTypeAt, "nothing authenticates this error message");
}

}  // namespace mikey::profile
