/// \file
/// Typed reading of an element's children.
#pragma once

#include <map>

#include "kms/xml/dom.hpp"
#include "mikey/kms/document.hpp"

namespace mikey::kms::xml {

/// The children of one element by name, in whatever order they stand (products do not keep the schema's). The
/// first thing that is wrong sticks, and what is read after it does not matter.
class Fields {
 public:
  /// `name_space`: that of the document; elements of other namespaces are extensions and passed over.
  Fields(Element parent, std::string_view name_space);

  Element parent() const { return parent_; }
  /// The child of that name, if there is one; more than one is an error.
  std::optional<Element> optional(const char* name);
  /// The same, but it is an error when there is none; nothing after any error.
  std::optional<Element> required(const char* name);
  std::vector<Element> all(const char* name);

  std::string uri(const char* name);  ///< xsd:anyURI without white space, 1 to 1024 octets
  std::string text(const char* name);
  std::string optional_uri(const char* name);
  std::string optional_text(const char* name);
  std::uint64_t number(const char* name);  ///< xsd:integer, not negative
  std::optional<std::uint64_t> optional_number(const char* name);
  std::int64_t signed_number(const char* name);
  Time time(const char* name);
  std::optional<Time> optional_time(const char* name);
  bool flag(const char* name);                       ///< xsd:boolean; false when it is absent
  Bytes octets(const char* name, std::size_t size);  ///< hexadecimal or base64

  void fail(Error error);
  bool ok() const { return !error_; }
  const Error& error() const { return *error_; }
  /// Notes what nobody asked for.
  void note_rest(std::vector<std::string>& notes) const;

 private:
  std::string text_of(Element e, std::size_t least, std::size_t most);
  std::string uri_of(Element e);
  std::uint64_t number_of(Element e);
  Time time_of(Element e);

  struct Child {
    std::vector<Element> elements;
    bool read = false;
  };
  Element parent_;
  std::map<std::string, Child, std::less<>> children_;
  std::optional<Error> error_;
};

/// Octets in hexadecimal or base64, as both stand in documents for the same things. Nothing for anything
/// else.
std::optional<SecretBytes> decode_octets(ByteView text);

}  // namespace mikey::kms::xml
