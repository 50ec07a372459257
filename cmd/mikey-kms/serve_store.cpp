#include "serve_store.hpp"

#include "mikey/kms/parameter_service.hpp"
#include "mikey/kms/store_authority.hpp"
#include "serve_desk.hpp"
#include "store_open.hpp"

namespace mikey::cmd {
namespace {

/// What the configuration says, once for all threads.
struct Common {
  Common(KmsConfig c, std::shared_ptr<const kms::MasterKey> m) : config(std::move(c)), master(std::move(m)) {
    if (config.ibake) key_rights.emplace(std::move(config.ibake->members), config.ibake->ahead);
  }

  KmsConfig config;
  std::shared_ptr<const kms::MasterKey> master;
  std::optional<kms::TableKeyRights> key_rights;
};

/// Ways to the KMSs that are asked about their tickets. Each knows this one's key by this one's name
/// (IDRpsk).
Result<std::map<Identity, KmsLink>> links_of(kms::Store& store, const Identity& self) {
  auto users = store.users();
  if (!users) return std::move(users).error();
  std::map<Identity, KmsLink> out;
  for (const kms::UserLine& u : *users) {
    if (!u.user.other_kms || !u.user.enabled || !u.has_psk) continue;
    auto psk = store.psk(u.user.id);
    if (!psk) return std::move(psk).error();
    out.emplace(u.user.id, KmsLink{u.user.id, false, std::move(*psk), self});
  }
  return out;
}

class StoreHandler final : public kms::MessageHandler {
 public:
  StoreHandler(std::shared_ptr<const Common> common, std::unique_ptr<Rng> rng, kms::Store store,
               std::map<Identity, KmsLink> links, const Lasting& lasting,
               std::shared_ptr<kms::AuditFile> audit)
      : common_(std::move(common)),
        rng_(std::move(rng)),
        clock_(lasting.clock),
        store_(std::move(store)),
        env_{crypto::openssl(),   *rng_, clock_, common_->config.policy, common_->config.identity,
             &common_->config.pki},
        authority_(store_, clock_),
        replay_(store_, clock_, common_->config.policy.clock_skew),
        audit_(audit ? std::make_unique<kms::AuditedTickets>(std::move(audit)) : nullptr),
        record_(store_, clock_, audit_.get()),
        key_record_(store_, authority_, clock_, audit_.get()),
        desk_(env_, {authority_, replay_, &record_, &key_record_}, lasting.per_identity, std::move(links),
              common_->config.compatible, common_->config.ibake ? &*common_->config.ibake : nullptr,
              common_->key_rights ? &*common_->key_rights : nullptr) {}

  kms::Reply handle(ByteView message) override { return desk_.handle(message); }
  kms::Answer take(ByteView message) override { return desk_.take(message); }
  Status settle() override { return store_.sync(); }

 private:
  std::shared_ptr<const Common> common_;
  std::unique_ptr<Rng> rng_;
  UniqueClock clock_;
  kms::Store store_;
  Env env_;
  kms::StoreAuthority authority_;
  kms::StoreReplay replay_;
  std::unique_ptr<kms::AuditedTickets> audit_;
  kms::StoreRecord record_;
  kms::StoreKeyRecord key_record_;
  Desk desk_;
};

Result<std::unique_ptr<kms::MessageHandler>> make_handler(const std::shared_ptr<const Common>& common,
                                                          const Lasting& lasting,
                                                          const std::shared_ptr<kms::AuditFile>& audit) {
  auto rng = crypto::openssl_rng();
  auto store = kms::Store::open(common->config.store->url, crypto::openssl(), *rng, {common->master, false},
                                lasting.clock.read().unix_seconds());
  if (!store) return std::move(store).error();
  store->defer_syncs();
  auto links = links_of(*store, common->config.identity);
  if (!links) return std::move(links).error();
  return std::unique_ptr<kms::MessageHandler>(std::make_unique<StoreHandler>(
      common, std::move(rng), std::move(*store), std::move(*links), lasting, audit));
}

}  // namespace

Result<kms::Services> store_services(ServeConfig config, const Lasting& lasting,
                                     std::shared_ptr<kms::AuditFile> audit) {
  auto master = load_master_key(config.kms.store->master_key);
  if (!master) return std::move(master).error();
  kms::Services out;
  out.other_kms = std::move(config.other_kms);
  const auto common = std::make_shared<const Common>(std::move(config.kms), std::move(*master));
  if (common->config.ibake)
    out.http.emplace(kms::kParameterPath, [common] {
      return kms::make_parameter_service(common->config.ibake->master.kms(),
                                         common->config.ibake->plain_http);
    });
  out.messages = [common, lasting, audit = std::move(audit)] { return make_handler(common, lasting, audit); };
  return out;
}

}  // namespace mikey::cmd
