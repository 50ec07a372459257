/// \file
/// A message taken apart, to be changed and then protected again by whoever holds the key: what a hostile or
/// broken peer with good credentials can send.
#pragma once

#include "mikey/crypto/public_key.hpp"
#include "mikey/wire/message.hpp"

namespace mikey::test {

class Forge {
 public:
  /// `message` must be well formed; its last payload, the one that authenticates it, is dropped.
  explicit Forge(ByteView message);

  wire::Hdr& hdr() { return hdr_; }
  const wire::Hdr& hdr() const { return hdr_; }
  /// Payload number `n` of that type, as it stands now.
  template <class P>
  P get(std::size_t n = 0) const {
    const Bytes& body = parts_[index(P::kType, n)].body;
    wire::Decoder d(body, 0);
    P p;
    P::describe(p, d);
    return p;
  }
  template <class P>
  Forge& set(const P& p, std::size_t n = 0) {
    parts_[index(P::kType, n)].body = encoded(p);
    return *this;
  }
  /// Adds a payload before number `n` of type `before`, or at the end when there is none.
  template <class P>
  Forge& insert(const P& p, PayloadType before, std::size_t n = 0) {
    return insert(Part{P::kType, encoded(p)}, before, n);
  }
  template <class P>
  Forge& append(const P& p) {
    parts_.push_back({P::kType, encoded(p)});
    return *this;
  }
  Forge& remove(PayloadType type, std::size_t n = 0);

  /// The message as it stands, without a last payload.
  Bytes bare() const;
  /// RFC 3830 5.2.
  Bytes signed_by(const crypto::PrivateKey& key, crypto::Hash hash = crypto::Hash::sha1,
                  SignType type = SignType::rsa_pkcs1_15) const;
  /// RFC 4738 3.6: the signature of an R_MESSAGE.
  Bytes signed_rsar(const crypto::PrivateKey& key, ByteView id_i, ByteView id_r) const;
  /// Ended by a KEMAC of NULL encryption that holds `data`, MACed under `psk` (RFC 4650).
  Bytes maced(ByteView psk, ByteView rand, ByteView data = {}, EncrAlg encr = EncrAlg::null,
              MacAlg mac = MacAlg::hmac_sha_1_160) const;

 private:
  struct Part {
    PayloadType type;
    Bytes body;
  };
  /// A payload that cannot be written (a hash of the wrong length, say) is a mistake of the test's.
  template <class P>
  static Bytes encoded(const P& p) {
    auto octets = wire::encode(p);
    return octets ? std::move(*octets) : unencodable(octets.error());
  }
  static Bytes unencodable(const Error& why);
  std::size_t index(PayloadType type, std::size_t n) const;
  Forge& insert(Part part, PayloadType before, std::size_t n);
  wire::ChainBuilder chain() const;

  Bytes map_;
  wire::Hdr hdr_;
  std::vector<Part> parts_;
};

}  // namespace mikey::test
