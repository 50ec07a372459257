/// \file
/// Writes XML text into storage that is wiped.
#pragma once

#include <initializer_list>
#include <optional>
#include <string_view>
#include <utility>

#include "mikey/base/error.hpp"
#include "mikey/base/secret.hpp"

namespace mikey::kms::xml {

/// Elements on lines of their own, indented. The first thing that cannot be written sticks.
class Writer {
 public:
  using Attributes = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  Writer() : text_(kFirst) {}
  void declaration();
  /// `tag` with its prefix. Attributes with an empty value are left out, but for "URI".
  void begin(std::string_view tag, Attributes attributes = {});
  void end(std::string_view tag);
  void empty(std::string_view tag, Attributes attributes = {});
  void element(std::string_view tag, std::string_view text, Attributes attributes = {});
  void optional(std::string_view tag, std::string_view text);  ///< nothing when it is empty
  void hex(std::string_view tag, ByteView octets, Attributes attributes = {});
  void base64(std::string_view tag, ByteView octets);

  void fail(Error error);
  bool ok() const { return !error_; }
  Result<SecretBytes> finish();

 private:
  static constexpr std::size_t kFirst = 4096;

  void put(std::string_view text);
  void put_escaped(std::string_view text, bool in_attribute);
  void put_tag(std::string_view tag, Attributes attributes, std::string_view close);
  void indent();

  SecretBytes text_;
  std::size_t size_ = 0;
  std::size_t depth_ = 0;
  std::optional<Error> error_;
};

}  // namespace mikey::kms::xml
