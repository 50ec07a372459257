/// \file
/// Both kinds of databases, as parameters of the tests that hold for either.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "kms/store/database.hpp"
#include "mikey/kms/store.hpp"
#include "support/scripted_rng.hpp"

namespace mikey::kms::test {

enum class Backend : std::uint8_t { sqlite, postgresql };

inline constexpr std::int64_t kNow = 1790000000;

/// The server, started when it is first asked for.
class PostgresServer;
PostgresServer& postgres();

/// The URL of a new, empty database, which goes when the program ends.
std::string fresh_url(Backend backend);

std::shared_ptr<const MasterKey> master_key(std::uint8_t octet = 0x11);

/// A connection for statements of the test's own.
std::unique_ptr<store::Database> raw(const std::string& url);

/// A store there, made where there is none. Ends the test when it cannot be opened.
Store open_store(const std::string& url, std::shared_ptr<const MasterKey> master = master_key());

/// "sip:<name>@example.com"
inline Identity uri(const std::string& name) {
  return Identity::uri("sip:" + name + "@example.com");
}

class StoreTest : public testing::TestWithParam<Backend> {
 protected:
  void SetUp() override { url = fresh_url(GetParam()); }

  /// A further connection; the first one makes the store.
  Result<Store> try_open(std::shared_ptr<const MasterKey> master = master_key(), bool create = true) {
    return Store::open(url, crypto::openssl(), rng(), {std::move(master), create}, kNow);
  }
  Store open(std::shared_ptr<const MasterKey> master = master_key()) {
    return open_store(url, std::move(master));
  }

  static Rng& rng() {
    static const auto one = crypto::openssl_rng();
    return *one;
  }

  std::string url;
};

#define EXPECT_OK(expression)                                           \
  do {                                                                  \
    const auto& status_of_it = (expression);                            \
    EXPECT_TRUE(status_of_it.ok()) << status_of_it.error().to_string(); \
  } while (false)

/// Expects an error of severity request whose text has `part` in it.
template <class T>
void expect_refused(const Result<T>& r, const std::string& part) {
  ASSERT_FALSE(r.ok());
  EXPECT_EQ(r.error().severity, Severity::request) << r.error().to_string();
  EXPECT_THAT(r.error().to_string(), testing::HasSubstr(part));
}

inline std::string backend_name(const testing::TestParamInfo<Backend>& info) {
  return info.param == Backend::sqlite ? "sqlite" : "postgresql";
}

#define FOR_BOTH_BACKENDS(suite) \
  INSTANTIATE_TEST_SUITE_P(On, suite, testing::Values(Backend::sqlite, Backend::postgresql), backend_name)

}  // namespace mikey::kms::test
