/// \file
/// A KMS whose clients have certificates in place of keys they share with it.
#pragma once

#include "support/certified_parties.hpp"
#include "support/ticket_world.hpp"

namespace mikey::test {

/// A KMS and clients with certificates of one CA.
struct CertifiedWorld : TicketWorld {
  std::shared_ptr<crypto::TrustStore> trust = std::make_shared<crypto::TrustStore>();
  mikey::Pki own_pki;

  using Chain = std::vector<crypto::Certificate>;
  explicit CertifiedWorld(Chain alice = {shared_pki().alice_below, shared_pki().intermediate.certificate}) {
    static const crypto::Certificate kms_cert = issue(spec_for("kms"), "ca", shared_pki().ca);
    clock.set(kPkiTime);
    trust->add_anchor(shared_pki().ca.certificate);
    trust->pin(IdType::uri, uri_of("kms").data, kms_cert);
    own_pki = {{own_certificate({kms_cert}, "ca")}, trust, {}};
    kms_pki = &own_pki;
    tables.psk.clear();
    certified("alice", std::move(alice));
    certified("bob", {shared_pki().bob});
  }
  void certified(const std::string& name, Chain chain) {
    party(name, [&](Credentials& c) {
      c.psk.clear();
      c.pki = {{own_certificate(std::move(chain), name)}, trust, {}};
      c.ticket->public_key = true;
    });
  }
};

}  // namespace mikey::test
