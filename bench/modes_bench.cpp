/// \file
/// Whole exchanges in the modes with public keys and Diffie-Hellman, beside the public-key operations that
/// they are made of. RSA of 2048 bits with SHA-1 and PKCS#1 v1.5, OAKLEY group 5: what RFC 3830 mandates. The
/// paths of the certificates were verified before, as between parties that have met.
#include "couple.hpp"
#include "public_key_operations.hpp"
#include "row.hpp"

namespace mikey::bench {
namespace {

/// Made when it is first measured: keys take a while.
class Pair {
 public:
  Pair(Mode mode, const PublicKeyCounts& counts) : mode_(mode), counts_(counts) {}

  void exchange(std::size_t n) {
    make();
    for (std::size_t i = 0; i < n; ++i)
      if (!couple_->exchange()) fail(std::string(mode_name(mode_)), "the exchange fails");
  }
  void operations(std::size_t n) {
    make();
    operations_->run(n);
  }

 private:
  void make() {
    if (couple_) return;
    couple_ = std::make_unique<Couple>(mode_);
    couple_->prove("exchange/" + std::string(mode_name(mode_)));
    operations_ = std::make_unique<PublicKeyOperations>(counts_, couple_->key_pem());
  }

  Mode mode_;
  PublicKeyCounts counts_;
  std::unique_ptr<Couple> couple_;
  std::unique_ptr<PublicKeyOperations> operations_;
};

void add_row(Table& table, Mode mode, const PublicKeyCounts& counts) {
  const auto pair = std::make_shared<Pair>(mode, counts);
  table.push_back({.name = "exchange/" + std::string(mode_name(mode)),
                   .ours = [pair](std::size_t n) { pair->exchange(n); },
                   .peer = "openssl-operations",
                   .theirs = [pair](std::size_t n) { pair->operations(n); },
                   .goal = 1 / 1.15});
}

void add_rows(Table& table) {
  add_row(table, Mode::pk, {.sign = 1, .verify = 1, .encrypt = 1, .decrypt = 1});
  add_row(table, Mode::dh, {.sign = 2, .verify = 2, .power = 4});
  add_row(table, Mode::dhhmac, {.power = 4});
  add_row(table, Mode::rsar, {.sign = 2, .verify = 2, .encrypt = 1, .decrypt = 1});
}

const Rows kRows(add_rows);

}  // namespace
}  // namespace mikey::bench
