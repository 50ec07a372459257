#include "mikey/kms/server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "mikey/kms/audit.hpp"
#include "support/scripted_rng.hpp"

namespace mikey::kms {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

// ------------------------------------------------------------------ addresses and options

TEST(ListenAddress, IsReadAndWritten) {
  for (const auto& [text, same] :
       std::vector<std::pair<std::string, std::string>>{{"http://127.0.0.1:8269", "http://127.0.0.1:8269"},
                                                        {"https://[::1]:8443", "https://[::1]:8443"},
                                                        {"https://[0:0::1]", "https://[::1]:443"},
                                                        {"http://0.0.0.0/", "http://0.0.0.0:80"},
                                                        {"udp://127.0.0.1", "udp://127.0.0.1:2269"},
                                                        {"tcp://[::]", "tcp://[::]:2269"},
                                                        {"http://127.0.0.1:0", "http://127.0.0.1:0"}}) {
    const auto a = ListenAddress::parse(text);
    ASSERT_TRUE(a.ok()) << text;
    EXPECT_EQ(a->text(), same);
  }
}

TEST(ListenAddress, RefusesWhatIsNone) {
  for (const char* text : {"", "http", "http://", "http://x", "http://localhost:1", "http://127.0.0.1:",
                           "http://127.0.0.1:x", "http://127.0.0.1:65536", "http://127.0.0.1:-1",
                           "http://127.0.0.1:1 ", "ftp://127.0.0.1", "http://[::1", "http://[::1]x",
                           "http://::1:80", "http://[127.0.0.1]x", "http://127.0.0.1/x", "127.0.0.1:80"})
    EXPECT_FALSE(ListenAddress::parse(text).ok()) << text;
}

TEST(ServerOptions, AreChecked) {
  ServerOptions good;
  good.listen = {*ListenAddress::parse("http://127.0.0.1:0")};
  EXPECT_TRUE(check_options(good).ok());
  const auto fails = [&](const char* name, const auto& change) {
    ServerOptions o = good;
    change(o);
    const auto s = check_options(o);
    ASSERT_FALSE(s.ok()) << name;
    EXPECT_THAT(s.error().detail, HasSubstr(name));
  };
  fails("listen", [](ServerOptions& o) { o.listen.clear(); });
  fails("tls", [](ServerOptions& o) { o.listen.push_back(*ListenAddress::parse("https://127.0.0.1:0")); });
  fails("tls.client_ca", [](ServerOptions& o) {
    auto tls = std::make_shared<TlsOptions>();
    tls->client_certificate = ClientCertificate::required;
    o.tls = tls;
  });
  fails("threads", [](ServerOptions& o) { o.threads = 1025; });
  fails("queue", [](ServerOptions& o) { o.queue = 0; });
  fails("max_body", [](ServerOptions& o) { o.max_body = 0; });
  fails("max_connections", [](ServerOptions& o) { o.max_connections = 0; });
  fails("time-outs", [](ServerOptions& o) { o.idle_timeout = seconds(0); });
  fails("time-outs", [](ServerOptions& o) { o.request_timeout = seconds(86401); });
  fails("rate", [](ServerOptions& o) { o.per_address = {1, 0.5}; });
  fails("metrics_from", [](ServerOptions& o) { o.metrics_from = {"127.0.0.1/33"}; });
}

// ------------------------------------------------------------------ rates

class Rates : public testing::Test {
 protected:
  RateLimiter limiter(RateLimit limit, std::size_t entries = 64) {
    return {crypto::openssl(), *rng_, limit, entries};
  }
  std::unique_ptr<Rng> rng_ = crypto::openssl_rng();
  RateLimiter::Time now_{seconds(1000)};
};

TEST_F(Rates, ABurstThenSoManyASecond) {
  RateLimiter l(crypto::openssl(), *rng_, {2, 3}, 64);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(l.take("a", now_), std::nullopt);
  EXPECT_EQ(l.take("a", now_), seconds(1));
  EXPECT_EQ(l.take("b", now_), std::nullopt);
  now_ += std::chrono::milliseconds(500);
  EXPECT_EQ(l.take("a", now_), std::nullopt);
  EXPECT_EQ(l.take("a", now_), seconds(1));
  now_ += std::chrono::hours(1);  // no more than a burst is saved
  for (int i = 0; i < 3; ++i) EXPECT_EQ(l.take("a", now_), std::nullopt);
  EXPECT_EQ(l.take("a", now_), seconds(1));
}

TEST_F(Rates, TheWaitIsTold) {
  RateLimiter l(crypto::openssl(), *rng_, {0.1, 1}, 64);
  EXPECT_EQ(l.take("a", now_), std::nullopt);
  EXPECT_EQ(l.take("a", now_), seconds(10));
  now_ += seconds(4);
  EXPECT_EQ(l.take("a", now_), seconds(6));
  now_ -= seconds(100);  // a clock that steps back gives nothing
  EXPECT_EQ(l.take("a", now_), seconds(6));
}

TEST_F(Rates, NoLimitAndANewOne) {
  RateLimiter l(crypto::openssl(), *rng_, {}, 64);
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(l.take("a", now_), std::nullopt);
  l.set({1, 1});
  EXPECT_EQ(l.take("a", now_), std::nullopt);
  EXPECT_EQ(l.take("a", now_), seconds(1));
}

TEST_F(Rates, ManyNamesDisplaceOnlyWhoIsQuiet) {
  RateLimiter l(crypto::openssl(), *rng_, {1, 2}, 8);  // one set of neighbours
  EXPECT_EQ(l.take("busy", now_), std::nullopt);
  EXPECT_EQ(l.take("busy", now_), std::nullopt);
  for (int i = 0; i < 1000; ++i) {
    now_ += std::chrono::microseconds(1);
    EXPECT_EQ(l.take("n" + std::to_string(i), now_), std::nullopt);
    now_ += std::chrono::microseconds(1);
    ASSERT_NE(l.take("busy", now_), std::nullopt) << i;
  }
}

class Counting final : public TicketRecord {
 public:
  Status issued(const Identity&, const TicketPolicy&, ByteView) override { return ++count, Status(); }
  Status resolved(const Identity&, const TicketPolicy&, ByteView) override { return ++count, Status(); }
  int count = 0;
};

TEST_F(Rates, TicketsBeyondTheShareAreRefusedAndNotRecorded) {
  RateLimiter l(crypto::openssl(), *rng_, {0.001, 2}, 64);
  Counting record;
  LimitedTickets tickets(l, &record);
  const Identity alice = Identity::uri("sip:alice@example.com");
  EXPECT_TRUE(tickets.issued(alice, {}, {}).ok());
  EXPECT_TRUE(tickets.resolved(alice, {}, {}).ok());
  EXPECT_EQ(tickets.refused(), std::nullopt);
  const auto s = tickets.issued(alice, {}, {});
  ASSERT_FALSE(s.ok());
  EXPECT_EQ(s.error().severity, Severity::message);
  EXPECT_GT(tickets.refused().value(), seconds(900));
  EXPECT_EQ(tickets.refused(), std::nullopt);
  EXPECT_TRUE(tickets.issued(Identity::uri("sip:bob@example.com"), {}, {}).ok());
  EXPECT_EQ(record.count, 3);
}

// ------------------------------------------------------------------ the log

TEST(LogLine, IsJsonWhateverTheValuesAre) {
  EXPECT_EQ(log_line(true, 1795900548123, LogLevel::info, "an event", {{"n", std::int64_t{-5}}, {"x", 0.25}}),
            R"({"time":"2026-11-28T21:15:48.123Z","level":"info","event":"an event","n":-5,"x":0.25})");
  EXPECT_EQ(
      log_line(true, 0, LogLevel::error, "e", {{"t", std::string_view("\"\\\n\x7f\x01")}}),
      R"({"time":"1970-01-01T00:00:00.000Z","level":"error","event":"e","t":"\"\\\u000a\u007f\u0001"})");
  const auto text = [](std::string_view t) {
    const std::string line = log_line(true, 0, LogLevel::debug, "e", {{"t", t}});
    return line.substr(line.find("\"t\":") + 4);
  };
  EXPECT_EQ(text("\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"), "\"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\"}");
  for (const std::string_view broken : {"\xC3", "\xFF", "\xC0", "\x80"})
    EXPECT_EQ(text(broken), "\"\\ufffd\"}");
  EXPECT_EQ(text("\xED\xA0\x80"), R"("\ufffd\ufffd\ufffd"})");            // a surrogate
  EXPECT_EQ(text("\xE0\x80\xAF"), R"("\ufffd\ufffd\ufffd"})");            // longer than need be
  EXPECT_EQ(text("\xF4\x90\x80\x80"), R"("\ufffd\ufffd\ufffd\ufffd"})");  // beyond Unicode
}

