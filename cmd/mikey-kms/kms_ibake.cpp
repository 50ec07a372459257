#include "kms_ibake.hpp"

#include "config_modes.hpp"
#include "kms_config.hpp"
#include "mikey/ibc/ibake_files.hpp"

namespace mikey::cmd {
namespace {

constexpr std::int64_t kMaxAhead = 1000;

std::optional<ibc::IbakeMaster> read_master(ConfigSection& s) {
  const auto path = s.text("master", "a file");
  if (!path) return std::nullopt;
  const auto text = s.load("master", *path);
  if (!text) return std::nullopt;
  auto record = ibc::parse_ibake_master(text->reveal());
  auto master = record ? ibc::IbakeMaster::load(crypto::openssl(), std::move(*record))
                       : Result<ibc::IbakeMaster>(record.error());
  if (master) return std::move(*master);
  s.fail("master", "expected a KMS's master secret in \"" + *path + "\": " + master.error().detail);
  return std::nullopt;
}

}  // namespace

std::optional<KmsIbake> read_kms_ibake(ConfigSection s, IdType type) {
  if (!s.present()) return std::nullopt;
  auto master = read_master(s);
  std::map<Identity, std::set<Identity>> members;
  ConfigSection table = s.table("members");
  for (const std::string& name : table.names()) {
    const auto user = parse_identity(type, name);
    if (!user) table.fail(name, "expected the identity of a user");
    auto others = read_identities(table, name, type);
    if (user && others) members.insert_or_assign(*user, std::move(*others));
  }
  table.finish();
  const auto ahead = s.integer("ahead", 0, kMaxAhead, "key periods");
  const auto plain_http = s.flag("plain_http");
  if (s.ok() && !master) s.fail("master", "expected the file of a master secret");
  s.finish();
  if (!s.ok()) return std::nullopt;
  return KmsIbake{std::move(*master), std::move(members), static_cast<std::uint32_t>(ahead.value_or(0)),
                  plain_http.value_or(false)};
}

}  // namespace mikey::cmd
