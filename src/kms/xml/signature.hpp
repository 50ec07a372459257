/// \file
/// Signatures of KMS documents (XML Signature, HMAC-SHA-256; TS 33.180 9.3.4, D.2).
///
/// What products write is accepted: a reference to the signed document's Id or to the whole envelope,
/// inclusive or exclusive canonical XML. Nothing else is: no other algorithm or transform, no second
/// reference, no truncated MAC, so that what was verified is what is read.
#pragma once

#include <span>

#include "kms/xml/dom.hpp"
#include "mikey/kms/document.hpp"

namespace mikey::kms::xml {

struct SignatureCheck {
  Signature result = Signature::none;
  std::string key_name;
};

/// The ds:Signature beside `content`, both children of `envelope` (a SignedKms... element). ErrorCode::
/// auth_failure when no candidate of `keys` made it, unspecified when it is not one of the form above.
Result<SignatureCheck> check_signature(Element envelope, Element content, std::span<const SecurityKey> keys);

/// Fills in the ds:Signature template of the envelope.
Status sign(Element envelope, Element content, const SecurityKey& key);

}  // namespace mikey::kms::xml