TEST(LogLine, HasATextForm) {
  EXPECT_EQ(log_line(false, 0, LogLevel::warning, "event", {{"a", std::string_view("b c")}}),
            R"(1970-01-01T00:00:00.000Z warning event a="b c")");
}

// ------------------------------------------------------------------ server and client in one process

/// Answers with what it was asked, and whether it may work at all.
class Echo final : public MessageHandler {
 public:
  Reply handle(ByteView message) override {
    Answer a;
    if (message.size() == 1) throw std::bad_alloc();
    if (message.size() == 2) {
      a.error = Error{ErrorCode::resource, Severity::system, "", std::nullopt, "out of order"};
      return {std::move(a), {}};
    }
    a.state = Answer::State::answered;
    a.message = to_bytes(message);
    return {std::move(a), {}};
  }
  Answer take(ByteView /*message*/) override { return {}; }
};

Services echo() {
  Services s;
  s.messages = [] { return Result<std::unique_ptr<MessageHandler>>(std::make_unique<Echo>()); };
  return s;
}

class Running : public testing::Test {
 protected:
  void start(Services services, unsigned threads = 2) {
    auto log = Log::open({LogLevel::off, true, ""});
    ASSERT_TRUE(log.ok());
    log_ = std::move(*log);
    ServerOptions o;
    o.listen = {*ListenAddress::parse("http://127.0.0.1:0")};
    o.threads = threads;
    auto server = Server::create(std::move(o), services, *log_);
    ASSERT_TRUE(server.ok()) << server.error().detail;
    server_ = std::move(*server);
    thread_ = std::jthread([this] { EXPECT_TRUE(server_->run().ok()); });
  }
  void TearDown() override {
    if (server_) server_->stop();
  }
  std::string url() const { return server_->addresses().front().text(); }
  HttpClient client(std::string path = "", std::size_t max_answer = 1000) const {
    HttpEndpoint e;
    e.url = url() + path;
    e.max_answer = max_answer;
    e.timeout = seconds(20);
    auto c = HttpClient::open(std::move(e));
    EXPECT_TRUE(c.ok());
    return std::move(*c);
  }

