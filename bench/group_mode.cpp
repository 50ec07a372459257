#include "group_mode.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <thread>
#include <vector>

#include "ibc_setup.hpp"
#include "mikey/ibc/eccsi.hpp"
#include "mikey/ibc/kernel.hpp"
#include "mikey/ibc/sakke.hpp"

namespace mikey::bench {
namespace {

using namespace ibc;
using Clock = std::chrono::steady_clock;

constexpr const char* kName = "group";

/// What is signed with the Encapsulated Data: HDR, T, RAND and three IDR payloads of an I_MESSAGE.
constexpr std::size_t kOtherOctets = 180;

struct Message {
  Bytes sed;
  Bytes signature;
};

/// The one who re-keys: keys of both KMSs and an SSV.
struct Manager {
  const crypto::Provider& provider = crypto::openssl();
  std::unique_ptr<Rng> rng = crypto::openssl_rng();
  SakkeMasterSecret z = need(kName, sakke::generate_master_secret(*rng));
  sakke::KmsPublicKey kms = need(kName, sakke::KmsPublicKey::load(need(kName, sakke::kms_public_key(z))));
  Ksak ksak = need(kName, eccsi::generate_ksak(*rng));
  eccsi::KmsPublicKey signers =
      need(kName, eccsi::KmsPublicKey::load(need(kName, eccsi::kms_public_key(ksak))));
  Bytes id = identifier(899999);
  eccsi::SigningPair pair = need(kName, eccsi::issue(provider, *rng, ksak, signers, id));
  eccsi::SigningKey key = need(kName, eccsi::SigningKey::load(provider, signers, id, pair.ssk, pair.pvt));
  Ssv ssv = need(kName, sakke::generate_ssv(*rng));
};

Bytes to_be_signed(const Bytes& sed) {
  Bytes text(kOtherOctets + sed.size(), 0x5a);
  std::ranges::copy(sed, text.begin() + kOtherOctets);
  return text;
}

Message write_to(const Manager& m, Rng& rng, std::size_t member) {
  Message out;
  out.sed = need(kName, sakke::encapsulate(m.provider, m.kms, identifier(member), m.ssv));
  out.signature = need(kName, eccsi::sign(m.provider, rng, m.key, to_be_signed(out.sed)));
  return out;
}

/// Whether a member gets the SSV out of its message and finds the signature good.
bool arrives(const Manager& m, std::size_t member, const Message& message) {
  const Bytes id = identifier(member);
  const auto rsk = need(kName, sakke::extract_rsk(m.z, id));
  const auto receiver = need(kName, sakke::ReceiverKey::load(m.kms, id, rsk, sakke::Tables::none));
  const auto ssv = sakke::decapsulate(m.provider, receiver, message.sed);
  return ssv.ok() && ct_equal(ssv->reveal(), m.ssv.reveal()) &&
         eccsi::verify(m.provider, m.signers, m.id, to_be_signed(message.sed), message.signature).ok();
}

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// One line that is written over on a terminal, and one a tenth elsewhere.
class Progress {
 public:
  explicit Progress(std::size_t members) : members_(members) {}
  void show(std::size_t done, double seconds) {
    const std::size_t tenth = 10 * done / members_;
    if (!terminal_ && tenth == shown_) return;
    shown_ = tenth;
    std::fprintf(stderr, "%s%zu of %zu members, %.0f a second%s", terminal_ ? "\r" : "", done, members_,
                 static_cast<double>(done) / seconds, terminal_ && done < members_ ? "" : "\n");
  }

 private:
  std::size_t members_;
  std::size_t shown_ = 0;
  bool terminal_ = isatty(STDERR_FILENO) == 1;
};

}  // namespace

int rekey_group(std::size_t members, std::size_t threads) {
  const Manager manager;
  std::vector<Message> messages(members);
  std::atomic<std::size_t> next{0};
  std::atomic<std::size_t> done{0};
  const auto begin = Clock::now();
  std::vector<std::jthread> workers;
  for (std::size_t t = 0; t < threads; ++t) {
    workers.emplace_back([&] {
      const auto rng = crypto::openssl_rng();
      for (std::size_t i = next++; i < members; i = next++) {
        messages[i] = write_to(manager, *rng, i);
        ++done;
      }
    });
  }
  Progress progress(members);
  while (done < members) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    progress.show(done, seconds_since(begin));
  }
  workers.clear();
  const double seconds = seconds_since(begin);
  for (const std::size_t member : {std::size_t{0}, members / 2, members - 1})
    if (!arrives(manager, member, messages[member])) fail(kName, "a member cannot read its message");
  std::printf("group of %zu: %.2f s, %.0f members a second on %zu threads, kernel %s\n", members, seconds,
              static_cast<double>(members) / seconds, threads, std::string(kernel_in_use()).c_str());
  return 0;
}

}  // namespace mikey::bench
