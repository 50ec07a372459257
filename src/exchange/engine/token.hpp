/// \file
/// Proofs that travel with a message. `Authenticated` can be minted by the Verifier alone, `Fresh` by the
/// ReplayGate alone, and only both together turn a draft into a bundle. tests/compile_fail shows that they
/// cannot be forged.
#pragma once

#include <memory>

#include "exchange/engine/coverage.hpp"
#include "mikey/exchange/exchange.hpp"

namespace mikey::engine {

/// Whoever signed a message: signer.hpp.
struct Signer;
/// The message's SIGN under the signer's key (RFC 3830 5.2).
Status check_signature(const Signer& signer, const wire::Message& m, const Policy& policy);
/// As RFC 4738 3.6 has it, or, for peers that read it so, with S type and length covered as in RFC 3830 5.2.
Status check_signature_rsar(const Signer& signer, const wire::Message& m, const Policy& policy, ByteView id_i,
                            ByteView id_r, ByteView t);

/// Over the message and the data of both identities (RFC 6043 5.5).
Status check_signature_6043(const Signer& signer, const wire::Message& m, const Policy& policy, ByteView id_1,
                            ByteView id_2);
/// Whoever signed a message with keys of a KMS: eccsi_signer.hpp.
struct EccsiSigner;
/// The message's SIGN under the signer's identifier and KPAK (RFC 6509 2.2.1, RFC 6507 5.2.2).
Status check_signature_eccsi(const EccsiSigner& signer, const wire::Message& m);

/// A well-formed message of kind M, of which nothing else is known.
template <class M>
struct Received {
  std::shared_ptr<const wire::Message> message;
  std::shared_ptr<const FetchedCertificates> fetched;  ///< certificates it names by URL
  explicit Received(wire::Message m) : message(std::make_shared<const wire::Message>(std::move(m))) {}
  const wire::Message& operator*() const { return *message; }
  const wire::Message* operator->() const { return message.get(); }
};

/// A message of kind M whose MAC or signature was verified over the octets received.
template <class M>
class Authenticated {
 public:
  const wire::Message& operator*() const { return *received_.message; }
  const wire::Message* operator->() const { return received_.message.get(); }

 private:
  friend class Verifier;
  explicit Authenticated(Received<M> r) : received_(std::move(r)) {}
  Received<M> received_;
};

/// The only maker of Authenticated. One function per rule of the RFCs.
class Verifier {
 public:
  /// RFC 3830 5.2: the MAC of the KEMAC that ends the message covers all octets before it.
  template <class M>
  static Result<Authenticated<M>> kemac(const keys::MessageKeys& keys, const Received<M>& m) {
    if (auto s = check_kemac_mac(keys, *m); !s) return std::move(s).error();
    return Authenticated<M>(m);
  }

  /// RFC 3830 5.2: the MAC of V covers the message before it, Identity_i || Identity_r || Timestamp.
  template <class M>
  static Result<Authenticated<M>> verification(const keys::MessageKeys& keys, MacAlg alg,
                                               const Received<M>& m, ByteView id_i, ByteView id_r,
                                               ByteView t) {
    if (auto s = check_verification(keys, alg, *m, id_i, id_r, t); !s) return std::move(s).error();
    return Authenticated<M>(m);
  }

  /// RFC 3830 5.2: the signature covers the whole message before it; the signer's certificate has been
  /// judged.
  template <class M>
  static Result<Authenticated<M>> signature(const Signer& signer, const Received<M>& m,
                                            const Policy& policy) {
    if (auto s = check_signature(signer, *m, policy); !s) return std::move(s).error();
    return Authenticated<M>(m);
  }

  /// RFC 6509 2.2.1: an ECCSI signature covers what RFC 3830 5.2 says, the whole message before it.
  template <class M>
  static Result<Authenticated<M>> signature_eccsi(const EccsiSigner& signer, const Received<M>& m) {
    if (auto s = check_signature_eccsi(signer, *m); !s) return std::move(s).error();
    return Authenticated<M>(m);
  }

  /// RFC 4738 3.6: the R_MESSAGE's signature covers the identities and the timestamp too.
  template <class M>
  static Result<Authenticated<M>> signature_rsar(const Signer& signer, const Received<M>& m,
                                                 const Policy& policy, ByteView id_i, ByteView id_r,
                                                 ByteView t) {
    if (auto s = check_signature_rsar(signer, *m, policy, id_i, id_r, t); !s) return std::move(s).error();
    return Authenticated<M>(m);
  }

  /// RFC 6043 5.5: an initial message, whose V covers it and both identities.
  template <class M>
  requires(!M::kCoversInitial) static Result<Authenticated<M>> initial_6043(const keys::MessageKeys& keys,
                                                                            PrfFunc prf, const Received<M>& m,
                                                                            ByteView id_1, ByteView id_2) {
    if (auto s = check_initial_6043(keys, prf, *m, id_1, id_2); !s) return std::move(s).error();
    return Authenticated<M>(m);
  }

  /// RFC 6043 5.5: a response, whose V covers it and all of the message it answers.
  template <class M>
  requires(M::kCoversInitial) static Result<Authenticated<M>> response_6043(const keys::MessageKeys& keys,
                                                                            PrfFunc prf, const Received<M>& m,
                                                                            ByteView initial) {
    if (auto s = check_response_6043(keys, prf, *m, initial); !s) return std::move(s).error();
    return Authenticated<M>(m);
  }

