/// \file
/// Names of the XML of TS 33.180 annex D and of the standards it uses.
#pragma once

#include <array>
#include <string_view>

namespace mikey::kms::xml {

inline constexpr std::string_view kKms = "urn:3gpp:ns:mcsecKMSInterface:1.0";
inline constexpr std::string_view kXsi = "http://www.w3.org/2001/XMLSchema-instance";
inline constexpr std::string_view kDs = "http://www.w3.org/2000/09/xmldsig#";
inline constexpr std::string_view kXenc = "http://www.w3.org/2001/04/xmlenc#";

/// Namespaces in which KMS documents stand: the specification's, Kapsch's, and none at all, as some clients
/// write their requests.
inline constexpr std::array<std::string_view, 3> kKmsNamespaces{
    kKms, "http://www.kapsch.net/mcptt/xml/KmsInterface", ""};

inline constexpr std::string_view kC14n = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
inline constexpr std::string_view kC14nComments =
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments";
inline constexpr std::string_view kExcC14n = "http://www.w3.org/2001/10/xml-exc-c14n#";
inline constexpr std::string_view kEnveloped = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
inline constexpr std::string_view kHmacSha256 = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256";
inline constexpr std::string_view kSha256 = "http://www.w3.org/2001/04/xmlenc#sha256";

inline constexpr std::string_view kKwAes256 = "http://www.w3.org/2001/04/xmlenc#kw-aes256";
inline constexpr std::string_view kKwAes256Pad = "http://www.w3.org/2009/xmlenc11#kw-aes-256-pad";
/// The same as Apache Santuario spells it.
inline constexpr std::string_view kKwAes256PadApache = "http://www.w3.org/2009/xmlenc11#kw-aes256-pad";

}  // namespace mikey::kms::xml
