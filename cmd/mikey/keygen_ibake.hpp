/// \file
/// `mikey keygen ibake-params|ibake-key`: a KMS for MIKEY-IBAKE, and its users' private keys, on files.
#pragma once

#include <string>
#include <vector>

#include "mikey/base/error.hpp"

namespace mikey::cmd {

struct IbakeParamsOptions {
  std::string uri;
  unsigned level = 3072;  ///< bits of an RSA modulus of the same strength (RFC 5091 5.1.2)
  std::string dates = "YYYY-MM";
  std::string dir = ".";
  std::string publish;      ///< file of the form of RFC 5408
  unsigned serial = 1;      ///< districtSerial
  unsigned valid_days = 0;  ///< 0: for ever
  bool force = false;
};

/// ibake-master.json and ibake-params.json in `dir`, which is made if need be. Tells on standard error how
/// far the search for p has come, on standard output the files made.
Status make_ibake_params(const IbakeParamsOptions& o);

struct IbakeKeyOptions {
  std::vector<std::string> identities;
  std::string master;
  std::string dates = "now";
  std::string dir = ".";
  bool force = false;
};

/// A file for each identity and date. Nothing is made when one of them exists and `force` is not set.
Status make_ibake_keys(const IbakeKeyOptions& o);

}  // namespace mikey::cmd
