// What several connections, threads and processes see of one another; what stays when a process is killed.

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <thread>

#include "backends.hpp"
#include "postgres_server.hpp"

namespace mikey::kms::test {
namespace {

constexpr std::chrono::seconds kSkew{300};

NtpTime at(std::int64_t seconds, std::uint32_t fraction = 0) {
  return NtpTime::from_unix(seconds, fraction);
}

struct StoreShared : StoreTest {};
FOR_BOTH_BACKENDS(StoreShared);

TEST_P(StoreShared, ChangesAreSeenByAll) {
  Store a = open();
  Store b = open();
  const std::int64_t before = *b.changes();
  EXPECT_OK(a.add_user({uri("alice")}));
  EXPECT_GT(*b.changes(), before);
  EXPECT_TRUE(*b.user(uri("alice")));
  const std::int64_t after = *b.changes();
  EXPECT_TRUE(*a.record({0, kNow, AuditEntry::Event::issued, uri("alice"), Bytes(32), ""}));
  EXPECT_EQ(*a.admit({uri("alice"), 1, at(kNow)}, at(kNow), kSkew), Verdict::fresh);
  EXPECT_EQ(*b.changes(), after);  // nothing that anybody keeps in memory
}

TEST_P(StoreShared, ATransactionIsAllOrNothing) {
  Store a = open();
  const std::int64_t before = *a.changes();
  const Status done = a.transaction([&]() -> Status {
    if (auto s = a.add_user({uri("alice")}); !s) return s;
    if (auto s = a.add_user({uri("bob")}); !s) return s;
    return a.add_user({uri("alice")});
  });
  expect_refused(done, "already");
  EXPECT_TRUE(a.users()->empty());
  EXPECT_EQ(*a.changes(), before);
  EXPECT_OK(a.transaction([&]() -> Status {
    if (auto s = a.add_user({uri("alice")}); !s) return s;
    return a.set_psk(uri("alice"), Bytes(16, 1));
  }));
  EXPECT_EQ(*a.changes(), before + 1);
}

TEST_P(StoreShared, AReplayIsFoundByAll) {
  Store a = open();
  Store b = open();
  const NeedReplayVerdict q{uri("alice"), 7, at(kNow, 5)};
  EXPECT_EQ(*a.admit(q, at(kNow), kSkew), Verdict::fresh);
  EXPECT_EQ(*b.admit(q, at(kNow), kSkew), Verdict::replayed);
  EXPECT_EQ(*a.admit(q, at(kNow + 299), kSkew), Verdict::replayed);
  EXPECT_EQ(*a.admit({uri("alice"), 8, q.t}, at(kNow), kSkew), Verdict::fresh);
  EXPECT_EQ(*a.admit({uri("bob"), 7, q.t}, at(kNow), kSkew), Verdict::fresh);
  EXPECT_EQ(*a.admit({uri("alice"), 7, at(kNow, 6)}, at(kNow), kSkew), Verdict::fresh);
  EXPECT_EQ(*a.admit({Identity::nai("sip:alice@example.com"), 7, q.t}, at(kNow), kSkew), Verdict::fresh);
  EXPECT_EQ(*a.admit({uri("alice"), 9, at(kNow - 301)}, at(kNow), kSkew), Verdict::stale);
  EXPECT_EQ(*a.admit({uri("alice"), 9, at(kNow + 301)}, at(kNow), kSkew), Verdict::stale);
  EXPECT_EQ(*a.admit({uri("alice"), 9, at(kNow + 300)}, at(kNow), kSkew), Verdict::fresh);
}

TEST_P(StoreShared, OldEntriesGoAndAreNotAcceptedAgain) {
  Store a = open();
  const auto count = [&] { return raw(url)->run("SELECT COUNT(*) FROM replay")->rows.front().number(0); };
  for (std::uint32_t i = 0; i < 50; ++i)
    EXPECT_EQ(*a.admit({uri("alice"), i, at(kNow)}, at(kNow), kSkew), Verdict::fresh);
  EXPECT_EQ(*a.admit({uri("alice"), 100, at(kNow + 500)}, at(kNow + 500), kSkew), Verdict::fresh);
  EXPECT_EQ(count(), 51);
  EXPECT_EQ(*a.admit({uri("alice"), 101, at(kNow + 700)}, at(kNow + 700), kSkew), Verdict::fresh);
  EXPECT_EQ(count(), 2);
  // A process whose clock is wrong by more than anybody allowed for, or one with a wider window.
  EXPECT_EQ(*a.admit({uri("alice"), 3, at(kNow)}, at(kNow + 100), kSkew), Verdict::stale);
  EXPECT_EQ(*a.admit({uri("alice"), 3, at(kNow)}, at(kNow + 700), std::chrono::seconds(5000)),
            Verdict::stale);
}

TEST_P(StoreShared, AClockFarAheadDeletesNothing) {
  Store a = open();
  const std::int64_t now = SystemClock().now().unix_seconds();
  EXPECT_EQ(*a.admit({uri("alice"), 1, at(now)}, at(now), kSkew), Verdict::fresh);
  const std::int64_t wrong = now + 1000000;
  EXPECT_EQ(*a.admit({uri("alice"), 2, at(wrong)}, at(wrong), kSkew), Verdict::fresh);
  Store b = open();
  EXPECT_EQ(*b.admit({uri("alice"), 1, at(now)}, at(now + 20), kSkew), Verdict::replayed);
  EXPECT_EQ(*b.admit({uri("alice"), 3, at(now)}, at(now + 20), kSkew), Verdict::fresh);
}

TEST_P(StoreShared, OfManyAtOnceOneIsFresh) {
  (void)open();
  constexpr int kThreads = 4;
  constexpr std::uint32_t kMessages = 50;
  std::atomic<int> fresh{0};
  std::atomic<int> replayed{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&] {
      const auto own = crypto::openssl_rng();
      auto s = Store::open(url, crypto::openssl(), *own, {master_key(), false}, kNow);
      if (!s) return;
      for (std::uint32_t i = 0; i < kMessages; ++i) {
        const auto v = s->admit({uri("alice"), i, at(kNow)}, at(kNow), kSkew);
        if (v && *v == Verdict::fresh) ++fresh;
        if (v && *v == Verdict::replayed) ++replayed;
      }
    });
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(fresh, static_cast<int>(kMessages));
  EXPECT_EQ(replayed, static_cast<int>(kMessages) * (kThreads - 1));
}

TEST_P(StoreShared, ManyMakeAndChangeItAtOnce) {
  constexpr int kThreads = 4;
  constexpr int kUsers = 20;
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      const auto own = crypto::openssl_rng();
      auto s = Store::open(url, crypto::openssl(), *own, {master_key(), true}, kNow);
      if (!s) {
        ++failures;
        ADD_FAILURE() << s.error().to_string();
        return;
      }
      for (int i = 0; i < kUsers; ++i) {
        const Identity id = uri(std::to_string(t) + "." + std::to_string(i));
        if (!s->add_user({id}) || !s->set_psk(id, Bytes(16, 1)) || (i == 5 && !s->rotate_ticket_key(kNow)))
          ++failures;
      }
    });
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(failures, 0);
  Store s = open();
  EXPECT_EQ(s.users()->size(), std::size_t{kThreads} * kUsers);
  EXPECT_EQ(s.ticket_keys(kNow)->size(), 1U + kThreads);
}

