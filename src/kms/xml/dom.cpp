#include "kms/xml/dom.hpp"

#include <libxml/parser.h>

#include <algorithm>

#include "mikey/kms/xml.hpp"

namespace mikey::kms::xml {
namespace {

// libxml2 compares every attribute of an element with every other one, so their number must be small; and
// every element costs memory of many times its octets.
constexpr std::size_t kMaxAttributes = 256;
constexpr std::size_t kMaxTags = 1'500'000;

std::string_view view(const xmlChar* text) {
  return text == nullptr ? std::string_view()
                         : std::string_view(static_cast<const char*>(static_cast<const void*>(text)));
}

const xmlChar* chars(const char* text) {
  return static_cast<const xmlChar*>(static_cast<const void*>(text));
}

bool is_space(std::uint8_t c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// The next node in document order, so that no depth of the tree costs stack.
xmlNode* next(xmlNode* n, const xmlNode* top) {
  if (n->type == XML_ELEMENT_NODE && n->children != nullptr) return n->children;
  while (n != top && n->next == nullptr) n = n->parent;
  return n == top ? nullptr : n->next;
}

bool is_text(const xmlNode* n) {
  return n->type == XML_TEXT_NODE || n->type == XML_CDATA_SECTION_NODE;
}

// What is too much for the parser, before it sees it.
Status check_size(ByteView xml) {
  if (xml.size() > kMaxDocument)
    return error_at(1, "the document has more than " + std::to_string(kMaxDocument) + " octets",
                    ErrorCode::resource);
  std::size_t tags = 0;
  std::size_t equals = 0;
  long line = 1;
  for (const std::uint8_t c : xml) {
    if (c == '\n') ++line;
    if (c == '<') {
      equals = 0;
      if (++tags > kMaxTags) return error_at(line, "the document has too many elements", ErrorCode::resource);
    }
    if (c == '=' && ++equals > kMaxAttributes)
      return error_at(line, "an element has too many attributes", ErrorCode::resource);
  }
  return {};
}

struct FreeContext {
  void operator()(xmlParserCtxt* c) const noexcept { xmlFreeParserCtxt(c); }
};

// Called at "<!DOCTYPE NAME", before anything that is declared in it was read.
void refuse_type_declaration(void* context, const xmlChar* /*name*/, const xmlChar* /*external*/,
                             const xmlChar* /*system*/) {
  auto* c = static_cast<xmlParserCtxt*>(context);
  *static_cast<bool*>(c->_private) = true;
  xmlStopParser(c);
}

std::string reason(const xmlParserCtxt* context) {
  const xmlError* e = xmlCtxtGetLastError(const_cast<xmlParserCtxt*>(context));
  std::string out = e == nullptr || e->message == nullptr ? "it cannot be parsed" : e->message;
  while (!out.empty() && is_space(static_cast<std::uint8_t>(out.back()))) out.pop_back();
  // Messages quote what was found; that could be part of a key.
  if (const auto quoted = out.find(':'); quoted != std::string::npos) out.resize(quoted);
  return out;
}

}  // namespace

Error error_at(long line, const std::string& detail, ErrorCode code, const char* rfc) {
  return bad_message(code, rfc, "line " + std::to_string(line) + ": " + detail);
}

void FreeDocument::operator()(xmlDoc* doc) const noexcept {
  if (doc == nullptr) return;
  auto* top = static_cast<xmlNode*>(static_cast<void*>(doc));
  for (xmlNode* n = doc->children; n != nullptr; n = next(n, top))
    if (is_text(n) && n->content != nullptr &&
        (doc->dict == nullptr || xmlDictOwns(doc->dict, n->content) == 0))
      wipe({n->content, static_cast<std::size_t>(xmlStrlen(n->content))});
  xmlFreeDoc(doc);
}

Result<DocumentPtr> parse(ByteView xml) {
  static const bool ready = [] {
    xmlInitParser();
    return true;
  }();
  static_cast<void>(ready);
  if (auto ok = check_size(xml); !ok) return std::move(ok).error();
  const std::unique_ptr<xmlParserCtxt, FreeContext> context(xmlNewParserCtxt());
  if (!context) return error_at(1, "no memory for the document", ErrorCode::resource);
  bool declares_type = false;
  context->_private = &declares_type;
  context->sax->internalSubset = refuse_type_declaration;
  const int options = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_BIG_LINES;
  DocumentPtr doc(xmlCtxtReadMemory(context.get(), as_text(xml).data(), static_cast<int>(xml.size()), nullptr,
                                    "UTF-8", options));
  const xmlError* e = xmlCtxtGetLastError(context.get());
  if (declares_type)
    return error_at(1, "a document type declaration (<!DOCTYPE) is not taken; remove it",
                    ErrorCode::unspecified, "TS 33.180 D.3.5");
  if (!doc || context->wellFormed == 0 || xmlDocGetRootElement(doc.get()) == nullptr)
    return error_at(e == nullptr ? 1 : std::max(e->line, 1),
                    "this is not well-formed XML: " + reason(context.get()));
  return doc;
}

std::string_view Element::name() const {
  return view(node_->name);
}

std::string_view Element::name_space() const {
  return node_->ns == nullptr ? std::string_view() : view(node_->ns->href);
}

bool Element::is(std::string_view uri, std::string_view name) const {
  return this->name() == name && name_space() == uri;
}

std::optional<std::string> Element::attribute(const char* name) const {
  xmlChar* value = xmlGetNoNsProp(node_, chars(name));
  if (value == nullptr) return std::nullopt;
  std::string out(view(value));
  xmlFree(value);
  return out;
}

std::vector<Element> Element::children() const {
  std::vector<Element> out;
  for (xmlNode* n = node_->children; n != nullptr; n = n->next)
    if (n->type == XML_ELEMENT_NODE) out.emplace_back(n);
  return out;
}

std::optional<Element> Element::child(std::string_view uri, std::string_view name) const {
  std::optional<Element> found;
  for (const Element& e : children()) {
    if (!e.is(uri, name)) continue;
    if (found) return std::nullopt;
    found = e;
  }
  return found;
}

Result<SecretBytes> Element::secret_text() const {
  std::size_t size = 0;
  for (const xmlNode* n = node_->children; n != nullptr; n = n->next) {
    if (n->type == XML_ELEMENT_NODE)
      return error("holds " + Element(const_cast<xmlNode*>(n)).tag() + ", not a text");
    if (is_text(n)) size += view(n->content).size();
  }
  SecretBytes all(size);
  std::size_t at = 0;
  for (const xmlNode* n = node_->children; n != nullptr; n = n->next) {
    if (!is_text(n)) continue;
    const std::string_view part = view(n->content);
    std::ranges::copy(as_bytes(part), all.reveal_mutable().begin() + static_cast<std::ptrdiff_t>(at));
    at += part.size();
  }
  ByteView trimmed = all.reveal();
  while (!trimmed.empty() && is_space(trimmed.front())) trimmed = trimmed.subspan(1);
  while (!trimmed.empty() && is_space(trimmed.back())) trimmed = trimmed.first(trimmed.size() - 1);
  return SecretBytes(trimmed);
}

Result<std::string> Element::text() const {
  auto octets = secret_text();
  if (!octets) return std::move(octets).error();
  return std::string(as_text(octets->reveal()));
}

std::string Element::tag() const {
  const std::string_view n = name();
  return "<" + std::string(n.substr(0, 64)) + (n.size() > 64 ? "..." : "") + ">";
}

Element root_of(const DocumentPtr& doc) {
  return Element(xmlDocGetRootElement(doc.get()));
}

}  // namespace mikey::kms::xml
