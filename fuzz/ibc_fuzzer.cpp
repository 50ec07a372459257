/// \file
/// What strangers send to the identity-based schemes. The first octet says as what the rest is read:
/// Encapsulated Data of SAKKE, an ECCSI signature, and the three DER blocks of RFC 5091 8. What is accepted
/// must say the same when it is made again.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "mikey/ibc/boneh_franklin.hpp"
#include "mikey/ibc/eccsi.hpp"
#include "mikey/ibc/sakke.hpp"

namespace {

using namespace mikey;
using namespace mikey::ibc;

const Bytes kId = {'f', 'u', 'z', 'z'};
const Bytes kMessage = {'m'};

void require(bool ok) {
  if (!ok) std::abort();
}

template <class T>
T need(Result<T> r) {
  require(r.ok());
  return std::move(*r);
}

/// The same draws every time: the corpus was made with the keys that come of it.
class RepeatableRng final : public Rng {
 public:
  Status fill(MutableBytes out, std::string_view /*what*/) override {
    for (std::uint8_t& o : out) {
      state_ = state_ * 6364136223846793005U + 1442695040888963407U;
      o = static_cast<std::uint8_t>(state_ >> 56);
    }
    return {};
  }

 private:
  std::uint64_t state_ = 1;
};

const crypto::Provider& provider() {
  return crypto::openssl();
}

struct SakkeUser {
  SakkeMasterSecret z{ByteView(Bytes(32, 0x22))};
  sakke::KmsPublicKey kms = need(sakke::KmsPublicKey::load(need(sakke::kms_public_key(z))));
  sakke::ReceiverKey key =
      need(sakke::ReceiverKey::load(kms, kId, need(sakke::extract_rsk(z, kId)), sakke::Tables::own));
};

void decapsulate(ByteView data) {
  static const SakkeUser user;
  const auto ssv = sakke::decapsulate(provider(), user.key, data);
  if (!ssv) return;
  const auto again = sakke::encapsulate(provider(), user.kms, kId, *ssv);
  require(again.ok() && std::ranges::equal(*again, data));
}

struct EccsiSigner {
  Ksak ksak{ByteView(Bytes(32, 0x33))};
  eccsi::KmsPublicKey kms = need(eccsi::KmsPublicKey::load(need(eccsi::kms_public_key(ksak))));
};

/// A new signer and a cached one with the signature's PVT have to agree.
void verify(ByteView data) {
  static const EccsiSigner signer;
  const bool fresh = eccsi::verify(provider(), signer.kms, kId, kMessage, data).ok();
  const auto known = eccsi::KnownSigner::prepare(provider(), signer.kms, kId, eccsi::pvt_of(data));
  require(fresh == (known.ok() && eccsi::verify(provider(), *known, kMessage, data).ok()));
}

void parameters(ByteView data) {
  const auto bp = bf::PublicParameters::from_der(provider(), data);
  if (bp) require(std::ranges::equal(bp->to_der(), data));
}

const bf::Setup& domain() {
  static const bf::Setup setup = [] {
    RepeatableRng rng;
    return need(bf::setup(provider(), rng, bf::Level::n1024));
  }();
  return setup;
}

void private_key(ByteView data) {
  const bf::PublicParameters& bp = domain().parameters;
  const auto key = bf::private_key_from_der(bp, data);
  if (!key) return;
  require(std::ranges::equal(bf::private_key_to_der(bp, *key).reveal(), data));
  const auto own = need(bf::extract(provider(), bp, domain().master_secret, kId));
  require(bf::validate_private_key(provider(), bp, kId, *key).ok() ==
          std::ranges::equal(own.reveal(), key->reveal()));
}

void ciphertext(ByteView data) {
  const auto sealed = bf::ciphertext_from_der(data);
  if (!sealed) return;
  require(std::ranges::equal(bf::ciphertext_to_der(*sealed), data));
  static const BfPrivateKey own =
      need(bf::extract(provider(), domain().parameters, domain().master_secret, kId));
  const auto opened = bf::decrypt(provider(), domain().parameters, own, *sealed);
  if (opened) require(opened->size() == sealed->w.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView rest = ByteView(data, size).subspan(1);
  switch (data[0]) {
    case 0:
      decapsulate(rest);
      break;
    case 1:
      verify(rest);
      break;
    case 2:
      parameters(rest);
      break;
    case 3:
      private_key(rest);
      break;
    case 4:
      ciphertext(rest);
      break;
    default:
      break;
  }
  return 0;
}