  std::unique_ptr<Log> log_;
  std::unique_ptr<Server> server_;
  std::jthread thread_;
};

TEST_F(Running, MessagesGoThereAndBack) {
  start(echo());
  auto c = client();
  for (std::size_t n = 3; n < 600; n += 100) {
    const Bytes message(n, 0x5A);
    const auto answer = c.exchange(message);
    ASSERT_TRUE(answer.ok()) << answer.error().detail;
    EXPECT_EQ(*answer, message);
  }
  EXPECT_THAT(server_->metrics(), HasSubstr("mikey_kms_connections{transport=\"http\"} 1\n"));
}

TEST_F(Running, WhatFailsIsTold) {
  start(echo());
  auto c = client();
  for (const std::size_t n : {1U, 2U}) {
    const auto answer = c.exchange(Bytes(n, 1));
    ASSERT_FALSE(answer.ok());
    EXPECT_EQ(answer.error().code, ErrorCode::resource);
    EXPECT_THAT(answer.error().detail, HasSubstr("HTTP status 503"));
  }
  EXPECT_TRUE(c.exchange(Bytes(3, 1)).ok());
}

/// Like Echo; the first octet of a message is its number, and settle() says which ones are settled. What has
/// four octets is to be asked of another KMS.
class Settles final : public MessageHandler {
 public:
  struct Seen {
    std::array<std::atomic<bool>, 256> settled{};
    std::atomic<int> calls{0};
    std::atomic<bool> works{true};
  };
  explicit Settles(Seen& seen) : seen_(seen) {}
  Reply handle(ByteView message) override {
    handled_.push_back(message[0]);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));  // others come meanwhile
    if (message.size() == 4) {
      Answer a;
      a.state = Answer::State::waiting;
      a.forward.emplace();
      a.forward->name = Identity::uri("sip:kms2@example.com");
      return {std::move(a), {}};
    }
    return echo_.handle(message);
  }
  Answer take(ByteView /*message*/) override { return {}; }
  Status settle() override {
    ++seen_.calls;
    if (!seen_.works) return Error{ErrorCode::resource, Severity::system, "", std::nullopt, "no disk"};
    for (const std::uint8_t n : std::exchange(handled_, {})) seen_.settled.at(n) = true;
    return {};
  }

 private:
  Seen& seen_;
  Bytes handled_;
  Echo echo_;
};

