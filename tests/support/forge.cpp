#include "support/forge.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>

#include "mikey/keys/message_keys.hpp"
#include "support/scripted_rng.hpp"

namespace mikey::test {
namespace {

Bytes finished(wire::ChainBuilder b) {
  auto octets = std::move(b).finish();
  if (octets) return std::move(*octets);
  ADD_FAILURE() << octets.error().to_string();
  return {};
}

}  // namespace

Forge::Forge(ByteView message) {
  const auto m = wire::Message::parse(message);
  if (!m) {
    ADD_FAILURE() << m.error().to_string();
    std::abort();  // there is nothing to take apart
  }
  map_ = to_bytes(m->hdr().map);
  hdr_ = m->hdr();
  hdr_.map = Octets(map_);
  for (const wire::Slot& s : m->slots())
    parts_.push_back({s.type, to_bytes(m->octets().subspan(s.body(), s.end() - s.body()))});
  if (!parts_.empty()) parts_.pop_back();
}

Bytes Forge::unencodable(const Error& why) {
  ADD_FAILURE() << why.to_string();
  std::abort();
}

std::size_t Forge::index(PayloadType type, std::size_t n) const {
  for (std::size_t i = 0; i < parts_.size(); ++i)
    if (parts_[i].type == type && n-- == 0) return i;
  ADD_FAILURE() << "the message has no such payload: " << static_cast<int>(type);
  std::abort();
}

Forge& Forge::insert(Part part, PayloadType before, std::size_t n) {
  const auto at = static_cast<std::ptrdiff_t>(index(before, n));
  parts_.insert(parts_.begin() + at, std::move(part));
  return *this;
}

Forge& Forge::remove(PayloadType type, std::size_t n) {
  parts_.erase(parts_.begin() + static_cast<std::ptrdiff_t>(index(type, n)));
  return *this;
}

wire::ChainBuilder Forge::chain() const {
  wire::ChainBuilder b(hdr_);
  for (const Part& p : parts_) b.add_encoded(p.type, p.body);
  return b;
}

Bytes Forge::bare() const {
  return finished(chain());
}

Bytes Forge::signed_by(const crypto::PrivateKey& key, crypto::Hash hash, SignType type) const {
  CountingRng rng;
  wire::ChainBuilder b = chain();
  const std::size_t n = key.public_key().size();
  const Bytes room(n);
  b.add(wire::Sign{type, Octets(room)});
  const auto signature = key.sign(type, hash, b.octets().first(b.octets().size() - n), rng);
  std::ranges::copy(*signature, b.tail(n).begin());
  return finished(std::move(b));
}

Bytes Forge::signed_rsar(const crypto::PrivateKey& key, ByteView id_i, ByteView id_r) const {
  CountingRng rng;
  wire::ChainBuilder b = chain();
  b.announce(PayloadType::sign);
  Bytes covered = to_bytes(b.octets());
  const wire::T t = get<wire::T>();
  for (const ByteView part : {id_i, id_r, ByteView(t.value)}) mikey::append(covered, part);
  const auto signature = key.sign(SignType::rsa_pkcs1_15, crypto::Hash::sha1, covered, rng);
  b.add(wire::Sign{SignType::rsa_pkcs1_15, Octets(*signature)});
  return finished(std::move(b));
}

Bytes Forge::maced(ByteView psk, ByteView rand, ByteView data, EncrAlg encr, MacAlg mac) const {
  const keys::MessageKeys keys(crypto::openssl(), hdr_.prf, psk, hdr_.csb_id, rand);
  wire::ChainBuilder b = chain();
  const Bytes room(*keys::mac_size(mac));
  b.add(wire::Kemac{encr, Octets(data), mac, Octets(room)});
  const std::array<ByteView, 1> parts{b.octets().first(b.octets().size() - room.size())};
  if (!keys.mac(mac, parts, b.tail(room.size()))) ADD_FAILURE() << "no MAC";
  return finished(std::move(b));
}

}  // namespace mikey::test
