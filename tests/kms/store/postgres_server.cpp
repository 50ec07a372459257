#include "postgres_server.hpp"

#include <fcntl.h>
#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>

namespace mikey::kms::test {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& why) {
  std::fprintf(stderr, "no PostgreSQL for the tests: %s\n", why.c_str());
  std::exit(1);
}

std::string find_programs() {
  const fs::path all = "/usr/lib/postgresql";
  std::string found;
  if (fs::is_directory(all))
    for (const auto& version : fs::directory_iterator(all))
      if (fs::exists(version.path() / "bin/initdb"))
        found = std::max(found, (version.path() / "bin").string());
  if (found.empty()) fail("it is not installed (Debian: postgresql-15, see packaging/debian-packages.txt)");
  return found;
}

/// PostgreSQL refuses to run as root; then it runs as the user its package makes, or as nobody.
const passwd* other_user() {
  if (geteuid() != 0) return nullptr;
  const passwd* user = getpwnam("postgres");
  if (user == nullptr) user = getpwnam("nobody");
  if (user == nullptr) fail("root may not run it, and there is no user postgres or nobody");
  return user;
}

void execute(const std::string& url, const std::string& sql) {
  PGconn* db = PQconnectdb(url.c_str());
  PGresult* r = PQexec(db, sql.c_str());
  if (PQresultStatus(r) != PGRES_COMMAND_OK) fail(PQerrorMessage(db));
  PQclear(r);
  PQfinish(db);
}

}  // namespace

PostgresServer::PostgresServer() : programs_(find_programs()) {
  std::string name = (fs::temp_directory_path() / "mikey-pg-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) fail("cannot make a temporary folder");
  folder_ = name;
  if (const passwd* user = other_user();
      user != nullptr && chown(name.c_str(), user->pw_uid, user->pw_gid) != 0)
    fail("cannot give away " + name);
  const pid_t made = spawn({programs_ + "/initdb", "-D", folder_ + "/data", "-U", "mikey", "-A", "trust",
                            "-E", "UTF8", "--locale=C", "--no-sync"});
  int status = 0;
  if (waitpid(made, &status, 0) != made || status != 0) fail("initdb failed, see " + folder_ + "/log");
  start();
}

PostgresServer::~PostgresServer() {
  stop();
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

pid_t PostgresServer::spawn(const std::vector<std::string>& command) const {
  const passwd* user = other_user();
  std::vector<char*> arguments;
  for (const std::string& a : command) arguments.push_back(const_cast<char*>(a.c_str()));
  arguments.push_back(nullptr);
  const std::string log = folder_ + "/log";
  const pid_t pid = fork();
  if (pid < 0) fail("fork failed");
  if (pid > 0) return pid;
  if (user != nullptr &&
      (setgroups(0, nullptr) != 0 || setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0))
    _exit(126);
  prctl(PR_SET_PDEATHSIG, SIGINT);  // a test that crashes leaves no server behind
  const int out = open(log.c_str(), O_CREAT | O_APPEND | O_WRONLY, 0600);
  dup2(out, STDOUT_FILENO);
  dup2(out, STDERR_FILENO);
  if (chdir(folder_.c_str()) != 0) _exit(126);
  execv(arguments[0], arguments.data());
  _exit(127);
}

void PostgresServer::start() {
  if (pid_ > 0) return;
  pid_ = spawn({programs_ + "/postgres", "-D", folder_ + "/data", "-k", folder_, "-c",
                "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=50"});
  const std::string url = "host=" + folder_ + " user=mikey dbname=postgres";
  for (int i = 0; i < 600; ++i) {
    if (PQping(url.c_str()) == PQPING_OK) return;
    if (waitpid(pid_, nullptr, WNOHANG) == pid_) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  fail("it did not start, see " + folder_ + "/log");
}

void PostgresServer::stop() {
  if (pid_ <= 0) return;
  kill(pid_, SIGINT);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

std::string PostgresServer::fresh_url() {
  const std::string name = "t" + std::to_string(++databases_);
  execute("host=" + folder_ + " user=mikey dbname=postgres", "CREATE DATABASE " + name);
  return "host=" + folder_ + " user=mikey dbname=" + name;
}

}  // namespace mikey::kms::test
