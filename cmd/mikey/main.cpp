// mikey: the command-line tool.

#include <cstdio>
#include <exception>

#include "terminal.hpp"
#include "verbs.hpp"

namespace mikey::cmd {

std::string examples(std::initializer_list<Example> list) {
  std::string out = "\nExamples:\n";
  for (const Example& e : list)
    out.append("  ").append(e.command).append("\n      ").append(e.purpose).append("\n");
  return out + "\nExit status: 0 done, 1 malformed or failed, 2 usage\n";
}

namespace {

constexpr const char* kVersion = "mikey " MIKEY_VERSION;

int run(int argc, char** argv) {
  CLI::App app("MIKEY (RFC 3830 and its family): key management for SRTP", "mikey");
  app.set_version_flag("--version", kVersion, "Print the version and exit");
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.require_subcommand(1);
  app.footer(
      "Exit status: 0 done, 1 malformed or failed, 2 usage\n\n"
      "\"mikey VERB --help\" explains a verb and shows examples.");
  ExitCode exit = ExitCode::done;
  for (const AddVerb add : kVerbs) add(app, exit);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& e) {  // --help, --version
    return app.exit(e);
  } catch (const CLI::ParseError& e) {
    const std::string text = "mikey: " + safe_text(e.what()) + "\nTry \"mikey --help\".\n";
    std::fputs(text.c_str(), stderr);
    return static_cast<int>(ExitCode::usage);
  }
  return static_cast<int>(exit);
}

}  // namespace
}  // namespace mikey::cmd

int main(int argc, char** argv) {
  try {
    return mikey::cmd::run(argc, argv);
  } catch (const std::exception& e) {  // the standard library and CLI11 may throw, e.g. when memory runs out
    std::fprintf(stderr, "mikey: %s\n", mikey::cmd::safe_text(e.what()).c_str());
    return static_cast<int>(mikey::cmd::ExitCode::failed);
  }
}
