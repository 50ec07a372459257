/// \file
/// A PostgreSQL server of the test's own, in a temporary folder, reachable by a socket in that folder alone.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace mikey::kms::test {

/// Everything that goes wrong ends the test program with a text: a missing server is a failure, not a reason
/// to skip. The server ends with the program.
class PostgresServer {
 public:
  PostgresServer();
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  /// A new, empty database.
  std::string fresh_url();
  void start();
  /// As `pg_ctl stop -m fast` does: connections are closed, what was committed is kept.
  void stop();

 private:
  pid_t spawn(const std::vector<std::string>& command) const;

  std::string folder_;
  std::string programs_;
  pid_t pid_ = -1;
  int databases_ = 0;
};

}  // namespace mikey::kms::test
