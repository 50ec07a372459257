/// \file
/// Somebody who knows the parameters of a KMS of MIKEY-IBAKE, and no key.
#pragma once

#include "support/forge.hpp"
#include "support/ibake_world.hpp"

namespace mikey::test {

/// Seals as anybody can who knows the KMS's parameters.
class Mallory {
 public:
  explicit Mallory(IbakeWorld& w) : w_(w) {
    settings_.store.add(w.master.kms());
    env_.ibake = &settings_;
  }

  Bytes sealed(const std::string& to, NtpTime t, const std::function<void(wire::ChainBuilder&)>& fill) {
    wire::ChainBuilder b;
    fill(b);
    auto out = ibake::seal(env_, IbakeWorld::uri(to), t, std::move(b));
    EXPECT_TRUE(out.ok());
    return std::move(*out);
  }
  static wire::Idr idr(IdRole role, const Identity& id) { return {role, id.type, Octets(id.data)}; }

  /// The body of an ECCPT with a point of one's choice on P-256.
  static Bytes value(const Bytes& point, EccCurve curve = EccCurve::p256) {
    Bytes body{static_cast<std::uint8_t>(curve)};
    append(body, point);
    while ((body.size() + 1) % 4 != 0) body.push_back(0);
    append(body, Bytes{0, 0, 16, 0});
    return body;
  }
  Bytes good_point(EccCurve curve = EccCurve::p256) {
    return crypto::ec_generate(curve, w_.rng)->public_value;
  }

  /// I_MESSAGE_1 of alice's with another content in place of what she sealed.
  Bytes first(const Bytes& genuine, const Bytes& encr_data) {
    Forge f(genuine);
    f.append(wire::Ibake{Octets(encr_data)});
    return f.bare();
  }

 private:
  IbakeWorld& w_;
  IbakeSettings settings_;
  Identity self_ = IbakeWorld::uri("mallory");
  Env env_{crypto::openssl(), w_.rng, w_.clock, w_.policy, self_};
};

}  // namespace mikey::test
