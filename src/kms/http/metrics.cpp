#include "kms/http/metrics.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "mikey/base/iana.hpp"

namespace mikey::kms::http {
namespace {

class Text {
 public:
  void head(std::string_view name, std::string_view type, std::string_view help) {
    out_.append("# HELP ").append(name).append(" ").append(help).append("\n");
    out_.append("# TYPE ").append(name).append(" ").append(type).append("\n");
  }
  void sample(std::string_view name, std::string_view labels, std::uint64_t value) {
    sample_text(name, labels, std::to_string(value));
  }
  void sample_text(std::string_view name, std::string_view labels, const std::string& value) {
    out_.append(name);
    if (!labels.empty()) out_.append("{").append(labels).append("}");
    out_.append(" ").append(value).append("\n");
  }
  void one(std::string_view name, std::string_view type, std::string_view help, std::uint64_t value) {
    head(name, type, help);
    sample(name, "", value);
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

std::string label(std::string_view name, std::string_view value) {
  return std::string(name) + "=\"" + std::string(value) + "\"";
}

std::string seconds_text(std::uint64_t microseconds) {
  std::array<char, 40> out{};
  std::snprintf(out.data(), out.size(), "%.6f", static_cast<double>(microseconds) / 1e6);
  return out.data();
}

/// Sums one counter of all threads.
template <class Get>
std::uint64_t sum(std::span<const Counters* const> threads, Get get) {
  std::uint64_t n = 0;
  for (const Counters* c : threads) n += get(*c).get();
  return n;
}

void add_messages(Text& t, std::span<const Counters* const> threads) {
  t.head("mikey_kms_messages_total", "counter", "MIKEY messages by type and what became of them.");
  for (std::size_t type = 0; type < kMessageTypes.size(); ++type)
    for (std::size_t result = 0; result < kResults.size(); ++result)
      t.sample("mikey_kms_messages_total",
               label("type", kMessageTypes[type]) + "," + label("result", kResults[result]),
               sum(
                   threads, [&](const Counters& c) -> auto& { return c.messages[type][result]; }));
  t.head("mikey_kms_tickets_total", "counter", "Tickets issued and resolved.");
  t.sample("mikey_kms_tickets_total", label("event", "issued"),
           sum(
               threads, [](const Counters& c) -> auto& { return c.tickets_issued; }));
  t.sample("mikey_kms_tickets_total", label("event", "resolved"),
           sum(
               threads, [](const Counters& c) -> auto& { return c.tickets_resolved; }));
}

void add_latencies(Text& t, std::span<const Counters* const> threads) {
  constexpr std::string_view kName = "mikey_kms_request_seconds";
  const std::string bucket = std::string(kName) + "_bucket";
  t.head(kName, "histogram", "From a whole request to its answer, queue included.");
  std::uint64_t n = 0;
  for (std::size_t i = 0; i < kLatencies.size(); ++i) {
    n += sum(
        threads, [&](const Counters& c) -> auto& { return c.latencies[i]; });
    t.sample(bucket, label("le", seconds_text(kLatencies[i])), n);
  }
  n += sum(
      threads, [](const Counters& c) -> auto& { return c.latencies.back(); });
  t.sample(bucket, label("le", "+Inf"), n);
  t.sample_text(std::string(kName) + "_sum", "",
                seconds_text(sum(
                    threads, [](const Counters& c) -> auto& { return c.latency_sum; })));
  t.sample(std::string(kName) + "_count", "", n);
}

void add_connections(Text& t, std::span<const Counters* const> threads, const Totals& totals) {
  const auto opened = [&](std::size_t i) {
    return sum(
        threads, [&](const Counters& c) -> auto& { return c.opened[i]; });
  };
  t.head("mikey_kms_connections_total", "counter", "Connections taken.");
  for (std::size_t i = 0; i < kTransports.size(); ++i)
    t.sample("mikey_kms_connections_total", label("transport", kTransports[i]), opened(i));
  t.head("mikey_kms_connections", "gauge", "Connections that are open.");
  for (std::size_t i = 0; i < kTransports.size(); ++i) {
    const std::uint64_t closed = sum(
        threads, [&](const Counters& c) -> auto& { return c.closed[i]; });
    const std::uint64_t all = opened(i);  // read later, so never fewer than closed
    t.sample("mikey_kms_connections", label("transport", kTransports[i]), all - std::min(all, closed));
  }
  t.one("mikey_kms_connections_refused_total", "counter", "Connections closed at once, being too many.",
        totals.refused_connections);
}

void add_queue(Text& t, std::span<const Counters* const> threads) {
  const std::uint64_t left = sum(
      threads, [](const Counters& c) -> auto& { return c.unqueued; });
  const std::uint64_t came = sum(
      threads, [](const Counters& c) -> auto& { return c.queued; });
  t.one("mikey_kms_queue_length", "gauge", "Requests that wait.", came - std::min(came, left));
  t.one("mikey_kms_queue_full_total", "counter", "Requests refused because the queue was full.",
        sum(
            threads, [](const Counters& c) -> auto& { return c.queue_full; }));
  t.head("mikey_kms_rate_limited_total", "counter", "Requests refused because of whom they came from.");
  t.sample("mikey_kms_rate_limited_total", label("by", "address"),
           sum(
               threads, [](const Counters& c) -> auto& { return c.limited_by_address; }));
  t.sample("mikey_kms_rate_limited_total", label("by", "identity"),
           sum(
               threads, [](const Counters& c) -> auto& { return c.limited_by_identity; }));
}

void add_process(Text& t) {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  if (statm >> total >> resident)
    t.one("process_resident_memory_bytes", "gauge", "Resident memory.",
          resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
  std::error_code ec;
  std::uint64_t n = 0;
  for (std::filesystem::directory_iterator it("/proc/self/fd", ec), end; !ec && it != end; it.increment(ec))
    ++n;
  if (!ec) t.one("process_open_fds", "gauge", "Open file descriptors.", n);
}

}  // namespace

std::size_t message_type(std::uint8_t data_type) {
  switch (static_cast<DataType>(data_type)) {
    case DataType::request_init_psk:
      return 0;
    case DataType::request_init_pk:
      return 1;
    case DataType::resolve_init_psk:
      return 2;
    case DataType::resolve_init_pk:
      return 3;
    case DataType::request_key_init_psk:
      return 4;
    case DataType::request_key_init_pke:
      return 5;
    default:
      return 6;
  }
}

void Counters::count_status(unsigned status) {
  const auto it = std::ranges::find(kStatuses, status);
  const auto i =
      it == kStatuses.end() ? kStatuses.size() - 1 : static_cast<std::size_t>(it - kStatuses.begin());
  statuses[i].add();
}

void Counters::count_latency(std::chrono::microseconds passed) {
  const auto n = static_cast<std::uint64_t>(std::max<std::int64_t>(0, passed.count()));
  const auto it = std::ranges::lower_bound(kLatencies, n);
  latencies[static_cast<std::size_t>(it - kLatencies.begin())].add();
  latency_sum.add(n);
}

std::string metrics_text(std::span<const Counters* const> threads, const Totals& totals) {
  Text t;
  t.head("mikey_kms_build_info", "gauge", "Which program this is.");
  t.sample("mikey_kms_build_info", label("version", totals.version), 1);
  t.one("mikey_kms_start_time_seconds", "gauge", "When it was started.",
        static_cast<std::uint64_t>(totals.started));
  t.one("mikey_kms_threads", "gauge", "Threads that serve.", threads.size());
  add_messages(t, threads);
  add_latencies(t, threads);
  t.head("mikey_kms_http_responses_total", "counter", "HTTP responses by status.");
  for (std::size_t i = 0; i < kStatuses.size(); ++i)
    t.sample("mikey_kms_http_responses_total",
             label("code", kStatuses[i] == 0 ? "other" : std::to_string(kStatuses[i])),
             sum(
                 threads, [&](const Counters& c) -> auto& { return c.statuses[i]; }));
  add_connections(t, threads, totals);
  add_queue(t, threads);
  t.head("mikey_kms_reloads_total", "counter", "Reloads of the configuration.");
  t.sample("mikey_kms_reloads_total", label("result", "good"), totals.reloads);
  t.sample("mikey_kms_reloads_total", label("result", "failed"), totals.failed_reloads);
  add_process(t);
  return t.take();
}

}  // namespace mikey::kms::http
