#include "mikey/crypto/provider.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <set>

#include "support/scripted_rng.hpp"

namespace mikey::crypto {
namespace {

using test::hex;

Bytes hash_of(Hash h, std::span<const ByteView> parts) {
  Bytes out(hash_size(h));
  EXPECT_TRUE(openssl().hash(h, parts, out));
  return out;
}

Bytes hmac_of(Hash h, ByteView key, ByteView message, std::size_t n) {
  Bytes out(n);
  const std::array parts{message};
  EXPECT_TRUE(openssl().hmac(h, key, parts, out));
  return out;
}

TEST(Hash, KnownAnswers) {  // FIPS 180-4 examples, RFC 3174 7.3
  const std::array abc{as_bytes("abc")};
  EXPECT_EQ(to_hex(hash_of(Hash::sha1, abc)), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(to_hex(hash_of(Hash::sha256, abc)),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(
      to_hex(hash_of(Hash::sha384, abc)),
      "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7");
  EXPECT_EQ(to_hex(hash_of(Hash::sha512, abc)),
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd"
            "454d4423643ce80e2a9ac94fa54ca49f");
  EXPECT_EQ(to_hex(hash_of(Hash::sha1, {})), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
}

TEST(Hash, PartsAreConcatenated) {
  const std::array whole{as_bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")};
  const std::array split{as_bytes("abcdbcdecdefdefg"), as_bytes(""),
                         as_bytes("efghfghighijhijkijkljklmklmnlmnomnopnop"), as_bytes("q")};
  EXPECT_EQ(to_hex(hash_of(Hash::sha1, split)), "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
  for (const Hash h : {Hash::sha1, Hash::sha256, Hash::sha384, Hash::sha512})
    EXPECT_EQ(hash_of(h, whole), hash_of(h, split));
}

TEST(Hash, RefusesAnotherOutputSize) {
  Bytes out(19);
  EXPECT_EQ(openssl().hash(Hash::sha1, {}, out).error().code, ErrorCode::bad_request);
  EXPECT_EQ(openssl().hash(static_cast<Hash>(9), {}, {}).error().code, ErrorCode::bad_request);
}

TEST(Hmac, Rfc2202AndRfc4231) {
  const Bytes text_key = to_bytes(as_bytes("Jefe"));
  const Bytes text = to_bytes(as_bytes("what do ya want for nothing?"));
  const Bytes hi = to_bytes(as_bytes("Hi There"));
  const Bytes long_text = to_bytes(as_bytes("Test Using Larger Than Block-Size Key - Hash Key First"));
  EXPECT_EQ(to_hex(hmac_of(Hash::sha1, Bytes(20, 0x0b), hi, 20)), "b617318655057264e28bc0b6fb378c8ef146be00");
  EXPECT_EQ(to_hex(hmac_of(Hash::sha1, text_key, text, 20)), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
  EXPECT_EQ(to_hex(hmac_of(Hash::sha1, Bytes(20, 0xaa), Bytes(50, 0xdd), 20)),
            "125d7342b9ac11cd91a39af48aa17b4f63f175d3");
  EXPECT_EQ(to_hex(hmac_of(Hash::sha1, Bytes(80, 0xaa), long_text, 20)),
            "aa4ae5e15272d00e95705637ce8a3b55ed402112");
  EXPECT_EQ(to_hex(hmac_of(Hash::sha256, Bytes(20, 0x0b), hi, 32)),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(to_hex(hmac_of(Hash::sha256, text_key, text, 32)),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(to_hex(hmac_of(Hash::sha256, Bytes(20, 0xaa), Bytes(50, 0xdd), 32)),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
  EXPECT_EQ(to_hex(hmac_of(Hash::sha256, Bytes(131, 0xaa), long_text, 32)),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  EXPECT_EQ(
      to_hex(hmac_of(Hash::sha384, text_key, text, 48)),
      "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649");
  EXPECT_EQ(to_hex(hmac_of(Hash::sha512, text_key, text, 64)),
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fd"
            "caeab1a34d4a6b4b636e070a38bce737");
}

TEST(Hmac, ShorterOutputsAreLeadingOctets) {
  const Bytes key(33, 7);
  const Bytes full = hmac_of(Hash::sha256, key, as_bytes("m"), 32);
  for (std::size_t n = 1; n < 32; ++n)
    EXPECT_EQ(hmac_of(Hash::sha256, key, as_bytes("m"), n),
              Bytes(full.begin(), full.begin() + static_cast<long>(n)));
  Bytes out(33);
  EXPECT_EQ(openssl().hmac(Hash::sha256, key, {}, out).error().code, ErrorCode::bad_request);
  EXPECT_EQ(openssl().hmac(Hash::sha256, key, {}, {}).error().code, ErrorCode::bad_request);
}

/// Only what has no default: everything else is the interface's own.
class PlainProvider final : public Provider {
 public:
  Status hash(Hash h, std::span<const ByteView> p, MutableBytes out) const override {
    return openssl().hash(h, p, out);
  }
  Status hmac(Hash h, ByteView k, std::span<const ByteView> p, MutableBytes out) const override {
    return openssl().hmac(h, k, p, out);
  }
  Status aes_ctr(ByteView k, ByteView iv, ByteView in, MutableBytes out) const override {
    return openssl().aes_ctr(k, iv, in, out);
  }
  Result<Bytes> aes_gcm_seal(ByteView k, ByteView iv, ByteView aad, ByteView p) const override {
    return openssl().aes_gcm_seal(k, iv, aad, p);
  }
  Result<SecretBytes> aes_gcm_open(ByteView k, ByteView iv, ByteView aad, ByteView s) const override {
    return openssl().aes_gcm_open(k, iv, aad, s);
  }
  Result<Bytes> aes_wrap(ByteView k, ByteView iv, ByteView p) const override {
    return openssl().aes_wrap(k, iv, p);
  }
  Result<SecretBytes> aes_unwrap(ByteView k, ByteView iv, ByteView w) const override {
    return openssl().aes_unwrap(k, iv, w);
  }
  Result<Bytes> aes_wrap_padded(ByteView k, ByteView p) const override {
    return openssl().aes_wrap_padded(k, p);
  }
  Result<SecretBytes> aes_unwrap_padded(ByteView k, ByteView w) const override {
    return openssl().aes_unwrap_padded(k, w);
  }
};

TEST(PHash, TheFastOneIsTheDefinition) {
  const PlainProvider plain;
  const Bytes label = hex("2ad01c6401123456785367be9fadef70da7abe4dc06485d139");
  for (const Hash h : {Hash::sha1, Hash::sha256, Hash::sha384, Hash::sha512})
    for (const std::size_t key : {1U, 32U, 64U, 65U, 128U, 129U})
      for (const std::size_t n : {1U, 19U, 20U, 21U, 32U, 40U, 64U, 65U, 200U}) {
        Bytes a(n), b(n);
        ASSERT_TRUE(openssl().p_hash(h, Bytes(key, 0x5a), label, a));
        ASSERT_TRUE(plain.p_hash(h, Bytes(key, 0x5a), label, b));
        EXPECT_EQ(a, b);
      }
}

struct CtrCase {
  const char* key;
  const char* cipher;
};

TEST(AesCtr, Sp80038a) {  // F.5.1, F.5.3, F.5.5
  const Bytes iv = hex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
  const Bytes plain =
      hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
          "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710");
  const CtrCase cases[] = {{"2b7e151628aed2a6abf7158809cf4f3c",
                            "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"
                            "5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee"},
                           {"8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
                            "1abc932417521ca24f2b0459fe7e6e0b090339ec0aa6faefd5ccc2c6f4ce8e94"
                            "1e36b26bd1ebc670d1bd1d665620abf74f78a7f6d29809585a97daec58c6b050"},
                           {"603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
                            "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5"
                            "2b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6"}};
  for (const auto& c : cases) {
    Bytes text = plain;
    ASSERT_TRUE(openssl().aes_ctr(hex(c.key), iv, text, text));  // in place
    EXPECT_EQ(to_hex(text), c.cipher);
    Bytes part(37);
    ASSERT_TRUE(openssl().aes_ctr(hex(c.key), iv, ByteView(plain).first(37), part));
    EXPECT_TRUE(std::equal(part.begin(), part.end(), text.begin()));
  }
}

TEST(AesCtr, CounterWrapsModulo2To128) {
  const Bytes key(16, 1);
  Bytes two(32), second(16);
  ASSERT_TRUE(openssl().aes_ctr(key, Bytes(16, 0xff), Bytes(32), two));
  ASSERT_TRUE(openssl().aes_ctr(key, Bytes(16, 0), Bytes(16), second));
  EXPECT_TRUE(std::equal(second.begin(), second.end(), two.begin() + 16));
}

TEST(AesCtr, RefusesWrongLengths) {
  Bytes out(4);
  const Bytes in(4);
  for (const std::size_t n : {0U, 8U, 15U, 17U, 33U, 64U})
    EXPECT_EQ(openssl().aes_ctr(Bytes(n), Bytes(16), in, out).error().code, ErrorCode::bad_request);
  EXPECT_EQ(openssl().aes_ctr(Bytes(16), Bytes(15), in, out).error().code, ErrorCode::bad_request);
  EXPECT_EQ(openssl().aes_ctr(Bytes(16), Bytes(16), Bytes(5), out).error().code, ErrorCode::bad_request);
  EXPECT_TRUE(openssl().aes_ctr(Bytes(16), Bytes(16), {}, {}));
}

struct WrapCase {
  const char* kek;
  const char* plain;
  const char* wrapped;
};

const WrapCase kRfc3394[] = {  // 4.1, 4.2, 4.3, 4.6
    {"000102030405060708090a0b0c0d0e0f", "00112233445566778899aabbccddeeff",
     "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5"},
    {"000102030405060708090a0b0c0d0e0f1011121314151617", "00112233445566778899aabbccddeeff",
     "96778b25ae6ca435f92b5b97c050aed2468ab8a17ad84e5d"},
    {"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "00112233445566778899aabbccddeeff",
     "64e8c3f9ce0f5ba263e9777905818a2a93c8191e7d6e8ae7"},
    {"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
     "00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f",
     "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21"}};

TEST(AesWrap, Rfc3394) {
  const Bytes iv(8, 0xa6);
  for (const auto& c : kRfc3394) {
    auto wrapped = openssl().aes_wrap(hex(c.kek), iv, hex(c.plain));
    ASSERT_TRUE(wrapped);
    EXPECT_EQ(to_hex(*wrapped), c.wrapped);
    auto plain = openssl().aes_unwrap(hex(c.kek), iv, *wrapped);
    ASSERT_TRUE(plain);
    EXPECT_EQ(to_hex(plain->reveal()), c.plain);
  }
}

TEST(AesWrap, TheInitialValueIsTheCallers) {
  const Bytes kek(16, 3), plain(24, 9), iv = hex("0102030405060708");
  const auto wrapped = openssl().aes_wrap(kek, iv, plain);
  ASSERT_TRUE(wrapped);
  EXPECT_EQ(openssl().aes_unwrap(kek, Bytes(8, 0xa6), *wrapped).error().code, ErrorCode::auth_failure);
  auto back = openssl().aes_unwrap(kek, iv, *wrapped);
  ASSERT_TRUE(back);
  EXPECT_EQ(to_bytes(back->reveal()), plain);
}

TEST(AesWrap, EveryFlippedBitIsNoticed) {
  const Bytes iv(8, 0xa6);
  Bytes wrapped = hex(kRfc3394[0].wrapped);
  for (std::size_t i = 0; i < wrapped.size() * 8; ++i) {
    wrapped[i / 8] ^= static_cast<std::uint8_t>(1U << (i % 8));
    EXPECT_EQ(openssl().aes_unwrap(hex(kRfc3394[0].kek), iv, wrapped).error().code, ErrorCode::auth_failure);
    wrapped[i / 8] ^= static_cast<std::uint8_t>(1U << (i % 8));
  }
}

TEST(AesWrap, RefusesWrongLengths) {
  const Bytes kek(16), iv(8);
  for (const std::size_t n : {0U, 8U, 15U, 17U, 23U})
    EXPECT_EQ(openssl().aes_wrap(kek, iv, Bytes(n)).error().code, ErrorCode::bad_request);
  for (const std::size_t n : {0U, 8U, 16U, 23U, 25U})
    EXPECT_EQ(openssl().aes_unwrap(kek, iv, Bytes(n)).error().code, ErrorCode::auth_failure);
  EXPECT_EQ(openssl().aes_wrap(Bytes(15), iv, Bytes(16)).error().code, ErrorCode::bad_request);
  EXPECT_EQ(openssl().aes_wrap(kek, Bytes(7), Bytes(16)).error().code, ErrorCode::bad_request);
  EXPECT_EQ(openssl().aes_unwrap(kek, Bytes(9), Bytes(24)).error().code, ErrorCode::bad_request);
}

const WrapCase kRfc5649[] = {  // 6: 20 and 7 octets
    {"5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8", "c37b7e6492584340bed12207808941155068f738",
     "138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a"},
    {"5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8", "466f7250617369",
     "afbeb0f07dfbf5419200f2ccb50bb24f"}};

TEST(AesWrapPadded, Rfc5649) {
  for (const auto& c : kRfc5649) {
    auto wrapped = openssl().aes_wrap_padded(hex(c.kek), hex(c.plain));
    ASSERT_TRUE(wrapped);
    EXPECT_EQ(to_hex(*wrapped), c.wrapped);
    auto plain = openssl().aes_unwrap_padded(hex(c.kek), *wrapped);
    ASSERT_TRUE(plain);
    EXPECT_EQ(to_hex(plain->reveal()), c.plain);
  }
}

TEST(AesWrapPadded, EveryLengthComesBackAndEveryFlippedBitIsNoticed) {
  const Bytes kek(32, 0x42);
  for (std::size_t n = 1; n <= 34; ++n) {
    const Bytes key(n, 0x17);
    auto wrapped = openssl().aes_wrap_padded(kek, key);
    ASSERT_TRUE(wrapped);
    EXPECT_EQ(wrapped->size(), (n + 7) / 8 * 8 + 8);
    auto back = openssl().aes_unwrap_padded(kek, *wrapped);
    ASSERT_TRUE(back);
    EXPECT_EQ(to_bytes(back->reveal()), key);
    for (std::size_t bit = 0; bit < wrapped->size() * 8; ++bit) {
      Bytes changed = *wrapped;
      changed[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
      EXPECT_EQ(openssl().aes_unwrap_padded(kek, changed).error().code, ErrorCode::auth_failure);
    }
  }
}

TEST(AesWrapPadded, TheTwoWrapsDoNotTakeEachOthersOutput) {
  const Bytes kek(32, 1), key(32, 2), iv(8, 0xa6);
  EXPECT_FALSE(openssl().aes_unwrap_padded(kek, *openssl().aes_wrap(kek, iv, key)));
  EXPECT_FALSE(openssl().aes_unwrap(kek, iv, *openssl().aes_wrap_padded(kek, key)));
}

TEST(AesWrapPadded, RefusesWrongLengths) {
  EXPECT_EQ(openssl().aes_wrap_padded(Bytes(16), {}).error().code, ErrorCode::bad_request);
  EXPECT_EQ(openssl().aes_wrap_padded(Bytes(17), Bytes(9)).error().code, ErrorCode::bad_request);
  for (const std::size_t n : {0U, 8U, 15U, 17U, 25U})
    EXPECT_EQ(openssl().aes_unwrap_padded(Bytes(16), Bytes(n)).error().code, ErrorCode::auth_failure);
  EXPECT_EQ(openssl().aes_unwrap_padded(Bytes(17), Bytes(16)).error().code, ErrorCode::bad_request);
}

TEST(OpensslRng, DrawsOfAllLengthsAreFresh) {
  const auto rng = openssl_rng();
  std::set<Bytes> seen;
  std::size_t drawn = 0;
  for (std::size_t n = 8; n < 700; n += 3, ++drawn) {
    auto b = rng->bytes(n, "test");
    ASSERT_TRUE(b);
    EXPECT_TRUE(seen.insert(Bytes(b->begin(), b->begin() + 8)).second);
    EXPECT_TRUE(seen.insert(Bytes(b->end() - 8, b->end())).second || n < 16);
  }
  EXPECT_TRUE(rng->fill({}, "nothing"));
}

TEST(OpensslRng, AForkedChildDrawsOtherOctets) {
  const auto rng = openssl_rng();
  ASSERT_TRUE(rng->bytes(16, "the block is filled"));
  int fd[2];
  ASSERT_EQ(pipe(fd), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    std::array<std::uint8_t, 16> mine{};
    const bool drawn = rng->fill(mine, "child").ok() && write(fd[1], mine.data(), 16) == 16;
    _exit(drawn ? 0 : 1);
  }
  std::array<std::uint8_t, 16> theirs{}, mine{};
  ASSERT_EQ(read(fd[0], theirs.data(), 16), 16);
  ASSERT_TRUE(rng->fill(mine, "parent"));
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_NE(mine, theirs);
  close(fd[0]);
  close(fd[1]);
}

}  // namespace
}  // namespace mikey::crypto