/// A process that writes line after line, and tells of each that was reported as written.
pid_t spawn_writer(const std::string& url, int tell) {
  const pid_t pid = fork();
  if (pid != 0) return pid;
  const auto own = crypto::openssl_rng();
  auto s = Store::open(url, crypto::openssl(), *own, {master_key(), false}, kNow);
  for (std::uint32_t i = 0; s; ++i) {
    Bytes fingerprint(32);
    store_be(fingerprint.data(), i);
    const auto admitted = s->admit({uri("alice"), i, at(kNow)}, at(kNow), kSkew);
    const auto kept = s->record({0, kNow, AuditEntry::Event::issued, uri("alice"), fingerprint, ""});
    if (!admitted || *admitted != Verdict::fresh || !kept || !*kept) break;
    if (write(tell, &i, sizeof(i)) != sizeof(i)) break;
  }
  _exit(1);
}

TEST_P(StoreShared, WhatWasReportedStaysWhenTheProcessIsKilled) {
  (void)open();
  std::array<int, 2> pipe_ends{};
  ASSERT_EQ(pipe(pipe_ends.data()), 0);
  const pid_t child = spawn_writer(url, pipe_ends[1]);
  ASSERT_GT(child, 0);
  close(pipe_ends[1]);
  std::uint32_t last = 0;
  int reported = 0;
  while (read(pipe_ends[0], &last, sizeof(last)) == sizeof(last)) {
    if (++reported == 200) kill(child, SIGKILL);  // in the midst of the next one
  }
  close(pipe_ends[0]);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status)) << "the writer stopped by itself after " << reported;
  Store s = open();
  for (std::uint32_t i = 0; i <= last; ++i) {
    Bytes fingerprint(32);
    store_be(fingerprint.data(), i);
    EXPECT_EQ(s.audit({.fingerprint = fingerprint})->size(), 1U) << i;
    EXPECT_EQ(*s.admit({uri("alice"), i, at(kNow)}, at(kNow), kSkew), Verdict::replayed) << i;
  }
}

