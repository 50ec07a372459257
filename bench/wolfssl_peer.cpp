#include "wolfssl_peer.hpp"

#include <wolfssl/options.h>
// The options come first: they decide the layout of every structure below.
#include <wolfssl/version.h>
#include <wolfssl/wolfcrypt/eccsi.h>
#include <wolfssl/wolfcrypt/error-crypt.h>
#include <wolfssl/wolfcrypt/random.h>
#include <wolfssl/wolfcrypt/sakke.h>

#include <array>

namespace mikey::peer {
namespace {

constexpr int kSakkeSize = 128;
constexpr int kEccsiSize = 32;
constexpr std::size_t kSsvSize = 16;
constexpr std::size_t kPointSize = 257;

struct FreePoint {
  void operator()(ecc_point* p) const { wc_ecc_del_point(p); }
};
using PointHandle = std::unique_ptr<ecc_point, FreePoint>;

PointHandle new_point() {
  return PointHandle(wc_ecc_new_point());
}

/// An integer that wolfSSL initialises and clears.
class Integer {
 public:
  Integer() { mp_init(&v_); }
  Integer(const Integer&) = delete;
  Integer& operator=(const Integer&) = delete;
  ~Integer() { mp_forcezero(&v_); }
  mp_int* get() { return &v_; }

 private:
  mp_int v_{};
};

class Generator {
 public:
  Generator() : ok_(wc_InitRng(&rng_) == 0) {}
  Generator(const Generator&) = delete;
  Generator& operator=(const Generator&) = delete;
  ~Generator() { wc_FreeRng(&rng_); }
  bool ok() const { return ok_; }
  WC_RNG* get() { return &rng_; }

 private:
  WC_RNG rng_{};
  bool ok_;
};

word32 size32(ByteView v) {
  return static_cast<word32>(v.size());
}
word16 size16(ByteView v) {
  return static_cast<word16>(v.size());
}

/// What an export function writes into a buffer that is large enough for any of them.
template <class Export>
std::optional<Bytes> exported(Export write) {
  Bytes out(512);
  auto size = static_cast<word32>(out.size());
  if (write(out.data(), &size) != 0) return std::nullopt;
  out.resize(size);
  return out;
}

/// secret || x || y, as wolfSSL imports a whole key.
Bytes whole_key(ByteView secret, ByteView point) {
  Bytes all = to_bytes(secret);
  append(all, point.subspan(1));
  return all;
}

}  // namespace

std::string wolfssl_version() {
  return std::string("wolfSSL ") + LIBWOLFSSL_VERSION_STRING;
}

struct WolfSakke::Held {
  Held() : ok(wc_InitSakkeKey_ex(&key, kSakkeSize, ECC_SAKKE_1, nullptr, INVALID_DEVID) == 0) {}
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held() { wc_FreeSakkeKey(&key); }

  PointHandle decode(ByteView octets) {
    PointHandle p = new_point();
    if (!p || wc_DecodeSakkeRsk(&key, octets.data(), size32(octets), p.get()) != 0) p.reset();
    return p;
  }

