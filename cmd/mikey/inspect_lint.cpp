#include "inspect_lint.hpp"

#include <nlohmann/json.hpp>

namespace mikey::cmd {
namespace {

using profile::Finding;
using profile::Level;

constexpr std::size_t kTextWidth = 100;
constexpr std::string_view kIndent = "         ";

std::string counted(std::size_t n, std::string_view what) {
  return std::to_string(n) + " " + std::string(what) + (n == 1 ? "" : "s");
}

// Breaks at blanks so that no line is longer than the terminal of most people.
std::string wrapped(std::string_view text, std::string_view first, std::string_view rest) {
  std::string out(first);
  std::size_t column = first.size();
  while (!text.empty()) {
    const std::size_t blank = text.find(' ');
    const std::string_view word = text.substr(0, blank);
    if (column + word.size() > kTextWidth && column > rest.size()) {
      out.append("\n").append(rest);
      column = rest.size();
    } else if (out.size() > first.size()) {
      out += ' ';
      ++column;
    }
    out.append(word);
    column += word.size();
    text.remove_prefix(blank == std::string_view::npos ? text.size() : blank + 1);
  }
  return out + "\n";
}

Paint::Style style_of(Level level) {
  return level == Level::error ? Paint::red : level == Level::warning ? Paint::yellow : Paint::cyan;
}

std::string padded(std::string_view s, std::size_t width) {
  return std::string(s) + std::string(s.size() < width ? width - s.size() : 1, ' ');
}

}  // namespace

std::string lint_text(const std::vector<Finding>& findings, const profile::PeerProfile& peer,
                      const Paint& paint) {
  std::string counts;
  for (const Level level : {Level::error, Level::warning, Level::note}) {
    const auto n = static_cast<std::size_t>(std::ranges::count(findings, level, &Finding::severity));
    if (n > 0) counts += (counts.empty() ? "" : ", ") + counted(n, profile::level_name(level));
  }
  std::string out = "lint (peer: " + std::string(peer.name) +
                    "): " + (counts.empty() ? "nothing to report" : counts) + "\n";
  for (const Finding& f : findings) {
    out += paint(style_of(f.severity), padded(profile::level_name(f.severity), kIndent.size())) +
           paint(Paint::bold, f.id) + "  " +
           paint(Paint::dim, "octet " + std::to_string(f.offset) + ", " + f.rfc) + "\n";
    out += wrapped(safe_text(f.detail), kIndent, kIndent);
    out += wrapped(safe_text(f.advice), std::string(kIndent) + "-> ", std::string(kIndent) + "   ");
  }
  return out;
}

std::string lint_json(const std::vector<Finding>& findings) {
  auto list = nlohmann::ordered_json::array();
  for (const Finding& f : findings)
    list.push_back({{"id", f.id},
                    {"severity", profile::level_name(f.severity)},
                    {"offset", f.offset},
                    {"rfc", f.rfc},
                    {"detail", f.detail},
                    {"advice", f.advice}});
  return list.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace);
}

std::string peers_text() {
  std::string out;
  for (const profile::PeerProfile& p : profile::all_profiles())
    out += padded(p.name, 12) + std::string(p.title) + "\n";
  return out;
}

std::string rules_text() {
  std::string out;
  for (const profile::Rule& r : profile::rules())
    out += padded(r.id, 28) + padded(profile::level_name(r.level), 10) + r.rfc + "\n";
  return out;
}

}  // namespace mikey::cmd
