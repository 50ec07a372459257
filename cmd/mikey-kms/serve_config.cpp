#include "serve_config.hpp"

#include "config_reader.hpp"
#include "serve_sakke.hpp"
#include "terminal.hpp"

namespace mikey::cmd {
namespace {

constexpr std::int64_t kMostRate = 100000000;
constexpr std::int64_t kMostSeconds = 86400;

std::string as_string(const SecretBytes& octets) {
  return std::string(as_text(octets.reveal()));
}

std::string load_text(ConfigSection& s, std::string_view key) {
  const auto text = s.file(key);
  return text ? as_string(*text) : std::string();
}

void read_number(ConfigSection& s, std::string_view key, std::size_t least, std::size_t most,
                 std::size_t& to) {
  if (const auto n =
          s.integer(key, static_cast<std::int64_t>(least), static_cast<std::int64_t>(most), "a number"))
    to = static_cast<std::size_t>(*n);
}

void read_seconds(ConfigSection& s, std::string_view key, std::chrono::seconds& to) {
  if (const auto n = s.integer(key, 1, kMostSeconds, "seconds")) to = std::chrono::seconds(*n);
}

/// One of a few words; nothing, and a failure, for another.
template <class T>
void read_word(ConfigSection& s, std::string_view key,
               std::initializer_list<std::pair<std::string_view, T>> words, T& to) {
  std::string expected = "one of";
  for (const auto& [word, value] : words) expected.append(" ").append(word);
  const auto got = s.text(key, expected);
  if (!got) return;
  for (const auto& [word, value] : words)
    if (word == *got) {
      to = value;
      return;
    }
  s.fail(key, "expected " + expected + ", got \"" + *got + "\"");
}

void read_listen(ConfigSection& s, kms::ServerOptions& to) {
  const auto texts = s.list("listen", "a list of addresses");
  if (!texts) {
    to.listen.push_back({kms::ListenAddress::Kind::http, "127.0.0.1", 8269});
    return;
  }
  for (const std::string& text : *texts) {
    auto a = kms::ListenAddress::parse(text);
    if (!a) return s.fail("listen", a.error().detail);
    to.listen.push_back(std::move(*a));
  }
}

void read_tls(ConfigSection s, kms::ServerOptions& to) {
  if (!s.present()) return;
  auto tls = std::make_shared<kms::TlsOptions>();
  tls->chain = load_text(s, "certificate");
  if (s.ok() && tls->chain.empty()) s.fail("certificate", "expected the path of a PEM file");
  auto key = s.file("key");
  if (key) tls->key = std::move(*key);
  if (s.ok() && tls->key.empty()) s.fail("key", "expected the path of a PEM file");
  tls->client_ca = load_text(s, "client_ca");
  using C = kms::ClientCertificate;
  if (!tls->client_ca.empty()) tls->client_certificate = C::required;
  read_word<C>(s, "client_certificate",
               {{"none", C::none}, {"optional", C::optional}, {"required", C::required}},
               tls->client_certificate);
  read_word<bool>(s, "min_version", {{"1.3", false}, {"1.2", true}}, tls->tls_1_2);
  s.finish();
  to.tls = std::move(tls);
}

void read_rate(ConfigSection& s, std::string_view rate, std::string_view burst, kms::RateLimit& to) {
  if (const auto n = s.integer(rate, 0, kMostRate, "requests a second"))
    to.per_second = static_cast<double>(*n);
  to.burst = std::max(1.0, 2 * to.per_second);
  if (const auto n = s.integer(burst, 1, kMostRate, "requests")) to.burst = static_cast<double>(*n);
}

void read_rates(ConfigSection s, ServeConfig& to) {
  to.server.per_address.per_second = 200;
  to.per_identity.per_second = 50;
  read_rate(s, "per_address", "address_burst", to.server.per_address);
  read_rate(s, "per_identity", "identity_burst", to.per_identity);
  s.finish();
}

void read_log(ConfigSection s, kms::LogOptions& to) {
  using L = kms::LogLevel;
  read_word<L>(
      s, "level",
      {{"debug", L::debug}, {"info", L::info}, {"warning", L::warning}, {"error", L::error}, {"off", L::off}},
      to.level);
  read_word<bool>(s, "format", {{"json", true}, {"text", false}}, to.json);
  if (const auto file = s.text("file", "the path of a file"); file && !file->empty())
    to.file = s.reader().resolve(*file);
  s.finish();
}

void read_other_kms(ConfigSection s, ServeConfig& to) {
  for (const std::string& name : s.names()) {
    ConfigSection entry = s.table(name);
    kms::HttpEndpoint e;
    e.url = entry.text("url", "a URL").value_or("");
    e.ca = load_text(entry, "ca");
    e.certificate = load_text(entry, "certificate");
    if (auto key = entry.file("key")) e.key = std::make_shared<const SecretBytes>(std::move(*key));
    if (const auto n = entry.integer("timeout", 1, kMostSeconds, "seconds"))
      e.timeout = std::chrono::seconds(*n);
    entry.finish();
    if (!entry.ok()) return;
    if (auto usable = kms::HttpClient::open(e); !usable) return entry.fail("url", usable.error().detail);
    auto kms = parse_identity(to.kms.identity.type, name);
    if (!kms) return s.fail(name, "expected the identity of a KMS");
    to.other_kms.emplace(std::move(*kms), std::move(e));
  }
  s.finish();
}

void read_server(ConfigSection s, ServeConfig& to) {
  kms::ServerOptions& o = to.server;
  read_listen(s, o);
  read_tls(s.table("tls"), o);
  std::size_t threads = 0;
  read_number(s, "threads", 1, 1024, threads);
  o.threads = static_cast<unsigned>(threads);
  read_number(s, "queue", 1, 1000000, o.queue);
  read_number(s, "max_body", 1024, std::size_t{16} << 20, o.max_body);
  read_number(s, "max_connections", 1, 1000000, o.max_connections);
  read_number(s, "max_connections_per_address", 1, 1000000, o.max_connections_per_address);
  read_seconds(s, "request_timeout", o.request_timeout);
  read_seconds(s, "idle_timeout", o.idle_timeout);
  read_seconds(s, "shutdown_timeout", o.shutdown_timeout);
  if (auto networks = s.list("metrics_from", "a list of addresses or networks"))
    o.metrics_from = std::move(*networks);
  read_rates(s.table("rate"), to);
  read_log(s.table("log"), to.log);
  if (const auto file = s.text("audit", "the path of a file"); file && !file->empty())
    to.audit = s.reader().resolve(*file);
  read_other_kms(s.table("kms"), to);
  s.finish();
  if (!s.ok()) return;
  o.version = MIKEY_VERSION;
  if (auto good = kms::check_options(o); !good) {
    const std::string& why = good.error().detail;  // "KEY: expected ..."
    const std::size_t colon = why.find(": ");
    s.reader().fail("server." + why.substr(0, colon), why.substr(colon + 2));
  }
}

}  // namespace

std::variant<ServeConfig, std::string> load_serve_config(const std::string& path) {
  ServeConfig out;
  auto kms = load_kms_config(path, [&out](ConfigSection& root, const Identity& self) {
    out.kms.identity = self;
    read_server(root.table("server"), out);
    out.sakke = read_sakke_service(root.table("sakke"));
  });
  if (auto* wrong = std::get_if<std::string>(&kms)) return std::move(*wrong);
  out.kms = std::move(std::get<KmsConfig>(kms));
  return out;
}

}  // namespace mikey::cmd
