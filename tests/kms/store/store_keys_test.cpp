// Secrets at rest: how they are sealed, and how the keys that seal them change; the schema and its migration.

#include "backends.hpp"
#include "kms/store/schema.hpp"
#include "kms/store/sealer.hpp"
#include "support/pki.hpp"

namespace mikey::kms::test {
namespace {

struct StoreKeys : StoreTest {
  /// Everything in the tables that hold secrets, as octets.
  Bytes all_sealed() {
    Bytes out;
    auto db = raw(url);
    for (const char* sql : {"SELECT sealed FROM psks", "SELECT sealed FROM tpks",
                            "SELECT sealed FROM secrets", "SELECT wrapped FROM deks"}) {
      const auto found = db->run(sql);
      for (const store::Row& row : found->rows) append(out, row.bytes(0));
    }
    return out;
  }
  static bool contains(const Bytes& all, const Bytes& part) {
    return std::search(all.begin(), all.end(), part.begin(), part.end()) != all.end();
  }
};
FOR_BOTH_BACKENDS(StoreKeys);

TEST_P(StoreKeys, NoSecretStandsInTheDatabase) {
  Store s = open();
  const Bytes psk = *rng().bytes(16, "");
  const Bytes secret = *rng().bytes(40, "");
  EXPECT_OK(s.add_user({uri("alice")}));
  EXPECT_OK(s.set_psk(uri("alice"), psk));
  EXPECT_OK(s.set_secret("x", secret, kNow));
  const Bytes all = all_sealed();
  EXPECT_GT(all.size(), 150U);
  for (const Bytes& part : {psk, secret, to_bytes(s.ticket_keys(kNow)->front().reveal()), Bytes(32, 0x11)})
    EXPECT_FALSE(contains(all, Bytes(part.begin(), part.begin() + 8)));
}

TEST_P(StoreKeys, ASealedValueOpensInItsPlaceOnly) {
  Store s = open();
  for (const char* name : {"alice", "bob"}) {
    EXPECT_OK(s.add_user({uri(name)}));
    EXPECT_OK(s.set_psk(uri(name), Bytes(16, static_cast<std::uint8_t>(name[0]))));
  }
  auto db = raw(url);
  const auto of_alice = db->run("SELECT sealed FROM psks ORDER BY owner LIMIT 1")->rows.front().bytes(0);
  ASSERT_TRUE(db->run("UPDATE psks SET sealed = $1", {ByteView(of_alice)}).ok());
  EXPECT_TRUE(s.psk(uri("alice")).ok());
  const auto moved = s.psk(uri("bob"));
  ASSERT_FALSE(moved.ok());
  EXPECT_THAT(moved.error().to_string(), testing::HasSubstr("psks does not open"));
  for (const std::size_t n : {std::size_t{0}, std::size_t{4}, std::size_t{16}, of_alice.size() - 1}) {
    ASSERT_TRUE(db->run("UPDATE psks SET sealed = $1", {ByteView(of_alice).first(n)}).ok());
    EXPECT_FALSE(s.psk(uri("alice")).ok()) << n;
  }
  for (std::size_t i = 0; i < of_alice.size(); ++i) {  // version, key, nonce, ciphertext, tag
    Bytes bad = of_alice;
    bad[i] ^= 1;
    ASSERT_TRUE(db->run("UPDATE psks SET sealed = $1", {ByteView(bad)}).ok());
    EXPECT_FALSE(s.psk(uri("alice")).ok()) << i;
  }
}

TEST_P(StoreKeys, AnotherMasterKeyIsRefusedAtOnce) {
  (void)open();
  const auto s = try_open(master_key(0x22), false);
  expect_refused(s, "sealed under the master key " + master_key()->id() + ", the one given is " +
                        master_key(0x22)->id());
  expect_refused(try_open(nullptr), "needs a master key");
  for (const std::size_t n : {0U, 31U, 1025U})
    expect_refused(symmetric_master_key(crypto::openssl(), Bytes(n)), "32 to 1024");
}

TEST_P(StoreKeys, TheMasterKeyChangesWhileOthersWork) {
  Store s = open();
  Store running = open();
  EXPECT_OK(s.add_user({uri("alice")}));
  EXPECT_OK(s.set_psk(uri("alice"), Bytes(16, 1)));
  EXPECT_OK(s.rotate_master_key(master_key(0x22)));
  expect_refused(s.rotate_master_key(master_key(0x22)), "already");
  EXPECT_EQ(s.master_key_id(), master_key(0x22)->id());
  EXPECT_EQ(running.psk(uri("alice"))->size(), 16U);
  EXPECT_OK(running.set_psk(uri("alice"), Bytes(17, 1)));
  EXPECT_FALSE(try_open(master_key(), false).ok());
  auto later = try_open(master_key(0x22), false);
  ASSERT_TRUE(later.ok()) << later.error().to_string();
  EXPECT_EQ(later->psk(uri("alice"))->size(), 17U);
  expect_refused(running.rotate_master_key(master_key(0x33)),
                 "sealed under the master key");  // it has an old one
  expect_refused(running.rotate_data_key(kNow), "sealed under the master key");
}

TEST_P(StoreKeys, ANewDataKeySealsAllAnew) {
  Store s = open();
  Store running = open();
  EXPECT_OK(s.add_user({uri("alice")}));
  EXPECT_OK(s.set_psk(uri("alice"), Bytes(16, 1)));
  EXPECT_OK(s.set_secret("x", Bytes(3, 1), kNow));
  const Bytes before = all_sealed();
  const auto tpk = to_bytes(s.ticket_keys(kNow)->front().reveal());
  EXPECT_OK(s.rotate_data_key(kNow + 1));
  const Bytes after = all_sealed();
  EXPECT_EQ(before.size(), after.size());
  auto deks = raw(url)->run("SELECT id FROM deks");
  ASSERT_EQ(deks->rows.size(), 1U);
  EXPECT_EQ(deks->rows.front().number(0), 2);
  for (Store* each : {&s, &running}) {
    EXPECT_EQ(to_bytes(each->psk(uri("alice"))->reveal()), Bytes(16, 1));
    EXPECT_EQ(to_bytes((*each->secret("x"))->reveal()), Bytes(3, 1));
    EXPECT_EQ(to_bytes(each->ticket_keys(kNow)->front().reveal()), tpk);
  }
  EXPECT_OK(s.rotate_data_key(kNow + 2));
  EXPECT_OK(
      running.set_psk(uri("alice"), Bytes(18, 1)));  // under the newest key, which it had not read before
  EXPECT_EQ(s.psk(uri("alice"))->size(), 18U);
}

TEST_P(StoreKeys, AnRsaKeyCanBeTheMaster) {
  const auto rsa = rsa_master_key(crypto::openssl(), mikey::test::private_key("alice"));
  ASSERT_TRUE(rsa.ok()) << rsa.error().to_string();
  Store s = open(*rsa);
  EXPECT_OK(s.add_user({uri("alice")}));
  EXPECT_OK(s.set_psk(uri("alice"), Bytes(16, 1)));
  auto again = try_open(*rsa, false);
  ASSERT_TRUE(again.ok()) << again.error().to_string();
  EXPECT_EQ(again->psk(uri("alice"))->size(), 16U);
  expect_refused(try_open(*rsa_master_key(crypto::openssl(), mikey::test::private_key("bob")), false),
                 "sealed under");
  EXPECT_OK(s.rotate_master_key(master_key()));
  EXPECT_TRUE(try_open(master_key(), false).ok());
  expect_refused(rsa_master_key(crypto::openssl(), mikey::test::private_key("weak")), "2048");
}

TEST(MasterKeys, WhatIsWrappedOpensForItsPurposeOnly) {
  const auto rng = crypto::openssl_rng();
  for (const auto& key :
       {master_key(), *rsa_master_key(crypto::openssl(), mikey::test::private_key("alice"))}) {
    const auto wrapped = key->wrap(Bytes(32, 5), as_bytes("one"), *rng);
    ASSERT_TRUE(wrapped.ok());
    EXPECT_EQ(to_bytes(key->unwrap(*wrapped, as_bytes("one"))->reveal()), Bytes(32, 5));
    EXPECT_EQ(key->unwrap(*wrapped, as_bytes("two")).error().code, ErrorCode::auth_failure);
    for (const std::size_t n : {std::size_t{0}, std::size_t{11}, wrapped->size() - 1})
      EXPECT_FALSE(key->unwrap(ByteView(*wrapped).first(n), as_bytes("one")).ok());
  }
}

// ------------------------------------------------------------------ the schema

TEST_P(StoreKeys, AStoreOfVersion1IsMigrated) {
  auto db = raw(url);
  ASSERT_TRUE(store::migrate(*db, true, 1).ok());
  // As the program of version 1 left it: a key, and a user with a PSK and a place in a group.
  store::Sealer sealer(crypto::openssl(), rng(), master_key());
  ASSERT_TRUE(sealer.add_key(*db, kNow).ok());
  const Bytes alice = [] {
    Bytes key{1};
    append(key, uri("alice").data);
    return key;
  }();
  const auto sealed = sealer.seal({"psks", alice}, Bytes(16, 0xA1));
  ASSERT_TRUE(
      db->run("INSERT INTO users (id, enabled) VALUES ($1, $2)", {ByteView(alice), std::int64_t{0}}).ok());
  ASSERT_TRUE(
      db->run("INSERT INTO psks (owner, sealed) VALUES ($1, $2)", {ByteView(alice), ByteView(*sealed)}).ok());
  ASSERT_TRUE(db->run("INSERT INTO teams (id) VALUES ($1)", {ByteView(alice)}).ok());
  EXPECT_EQ(**store::schema_version(*db), 1);

  auto s = try_open(master_key(), false);
  ASSERT_TRUE(s.ok()) << s.error().to_string();
  EXPECT_EQ(**store::schema_version(*db), store::kSchemaVersion);
  const auto user = *s->user(uri("alice"));
  ASSERT_TRUE(user);
  EXPECT_FALSE(user->enabled);
  EXPECT_EQ(user->note, "");
  EXPECT_EQ(to_bytes(s->psk(uri("alice"))->reveal()), Bytes(16, 0xA1));
  EXPECT_EQ(s->groups()->size(), 1U);
  EXPECT_OK(s->set_secret("x", Bytes(16), kNow));
  EXPECT_OK(s->add_certificate(uri("alice"), Bytes{1}));
  EXPECT_TRUE(try_open(master_key(), false).ok());
}

TEST_P(StoreKeys, AStoreOfANewerProgramIsRefused) {
  (void)open();
  auto db = raw(url);
  ASSERT_TRUE(db->run("UPDATE schema_version SET version = $1", {store::kSchemaVersion + 1}).ok());
  for (const bool create : {false, true})
    expect_refused(try_open(master_key(), create),
                   "schema version 3, this program knows up to 2: a newer mikey-kms made it");
  EXPECT_EQ(**store::schema_version(*db), store::kSchemaVersion + 1);
}

TEST_P(StoreKeys, WhatIsNoStoreIsRefused) {
  auto db = raw(url);
  expect_refused(try_open(master_key(), false), "\"mikey-kms init\"");
  EXPECT_FALSE(*store::schema_version(*db));  // and nothing was made
  ASSERT_TRUE(db->script("CREATE TABLE schema_version (version BIGINT NOT NULL)").ok());
  expect_refused(try_open(), "this is no store");
}

TEST_P(StoreKeys, AMigrationThatFailsChangesNothing) {
  auto db = raw(url);
  ASSERT_TRUE(store::migrate(*db, true, 1).ok());
  ASSERT_TRUE(db->script("CREATE TABLE certificates (x BIGINT)").ok());  // in the way of version 2
  ASSERT_FALSE(try_open(master_key(), false).ok());
  EXPECT_EQ(**store::schema_version(*db), 1);
  EXPECT_FALSE(*db->has_table("secrets"));
  ASSERT_TRUE(db->script("DROP TABLE certificates").ok());
  EXPECT_OK(store::migrate(*db, false));
  EXPECT_TRUE(*db->has_table("secrets"));
}

}  // namespace
}  // namespace mikey::kms::test
