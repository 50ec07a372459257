/// \file
/// The one error model: `Result<T>` everywhere, no exception crosses an API.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace mikey {

/// What went wrong. Values 0 to 15 are the numbers of the Error payload (RFC 3830 6.12, RFC 4738 6.4, RFC
/// 6043 6.11) and may go on the wire; the others are local and travel as 12, "Unspecified error".
enum class ErrorCode : std::uint8_t {
  auth_failure = 0,          ///< MAC, signature or key unwrapping failed
  invalid_ts = 1,            ///< timestamp stale, of an unusable type, or a replay
  invalid_prf = 2,           ///< PRF function not supported
  invalid_mac = 3,           ///< MAC algorithm not supported
  invalid_ea = 4,            ///< encryption algorithm not supported
  invalid_ha = 5,            ///< hash function not supported
  invalid_dh = 6,            ///< DH group or value not acceptable
  invalid_id = 7,            ///< identity unknown, or not ours
  invalid_cert = 8,          ///< certificate not acceptable
  invalid_sp = 9,            ///< security policy (protocol type) not acceptable
  invalid_sppar = 10,        ///< security policy parameters not acceptable
  invalid_dt = 11,           ///< data type not supported
  unspecified = 12,          ///< anything else that is wrong with a message
  unsupported_message = 13,  ///< message type not supported (RFC 4738)
  invalid_ticket = 14,       ///< ticket not acceptable (RFC 6043)
  invalid_tppar = 15,        ///< ticket policy not acceptable (RFC 6043)

  bad_request = 128,  ///< the caller asked for something that cannot be done
  crypto = 129,       ///< the cryptographic provider failed
  resource = 130,     ///< a configured limit was reached
};

/// How the owner of an exchange should take an error.
enum class Severity : std::uint8_t {
  message,  ///< the message at hand is bad; it is dropped, nothing else has changed
  discard,  ///< the same, and the sender must not be told (a replay: the answer could hit the live exchange)
  request,  ///< the caller's own request or configuration is wrong; nothing has changed
  system,   ///< something below failed (provider, limit); nothing has changed, trying again may help
};

/// RFC 3830's name of an error number, e.g. "Auth failure"; local codes have names too.
std::string_view error_name(ErrorCode code);

/// The number that goes into an ERR payload for `code`: itself, or 12 for the local ones.
constexpr std::uint8_t wire_number(ErrorCode code) {
  return static_cast<std::uint8_t>(code) <= 15 ? static_cast<std::uint8_t>(code)
                                               : static_cast<std::uint8_t>(ErrorCode::unspecified);
}

struct Error {
  ErrorCode code = ErrorCode::unspecified;
  Severity severity = Severity::message;
  const char* rfc = "";               ///< the rule that was broken, e.g. "RFC 3830 6.2"; a string literal
  std::optional<std::size_t> offset;  ///< octet of the message at which it broke, if it did so at one
  std::string detail;                 ///< one sentence for people; never holds a secret

  /// "Auth failure: the KEMAC MAC does not match (offset 38, RFC 3830 5.2)"
  std::string to_string() const;
};

/// A bad message.
inline Error bad_message(ErrorCode code, const char* rfc, std::string detail,
                         std::optional<std::size_t> offset = std::nullopt) {
  return {code, Severity::message, rfc, offset, std::move(detail)};
}

/// A request that cannot be carried out as asked.
inline Error bad_request(std::string detail, const char* rfc = "") {
  return {ErrorCode::bad_request, Severity::request, rfc, std::nullopt, std::move(detail)};
}

inline Error crypto_error(std::string detail) {
  return {ErrorCode::crypto, Severity::system, "", std::nullopt, std::move(detail)};
}

/// A value or the error that stood in its way.
template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;
  Result(T value) : v_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(google-explicit-constructor)
  // NOLINTNEXTLINE(google-explicit-constructor)
  Result(Error error) : v_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return v_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& operator*() & { return *std::get_if<0>(&v_); }
  const T& operator*() const& { return *std::get_if<0>(&v_); }
  T&& operator*() && { return std::move(*std::get_if<0>(&v_)); }
  T* operator->() { return std::get_if<0>(&v_); }
  const T* operator->() const { return std::get_if<0>(&v_); }

  /// The value, or `otherwise` in place of an error.
  T value_or(T otherwise) && { return ok() ? std::move(*std::get_if<0>(&v_)) : std::move(otherwise); }

  Error& error() & { return *std::get_if<1>(&v_); }
  const Error& error() const& { return *std::get_if<1>(&v_); }
  Error&& error() && { return std::move(*std::get_if<1>(&v_)); }

 private:
  std::variant<T, Error> v_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : e_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return !e_; }
  explicit operator bool() const { return ok(); }
  Error& error() & { return *e_; }
  const Error& error() const& { return *e_; }
  Error&& error() && { return std::move(*e_); }

 private:
  std::optional<Error> e_;
};

using Status = Result<void>;

}  // namespace mikey
