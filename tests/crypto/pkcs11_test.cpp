// A key in SoftHSM 2, used through libp11's OpenSSL engine.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "mikey/crypto/public_key.hpp"
#include "support/paths.hpp"
#include "support/pki.hpp"

namespace mikey::crypto {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPin = "123456";
constexpr const char* kUri = "pkcs11:token=mikey-test;object=alice;type=private";

std::string softhsm_module() {
  for (const char* path : {"/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so",
                           "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"})
    if (fs::exists(path)) return path;
  return {};
}

/// One token in a folder of its own, with alice's key; SoftHSM reads its configuration once a process.
class Token {
 public:
  Token() {
    folder_ = fs::temp_directory_path() / ("mikey-softhsm-" + std::to_string(getpid()));
    fs::create_directories(folder_ / "tokens");
    std::ofstream(folder_ / "softhsm2.conf") << "directories.tokendir = " << (folder_ / "tokens").string()
                                             << "\nobjectstore.backend = file\nlog.level = ERROR\n";
    std::ofstream(folder_ / "alice.pem") << test::key_pem("alice");
    setenv("SOFTHSM2_CONF", (folder_ / "softhsm2.conf").c_str(), 1);
    ready_ = run("softhsm2-util --init-token --free --label mikey-test --so-pin 654321 --pin 123456") &&
             run("softhsm2-util --import " + (folder_ / "alice.pem").string() +
                 " --token mikey-test --label alice --id 01 --pin 123456");
  }
  ~Token() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  Token(const Token&) = delete;
  Token& operator=(const Token&) = delete;
  bool ready() const { return ready_; }

 private:
  static bool run(const std::string& command) {
    return std::system((command + " >/dev/null 2>&1").c_str()) == 0;
  }

  fs::path folder_;
  bool ready_ = false;
};

struct Pkcs11 : testing::Test {
  static void SetUpTestSuite() {
    if (!softhsm_module().empty()) token = std::make_unique<Token>();
  }
  static void TearDownTestSuite() { token.reset(); }
  void SetUp() override {
    if (!token || !token->ready()) GTEST_SKIP() << "softhsm2 is not installed";
    auto m = Pkcs11Module::open(softhsm_module(), kPin);
    if (!m) GTEST_SKIP() << "the engine pkcs11 is not installed: " << m.error().to_string();
    module = std::move(*m);
  }
  static std::unique_ptr<Token> token;
  std::optional<Pkcs11Module> module;
};
std::unique_ptr<Token> Pkcs11::token;

TEST_F(Pkcs11, SignsAndDecrypts) {
  const auto key = module->load_private_key(kUri);
  ASSERT_TRUE(key.ok()) << key.error().to_string();
  module.reset();  // the key keeps it
  EXPECT_EQ((*key)->public_key(), test::public_key("alice"));
  test::CountingRng rng;
  for (const SignType type : {SignType::rsa_pkcs1_15, SignType::rsa_pss})
    for (const Hash h : {Hash::sha1, Hash::sha256, Hash::sha512}) {
      const auto s = (*key)->sign(type, h, as_bytes("message"), rng);
      ASSERT_TRUE(s.ok()) << s.error().to_string();
      const auto found = (*key)->public_key().verify(type, as_bytes("message"), *s);
      ASSERT_TRUE(found.ok());
      EXPECT_EQ(*found, h);
    }
  for (const PkePadding padding : {PkePadding::pkcs1_v15, PkePadding::oaep}) {
    const auto c = (*key)->public_key().encrypt(padding, Bytes(16, 7), rng);
    ASSERT_TRUE(c);
    const auto back = (*key)->decrypt(padding, *c);
    ASSERT_TRUE(back.ok()) << back.error().to_string();
    EXPECT_EQ(to_bytes(back->reveal()), Bytes(16, 7));
  }
  const auto rejected = (*key)->decrypt(PkePadding::pkcs1_v15, Bytes(256, 1));
  ASSERT_TRUE(rejected.ok()) << rejected.error().to_string();
  EXPECT_EQ(rejected->size(), 16U);
}

TEST_F(Pkcs11, KeysThatAreNotThere) {
  EXPECT_EQ(module->load_private_key("pkcs11:token=mikey-test;object=bob;type=private").error().code,
            ErrorCode::bad_request);
  EXPECT_EQ(module->load_private_key("pkcs11:token=other;object=alice;type=private").error().code,
            ErrorCode::bad_request);
  EXPECT_EQ(module->load_private_key("file:///alice.pem").error().code, ErrorCode::bad_request);
  EXPECT_EQ(module->load_private_key("").error().code, ErrorCode::bad_request);
}

TEST_F(Pkcs11, OneModuleOpenedSeveralTimes) {
  test::CountingRng rng;
  const auto a = load_private_key_uri(kUri, softhsm_module(), kPin);
  ASSERT_TRUE(a);
  {
    const auto b = load_private_key_uri(kUri, softhsm_module(), kPin);
    ASSERT_TRUE(b);
    EXPECT_TRUE((*b)->sign(SignType::rsa_pkcs1_15, Hash::sha1, as_bytes("m"), rng));
  }
  EXPECT_TRUE((*a)->sign(SignType::rsa_pkcs1_15, Hash::sha1, as_bytes("m"), rng));
}

TEST(Pkcs11Module, AModuleThatIsNotThere) {
  for (const std::string& path : {std::string("/nonexistent/module.so"), test::source_path("CMakeLists.txt"),
                                  std::string("libc.so.6"), std::string()}) {
    EXPECT_FALSE(Pkcs11Module::open(path, kPin).ok()) << path;
    EXPECT_FALSE(load_private_key_uri(kUri, path, kPin).ok()) << path;
  }
}

}  // namespace
}  // namespace mikey::crypto
