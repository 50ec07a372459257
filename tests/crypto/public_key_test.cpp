#include "mikey/crypto/public_key.hpp"

#include <gtest/gtest.h>

#include "crypto/rsa_padding.hpp"
#include "mikey/crypto/make_pki.hpp"
#include "support/pki.hpp"

namespace mikey::crypto {
namespace {

using test::CountingRng;
using test::hex;
using test::private_key;

constexpr std::array kHashes = {Hash::sha1, Hash::sha256, Hash::sha384, Hash::sha512};
constexpr std::array kTypes = {SignType::rsa_pkcs1_15, SignType::rsa_pss};

Bytes sign(const PrivateKey& key, SignType type, Hash h, ByteView message) {
  CountingRng rng;
  auto s = key.sign(type, h, message, rng);
  EXPECT_TRUE(s.ok());
  return s.ok() ? std::move(*s) : Bytes{};
}

TEST(Signature, AllHashesAndBothPaddings) {
  const auto key = private_key("alice");
  const auto other = private_key("bob");
  const ByteView message = as_bytes("HDR, T, RAND, ID, SP, KEMAC, CHASH, PKE");
  for (const SignType type : kTypes)
    for (const Hash h : kHashes) {
      const Bytes s = sign(*key, type, h, message);
      const auto found = key->public_key().verify(type, message, s);
      ASSERT_TRUE(found.ok()) << found.error().to_string();
      EXPECT_EQ(*found, h);
      EXPECT_EQ(key->public_key().verify(type, as_bytes("else"), s).error().code, ErrorCode::auth_failure);
      EXPECT_EQ(other->public_key().verify(type, message, s).error().code, ErrorCode::auth_failure);
    }
}

TEST(Signature, PaddingsDoNotStandForOneAnother) {
  const auto key = private_key("alice");
  const Bytes v15 = sign(*key, SignType::rsa_pkcs1_15, Hash::sha256, as_bytes("m"));
  const Bytes pss = sign(*key, SignType::rsa_pss, Hash::sha256, as_bytes("m"));
  EXPECT_EQ(key->public_key().verify(SignType::rsa_pss, as_bytes("m"), v15).error().code,
            ErrorCode::auth_failure);
  EXPECT_EQ(key->public_key().verify(SignType::rsa_pkcs1_15, as_bytes("m"), pss).error().code,
            ErrorCode::auth_failure);
}

TEST(Signature, DamagedOnesAreRefused) {
  const auto key = private_key("alice");
  for (const SignType type : kTypes) {
    Bytes s = sign(*key, type, Hash::sha1, as_bytes("m"));
    for (std::size_t i = 0; i < s.size(); i += 7) {
      s[i] ^= 0x10;
      EXPECT_EQ(key->public_key().verify(type, as_bytes("m"), s).error().code, ErrorCode::auth_failure);
      s[i] ^= 0x10;
    }
    const std::vector<Bytes> bad = {{},
                                    Bytes(s.begin(), s.end() - 1),
                                    Bytes(s.begin() + 1, s.end()),
                                    Bytes(s.size()),
                                    Bytes(s.size(), 0xFF),
                                    Bytes(s.size() + 1)};
    for (const Bytes& b : bad)
      EXPECT_EQ(key->public_key().verify(type, as_bytes("m"), b).error().code, ErrorCode::auth_failure);
    Bytes longer = s;
    longer.insert(longer.begin(), 0);
    EXPECT_EQ(key->public_key().verify(type, as_bytes("m"), longer).error().code, ErrorCode::auth_failure);
  }
}

TEST(Signature, PolicyDecides) {
  const auto key = private_key("alice");
  const auto weak = private_key("weak");
  const Bytes sha1 = sign(*key, SignType::rsa_pkcs1_15, Hash::sha1, as_bytes("m"));
  const Bytes sha256 = sign(*key, SignType::rsa_pkcs1_15, Hash::sha256, as_bytes("m"));
  const Bytes of_weak = sign(*weak, SignType::rsa_pkcs1_15, Hash::sha256, as_bytes("m"));
  const auto modern = SignaturePolicy::modern();
  const auto verify = [&](const PrivateKey& k, ByteView s, const SignaturePolicy& p) {
    return k.public_key().verify(SignType::rsa_pkcs1_15, as_bytes("m"), s, p);
  };
  EXPECT_EQ(verify(*key, sha1, modern).error().code, ErrorCode::invalid_ha);
  EXPECT_TRUE(verify(*key, sha256, modern));
  EXPECT_EQ(verify(*weak, of_weak, {}).error().code, ErrorCode::invalid_cert);
  EXPECT_TRUE(verify(*weak, of_weak, {.min_rsa_bits = 1024}));
  EXPECT_EQ(key->public_key().verify(SignType::eccsi, as_bytes("m"), sha1).error().code,
            ErrorCode::invalid_dt);
}

TEST(Signature, KeysTooShortForTheHash) {
  CountingRng rng;
  const auto weak = private_key("weak");
  EXPECT_TRUE(weak->sign(SignType::rsa_pkcs1_15, Hash::sha512, as_bytes("m"), rng));
  EXPECT_EQ(weak->sign(SignType::rsa_pss, Hash::sha512, as_bytes("m"), rng).error().code,
            ErrorCode::bad_request);
  EXPECT_EQ(weak->sign(SignType::eccsi, Hash::sha1, as_bytes("m"), rng).error().code, ErrorCode::bad_request);
}

// Bleichenbacher's forgery of 2006 and its relatives: DigestInfo right, something else in the padding.
TEST(Signature, OnlyTheOneEncodingIsAccepted) {
  const Bytes good = *detail::encode_pkcs1_signature(Hash::sha1, as_bytes("m"), 256);
  EXPECT_EQ(detail::check_pkcs1_signature(good, as_bytes("m")), Hash::sha1);
  for (std::size_t i = 0; i < good.size(); ++i) {
    Bytes bad = good;
    bad[i] ^= 1;
    EXPECT_EQ(detail::check_pkcs1_signature(bad, as_bytes("m")), std::nullopt) << i;
  }
  Bytes short_padding = good;  // hash moved to the left, garbage after it
  std::rotate(short_padding.begin() + 10, short_padding.begin() + 100, short_padding.end());
  EXPECT_EQ(detail::check_pkcs1_signature(short_padding, as_bytes("m")), std::nullopt);
  EXPECT_EQ(detail::check_pkcs1_signature({}, as_bytes("m")), std::nullopt);
}

TEST(Signature, PssOfModuliThatAreNotWholeOctets) {
  for (const std::size_t bits : {1024U, 1025U, 1026U, 1030U, 1031U}) {
    CountingRng rng;
    const auto em = detail::encode_pss(Hash::sha256, as_bytes("m"), bits, rng);
    ASSERT_TRUE(em);
    EXPECT_EQ(em->size(), (bits + 7) / 8);
    EXPECT_EQ(detail::check_pss(*em, as_bytes("m"), bits), Hash::sha256);
    EXPECT_EQ(detail::check_pss(*em, as_bytes("n"), bits), std::nullopt);
    for (std::size_t i = 0; i < em->size(); ++i) {
      Bytes bad = *em;
      bad[i] ^= 0x80;
      EXPECT_EQ(detail::check_pss(bad, as_bytes("m"), bits), std::nullopt) << bits << " " << i;
    }
  }
}

TEST(EnvelopeKey, RoundTripOfBothPaddings) {
  CountingRng rng;
  const auto key = private_key("bob");
  for (const PkePadding padding : {PkePadding::pkcs1_v15, PkePadding::oaep})
    for (const std::size_t n : {16U, 17U, 32U, 64U}) {
      const Bytes plain = *rng.bytes(n, "");
      const auto c = key->public_key().encrypt(padding, plain, rng);
      ASSERT_TRUE(c);
      EXPECT_EQ(c->size(), 256U);
      const auto back = key->decrypt(padding, *c);
      ASSERT_TRUE(back);
      EXPECT_EQ(to_bytes(back->reveal()), plain);
    }
}

TEST(EnvelopeKey, LongestAndTooLong) {
  CountingRng rng;
  const auto key = private_key("bob");
  for (const auto& [padding, most] : {std::pair{PkePadding::pkcs1_v15, 245U}, {PkePadding::oaep, 214U}}) {
    const auto c = key->public_key().encrypt(padding, Bytes(most, 5), rng);
    ASSERT_TRUE(c);
    const auto back = key->decrypt(padding, *c, {1, 1000});
    ASSERT_TRUE(back);
    EXPECT_EQ(to_bytes(back->reveal()), Bytes(most, 5));
    EXPECT_EQ(key->public_key().encrypt(padding, Bytes(most + 1), rng).error().code, ErrorCode::bad_request);
    EXPECT_EQ(key->public_key().encrypt(padding, {}, rng).error().code, ErrorCode::bad_request);
    EXPECT_EQ(key->decrypt(padding, *c, {0, 16}).error().code, ErrorCode::bad_request);
    EXPECT_EQ(key->decrypt(padding, *c, {32, 16}).error().code, ErrorCode::bad_request);
  }
}

TEST(EnvelopeKey, PaddingIsDrawnUntilNoOctetIsZero) {
  test::ScriptedRng rng;
  Bytes first(64 - 3 - 16, 0xAA);
  first[3] = first[9] = 0;
  rng.add("PKCS#1 padding", first);
  rng.add("PKCS#1 padding", {0, 0xBB});
  rng.add("PKCS#1 padding", {0xCC});
  const auto em = detail::pad_pkcs1_encryption(Bytes(16, 0x11), 64, rng);
  ASSERT_TRUE(em);
  EXPECT_TRUE(rng.exhausted());
  Bytes expected = {0, 2};
  expected.insert(expected.end(), 43, 0xAA);
  append(expected, Bytes{0xBB, 0xCC, 0});
  expected.insert(expected.end(), 16, 0x11);
  EXPECT_EQ(to_bytes(em->reveal()), expected);
}

// Whatever is wrong inside the block, the answer is a key: always the same one for the same ciphertext.
TEST(EnvelopeKey, WrongPkcs1PaddingIsRejectedImplicitly) {
  const auto key = private_key("bob");
  const auto same_key_again = private_key("bob");
  Bytes c(256, 1);
  const auto a = key->decrypt(PkePadding::pkcs1_v15, c);
  const auto b = key->decrypt(PkePadding::pkcs1_v15, c);
  ASSERT_TRUE(a.ok() && b.ok());
  EXPECT_EQ(a->size(), 16U);
  EXPECT_TRUE(ct_equal(a->reveal(), b->reveal()));
  c.back() = 2;
  const auto other = key->decrypt(PkePadding::pkcs1_v15, c);
  ASSERT_TRUE(other);
  EXPECT_FALSE(ct_equal(a->reveal(), other->reveal()));
  const auto elsewhere = same_key_again->decrypt(PkePadding::pkcs1_v15, c);
  ASSERT_TRUE(elsewhere);
  EXPECT_FALSE(ct_equal(other->reveal(), elsewhere->reveal()));  // the secret is the object's, not the key's
}

TEST(EnvelopeKey, LengthsOutsideTheRangeAreRejectedImplicitly) {
  CountingRng rng;
  const auto key = private_key("bob");
  for (const std::size_t n : {1U, 15U, 65U, 200U}) {
    const auto c = key->public_key().encrypt(PkePadding::pkcs1_v15, Bytes(n, 0x42), rng);
    ASSERT_TRUE(c);
    const auto k = key->decrypt(PkePadding::pkcs1_v15, *c);
    ASSERT_TRUE(k);
    EXPECT_EQ(k->size(), 16U);
    EXPECT_NE(to_bytes(k->reveal()), Bytes(16, 0x42));
    EXPECT_EQ(key->decrypt(PkePadding::oaep, *key->public_key().encrypt(PkePadding::oaep, Bytes(n), rng))
                  .error()
                  .code,
              ErrorCode::auth_failure);
  }
}

TEST(EnvelopeKey, EveryKindOfWrongBlock) {
  const Bytes rejection(64, 0x77);
  const EnvelopeKeyLengths lengths{16, 64};
  CountingRng rng;
  const auto padded = detail::pad_pkcs1_encryption(Bytes(16, 0x11), 128, rng);
  ASSERT_TRUE(padded);
  const Bytes good = to_bytes(padded->reveal());
  const auto open = [&](const Bytes& em) {
    return to_bytes(detail::unpad_pkcs1_encryption(em, lengths, rejection).reveal());
  };
  EXPECT_EQ(open(good), Bytes(16, 0x11));
  const Bytes rejected(16, 0x77);
  Bytes em = good;
  em[0] = 1;
  EXPECT_EQ(open(em), rejected);
  em = good;
  em[1] = 1;
  EXPECT_EQ(open(em), rejected);
  em = good;
  em[111] = 9;  // no zero octet after the padding
  EXPECT_EQ(open(em), rejected);
  for (std::size_t i = 2; i < 10; ++i) {  // padding of less than eight octets
    em = Bytes(128, 0x33);
    em[0] = 0;
    em[1] = 2;
    em[i] = 0;
    EXPECT_EQ(to_bytes(detail::unpad_pkcs1_encryption(em, {1, 117}, Bytes(117, 0x77)).reveal()),
              Bytes(1, 0x77));
  }
  em[9] = 0x33;
  em[10] = 0;  // eight octets: the least
  EXPECT_EQ(detail::unpad_pkcs1_encryption(em, {1, 117}, Bytes(117, 0x77)).size(), 117U);
}

TEST(EnvelopeKey, OaepFailsOpenly) {
  CountingRng rng;
  const auto key = private_key("bob");
  Bytes c = *key->public_key().encrypt(PkePadding::oaep, Bytes(16, 1), rng);
  c[100] ^= 1;
  EXPECT_EQ(key->decrypt(PkePadding::oaep, c).error().code, ErrorCode::auth_failure);
  const auto padded = detail::pad_oaep(Bytes(16, 1), 128, rng);
  ASSERT_TRUE(padded);
  for (std::size_t i = 0; i < 128; ++i) {
    Bytes em = to_bytes(padded->reveal());
    em[i] ^= 1;
    const auto r = detail::unpad_oaep(em);
    if (i < 128 - 16) {
      EXPECT_FALSE(r.ok()) << i;  // a change in the message itself changes the seed, so everything else too
    }
    EXPECT_FALSE(r.ok() && to_bytes(r->reveal()) == Bytes(16, 1));
  }
}

TEST(EnvelopeKey, CiphertextsThatDoNotFit) {
  const auto key = private_key("bob");
  for (const PkePadding padding : {PkePadding::pkcs1_v15, PkePadding::oaep})
    for (const Bytes& c : {Bytes{}, Bytes(255), Bytes(257), Bytes(256, 0xFF)})
      EXPECT_EQ(key->decrypt(padding, c).error().code, ErrorCode::auth_failure);
}

TEST(Keys, PemAndPassphrases) {
  EXPECT_EQ(load_private_key_pem("").error().code, ErrorCode::bad_request);
  EXPECT_EQ(
      load_private_key_pem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").error().code,
      ErrorCode::bad_request);
  const auto pem = generate_rsa_key(1024, "secret words", true);
  ASSERT_TRUE(pem);
  EXPECT_NE(pem->find("ENCRYPTED PRIVATE KEY"), std::string::npos);
  EXPECT_EQ(load_private_key_pem(*pem).error().code, ErrorCode::bad_request);
  EXPECT_EQ(load_private_key_pem(*pem, "wrong").error().code, ErrorCode::bad_request);
  EXPECT_TRUE(load_private_key_pem(*pem, "secret words"));
  EXPECT_EQ(generate_rsa_key(1024).error().code, ErrorCode::bad_request);
  EXPECT_EQ(generate_rsa_key(2049).error().code, ErrorCode::bad_request);
  EXPECT_EQ(generate_rsa_key(1U << 20).error().code, ErrorCode::bad_request);
}

TEST(Keys, OnlyRsa) {
  const char* ec =
      "-----BEGIN PUBLIC KEY-----\n"
      "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt\n"
      "6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==\n"
      "-----END PUBLIC KEY-----\n";
  EXPECT_EQ(PublicKey::from_pem(ec).error().code, ErrorCode::invalid_cert);
  EXPECT_EQ(PublicKey::from_pem("nothing").error().code, ErrorCode::invalid_cert);
  EXPECT_EQ(PublicKey::from_der({}).error().code, ErrorCode::invalid_cert);
  Bytes der = to_bytes(test::public_key("alice").der());
  EXPECT_TRUE(PublicKey::from_der(der));
  der.push_back(0);
  EXPECT_EQ(PublicKey::from_der(der).error().code, ErrorCode::invalid_cert);
  EXPECT_EQ(test::public_key("alice"), test::public_key("alice"));
  EXPECT_FALSE(test::public_key("alice") == test::public_key("bob"));
}

}  // namespace
}  // namespace mikey::crypto
