/// \file
/// `mikey-kms serve`: the KMS on the network.
#pragma once

#include <string>
#include <vector>

namespace mikey::cmd {

struct ServeOptions {
  std::string config;
  std::vector<std::string> listen;  ///< in place of server.listen
  bool check = false;               ///< only look at the configuration
  bool init = false;                ///< make the store, and its master key, where there is none
  double time_offset = 0;           ///< seconds added to the system's clock
};

/// The exit status of the program: 0 stopped as asked, 1 failed, 2 wrong configuration.
int serve(const ServeOptions& options);

}  // namespace mikey::cmd
