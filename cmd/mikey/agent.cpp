// mikey agent: one party, driven by lines of JSON.

#include <unistd.h>

#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <memory>

#include "agent_core.hpp"
#include "agent_lines.hpp"
#include "terminal.hpp"
#include "verbs.hpp"

namespace mikey::cmd {
namespace {

struct AgentOptions {
  std::string config;
  bool reveal_keys = false;
  double time_offset = 0;  // seconds added to the system's clock
};

void log(std::string_view text) {
  const std::string line = "mikey agent: " + std::string(text) + "\n";
  (void)write_all(STDERR_FILENO, line);
}

/// Answers lines until the input ends.
ExitCode serve(AgentCore& agent) {
  switch (serve_lines([&agent](std::string_view line) { return agent.handle(line); },
                      AgentCore::line_too_long())) {
    case Served::to_the_end:
      return ExitCode::done;
    case Served::input_failed:
      log("the input cannot be read");
      break;
    case Served::output_closed:
      log("the output is closed");
      break;
  }
  return ExitCode::failed;
}

ExitCode run(const AgentOptions& options) {
  auto loaded = load_config(options.config);
  if (const auto* wrong = std::get_if<std::string>(&loaded)) {
    log(*wrong);
    return ExitCode::usage;
  }
  Config& config = std::get<Config>(loaded);
  for (const std::string& warning : config.warnings)
    log("warning: " + safe_text(options.config) + ": " + warning);
  std::signal(SIGPIPE, SIG_IGN);  // a closed output is an error of write()
  const auto rng = crypto::openssl_rng();
  if (auto& group = config.credentials.rsar_group; group && group->rand.empty()) {
    auto rand = rng->bytes(16, "RAND");
    if (!rand) {
      log(rand.error().to_string());
      return ExitCode::failed;
    }
    group->rand = std::move(*rand);
  }
  const SystemClock clock(std::chrono::milliseconds(std::llround(options.time_offset * 1000)));
  AgentCore agent(std::move(config), crypto::openssl(), *rng, clock, options.reveal_keys);
  return serve(agent);
}

}  // namespace

void add_agent(CLI::App& app, ExitCode& exit) {
  auto* verb = app.add_subcommand("agent", "Be one MIKEY party, driven by lines of JSON on standard input");
  auto options = std::make_shared<AgentOptions>();
  verb->add_option("--config", options->config, "The party's configuration (TOML)")
      ->required()
      ->type_name("FILE");
  verb->add_flag("--reveal-keys", options->reveal_keys, "Show TEKs, salts and TGKs in answers");
  verb->add_option("--time-offset", options->time_offset, "Seconds to add to the clock")
      ->check(CLI::Range(-1e9, 1e9))
      ->group("");  // hidden: for tests
  verb->footer(examples({
      {"mikey agent --config alice.toml", "answer requests until the input ends"},
      {R"(echo '{"id":1,"op":"initiate","mode":"psk","to":"sip:bob@example.com"}' | mikey agent --config alice.toml)",
       "the first message of an exchange with Bob"},
  }));
  verb->callback([options, &exit] { exit = run(*options); });
}

}  // namespace mikey::cmd
