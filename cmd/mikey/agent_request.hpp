/// \file
/// From the members of a request to what the library is asked for.
#pragma once

#include <optional>
#include <string>

#include "agent_json.hpp"
#include "mikey/exchange/party.hpp"

namespace mikey::cmd {

/// Reads members of one request. Absent and null members are the same. The first thing wrong sticks; what is
/// read after it does not matter.
class RequestReader {
 public:
  /// `where`: what the members belong to, for errors, e.g. "streams[2]."; empty for the request itself.
  explicit RequestReader(nlohmann::json& object, std::string where = "")
      : object_(object), where_(std::move(where)) {}

  /// The member, or nullptr when it is absent or null.
  nlohmann::json* member(const char* name);
  std::optional<std::string> text(const char* name, std::string_view expected = "a string");
  std::optional<bool> flag(const char* name);
  /// A JSON number, or a string "0x...".
  std::optional<std::uint32_t> number(const char* name, std::uint32_t most = 0xFFFFFFFF);
  /// A JSON number, of which a fraction is dropped.
  std::optional<std::int64_t> integer(const char* name, std::int64_t most);
  /// Hexadecimal of at most `most` octets, after "0x" if so `prefixed`.
  std::optional<Bytes> hex(const char* name, std::size_t most, bool prefixed = false);
  /// RFC 4648 base64.
  std::optional<Bytes> base64(const char* name);
  /// An array of strings.
  std::optional<std::vector<std::string>> texts(const char* name, std::string_view expected);
  /// An array of objects.
  std::optional<std::vector<RequestReader>> objects(const char* name, std::size_t most);

  void fail(std::string_view name, std::string_view what);
  bool ok() const { return !error_; }
  const Error& error() const { return *error_; }
  /// Takes over the failure of a reader of a part.
  void fail_as(const RequestReader& part) {
    if (!error_ && part.error_) error_ = part.error_;
  }

 private:
  nlohmann::json& object_;
  std::string where_;
  std::optional<Error> error_;
};

/// `initiate`. Identities are of type `id_type`; `ticket`: what the member "ticket" changes.
Result<InitiateRequest> parse_initiate(nlohmann::json& request, IdType id_type,
                                       const TicketRequest& ticket = {});

/// "0x" and hexadecimal digits of an unsigned number of up to 32 bits; or "0".
std::optional<std::uint32_t> parse_hex_number(std::string_view text);

/// "0x12345678"
std::string hex_number(std::uint32_t n);

}  // namespace mikey::cmd
