#include "serve_tables.hpp"

#include "mikey/kms/parameter_service.hpp"
#include "serve_desk.hpp"

namespace mikey::cmd {
namespace {

/// What the configuration says, once for all threads.
struct Tables {
  explicit Tables(KmsConfig c)
      : identity(std::move(c.identity)),
        policy(std::move(c.policy)),
        pki(std::move(c.pki)),
        links(kms_links(c.tables, c.other_kms, identity)),
        authority(std::move(c.tables)),
        ibake(std::move(c.ibake)),
        compatible(c.compatible) {
    if (ibake) key_rights.emplace(std::move(ibake->members), ibake->ahead);
  }

  Identity identity;
  Policy policy;
  Pki pki;
  std::map<Identity, KmsLink> links;
  kms::TableAuthority authority;
  std::optional<KmsIbake> ibake;
  std::optional<kms::TableKeyRights> key_rights;
  bool compatible = false;
};

std::map<Identity, KmsLink> copies(const std::map<Identity, KmsLink>& links) {
  std::map<Identity, KmsLink> out;
  for (const auto& [name, link] : links)
    out.emplace(name, KmsLink{link.kms, link.public_key, link.psk.clone(), link.psk_name});
  return out;
}

class TableHandler final : public kms::MessageHandler {
 public:
  TableHandler(std::shared_ptr<const Tables> tables, const Lasting& lasting,
               std::shared_ptr<kms::AuditFile> audit)
      : tables_(std::move(tables)),
        rng_(crypto::openssl_rng()),
        clock_(lasting.clock),
        env_{crypto::openssl(), *rng_, clock_, tables_->policy, tables_->identity, &tables_->pki},
        audit_(audit ? std::make_unique<kms::AuditedTickets>(std::move(audit)) : nullptr),
        desk_(env_, {tables_->authority, lasting.replay, audit_.get(), audit_.get()}, lasting.per_identity,
              copies(tables_->links), tables_->compatible, tables_->ibake ? &*tables_->ibake : nullptr,
              tables_->key_rights ? &*tables_->key_rights : nullptr) {}

  kms::Reply handle(ByteView message) override { return desk_.handle(message); }
  kms::Answer take(ByteView message) override { return desk_.take(message); }

 private:
  std::shared_ptr<const Tables> tables_;
  std::unique_ptr<Rng> rng_;
  UniqueClock clock_;
  Env env_;
  std::unique_ptr<kms::AuditedTickets> audit_;
  Desk desk_;
};

}  // namespace

kms::Services table_services(ServeConfig config, const Lasting& lasting,
                             std::shared_ptr<kms::AuditFile> audit) {
  kms::Services out;
  out.other_kms = std::move(config.other_kms);
  const auto tables = std::make_shared<const Tables>(std::move(config.kms));
  if (tables->ibake)
    out.http.emplace(kms::kParameterPath, [tables] {
      return kms::make_parameter_service(tables->ibake->master.kms(), tables->ibake->plain_http);
    });
  out.messages = [tables, lasting,
                  audit = std::move(audit)]() -> Result<std::unique_ptr<kms::MessageHandler>> {
    return std::unique_ptr<kms::MessageHandler>(std::make_unique<TableHandler>(tables, lasting, audit));
  };
  return out;
}

}  // namespace mikey::cmd
