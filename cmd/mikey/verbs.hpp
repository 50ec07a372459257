/// \file
/// The verbs of the tool. Each lives in a file of its own, adds a subcommand to the application and, when
/// that subcommand was chosen, does its work in the subcommand's callback and leaves the exit status in
/// `exit`.
///
/// A new verb is: `cmd/mikey/NAME.cpp` with `void add_NAME(CLI::App&, ExitCode&)`, its declaration below, and
/// its line in kVerbs. Examples belong into the subcommand's footer, see examples().
#pragma once

#include <CLI/CLI.hpp>
#include <initializer_list>
#include <string>

namespace mikey::cmd {

/// Exit statuses of the tool, the same for every verb.
enum class ExitCode : int {
  done = 0,    ///< did what was asked
  failed = 1,  ///< the message, the exchange or the file was bad
  usage = 2,   ///< the command line or the configuration was wrong
};

void add_agent(CLI::App& app, ExitCode& exit);
void add_call(CLI::App& app, ExitCode& exit);
void add_inspect(CLI::App& app, ExitCode& exit);
void add_keygen(CLI::App& app, ExitCode& exit);
void add_kms(CLI::App& app, ExitCode& exit);
void add_sakke(CLI::App& app, ExitCode& exit);
void add_sdp(CLI::App& app, ExitCode& exit);

using AddVerb = void (*)(CLI::App&, ExitCode&);
inline constexpr AddVerb kVerbs[] = {
    add_agent, add_call, add_inspect, add_keygen, add_kms, add_sakke, add_sdp,
};

/// One example of a verb: a command line and what it is good for.
struct Example {
  const char* command;
  const char* purpose;
};

/// The text that ends every verb's `--help`: its examples, then the exit statuses.
std::string examples(std::initializer_list<Example> list);

}  // namespace mikey::cmd
