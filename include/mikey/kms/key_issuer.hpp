/// \file
/// What a KMS computes for MIKEY-IBAKE (RFC 6267 4.2.1): private keys for those who may have them. No socket,
/// no file, no thread.
#pragma once

#include <map>
#include <set>

#include "mikey/exchange/key_side.hpp"
#include "mikey/ibc/ibake_keys.hpp"
#include "mikey/kms/service.hpp"

namespace mikey::kms {

/// Which private keys a client may have.
class KeyRights {
 public:
  virtual ~KeyRights() = default;
  /// Whether the client may have the keys of `identity`, which is not its own.
  virtual bool may_have(const Identity& client, const Identity& identity) const = 0;
  /// How many dates after the current one keys are handed out for.
  virtual std::uint32_t ahead(const Identity& client) const = 0;
};

/// Told of the keys that a client is about to get, before they are computed: an audit trail, a limit. An
/// error refuses the request.
class KeyRecord {
 public:
  virtual ~KeyRecord() = default;
  /// The keys of every one of `identities` for every one of `dates`.
  virtual Status keys_issued(const Identity& client, std::span<const Identity> identities,
                             std::span<const ibc::KeyDate> dates) = 0;
};

/// Answers REQUEST_KEY_INIT_PSK and _PKE. Every key costs a multiplication of a point (ibc::IbakeMaster), so
/// a request that asks for more than an answer can hold is refused before the first one.
class KeyIssuer final : public RequestHandler {
 public:
  /// All of it must outlive the issuer. `env.self` is the KMS.
  KeyIssuer(const Env& env, const KmsClients& clients, KmsReplay& replay, const KeyRights& rights,
            ibc::IbakeMaster master, KeyRecord* record = nullptr)
      : env_(env),
        clients_(clients),
        replay_(replay),
        rights_(rights),
        master_(std::move(master)),
        record_(record) {}

  bool takes(DataType type) const override { return asks_for_keys(type); }
  Answer handle(ByteView message) const override;

  const ibc::IbakeKms& kms() const { return master_.kms(); }

 private:
  Answer serve(wire::Message message) const;
  void refuse(Answer& to, Error why, const wire::Message& about, const KeyRequestMessage* asked) const;
  Result<Bytes> issue(const KeyRequestMessage& asked) const;

  Env env_;
  const KmsClients& clients_;
  KmsReplay& replay_;
  const KeyRights& rights_;
  ibc::IbakeMaster master_;
  KeyRecord* record_;
};

/// Rights made of tables, e.g. of a configuration file.
class TableKeyRights final : public KeyRights {
 public:
  /// `members`: further identities that a client may have keys for.
  TableKeyRights(std::map<Identity, std::set<Identity>> members, std::uint32_t ahead)
      : members_(std::move(members)), ahead_(ahead) {}
  bool may_have(const Identity& client, const Identity& identity) const override {
    const auto it = members_.find(client);
    return it != members_.end() && it->second.contains(identity);
  }
  std::uint32_t ahead(const Identity& /*client*/) const override { return ahead_; }

 private:
  std::map<Identity, std::set<Identity>> members_;
  std::uint32_t ahead_;
};

}  // namespace mikey::kms
