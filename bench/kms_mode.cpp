#include "kms_mode.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <chrono>
#include <cstdio>
#include <ctime>
#include <thread>

#include "mikey/kms/server.hpp"
#include "row.hpp"
#include "store_kms.hpp"

namespace mikey::bench {
namespace {

constexpr const char* kName = "kms";
constexpr std::size_t kClients = 32;  // for each of the server's threads
constexpr double kGoal = 0.6;

double seconds_of(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

// ------------------------------------------------------------------ a certificate for 127.0.0.1

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long n = BIO_get_mem_data(bio, &data);
  std::string out(data, static_cast<std::size_t>(n));
  BIO_free(bio);
  return out;
}

/// Signed by itself, P-256.
kms::TlsOptions make_tls() {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* x = X509_new();
  ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
  X509_gmtime_adj(X509_getm_notBefore(x), -3600);
  X509_gmtime_adj(X509_getm_notAfter(x), 86400);
  X509_set_version(x, 2);
  X509_set_pubkey(x, key);
  X509_EXTENSION* name = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1");
  X509_add_ext(x, name, -1);
  X509_EXTENSION_free(name);
  if (X509_sign(x, key, EVP_sha256()) <= 0) fail(kName, "no certificate");
  BIO* certificate = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(certificate, x);
  BIO* secret = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(secret, key, nullptr, nullptr, 0, nullptr, nullptr);
  X509_free(x);
  EVP_PKEY_free(key);
  kms::TlsOptions tls;
  tls.chain = text_of(certificate);
  tls.key = SecretBytes(as_bytes(text_of(secret)));
  return tls;
}

// ------------------------------------------------------------------ two servers

class RealHandler final : public kms::MessageHandler {
 public:
  explicit RealHandler(KmsReplay& replay) : kms_(crypto::openssl(), replay) {}
  kms::Reply handle(ByteView message) override { return {kms_.handle(message), {}}; }
  kms::Answer take(ByteView /*message*/) override { return {}; }

 private:
  BenchKms kms_;
};

class StoreHandler final : public kms::MessageHandler {
 public:
  explicit StoreHandler(const StoreFile& file) : kms_(file) {}
  kms::Reply handle(ByteView message) override { return {kms_.handle(message), {}}; }
  kms::Answer take(ByteView /*message*/) override { return {}; }
  Status settle() override { return kms_.sync(); }

 private:
  StoreKms kms_;
};

class ConstantHandler final : public kms::MessageHandler {
 public:
  explicit ConstantHandler(Bytes answer) : answer_(std::move(answer)) {}
  kms::Reply handle(ByteView /*message*/) override {
    kms::Answer a;
    a.state = kms::Answer::State::answered;
    a.message = answer_;
    return {std::move(a), {}};
  }
  kms::Answer take(ByteView /*message*/) override { return {}; }

 private:
  Bytes answer_;
};

class Running {
 public:
  Running(std::size_t threads, std::shared_ptr<const kms::TlsOptions> tls, kms::Log& log,
          const kms::Services& services) {
    kms::ServerOptions o;
    o.listen = {{kms::ListenAddress::Kind::https, "127.0.0.1", 0}};
    o.threads = static_cast<unsigned>(threads);
    o.tls = std::move(tls);
    auto made = kms::Server::create(std::move(o), services, log);
    if (!made) fail(kName, made.error().to_string());
    server_ = std::move(*made);
    thread_ = std::jthread([this] { (void)server_->run(); });
  }
  ~Running() { server_->stop(); }
  std::string url() const { return server_->addresses().front().text(); }

 private:
  std::unique_ptr<kms::Server> server_;
  std::jthread thread_;
};

// ------------------------------------------------------------------ measuring

/// What clients got done, in how much time.
struct Load {
  std::size_t answers = 0;
  double elapsed = 0;
  double server = 0;  ///< processor time

