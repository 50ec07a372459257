// mikey-kms: a key management service for MIKEY.

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <exception>

#include "admin.hpp"
#include "agent_lines.hpp"
#include "kms_lines.hpp"
#include "serve.hpp"
#include "terminal.hpp"

namespace mikey::cmd {
namespace {

constexpr const char* kVersion = "mikey-kms " MIKEY_VERSION;
constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kUsage = 2;

struct StdioOptions {
  std::string config;
  double time_offset = 0;  // seconds added to the system's clock
};

void log(std::string_view text) {
  (void)write_all(STDERR_FILENO, "mikey-kms: " + std::string(text) + "\n");
}

int serve_stdio(const StdioOptions& options) {
  auto loaded = load_kms_config(options.config);
  if (const auto* wrong = std::get_if<std::string>(&loaded)) {
    log(*wrong);
    return kUsage;
  }
  KmsConfig& config = std::get<KmsConfig>(loaded);
  for (const std::string& warning : config.warnings)
    log("warning: " + safe_text(options.config) + ": " + warning);
  if (config.store) {
    log(safe_text(options.config) +
        ": store: expected none, as stdio works with tables; \"mikey-kms serve\" has it");
    return kUsage;
  }
  std::signal(SIGPIPE, SIG_IGN);  // a closed output is an error of write()
  const auto rng = crypto::openssl_rng();
  const SystemClock clock(std::chrono::milliseconds(std::llround(options.time_offset * 1000)));
  KmsLines kms(std::move(config), crypto::openssl(), *rng, clock);
  switch (
      serve_lines([&kms](std::string_view line) { return kms.handle(line); }, KmsLines::line_too_long())) {
    case Served::to_the_end:
      return kDone;
    case Served::input_failed:
      log("the input cannot be read");
      break;
    case Served::output_closed:
      log("the output is closed");
      break;
  }
  return kFailed;
}

int run(int argc, char** argv) {
  CLI::App app("A key management service for MIKEY (RFC 6043)", "mikey-kms");
  app.set_version_flag("--version", kVersion, "Print the version and exit");
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.require_subcommand(1);
  app.footer("Exit status: 0 done, 1 failed, 2 usage");
  StdioOptions options;
  int exit = kDone;
  auto* stdio = app.add_subcommand("stdio", "Answer lines of JSON on standard input");
  stdio->add_option("--config", options.config, "The KMS's configuration (TOML)")
      ->required()
      ->type_name("FILE");
  stdio->add_option("--time-offset", options.time_offset, "Seconds to add to the clock")
      ->check(CLI::Range(-1e9, 1e9))
      ->group("");  // hidden: for tests
  stdio->add_flag("--reveal-keys")
      ->group("");  // a KMS has no keys to show; who drives an agent may pass it all the same
  stdio->footer(
      "\nExamples:\n"
      "  mikey-kms stdio --config kms.toml\n"
      "      answer requests until the input ends\n\n"
      "Exit status: 0 done, 1 failed, 2 usage\n");
  stdio->callback([&] { exit = serve_stdio(options); });
  ServeOptions network;
  auto* server = app.add_subcommand("serve", "Serve on the network: HTTP, HTTPS, UDP, TCP");
  server->add_option("--config", network.config, "The KMS's configuration (TOML)")
      ->required()
      ->type_name("FILE");
  server
      ->add_option("--listen", network.listen, "Where to listen, in place of server.listen; may be repeated")
      ->type_name("URL");
  auto* check = server->add_flag("--check", network.check, "Look at the configuration, and exit");
  server->add_flag("--init", network.init, "First make the store, and its master key, where there is none")
      ->excludes(check);
  server->add_option("--time-offset", network.time_offset, "Seconds to add to the clock")
      ->check(CLI::Range(-1e9, 1e9))
      ->group("");  // hidden: for tests
  server->footer(
      "\nExamples:\n"
      "  mikey-kms serve --config kms.toml\n"
      "      serve until SIGTERM; SIGHUP reads the configuration again\n"
      "  mikey-kms serve --config kms.toml --listen http://127.0.0.1:0\n"
      "      at a port that the system chooses, which is printed\n\n"
      "Exit status: 0 stopped as asked, 1 failed, 2 usage or configuration\n");
  server->callback([&] { exit = serve(network); });
  add_admin(app, exit);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& e) {  // --help, --version
    return app.exit(e);
  } catch (const CLI::ParseError& e) {
    const std::string text = "mikey-kms: " + safe_text(e.what()) + "\nTry \"mikey-kms --help\".\n";
    std::fputs(text.c_str(), stderr);
    return kUsage;
  }
  return exit;
}

}  // namespace
}  // namespace mikey::cmd

int main(int argc, char** argv) {
  try {
    return mikey::cmd::run(argc, argv);
  } catch (const std::exception& e) {  // the standard library and CLI11 may throw, e.g. when memory runs out
    std::fprintf(stderr, "mikey-kms: %s\n", mikey::cmd::safe_text(e.what()).c_str());
    return 1;
  }
}