  /// RFC 6043 5.5: the signature of a client's message to a KMS covers it and both identities.
  template <class M>
  requires(!M::kCoversInitial) static Result<Authenticated<M>> signature_6043(const Signer& signer,
                                                                              const Received<M>& m,
                                                                              const Policy& policy,
                                                                              ByteView id_1, ByteView id_2) {
    if (auto s = check_signature_6043(signer, *m, policy, id_1, id_2); !s) return std::move(s).error();
    return Authenticated<M>(m);
  }

  /// RFC 6267 5.4: V covers the message and the ID data of the parties.
  template <class M>
  static Result<Authenticated<M>> verification_6267(const keys::MessageKeys& keys, PrfFunc prf,
                                                    const Received<M>& m, ByteView id_1, ByteView id_2) {
    if (auto s = check_verification_6267(keys, prf, *m, id_1, id_2); !s) return std::move(s).error();
    return Authenticated<M>(m);
  }

  /// RFC 6267 5.4: the signature of a key request covers the message and the ID data of the parties, which is
  /// what RFC 6043 5.5 says of its own requests.
  template <class M>
  static Result<Authenticated<M>> signature_6267(const Signer& signer, const Received<M>& m,
                                                 const Policy& policy, ByteView id_1, ByteView id_2) {
    if (auto s = check_signature_6043(signer, *m, policy, id_1, id_2); !s) return std::move(s).error();
    return Authenticated<M>(m);
  }

  /// RFC 6267 4.2.2.6, 7.2: I_MESSAGE_2 has no MAC; it returns, encrypted to this party, the value that was
  /// encrypted to the Initiator, which nobody else can know.
  template <class M>
  static Result<Authenticated<M>> returned_value_6267(ByteView sent, ByteView returned,
                                                      const Received<M>& m) {
    if (auto s = check_returned_value_6267(sent, returned); !s) return std::move(s).error();
    return Authenticated<M>(m);
  }
};

/// A message that was not seen before.
class Fresh {
 private:
  friend class ReplayGate;
  Fresh() = default;
};

/// The only maker of Fresh.
class ReplayGate {
 public:
  /// What to ask the owner about an authenticated message.
  template <class M>
  static NeedReplayVerdict ask(const Authenticated<M>& m, const Identity& peer) {
    return question(*m, peer);
  }
  /// What to ask about an earlier message of the same sender that the authenticated one proves too.
  template <class M>
  static NeedReplayVerdict ask_earlier(const Authenticated<M>& /*the proof*/, const wire::Message& earlier,
                                       const Identity& peer) {
    return question(earlier, peer);
  }
  /// The owner's verdict on that message.
  template <class M>
  static Result<Fresh> admit(const Authenticated<M>& /*the message the verdict is on*/,
                             const ReplayVerdict& v) {
    if (auto s = judge(v); !s) return std::move(s).error();
    return Fresh();
  }
  /// A response is fresh when it is bound to the timestamp this party itself has just made (RFC 3830 5.4).
  template <class M>
  static Result<Fresh> answers(const Authenticated<M>& m, ByteView own_t) {
    if (auto s = same_timestamp(*m, own_t); !s) return std::move(s).error();
    return Fresh();
  }
  /// A response whose MAC covers the message this party itself has just made (RFC 6043 5.5) answers that
  /// message and no other.
  template <class M>
  requires(M::kCoversInitial) static Fresh covers_initial(const Authenticated<M>& /*the response*/) {
    return {};
  }
  /// Whether the response carries that timestamp at all; no proof before the message is authenticated.
  static Status same_timestamp(const wire::Message& m, ByteView own_t);

 private:
  static NeedReplayVerdict question(const wire::Message& m, const Identity& peer);
  static Status judge(const ReplayVerdict& v);
};

/// A bundle in the making. Nobody but `commit` can take it out.
class Draft {
 public:
  Draft() = default;
  explicit Draft(keys::Bundle b) : bundle_(std::move(b)) {}
  keys::Bundle* operator->() { return &bundle_; }
  keys::Bundle& edit() { return bundle_; }
  const keys::Bundle& view() const { return bundle_; }
  Draft clone() const;

 private:
  template <class M>
  friend Ready commit(const Authenticated<M>&, const Fresh&, Draft);
  friend Ready commit_unconfirmed(Draft);
  friend Ready commit_unproven_6267(Draft);
  keys::Bundle bundle_;
};

/// Makes a bundle of what an authenticated and fresh message brought.
template <class M>
Ready commit(const Authenticated<M>& /*proof*/, const Fresh& /*proof*/, Draft d) {
  return {std::make_shared<const keys::Bundle>(std::move(d.bundle_))};
}

/// The Initiator's bundle when it asked for no verification (V = 0): there is no message to wait for.
inline Ready commit_unconfirmed(Draft d) {
  return {std::make_shared<const keys::Bundle>(std::move(d.bundle_))};
}

/// The bundle of whoever answers an update of MIKEY-IBAKE: neither of its two messages proves the sender of
/// the first (RFC 6267 5.3; doc/readings.md, 6267-16).
inline Ready commit_unproven_6267(Draft d) {
  return {std::make_shared<const keys::Bundle>(std::move(d.bundle_))};
}

}  // namespace mikey::engine