  void add(const Load& o) {
    answers += o.answers;
    elapsed += o.elapsed;
    server += o.server;
  }
  double by_clock() const { return static_cast<double>(answers) / elapsed; }
  double by_core() const { return static_cast<double>(answers) / server; }
};

/// Connections that are kept from one turn to the next.
std::vector<kms::HttpClient> connect(const std::string& url, const std::string& ca, std::size_t n) {
  std::vector<kms::HttpClient> out;
  for (std::size_t i = 0; i < n; ++i) {
    kms::HttpEndpoint e;
    e.url = url;
    e.ca = ca;
    auto c = kms::HttpClient::open(std::move(e));
    if (!c) fail(kName, c.error().to_string());
    out.push_back(std::move(*c));
  }
  return out;
}

Load turn(std::vector<kms::HttpClient>& clients, const Bytes& question, std::chrono::milliseconds time) {
  Load out;
  std::mutex mutex;
  double in_clients = 0;
  const double process = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
  const double begin = seconds_of(CLOCK_MONOTONIC);
  const auto until = std::chrono::steady_clock::now() + time;
  {
    std::vector<std::jthread> threads;
    for (auto& client : clients)
      threads.emplace_back([&] {
        std::size_t n = 0;
        for (; std::chrono::steady_clock::now() < until; ++n)
          if (auto a = client.exchange(question); !a || a->size() < 2 || (*a)[1] == 6)
            fail(kName, "no good answer");
        const std::scoped_lock lock(mutex);
        out.answers += n;
        in_clients += seconds_of(CLOCK_THREAD_CPUTIME_ID);
      });
  }
  out.elapsed = seconds_of(CLOCK_MONOTONIC) - begin;
  out.server = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - process - in_clients;
  return out;
}

Measured row_of(std::string name, const Load& ours, const Load& constant, bool has_goal) {
  return {.name = std::move(name),
          .ours = ours.by_clock(),
          .peer = "the server, a constant",
          .theirs = constant.by_clock(),
          .goal = has_goal ? kGoal : 0,
          .facts = {{"a_server_core_per_s", ours.by_core()}, {"constant_a_core_per_s", constant.by_core()}}};
}

using MakeHandler = std::function<std::unique_ptr<kms::MessageHandler>()>;

kms::Services services_of(MakeHandler make) {
  kms::Services out;
  out.messages = [make = std::move(make)] { return Result<std::unique_ptr<kms::MessageHandler>>(make()); };
  return out;
}

}  // namespace

std::vector<Measured> serve_kms(std::size_t threads, std::size_t seconds) {
  const SystemClock clock;
  const auto rng = crypto::openssl_rng();
  EverNew replay(crypto::openssl(), *rng, clock, std::chrono::seconds(300));
  const BenchKms asked(crypto::openssl(), replay);
  auto log = kms::Log::open({kms::LogLevel::warning, false, ""});
  if (!log) fail(kName, log.error().to_string());
  const auto tls = std::make_shared<const kms::TlsOptions>(make_tls());

  const StoreFile file(kName);
  const MakeHandler on_tables = [&replay] { return std::make_unique<RealHandler>(replay); };
  const MakeHandler on_sqlite = [&file] { return std::make_unique<StoreHandler>(file); };
  struct Line {
    const char* what;
    Bytes KmsQuestions::*question;
    const MakeHandler& make;
    bool has_goal;
  };
  std::vector<Measured> out;
  for (const auto& [what, which, make, has_goal] :
       {Line{"https/request-", &KmsQuestions::request, on_tables, true},
        Line{"https/resolve-", &KmsQuestions::resolve, on_tables, true},
        Line{"https/resolve-sqlite-", &KmsQuestions::resolve, on_sqlite, false}}) {
    const KmsQuestions questions = ask_kms(asked, kName);  // new ones: they get old
    const Bytes& question = questions.*which;
    const kms::Answer answered = asked.handle(question);
    if (!answered.message) fail(kName, "it is not answered");
    const Bytes& answer = *answered.message;
    const Running ours(threads, tls, **log, services_of(make));
    const Running theirs(threads, tls, **log,
                         services_of([&answer] { return std::make_unique<ConstantHandler>(answer); }));
    auto our_clients = connect(ours.url(), tls->chain, threads * kClients);
    auto their_clients = connect(theirs.url(), tls->chain, threads * kClients);
    constexpr std::chrono::milliseconds kTurn{500};
    (void)turn(our_clients, question, kTurn / 5);  // handshakes do not count
    (void)turn(their_clients, question, kTurn / 5);
    Load a;
    Load b;
    for (std::size_t i = 0; i < 2 * seconds; ++i) {
      a.add(turn(our_clients, question, kTurn));
      b.add(turn(their_clients, question, kTurn));
    }
    out.push_back(row_of(what + std::to_string(threads), a, b, has_goal));
  }
  return out;
}

}  // namespace mikey::bench
