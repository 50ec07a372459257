#include "kms/xml/signature.hpp"

#include <libxml/tree.h>
#include <xmlsec/xmlsec.h>
// xmlsec.h first: the others need it.
#include <xmlsec/errors.h>
#include <xmlsec/keys.h>
#include <xmlsec/openssl/crypto.h>
#include <xmlsec/xmldsig.h>

#include <algorithm>

#include "kms/xml/key_wrap.hpp"
#include "kms/xml/names.hpp"

namespace mikey::kms::xml {
namespace {

constexpr const char* kRule = "TS 33.180 9.3.4.2";
constexpr std::size_t kMinKey = 16;
constexpr std::size_t kMaxKey = 128;

// libxml2 prints what goes wrong in canonicalisation to standard error, unless this thread has a handler.
class Quiet {
 public:
  Quiet() : handler_(xmlStructuredError), context_(xmlStructuredErrorContext) {
    xmlSetStructuredErrorFunc(nullptr, [](void*, xmlError*) {});
  }
  ~Quiet() { xmlSetStructuredErrorFunc(context_, handler_); }
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;

 private:
  xmlStructuredErrorFunc handler_;
  void* context_;
};

struct FreeContext {
  void operator()(xmlSecDSigCtx* c) const noexcept { xmlSecDSigCtxDestroy(c); }
};
using Context = std::unique_ptr<xmlSecDSigCtx, FreeContext>;

// xmlsec prints to standard error unless told not to.
bool ready() {
  static const bool ok = [] {
    if (xmlSecInit() != 0) return false;
    xmlSecErrorsDefaultCallbackEnableOutput(0);
    return xmlSecOpenSSLInit() == 0;
  }();
  return ok;
}

Result<Context> make_context(const SecurityKey& key) {
  if (key.key.size() < kMinKey || key.key.size() > kMaxKey)
    return bad_request(
        "a key for signatures (InK or TrK) has 16 to 128 octets, not " + std::to_string(key.key.size()),
        kRule);
  if (!ready()) return crypto_error("xmlsec cannot be set up");
  Context c(xmlSecDSigCtxCreate(nullptr));
  if (!c) return crypto_error("xmlsec has no memory for a signature");
  const ByteView octets = key.key.reveal();
  c->signKey =
      xmlSecKeyReadMemory(xmlSecOpenSSLKeyDataHmacId, octets.data(), static_cast<xmlSecSize>(octets.size()));
  if (c->signKey == nullptr) return crypto_error("xmlsec does not take the key");
  c->enabledReferenceUris = xmlSecTransformUriTypeEmpty | xmlSecTransformUriTypeSameDocument;
  const xmlSecTransformId shared[] = {xmlSecTransformInclC14NId, xmlSecTransformInclC14NWithCommentsId,
                                      xmlSecTransformExclC14NId};
  for (const auto id : shared)
    if (xmlSecDSigCtxEnableReferenceTransform(c.get(), id) != 0 ||
        xmlSecDSigCtxEnableSignatureTransform(c.get(), id) != 0)
      return crypto_error("xmlsec lacks canonical XML");
  if (xmlSecDSigCtxEnableReferenceTransform(c.get(), xmlSecTransformEnvelopedId) != 0 ||
      xmlSecDSigCtxEnableReferenceTransform(c.get(), xmlSecOpenSSLTransformSha256Id) != 0 ||
      xmlSecDSigCtxEnableSignatureTransform(c.get(), xmlSecOpenSSLTransformHmacSha256Id) != 0)
    return crypto_error("xmlsec lacks HMAC-SHA-256");
  return c;
}

// ------------------------------------------------------------------ what a signature may look like

bool is_ncname(std::string_view s) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !s.empty() && s.size() <= 256 && letter(s[0]) && std::ranges::all_of(s, [&](char c) {
    return letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
}

// Makes the Id of an element one that references find. Without a schema XML knows no IDs but xml:id.
Result<std::string> declare_id(Element e) {
  const auto id = e.attribute("Id");
  if (!id) return std::string();
  if (!is_ncname(*id)) return e.error("has an Id that is no XML name", ErrorCode::unspecified, kRule);
  xmlAttr* attribute = xmlHasProp(e.node(), BAD_CAST "Id");
  if (attribute == nullptr || xmlAddID(nullptr, e.node()->doc, BAD_CAST id->c_str(), attribute) == nullptr)
    return e.error("has an Id that another element has too", ErrorCode::auth_failure, kRule);
  return *id;
}

Result<Element> one(Element parent, std::string_view name) {
  const auto found = parent.child(kDs, name);
  if (!found)
    return parent.error("does not hold exactly one <" + std::string(name) + ">", ErrorCode::unspecified,
                        kRule);
  return *found;
}

Result<std::string> algorithm_of(Element parent, std::string_view name) {
  const auto e = one(parent, name);
  if (!e) return e.error();
  return e->attribute("Algorithm").value_or("");
}

bool is_c14n(std::string_view algorithm) {
  return algorithm == kC14n || algorithm == kC14nComments || algorithm == kExcC14n;
}

Status check_method(Element info) {
  const auto c14n = algorithm_of(info, "CanonicalizationMethod");
  if (!c14n) return c14n.error();
  if (!is_c14n(*c14n))
    return info.error("uses a canonicalisation that is not taken: " + *c14n, ErrorCode::unspecified, kRule);
  const auto method = one(info, "SignatureMethod");
  if (!method) return method.error();
  if (method->attribute("Algorithm") != kHmacSha256)
    return method->error("is not HMAC-SHA-256", ErrorCode::unspecified, kRule);
  for (const Element& e : method->children()) {
    const auto length = e.text();
    if (!e.is(kDs, "HMACOutputLength") || !length || *length != "256")
      return method->error("has parameters that are not taken", ErrorCode::unspecified, kRule);
  }
  return {};
}

Status check_reference(Element info, std::string_view envelope_id, std::string_view content_id) {
  const auto reference = one(info, "Reference");
  if (!reference) return reference.error();
  const auto digest = algorithm_of(*reference, "DigestMethod");
  if (!digest) return digest.error();
  if (*digest != kSha256) return reference->error("is not by SHA-256", ErrorCode::unspecified, kRule);
  bool enveloped = false;
  if (const auto transforms = reference->child(kDs, "Transforms"))
    for (const Element& t : transforms->children()) {
      const std::string algorithm = t.attribute("Algorithm").value_or("");
      enveloped = enveloped || algorithm == kEnveloped;
      if (!t.is(kDs, "Transform") || (algorithm != kEnveloped && !is_c14n(algorithm)))
        return t.error("is a transform that is not taken", ErrorCode::unspecified, kRule);
    }
  const auto uri = reference->attribute("URI");
  const auto names = [&](std::string_view id) { return uri && !id.empty() && *uri == "#" + std::string(id); };
  if (names(content_id)) return {};
  if (((uri && uri->empty()) || names(envelope_id)) && enveloped) return {};
  return reference->error("covers neither the document nor its envelope", ErrorCode::auth_failure, kRule);
}

Result<Element> find_signature(Element envelope) {
  const auto found = envelope.child(kDs, "Signature");
  if (!found) return envelope.error("does not hold exactly one signature", ErrorCode::unspecified, kRule);
  return *found;
}

struct Ids {
  std::string envelope;
  std::string content;
};

Result<Ids> declare_ids(Element envelope, Element content) {
  auto outer = declare_id(envelope);
  if (!outer) return std::move(outer).error();
  auto inner = declare_id(content);
  if (!inner) return std::move(inner).error();
  return Ids{*std::move(outer), *std::move(inner)};
}

std::string key_name_of(Element signature) {
  const auto info = signature.child(kDs, "KeyInfo");
  const auto name = info ? info->child(kDs, "KeyName") : std::nullopt;
  if (!name) return {};
  auto text = name->text();
  return text ? *std::move(text) : std::string();
}

}  // namespace

Result<SignatureCheck> check_signature(Element envelope, Element content, std::span<const SecurityKey> keys) {
  const auto any = envelope.children();
  if (std::ranges::none_of(any, [](const Element& e) { return e.is(kDs, "Signature"); }))
    return SignatureCheck{};
  const auto signature = find_signature(envelope);
  if (!signature) return signature.error();
  SignatureCheck out{Signature::unchecked, key_name_of(*signature)};
  if (keys.empty()) return out;
  const auto info = one(*signature, "SignedInfo");
  if (!info) return info.error();
  if (auto ok = check_method(*info); !ok) return std::move(ok).error();
  const auto ids = declare_ids(envelope, content);
  if (!ids) return ids.error();
  if (auto ok = check_reference(*info, ids->envelope, ids->content); !ok) return std::move(ok).error();
  const Quiet quiet;
  for (const SecurityKey* key : candidates(keys, out.key_name)) {
    const auto context = make_context(*key);
    if (!context) return context.error();
    if (xmlSecDSigCtxVerify(context->get(), signature->node()) != 0 ||
        (*context)->status != xmlSecDSigStatusSucceeded)
      continue;
    out.result = Signature::verified;
    return out;
  }
  return signature->error("was made by none of the keys given, or the document was changed",
                          ErrorCode::auth_failure, kRule);
}

Status sign(Element envelope, Element content, const SecurityKey& key) {
  const auto signature = find_signature(envelope);
  if (!signature) return signature.error();
  if (auto ids = declare_ids(envelope, content); !ids) return std::move(ids).error();
  const Quiet quiet;
  const auto context = make_context(key);
  if (!context) return context.error();
  if (xmlSecDSigCtxSign(context->get(), signature->node()) != 0 ||
      (*context)->status != xmlSecDSigStatusSucceeded)
    return crypto_error("xmlsec could not sign the document");
  return {};
}

}  // namespace mikey::kms::xml