TEST_F(Running, NoAnswerLeavesBeforeItIsSettled) {
  Settles::Seen seen;
  Services s;
  s.messages = [&seen] { return Result<std::unique_ptr<MessageHandler>>(std::make_unique<Settles>(seen)); };
  s.other_kms[Identity::uri("sip:kms2@example.com")].url = "http://127.0.0.1:1";
  start(std::move(s), 1);
  constexpr std::uint8_t kClients = 8;
  constexpr std::uint8_t kEach = 20;
  {
    std::vector<std::jthread> threads;
    for (std::uint8_t i = 0; i < kClients; ++i)
      threads.emplace_back([&, i] {
        auto c = client();
        for (auto n = static_cast<std::uint8_t>(i * kEach); n < (i + 1) * kEach; ++n) {
          EXPECT_FALSE(seen.settled.at(n));
          EXPECT_TRUE(c.exchange(Bytes(3, n)).ok());
          EXPECT_TRUE(seen.settled.at(n));
        }
      });
  }
  EXPECT_LT(seen.calls, kClients * kEach);  // several at a time
  seen.works = false;
  const auto answer = client().exchange(Bytes(3, 1));
  ASSERT_FALSE(answer.ok());
  EXPECT_THAT(answer.error().detail, HasSubstr("HTTP status 503"));
  EXPECT_THAT(client().exchange(Bytes(4, 1)).error().detail,
              HasSubstr("HTTP status 503"));  // nobody is asked
  seen.works = true;
  EXPECT_THAT(client().exchange(Bytes(4, 1)).error().detail, HasSubstr("HTTP status 502"));
  EXPECT_TRUE(client().exchange(Bytes(3, 1)).ok());
  server_->stop();
  thread_.join();
}

TEST_F(Running, AnAnswerThatIsTooLongEndsTheConnection) {
  start(echo());
  auto c = client();
  EXPECT_FALSE(c.exchange(Bytes(1001, 1)).ok());
  EXPECT_TRUE(c.exchange(Bytes(1000, 1)).ok());
}

