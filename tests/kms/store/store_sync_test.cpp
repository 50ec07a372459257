// Commits that do not wait for the disk one by one: when they get there, and what is said when they may not
// have.

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "backends.hpp"

namespace {
std::atomic<int> syncs{0};
}  // namespace

// In place of the C library's: how often SQLite has something forced to the disk.
extern "C" {
__attribute__((visibility("default"))) int fdatasync(int fd) {
  ++syncs;
  return static_cast<int>(syscall(SYS_fdatasync, fd));
}
__attribute__((visibility("default"))) int fsync(int fd) {
  ++syncs;
  return static_cast<int>(syscall(SYS_fsync, fd));
}
}

namespace mikey::kms::test {
namespace {

AuditEntry line(std::uint8_t octet = 0) {
  return {0, kNow, AuditEntry::Event::issued, uri("alice"), Bytes(32, octet), ""};
}

struct StoreSync : StoreTest {};
FOR_BOTH_BACKENDS(StoreSync);

/// Ends all connections to a database of PostgreSQL, as far as it knows.
void end_connections(const std::string& url) {
  ASSERT_TRUE(
      raw(url)->run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"));
}

/// How often this process had something forced to the disk while `f` ran.
template <class F>
int syncs_during(F f) {
  const int before = syncs;
  f();
  return syncs - before;
}

TEST_P(StoreSync, AReplayOfWhatIsDeferredIsKnownToAll) {
  Store a = open();
  a.defer_syncs();
  const NtpTime now = NtpTime::from_unix(kNow);
  const NeedReplayVerdict question{uri("alice"), 1, now};
  EXPECT_EQ(*a.admit(question, now, std::chrono::seconds(300)), Verdict::fresh);
  EXPECT_EQ(*a.admit(question, now, std::chrono::seconds(300)), Verdict::replayed);
  EXPECT_TRUE(*a.record(line()));
  std::jthread other([&] {  // with SQLite it waits
    Store b = open();
    b.defer_syncs();
    EXPECT_EQ(*b.admit(question, now, std::chrono::seconds(300)), Verdict::replayed);
    EXPECT_OK(b.sync());
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_OK(a.sync());
  EXPECT_OK(a.sync());
  other.join();
  EXPECT_EQ(open().audit({})->size(), 1U);
}

TEST_P(StoreSync, InATransactionTheyArePartOfIt) {
  Store a = open();
  a.defer_syncs();
  EXPECT_TRUE(*a.record(line(1)));
  const NtpTime now = NtpTime::from_unix(kNow);
  EXPECT_OK(a.transaction([&]() -> Status {
    EXPECT_EQ(*a.admit({uri("alice"), 1, now}, now, std::chrono::seconds(300)), Verdict::fresh);
    EXPECT_TRUE(*a.record(line(2)));
    return a.add_user({uri("bob")});
  }));
  EXPECT_EQ(open().audit({})->size(), 2U);
  EXPECT_OK(a.sync());
}

TEST_P(StoreSync, OtherChangesTakeAlongWhatIsDeferred) {
  Store a = open();
  a.defer_syncs();
  EXPECT_TRUE(*a.record(line()));
  EXPECT_OK(a.add_user({uri("bob")}));
  EXPECT_EQ(open().audit({})->size(), 1U);
  EXPECT_OK(a.sync());
  EXPECT_TRUE(*a.record(line()));
  expect_refused(a.add_user({uri("bob")}), "already");
  EXPECT_OK(a.sync());
  EXPECT_EQ(open().audit({})->size(), 2U);
}

TEST_P(StoreSync, ARevokedTicketIsRefusedThereToo) {
  Store a = open();
  a.defer_syncs();
  EXPECT_OK(a.revoke({Bytes(32, 7), kNow, "stolen"}));
  EXPECT_FALSE(*a.record(line(7)));
  EXPECT_TRUE(*a.record(line(8)));
  EXPECT_OK(a.sync());
}

TEST_P(StoreSync, WithoutDeferringThereIsNothingToDo) {
  Store a = open();
  EXPECT_TRUE(*a.record(line()));
  EXPECT_EQ(open().audit({})->size(), 1U);
  EXPECT_EQ(syncs_during([&] { EXPECT_OK(a.sync()); }), 0);
}

TEST(StoreSyncSqlite, ManyLinesGoToTheDiskTogether) {
  Store a = open_store(fresh_url(Backend::sqlite));
  EXPECT_EQ(syncs_during([&] { EXPECT_TRUE(*a.record(line())); }), 1);
  a.defer_syncs();
  EXPECT_EQ(syncs_during([&] {
              const NtpTime now = NtpTime::from_unix(kNow);
              for (std::uint32_t i = 0; i < 50; ++i) {
                EXPECT_EQ(*a.admit({uri("alice"), i, now}, now, std::chrono::seconds(300)), Verdict::fresh);
                EXPECT_TRUE(*a.record(line()));
              }
            }),
            0);
  EXPECT_EQ(syncs_during([&] { EXPECT_OK(a.sync()); }), 1);
  EXPECT_EQ(syncs_during([&] { EXPECT_OK(a.sync()); }), 0);
  EXPECT_EQ(syncs_during([&] { EXPECT_TRUE(*a.record(line())); }), 0);  // and so on
  EXPECT_EQ(syncs_during([&] { EXPECT_OK(a.sync()); }), 1);
}

// As when the disk is full: what came before must not seem to be safe because of what comes after.
TEST(StoreSyncSqlite, ATransactionGivenUpIsAnErrorUntilItIsTold) {
  const std::string url = fresh_url(Backend::sqlite);
  (void)open_store(url);
  const auto db = raw(url);
  EXPECT_OK(db->begin_deferred());
  EXPECT_TRUE(db->run("INSERT INTO teams (id) VALUES (x'00')"));
  EXPECT_OK(db->begin_deferred());
  db->rollback();
  EXPECT_EQ(db->begin_deferred().error().severity, Severity::system);
  EXPECT_EQ(db->trouble(), store::Trouble::away);
  EXPECT_FALSE(db->sync().ok());
  EXPECT_EQ(db->run("SELECT id FROM teams")->rows.size(), 0U);
  EXPECT_OK(db->begin_deferred());
  EXPECT_TRUE(db->run("INSERT INTO teams (id) VALUES (x'01')"));
  EXPECT_OK(db->sync());
  EXPECT_EQ(raw(url)->run("SELECT id FROM teams")->rows.size(), 1U);
}

// What was committed on the old connection may have been lost together with it.
TEST(StorePostgresqlSync, AConnectionLostInBetweenIsAnError) {
  const std::string url = fresh_url(Backend::postgresql);
  Store a = open_store(url);
  a.defer_syncs();
  EXPECT_TRUE(*a.record(line()));
  end_connections(url);
  for (int i = 0; i < 100 && !a.record(line()); ++i) usleep(50000);  // it connects anew
  const Status s = a.sync();
  ASSERT_FALSE(s.ok());
  EXPECT_EQ(s.error().severity, Severity::system);
  EXPECT_TRUE(*a.record(line()));
  EXPECT_OK(a.sync());
}

// Whoever hears of it first, sync() says so, too: answers wait for its word.
TEST(StorePostgresqlSync, WhatIsLostInBetweenIsToldAtTheEnd) {
  const std::string url = fresh_url(Backend::postgresql);
  Store a = open_store(url);
  a.defer_syncs();
  EXPECT_OK(a.flush());
  for (const bool by_a_change : {true, false}) {
    EXPECT_TRUE(*a.record(line()));
    end_connections(url);
    usleep(400000);
    EXPECT_FALSE(by_a_change ? a.add_user({uri("bob")}).ok() : a.flush().ok());
    EXPECT_EQ(a.sync().error().severity, Severity::system);
    EXPECT_OK(a.sync());
  }
}

}  // namespace
}  // namespace mikey::kms::test
