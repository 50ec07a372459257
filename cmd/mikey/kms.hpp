/// \file
/// What `mikey kms` does, one function a subcommand. They print to standard output and error.
#pragma once

#include <string>
#include <vector>

#include "verbs.hpp"

namespace mikey::cmd {

struct KmsInitOptions {
  std::string uri;
  std::string out;
  std::uint32_t scheme = 2;
  std::uint32_t period = 2592000;
  std::uint32_t offset = 0;
  std::string periods;  ///< those that the keys are for; empty: any
  bool force = false;
};
ExitCode kms_init(const KmsInitOptions& o);

/// Keys that protect XML documents.
struct XmlKeyOptions {
  std::string trk;
  std::string trk_id;
  std::string ink;
  std::string ink_id;
};

struct KmsProvisionOptions {
  std::vector<std::string> users;
  std::string users_file;
  std::string master;
  std::string periods = "now";
  std::string out;
  std::string format = "json";
  std::string wrap = "pad";
  XmlKeyOptions xml;
  std::size_t jobs = 0;  ///< 0: as many as there are processors
  bool force = false;
  bool skip = false;
};
ExitCode kms_provision(const KmsProvisionOptions& o);

struct KmsShowOptions {
  std::vector<std::string> files;
  std::vector<std::string> kms;
  XmlKeyOptions xml;
  bool json = false;
};
ExitCode kms_show(const KmsShowOptions& o);

struct KmsImportOptions {
  std::vector<std::string> files;
  std::vector<std::string> kms;
  std::string out;
  XmlKeyOptions xml;
  bool force = false;
};
ExitCode kms_import(const KmsImportOptions& o);

/// "mikey kms VERB: TEXT" on standard error.
void kms_complain(const char* verb, const std::string& text);

}  // namespace mikey::cmd
