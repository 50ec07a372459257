/// \file
/// A parsed XML document and views of its elements: what the readers here see of libxml2.
#pragma once

#include <libxml/tree.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mikey/base/error.hpp"
#include "mikey/base/secret.hpp"

namespace mikey::kms::xml {

/// Frees a document and wipes the texts of its nodes before. (The parser's own input buffer is libxml2's.)
struct FreeDocument {
  void operator()(xmlDoc* doc) const noexcept;
};
using DocumentPtr = std::unique_ptr<xmlDoc, FreeDocument>;

/// Parses untrusted octets as UTF-8: no document type declaration, no network, bounded size, depth,
/// attributes and number of elements. Errors name the line.
Result<DocumentPtr> parse(ByteView xml);

/// "line 12: DETAIL"
Error error_at(long line, const std::string& detail, ErrorCode code = ErrorCode::unspecified,
               const char* rfc = "TS 33.180 D");

/// An element of a document, which must outlive it.
class Element {
 public:
  explicit Element(xmlNode* node) : node_(node) {}
  xmlNode* node() const { return node_; }

  std::string_view name() const;
  std::string_view name_space() const;  ///< its URI; empty without one
  bool is(std::string_view uri, std::string_view name) const;
  long line() const { return xmlGetLineNo(node_); }
  /// The value of an attribute without a namespace.
  std::optional<std::string> attribute(const char* name) const;

  std::vector<Element> children() const;
  /// The only child of that name, if there is one.
  std::optional<Element> child(std::string_view uri, std::string_view name) const;
  /// The whole text, comments left out, without white space at its ends. An error when there are elements in
  /// it.
  Result<SecretBytes> secret_text() const;
  Result<std::string> text() const;
  /// "<NAME>", for messages.
  std::string tag() const;

  Error error(const std::string& detail, ErrorCode code = ErrorCode::unspecified,
              const char* rfc = "TS 33.180 D") const {
    return error_at(line(), tag() + " " + detail, code, rfc);
  }

 private:
  xmlNode* node_;
};

/// The document's element.
Element root_of(const DocumentPtr& doc);

}  // namespace mikey::kms::xml
