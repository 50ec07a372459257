/// \file
/// KMS documents and the records that MIKEY-SAKKE works with.
///
/// TS 33.180 has no monthly keys of tel URIs (RFC 6509 3.2), so all of this is about hashed UIDs,
/// UserIdFormat "2".
#pragma once

#include "mikey/base/error.hpp"
#include "mikey/ibc/key_set.hpp"
#include "mikey/kms/document.hpp"

namespace mikey::kms {

/// The public keys in a certificate. A validity becomes the periods that it covers wholly or in part.
/// ErrorCode::bad_request, naming the element, when the certificate is revoked or says what a record cannot.
Result<ibc::KmsRecord> to_record(const Certificate& certificate);

/// The keys of a user. ErrorCode::bad_request, naming the element, when they are revoked, still wrapped, or
/// for a parameter set that is not known.
Result<ibc::KeySetRecord> to_record(const KeySet& key_set);

/// The certificate of a KMS, with its periods as validity. ErrorCode::bad_request for ID scheme 1.
Result<Certificate> to_certificate(const ibc::KmsRecord& record, Role role = Role::root);

/// A user's key set, valid in its key period. ErrorCode::bad_request for ID scheme 1.
Result<KeySet> to_key_set(const ibc::KeySetRecord& record, const ibc::IdScheme& ids);

}  // namespace mikey::kms
