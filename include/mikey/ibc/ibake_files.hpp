/// \file
/// The keys of MIKEY-IBAKE as documents: JSON, and the form in which RFC 5408 publishes parameters.
///
/// Each JSON document is one object. Numbers are hexadecimal of either case, a point is an object of its
/// coordinates `x` and `y`. Members:
///  - a KMS's parameters (ibake-params.json): `kms_uri`, `version` (2), `date_format` ("YYYY-MM" or
///    "YYYY-MM-DD"), `p`, `q`, `pointP`, `pointPpub`, `hashfcn` (an OID), optionally `serial`, `not_before`
///    and `not_after` (whole numbers, the latter seconds since 1970);
///  - a private key (alice-ibake.json): `kms_uri`, `identity`, `date`, `privateKey` (a point);
///  - a KMS's master secret (ibake-master.json): its parameters, and `masterSecret`.
/// Other members are ignored, so that documents can say more.
///
/// Parsing takes hostile octets, and is what mikey/ibc/key_files.hpp says of it. What is parsed is well
/// formed and no more: load() of the classes in mikey/ibc/ibake_keys.hpp tells whether it is true.
#pragma once

#include "mikey/ibc/ibake_keys.hpp"

namespace mikey::ibc {

Result<IbakeKmsRecord> parse_ibake_kms(ByteView json);
Result<IbakeKeyRecord> parse_ibake_key(ByteView json);
Result<IbakeMasterRecord> parse_ibake_master(ByteView json);

/// The documents, one member a line, with a line feed at the end. What the parsers take is written back to a
/// document that says the same.
std::string write_ibake_kms(const IbakeKmsRecord& record);
SecretBytes write_ibake_key(const IbakeKeyRecord& record);
SecretBytes write_ibake_master(const IbakeMasterRecord& record);

/// The media type of published parameters (RFC 5408 4.3).
inline constexpr std::string_view kIbeParametersType = "application/ibe-pp-data";

/// IBESysParams (RFC 5408 4.2) in DER: districtName is the KMS's URI, the only algorithm Boneh-Franklin, the
/// identity type says the date format (kIbakeIdentityType). A validity that is not there is published as all
/// of 1970 to 9999. ErrorCode::bad_request when the URI is no IA5String.
Result<Bytes> ibe_system_parameters(const IbakeKms& kms);
/// The same as RFC 5408 4.1 has it in a response: base64.
Result<std::string> published_parameters(const IbakeKms& kms);

/// Strict DER of IBESysParams. ErrorCode::bad_request for another version, for an algorithm that stands twice
/// or when Boneh-Franklin is missing, for another identity type, and for any extension (a client MUST NOT use
/// parameters with extensions that it cannot process, and this one can process none).
Result<IbakeKmsRecord> parse_ibe_system_parameters(ByteView der);
/// Base64 of it; white space in between is passed over.
Result<IbakeKmsRecord> parse_published_parameters(std::string_view base64);

/// Of whichever form: JSON, base64 of DER, or DER.
Result<IbakeKmsRecord> parse_any_ibake_kms(ByteView octets);

/// ibeIdentityType of identities that are ID data || date: under a UUID of this project's own, since RFC 6267
/// gives its identities none, 2.25.UUID.1 for months and .2 for days.
inline constexpr std::string_view kIbakeIdentityType = "2.25.189265373498448617104080755912072246669";

/// "alice-ibake-2026-11.json": a name for a user's key, made as key_file_name() makes one.
std::string ibake_key_file_name(const IbakeKeyRecord& record);

}  // namespace mikey::ibc