  SakkeKey key{};
  Generator rng;
  PointHandle own;  // the key takes a copy, its table not
  Bytes table;
  bool ok;
};

std::optional<WolfSakke> WolfSakke::fresh_kms() {
  WolfSakke out;
  out.held_ = std::make_shared<Held>();
  Held& h = *out.held_;
  if (!h.ok || !h.rng.ok() || wc_MakeSakkeKey(&h.key, h.rng.get()) != 0) return std::nullopt;
  return out;
}

std::optional<WolfSakke> WolfSakke::kms(ByteView z, ByteView z_t) {
  WolfSakke out;
  out.held_ = std::make_shared<Held>();
  const Bytes all = whole_key(z, z_t);
  if (!out.held_->ok || wc_ImportSakkeKey(&out.held_->key, all.data(), size32(all)) != 0) return std::nullopt;
  return out;
}

std::optional<WolfSakke> WolfSakke::client(ByteView z_t) {
  WolfSakke out;
  out.held_ = std::make_shared<Held>();
  const int trusted = 0;
  if (!out.held_->ok || wc_ImportSakkePublicKey(&out.held_->key, z_t.data(), size32(z_t), trusted) != 0)
    return std::nullopt;
  return out;
}

std::optional<Bytes> WolfSakke::master_secret() const {
  return exported([&](byte* out, word32* size) { return wc_ExportSakkePrivateKey(&held_->key, out, size); });
}

std::optional<Bytes> WolfSakke::public_key() const {
  return exported(
      [&](byte* out, word32* size) { return wc_ExportSakkePublicKey(&held_->key, out, size, 0); });
}

std::optional<Bytes> WolfSakke::make_rsk(ByteView id) const {
  const PointHandle rsk = new_point();
  if (!rsk || wc_MakeSakkeRsk(&held_->key, id.data(), size16(id), rsk.get()) != 0) return std::nullopt;
  return exported(
      [&](byte* out, word32* size) { return wc_EncodeSakkeRsk(&held_->key, rsk.get(), out, size, 0); });
}

bool WolfSakke::validate_rsk(ByteView id, ByteView rsk) const {
  const PointHandle p = held_->decode(rsk);
  int valid = 0;
  return p && wc_ValidateSakkeRsk(&held_->key, id.data(), size16(id), p.get(), &valid) == 0 && valid == 1;
}

bool WolfSakke::set_receiver(ByteView id) const {
  SakkeKey* key = &held_->key;
  return wc_MakeSakkePointI(key, id.data(), size16(id)) == 0 &&
         wc_SetSakkeIdentity(key, id.data(), size16(id)) == 0;
}

std::optional<Bytes> WolfSakke::encapsulate(ByteView ssv) const {
  Bytes masked = to_bytes(ssv);
  Bytes out(kPointSize);
  word16 size = size16(out);
  if (wc_MakeSakkeEncapsulatedSSV(&held_->key, WC_HASH_TYPE_SHA256, masked.data(), size16(masked), out.data(),
                                  &size) != 0)
    return std::nullopt;
  out.resize(size);
  append(out, masked);
  return out;
}

bool WolfSakke::set_own_key(ByteView id, ByteView rsk) const {
  Held& h = *held_;
  h.own = h.decode(rsk);
  if (!h.own || !set_receiver(id)) return false;
  word32 size = 0;
  if (wc_GenerateSakkeRskTable(&h.key, h.own.get(), nullptr, &size) != LENGTH_ONLY_E) return false;
  h.table.assign(size, 0);
  byte* table = size != 0 ? h.table.data() : nullptr;
  if (size != 0 && wc_GenerateSakkeRskTable(&h.key, h.own.get(), table, &size) != 0) return false;
  return wc_SetSakkeRsk(&h.key, h.own.get(), table, size) == 0;
}

std::optional<Bytes> WolfSakke::decapsulate(ByteView encapsulated) const {
  if (encapsulated.size() != kPointSize + kSsvSize) return std::nullopt;
  Bytes ssv = to_bytes(encapsulated.subspan(kPointSize));
  const Bytes auth = to_bytes(encapsulated.first(kPointSize));
  if (wc_DeriveSakkeSSV(&held_->key, WC_HASH_TYPE_SHA256, ssv.data(), size16(ssv), auth.data(),
                        size16(auth)) != 0)
    return std::nullopt;
  return ssv;
}

bool WolfSakke::has_tables() const {
  return !held_->table.empty();
}

struct WolfEccsi::Held {
  Held() : ok(wc_InitEccsiKey_ex(&key, kEccsiSize, ECC_SECP256R1, nullptr, INVALID_DEVID) == 0) {}
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held() { wc_FreeEccsiKey(&key); }

  PointHandle decode(ByteView pvt) {
    PointHandle p = new_point();
    if (!p || wc_DecodeEccsiPvt(&key, pvt.data(), size32(pvt), p.get()) != 0) p.reset();
    return p;
  }
  /// HS of this identifier and PVT becomes the key's.
  bool set_hash(ByteView id, ecc_point* pvt) {
    std::array<byte, WC_MAX_DIGEST_SIZE> hash{};
    byte size = 0;
    return wc_HashEccsiId(&key, WC_HASH_TYPE_SHA256, id.data(), size32(id), pvt, hash.data(), &size) == 0 &&
           wc_SetEccsiHash(&key, hash.data(), size) == 0;
  }

