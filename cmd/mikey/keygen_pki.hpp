/// \file
/// `mikey keygen ca|cert|rsa`: a small PKI for tests and small deployments, without signing requests.
#pragma once

#include <string>
#include <vector>

#include "mikey/base/error.hpp"

namespace mikey::cmd {

struct PkiOptions {
  std::string dir = ".";
  std::string name = "MIKEY test CA";   ///< common name of the CA
  std::string ca, ca_key;               ///< default: ca.pem and ca.key of `dir`
  std::vector<std::string> identities;  ///< a certificate each
  std::vector<std::string> also;        ///< further identities of one certificate
  std::string out;                      ///< of a bare key; empty: standard output
  unsigned bits = 2048;
  unsigned days = 365;
  bool force = false;
};

/// What is wrong with an identity that is to be certified, or nothing.
std::string identity_fault(const std::string& identity);

/// ca.pem and ca.key in `dir`, which is made if need be, and a certificate for every identity. The files made
/// are told on standard output. Nothing is made when one of them exists and `force` is not set.
Status make_ca(const PkiOptions& o);
/// A certificate, signed by a CA made before, for every identity.
Status make_certificates(const PkiOptions& o);
/// A private key in PKCS#8.
Status make_rsa(const PkiOptions& o);

}  // namespace mikey::cmd
