/// \file
/// Measures all rows and prints a table; the same as JSON goes into a file.
///
///     bench_mikey [--filter=TEXT] [--rounds=N] [--milliseconds=N] [--json=FILE] [--kernel=NAME] [--https]
///                 [--list]
///
///     bench_mikey --group=MEMBERS [--threads=N] [--kernel=NAME]
///
///     bench_mikey --kms=SECONDS [--threads=N]
///
/// The second form re-keys a group instead: SAKKE and ECCSI for each member, on all processors unless told.
/// The third one runs a KMS behind HTTPS against the same server that answers a constant (kms_mode.hpp); the
/// first one does so, too, with --https, whatever the filter: with one thread and with all processors.
/// --kernel chooses the field arithmetic of the identity-based schemes (mikey/ibc/kernel.hpp).
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <set>
#include <string_view>
#include <thread>

#include "group_mode.hpp"
#include "kms_mode.hpp"
#include "measure.hpp"
#include "mikey/ibc/kernel.hpp"

namespace mikey::bench {
namespace {

std::vector<std::function<void(Table&)>>& sources() {
  static std::vector<std::function<void(Table&)>> all;
  return all;
}

constexpr std::size_t kHttpsSeconds = 3;  // of each side of a row

struct Options {
  std::string_view filter;
  std::size_t rounds = 21;
  std::size_t milliseconds = 20;  // of one side of a round
  std::string json = "build/bench.json";
  std::string_view kernel;  // empty: the fastest
  std::size_t group = 0;    // members; 0: measure rows
  std::size_t kms = 0;      // seconds; 0: measure rows
  std::size_t threads = std::max(1U, std::thread::hardware_concurrency());
  bool https = false;
  bool list = false;
};

[[noreturn]] void usage() {
  std::fputs(
      "usage: bench_mikey [--filter=TEXT] [--rounds=N] [--milliseconds=N] [--json=FILE] [--kernel=NAME] "
      "[--https] [--list]\n"
      "       bench_mikey --group=MEMBERS [--threads=N] [--kernel=NAME]\n"
      "       bench_mikey --kms=SECONDS [--threads=N]\n",
      stderr);
  std::exit(2);
}

std::size_t count(std::string_view text) {
  std::size_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc() || end != text.data() + text.size() || n == 0) usage();
  return n;
}

Options options(int argc, char** argv) {
  Options o;
  for (const std::string_view arg : std::vector<std::string_view>(argv + 1, argv + argc)) {
    const auto value = [&](std::string_view name) {
      return arg.starts_with(name) ? std::optional(arg.substr(name.size())) : std::nullopt;
    };
    if (const auto filter = value("--filter="))
      o.filter = *filter;
    else if (const auto rounds = value("--rounds="))
      o.rounds = count(*rounds);
    else if (const auto time = value("--milliseconds="))
      o.milliseconds = count(*time);
    else if (const auto json = value("--json="))
      o.json = *json;
    else if (const auto kernel = value("--kernel="))
      o.kernel = *kernel;
    else if (const auto group = value("--group="))
      o.group = count(*group);
    else if (const auto kms = value("--kms="))
      o.kms = count(*kms);
    else if (const auto threads = value("--threads="))
      o.threads = count(*threads);
    else if (arg == "--https")
      o.https = true;
    else if (arg == "--list")
      o.list = true;
    else
      usage();
  }
  return o;
}

int run(const Options& o) {
  if (!o.kernel.empty())
    if (const auto s = ibc::use_kernel(o.kernel); !s) fail("--kernel", s.error().to_string());
  if (o.kms > 0) {
    print_table(serve_kms(o.threads, o.kms));
    return 0;
  }
  if (o.group > 0) return rekey_group(o.group, o.threads);
  std::vector<Measured> measured;
  for (const Row& row : all_rows()) {
    if (row.name.find(o.filter) == std::string::npos) continue;
    if (o.list)
      std::printf("%s\n", row.name.c_str());
    else
      measured.push_back(measure(row, o.rounds, std::chrono::milliseconds(o.milliseconds)));
  }
  if (o.list) return 0;
  if (o.https) {
    for (const std::size_t threads : std::set<std::size_t>{1, o.threads})
      for (Measured& m : serve_kms(threads, kHttpsSeconds)) measured.push_back(std::move(m));
  }
  std::printf("sakke, eccsi: one thread, kernel %s\n", std::string(ibc::kernel_in_use()).c_str());
  print_table(measured);
  std::ofstream file(o.json);
  file << to_json(measured);
  file.close();
  if (file) return 0;
  std::fprintf(stderr, "bench_mikey: cannot write %s\n", o.json.c_str());
  return 1;
}

}  // namespace

Rows::Rows(std::function<void(Table&)> add) {
  sources().push_back(std::move(add));
}

Table all_rows() {
  Table table;
  for (const auto& add : sources()) add(table);
  std::ranges::stable_sort(table, {}, &Row::name);
  return table;
}

void fail(const std::string& row, const std::string& why) {
  std::fprintf(stderr, "bench_mikey: %s: %s\n", row.c_str(), why.c_str());
  std::exit(1);
}

}  // namespace mikey::bench

int main(int argc, char** argv) {
  return mikey::bench::run(mikey::bench::options(argc, argv));
}