  EccsiKey key{};
  Generator rng;
  bool ok;
};

std::optional<WolfEccsi> WolfEccsi::fresh_kms() {
  WolfEccsi out;
  out.held_ = std::make_shared<Held>();
  Held& h = *out.held_;
  if (!h.ok || !h.rng.ok() || wc_MakeEccsiKey(&h.key, h.rng.get()) != 0) return std::nullopt;
  return out;
}

std::optional<WolfEccsi> WolfEccsi::kms(ByteView ksak, ByteView kpak) {
  WolfEccsi out;
  out.held_ = std::make_shared<Held>();
  const Bytes all = whole_key(ksak, kpak);
  if (!out.held_->ok || wc_ImportEccsiKey(&out.held_->key, all.data(), size32(all)) != 0) return std::nullopt;
  return out;
}

std::optional<WolfEccsi> WolfEccsi::client(ByteView kpak) {
  WolfEccsi out;
  out.held_ = std::make_shared<Held>();
  const int trusted = 0;
  if (!out.held_->ok || wc_ImportEccsiPublicKey(&out.held_->key, kpak.data(), size32(kpak), trusted) != 0)
    return std::nullopt;
  return out;
}

std::optional<Bytes> WolfEccsi::secret_key() const {
  return exported([&](byte* out, word32* size) { return wc_ExportEccsiPrivateKey(&held_->key, out, size); });
}

std::optional<Bytes> WolfEccsi::public_key() const {
  return exported(
      [&](byte* out, word32* size) { return wc_ExportEccsiPublicKey(&held_->key, out, size, 0); });
}

std::optional<WolfEccsi::Pair> WolfEccsi::make_pair(ByteView id) const {
  Held& h = *held_;
  Integer ssk;
  const PointHandle pvt = new_point();
  if (!pvt || wc_MakeEccsiPair(&h.key, h.rng.get(), WC_HASH_TYPE_SHA256, id.data(), size32(id), ssk.get(),
                               pvt.get()) != 0)
    return std::nullopt;
  auto s = exported([&](byte* out, word32* size) { return wc_EncodeEccsiSsk(&h.key, ssk.get(), out, size); });
  auto p =
      exported([&](byte* out, word32* size) { return wc_EncodeEccsiPvt(&h.key, pvt.get(), out, size, 0); });
  if (!s || !p) return std::nullopt;
  return Pair{std::move(*s), std::move(*p)};
}

bool WolfEccsi::validate_pair(ByteView id, const Pair& pair) const {
  Held& h = *held_;
  Integer ssk;
  const PointHandle pvt = h.decode(pair.pvt);
  int valid = 0;
  return pvt && wc_DecodeEccsiSsk(&h.key, pair.ssk.data(), size32(pair.ssk), ssk.get()) == 0 &&
         wc_ValidateEccsiPair(&h.key, WC_HASH_TYPE_SHA256, id.data(), size32(id), ssk.get(), pvt.get(),
                              &valid) == 0 &&
         valid == 1;
}

bool WolfEccsi::set_pair(ByteView id, const Pair& pair) const {
  Held& h = *held_;
  Integer ssk;
  const PointHandle pvt = h.decode(pair.pvt);
  return pvt && wc_DecodeEccsiSsk(&h.key, pair.ssk.data(), size32(pair.ssk), ssk.get()) == 0 &&
         h.set_hash(id, pvt.get()) && wc_SetEccsiPair(&h.key, ssk.get(), pvt.get()) == 0;
}

std::optional<Bytes> WolfEccsi::sign(ByteView message) const {
  Held& h = *held_;
  return exported([&](byte* out, word32* size) {
    return wc_SignEccsiHash(&h.key, h.rng.get(), WC_HASH_TYPE_SHA256, message.data(), size32(message), out,
                            size);
  });
}

bool WolfEccsi::set_signer(ByteView id, ByteView signature) const {
  Held& h = *held_;
  const PointHandle pvt = new_point();
  return pvt && wc_DecodeEccsiPvtFromSig(&h.key, signature.data(), size32(signature), pvt.get()) == 0 &&
         h.set_hash(id, pvt.get());
}

bool WolfEccsi::verify(ByteView message, ByteView signature) const {
  int verified = 0;
  return wc_VerifyEccsiHash(&held_->key, WC_HASH_TYPE_SHA256, message.data(), size32(message),
                            signature.data(), size32(signature), &verified) == 0 &&
         verified == 1;
}

}  // namespace mikey::peer