// ------------------------------------------------------------------ databases that are not there

TEST(StoreUrls, WhatIsNone) {
  const auto open = [](const std::string& url, bool create = false) {
    static const auto rng = crypto::openssl_rng();
    return Store::open(url, crypto::openssl(), *rng, {master_key(), create}, kNow);
  };
  for (const char* url : {"", "x", "file:a", "sqlite", "sqlite:", "mysql://x", "http://a=b"}) {
    auto s = open(url);
    ASSERT_FALSE(s.ok()) << url;
    EXPECT_EQ(s.error().severity, Severity::request) << url;
  }
  EXPECT_THAT(open("sqlite:/nonexistent/a.db").error().to_string(), testing::HasSubstr("mikey-kms init"));
  EXPECT_THAT(open("sqlite:/nonexistent/a.db", true).error().to_string(), testing::HasSubstr("cannot make"));
  const auto away = open("host=/nonexistent dbname=x");
  EXPECT_EQ(away.error().severity, Severity::system);
  EXPECT_THAT(away.error().to_string(), testing::HasSubstr("cannot be reached"));
}

TEST(StorePostgresql, IsUsedAgainWhenItIsBack) {
  const std::string url = fresh_url(Backend::postgresql);
  const auto rng = crypto::openssl_rng();
  auto s = Store::open(url, crypto::openssl(), *rng, {master_key(), true}, kNow);
  ASSERT_TRUE(s.ok()) << s.error().to_string();
  EXPECT_OK(s->add_user({uri("alice")}));
  postgres().stop();
  for (int i = 0; i < 3; ++i) {
    const auto r = s->changes();
    ASSERT_FALSE(r.ok());
    EXPECT_EQ(r.error().severity, Severity::system);
    EXPECT_EQ(r.error().code, ErrorCode::resource);
  }
  EXPECT_TRUE(s->take_failure());
  EXPECT_FALSE(s->add_user({uri("bob")}).ok());
  postgres().start();
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_TRUE(*s->user(uri("alice")));
  EXPECT_OK(s->add_user({uri("bob")}));

  postgres().stop();  // and back at once: the connection is gone, nobody has noticed
  postgres().start();
  EXPECT_TRUE(*s->user(uri("bob")));
}

TEST(StoreSqlite, AFileThatIsNoDatabase) {
  const std::string url = fresh_url(Backend::sqlite);
  const std::string path = url.substr(7);
  FILE* f = std::fopen(path.c_str(), "w");
  ASSERT_NE(f, nullptr);
  std::fputs(
      "identity = \"sip:kms@example.com\" and more than a header's worth of text to look at in vain, "
      "which is no database at all",
      f);
  std::fclose(f);
  const auto rng = crypto::openssl_rng();
  auto s = Store::open(url, crypto::openssl(), *rng, {master_key(), true}, kNow);
  ASSERT_FALSE(s.ok());
  EXPECT_THAT(s.error().to_string(), testing::HasSubstr("not a database"));
}

}  // namespace
}  // namespace mikey::kms::test
