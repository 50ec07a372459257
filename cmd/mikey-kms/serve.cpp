#include "serve.hpp"

#include <unistd.h>

#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>

#include "agent_lines.hpp"
#include "serve_sakke.hpp"
#include "serve_store.hpp"
#include "store_open.hpp"
#include "terminal.hpp"

namespace mikey::cmd {
namespace {

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr std::size_t kReplayEntries = std::size_t{1} << 24;

void complain(std::string_view text) {
  (void)write_all(STDERR_FILENO, "mikey-kms: " + safe_text(text) + "\n");
}

/// A running KMS, from one configuration to the next.
class Service {
 public:
  Service(const ServeOptions& options, const ServeConfig& first)
      : options_(options),
        clock_(std::chrono::milliseconds(std::llround(options.time_offset * 1000))),
        rng_(crypto::openssl_rng()),
        replay_(kms::CachedReplay(
            keys::ReplayCache(crypto::openssl(), *rng_, first.kms.policy.clock_skew, kReplayEntries),
            clock_)),
        per_identity_(crypto::openssl(), *rng_, first.per_identity) {}

  int run(ServeConfig config);

 private:
  Status audit_into(const std::string& path);
  Result<kms::Services> services(ServeConfig config) {
    const Lasting lasting{clock_, replay_, per_identity_};
    auto sakke = std::move(config.sakke);
    auto out = config.kms.store ? store_services(std::move(config), lasting, audit_)
                                : Result<kms::Services>(table_services(std::move(config), lasting, audit_));
    if (out) add_sakke_service(*out, std::move(sakke), clock_);
    return out;
  }
  void warn(const ServeConfig& config) {
    for (const std::string& w : config.kms.warnings)
      log_->write(kms::LogLevel::warning, "configuration", {{"reason", std::string_view(w)}});
  }
  Status reload();

  const ServeOptions& options_;
  SystemClock clock_;
  std::unique_ptr<Rng> rng_;
  LockedReplay replay_;
  kms::RateLimiter per_identity_;
  std::unique_ptr<kms::Log> log_;
  std::shared_ptr<kms::AuditFile> audit_;
  std::unique_ptr<kms::Server> server_;
};

/// The configuration, with what the command line says in its place.
std::variant<ServeConfig, std::string> load(const ServeOptions& options) {
  auto loaded = load_serve_config(options.config);
  auto* config = std::get_if<ServeConfig>(&loaded);
  if (config == nullptr || options.listen.empty()) return loaded;
  config->server.listen.clear();
  for (const std::string& text : options.listen) {
    auto a = kms::ListenAddress::parse(text);
    if (!a) return "--listen: " + a.error().detail;
    config->server.listen.push_back(std::move(*a));
  }
  if (auto good = kms::check_options(config->server); !good)
    return options.config + ": server." + good.error().detail;
  return loaded;
}

Status Service::audit_into(const std::string& path) {
  if (path.empty()) {
    audit_.reset();
    return {};
  }
  if (audit_ && audit_->path() == path) return audit_->reopen();
  auto file = kms::AuditFile::open(path, clock_);
  if (!file) return std::move(file).error();
  audit_ = std::move(*file);
  return {};
}

Status Service::reload() {
  auto loaded = load(options_);
  if (auto* wrong = std::get_if<std::string>(&loaded)) return bad_request(std::move(*wrong));
  ServeConfig& config = std::get<ServeConfig>(loaded);
  const auto old_audit = audit_;
  if (auto s = audit_into(config.audit); !s) return s;
  if (auto s = log_->reopen(config.log); !s) return s;
  warn(config);
  const kms::RateLimit per_identity = config.per_identity;
  const kms::ServerOptions& o = config.server;
  kms::ServerOptions server = o;
  auto fresh = services(std::move(config));
  auto s = fresh ? server_->reload(std::move(server), *fresh) : Status(std::move(fresh).error());
  if (!s) {
    audit_ = old_audit;
    return s;
  }
  per_identity_.set(per_identity);
  return {};
}

int Service::run(ServeConfig config) {
  auto log = kms::Log::open(config.log);
  if (!log) {
    complain(options_.config + ": server.log.file: " + log.error().detail);
    return kUsage;
  }
  log_ = std::move(*log);
  if (auto s = audit_into(config.audit); !s) {
    complain(options_.config + ": server.audit: " + s.error().detail);
    return kUsage;
  }
  warn(config);
  kms::ServerOptions server = config.server;
  const std::string identity = config.kms.identity.name();
  auto served = services(std::move(config));
  auto created = served ? kms::Server::create(std::move(server), *served, *log_)
                        : Result<std::unique_ptr<kms::Server>>(std::move(served).error());
  if (!created) {
    complain(options_.config + ": " + created.error().detail);
    return created.error().severity == Severity::request ? kUsage : kFailed;
  }
  server_ = std::move(*created);
  for (const kms::ListenAddress& a : server_->addresses()) {
    const std::string text = a.text();
    log_->write(kms::LogLevel::info, "listening",
                {{"address", std::string_view(text)}, {"kms", std::string_view(identity)}});
    std::printf("listening on %s\n", text.c_str());
  }
  std::fflush(stdout);
  const auto done = server_->run([this] {
    const auto s = reload();
    server_->count_reload(s.ok());
    if (s) {
      log_->write(kms::LogLevel::info, "the configuration was read again");
    } else {
      log_->write(kms::LogLevel::error, "the new configuration is not used; the old one stays",
                  {{"reason", std::string_view(s.error().detail)}});
    }
  });
  if (!done) {
    complain(done.error().detail);
    return kFailed;
  }
  log_->write(kms::LogLevel::info, "stopped");
  return kDone;
}

Status prepare_store(const ServeConfig& config) {
  if (!config.kms.store) return bad_request("--init: there is no [store] to make");
  const auto rng = crypto::openssl_rng();
  const auto made = make_store(*config.kms.store, *rng);
  if (!made) return made.error();
  if (made->made_master_key)
    complain(master_key_file(config.kms.store->master_key).value_or("") +
             " is the new master key: without it the store is worthless; keep a copy elsewhere");
  return {};
}

}  // namespace

int serve(const ServeOptions& options) {
  auto loaded = load(options);
  if (const auto* wrong = std::get_if<std::string>(&loaded)) {
    complain(*wrong);
    return kUsage;
  }
  ServeConfig& config = std::get<ServeConfig>(loaded);
  if (options.check) {
    for (const std::string& w : config.kms.warnings) complain("warning: " + options.config + ": " + w);
    return kDone;
  }
  if (options.init) {
    const auto made = prepare_store(config);
    if (!made) {
      complain(options.config + ": " + made.error().detail);
      return made.error().severity == Severity::request ? kUsage : kFailed;
    }
  }
  std::signal(SIGPIPE, SIG_IGN);  // a closed output is an error of write()
  Service service(options, config);
  return service.run(std::move(config));
}

}  // namespace mikey::cmd
