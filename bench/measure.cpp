#include "measure.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

namespace mikey::bench {
namespace {

/// Processor time of this thread, so that other programs on the machine do not count: they would be charged
/// to whichever side happens to be interrupted.
double thread_seconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

double seconds(const Work& work, std::size_t n) {
  const double start = thread_seconds();
  work(n);
  return thread_seconds() - start;
}

/// How often the work has to be done to take about `time`.
std::size_t calibrate(const Work& work, std::chrono::nanoseconds time) {
  const double wanted = std::chrono::duration<double>(time).count();
  std::size_t n = 1;
  double took = seconds(work, n);
  while (took < wanted / 2) {
    n *= took < wanted / 100 ? 10 : 2;
    took = seconds(work, n);
  }
  return std::max<std::size_t>(1, static_cast<std::size_t>(static_cast<double>(n) * wanted / took));
}

double median(std::vector<double> v) {
  std::ranges::sort(v);
  const std::size_t half = v.size() / 2;
  return v.size() % 2 == 1 ? v[half] : (v[half - 1] + v[half]) / 2;
}

std::string quoted(const std::string& s) {
  std::string out = "\"";
  for (const char c : s) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

/// `value` in that format of printf's; "null" for nothing.
std::string number(std::optional<double> value, const char* format) {
  if (!value) return "null";
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), format, *value);
  return text.data();
}

}  // namespace

Measured measure(const Row& row, std::size_t rounds, std::chrono::nanoseconds round_time) {
  row.ours(1);  // what is set up at first use must not count, least of all when the rounds are calibrated
  if (row.theirs) row.theirs(1);
  const std::size_t our_n = calibrate(row.ours, round_time);
  const std::size_t their_n = row.theirs ? calibrate(row.theirs, round_time) : 0;
  std::vector<double> ours;
  std::vector<double> theirs;
  for (std::size_t i = 0; i < rounds; ++i) {
    ours.push_back(static_cast<double>(our_n) / seconds(row.ours, our_n));
    if (row.theirs) theirs.push_back(static_cast<double>(their_n) / seconds(row.theirs, their_n));
  }
  Measured m{row.name, median(ours), row.peer, std::nullopt, row.goal, row.facts};
  if (row.theirs) m.theirs = median(theirs);
  return m;
}

std::string rate_text(std::optional<double> per_second) {
  if (!per_second) return "-";
  if (*per_second < 1000) return number(per_second, "%.1f");
  std::string text = number(per_second, "%.0f");
  for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, ",");
  return text;
}

void print_table(const std::vector<Measured>& rows) {
  std::printf("%-32s %14s  %-28s %14s %7s %6s\n", "", "ours/s", "peer", "peer/s", "ratio", "goal");
  for (const Measured& m : rows) {
    const std::string ratio = m.ratio() ? number(m.ratio(), "%.2f") : "-";
    const std::string goal = m.goal > 0 ? number(m.goal, "%.2f") : "";
    const bool missed = m.ratio() && *m.ratio() < m.goal;
    std::printf("%-32s %14s  %-28s %14s %7s %6s%s\n", m.name.c_str(), rate_text(m.ours).c_str(),
                m.peer.empty() ? "-" : m.peer.c_str(), rate_text(m.theirs).c_str(), ratio.c_str(),
                goal.c_str(), missed ? "  missed" : "");
    for (const Fact& f : m.facts) std::printf("  %-30s %14s\n", f.name.c_str(), rate_text(f.value).c_str());
  }
}

std::string to_json(const std::vector<Measured>& rows) {
  std::string out = "[";
  for (const Measured& m : rows) {
    out += out.size() > 1 ? ",\n " : "\n ";
    out += "{\"name\": " + quoted(m.name) + ", \"ours_per_s\": " + number(m.ours, "%.6g");
    out += ", \"peer\": " + (m.peer.empty() ? "null" : quoted(m.peer));
    out += ", \"peer_per_s\": " + number(m.theirs, "%.6g") + ", \"ratio\": " + number(m.ratio(), "%.4g");
    for (const Fact& f : m.facts) out += ", " + quoted(f.name) + ": " + number(f.value, "%.6g");
    out += '}';
  }
  return out + "\n]\n";
}

}  // namespace mikey::bench