TEST_F(Running, FurtherServicesHaveTheLongestPathThatFits) {
  Services s = echo();
  const auto says = [](std::string_view what) {
    return [what]() -> Result<HttpService> {
      return HttpService([what](const HttpRequest& r) -> HttpReply {
        if (r.target.ends_with("throw")) throw std::bad_alloc();
        return {202,
                "text/plain",
                SecretBytes(as_bytes(std::string(what) + std::string(r.authorization))),
                {{"X-Y", "z"}}};
      });
    };
  };
  s.http.emplace("/a/", says("short"));
  s.http.emplace("/a/b/", says("long"));
  start(std::move(s));
  const auto post = [&](const char* path) {
    auto answer = client(path).post(as_bytes("x"), "text/plain", "!");
    EXPECT_TRUE(answer.ok());
    return answer ? std::pair(answer->status, std::string(as_text(answer->body)))
                  : std::pair(0U, std::string());
  };
  EXPECT_EQ(post("/a/b"), std::pair(202U, std::string("short!")));
  EXPECT_EQ(post("/a/b/c"), std::pair(202U, std::string("long!")));
  EXPECT_EQ(post("/b").first, 404U);
  EXPECT_EQ(post("/a/throw").first, 500U);
}

TEST_F(Running, AServerThatIsGoneIsFoundAnewOrTold) {
  start(echo());
  auto c = client();
  EXPECT_TRUE(c.exchange(Bytes(3, 1)).ok());
  server_->stop();
  thread_.join();
  server_.reset();
  const auto answer = c.exchange(Bytes(3, 1));
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().severity, Severity::system);
}

TEST_F(Running, HandlersThatCannotBeMadeKeepTheOldOnes) {
  start(echo());
  Services none;
  none.messages = []() -> Result<std::unique_ptr<MessageHandler>> { return bad_request("no database"); };
  ServerOptions o;
  o.listen = server_->addresses();
  const auto s = server_->reload(o, none);
  ASSERT_FALSE(s.ok());
  EXPECT_THAT(s.error().detail, HasSubstr("no database"));
  EXPECT_TRUE(client().exchange(Bytes(3, 1)).ok());
}

TEST(Server, IsNotMadeOfWhatDoesNotWork) {
  auto log = Log::open({LogLevel::off, true, ""});
  ServerOptions o;
  EXPECT_FALSE(Server::create(o, echo(), **log).ok());
  o.listen = {*ListenAddress::parse("http://192.0.2.1:0")};
  EXPECT_FALSE(Server::create(o, echo(), **log).ok());
  Services none;
  none.messages = []() -> Result<std::unique_ptr<MessageHandler>> { return bad_request("no database"); };
  o.listen = {*ListenAddress::parse("http://127.0.0.1:0")};
  EXPECT_FALSE(Server::create(o, none, **log).ok());
}

TEST(HttpClient, RefusesWhatIsNoUrl) {
  for (const char* url :
       {"", "x", "ftp://x", "http://", "http:///x", "http://:80", "http://x:", "http://x:0", "http://x:65536",
        "http://x:1x", "http://[::1", "http://[::1]1", "http://user@x", "http://x y", "http://x\n"}) {
    HttpEndpoint e;
    e.url = url;
    const auto c = HttpClient::open(std::move(e));
    ASSERT_FALSE(c.ok()) << url;
    EXPECT_EQ(c.error().severity, Severity::request);
  }
  for (const char* url :
       {"http://x", "http://x/", "http://x:80?y", "https://[::1]:1/z", "https://127.0.0.1#f"}) {
    HttpEndpoint e;
    e.url = url;
    EXPECT_TRUE(HttpClient::open(std::move(e)).ok()) << url;
  }
}

TEST(HttpClient, RefusesCertificatesThatAreNone) {
  const auto opens = [](auto change) {
    HttpEndpoint e;
    e.url = "https://127.0.0.1:1";
    change(e);
    return HttpClient::open(std::move(e)).ok();
  };
  EXPECT_FALSE(opens([](HttpEndpoint& e) { e.ca = "nonsense"; }));
  EXPECT_FALSE(opens([](HttpEndpoint& e) { e.certificate = "nonsense"; }));
  EXPECT_FALSE(opens([](HttpEndpoint& e) {
    e.certificate = "nonsense";
    e.key = std::make_shared<const SecretBytes>(as_bytes("nonsense"));
  }));
}

}  // namespace
}  // namespace mikey::kms
