#include "config_modes.hpp"

#include "agent_names.hpp"
#include "agent_request.hpp"
#include "mikey/exchange/compatibility_ticket.hpp"

namespace mikey::cmd {
namespace {

/// A string that must be one of a few.
void check_one_of(ConfigSection& s, std::string_view key, std::initializer_list<std::string_view> names) {
  std::string expected = "one of";
  for (const std::string_view n : names) expected.append(" ").append(n);
  const auto value = s.text(key, expected);
  if (value && std::ranges::find(names, *value) == names.end())
    s.fail(key, "expected " + expected + ", got \"" + *value + "\"");
}

}  // namespace

void read_rsar(ConfigSection s, Credentials& to) {
  const auto csb = s.text("group_csb", "\"0x\" and eight hexadecimal digits");
  auto key = s.hex_secret("group_key");
  auto salt = s.hex_secret("group_salt");
  const auto rand = s.hex_secret("group_rand");
  const auto ssrcs = s.list("group_ssrcs", "a list of \"0x\" and hexadecimal digits");
  s.finish();
  if (!s.present() || !s.ok()) return;
  const auto id = csb && csb->size() == 10 ? parse_hex_number(*csb) : std::nullopt;
  if (!id) return s.fail("group_csb", "expected \"0x\" and eight hexadecimal digits");
  if (!key) return s.fail("group_key", "expected \"hex:...\", but it is missing");
  if (rand && (rand->size() < 16 || rand->size() > 255))
    return s.fail("group_rand", "expected 16 to 255 octets");
  to.rsar_group = RsarGroup{*id, std::move(*key), salt ? std::move(*salt) : SecretBytes(),
                            rand ? to_bytes(rand->reveal()) : Bytes{}};
  for (const std::string& text : ssrcs ? *ssrcs : std::vector<std::string>{}) {
    const auto n = parse_hex_number(text);
    if (!n || *n == 0) return s.fail("group_ssrcs", "expected \"0x\" and hexadecimal digits of an SSRC");
    to.rsar_group->ssrcs.push_back(*n);
  }
}

void read_ticket(ConfigSection s, IdType type, Credentials& to) {
  const auto identities = [&](std::string_view key) {
    std::vector<Identity> out;
    for (const std::string& name : s.list(key, "a list of identities").value_or(std::vector<std::string>{})) {
      auto id = parse_identity(type, name);
      if (!id) s.fail(key, "expected identities, got \"" + name + "\"");
      if (id) out.push_back(std::move(*id));
    }
    return out;
  };
  TicketSettings settings;
  TicketRequest& request = to.ticket_request;
  if (const auto kms = s.text("kms", "an identity")) {
    auto id = parse_identity(type, *kms);
    if (!id) return s.fail("kms", "expected an identity");
    settings.kms = std::move(*id);
  }
  check_one_of(s, "auth", {"psk", "pk"});
  settings.public_key = s.text("auth").value_or("psk") == "pk";
  if (const auto name = s.text("psk_id", "what IDRpsk calls the key"); name && !name->empty())
    settings.psk_name = Identity{IdType::byte_string, to_bytes(as_bytes(*name))};
  request.mode = static_cast<int>(s.integer("mode", 1, 4, "a mode of RFC 6043 4.1.1").value_or(1));
  if (const auto letters = s.text("flags", "letters D to O")) {
    request.flags = TicketFlags::parse(*letters);
    if (!request.flags) return s.fail("flags", "expected letters D to O (RFC 6043 6.10)");
  }
  request.responders = identities("responders");
  request.lifetime = s.integer("lifetime", 1, 0x7FFFFFFF, "seconds").value_or(request.lifetime);
  if (const auto n = s.integer("rekey", 1, 0xFFFFFFFF, "seconds"))
    request.rekey = static_cast<std::uint32_t>(*n);
  if (const auto names = s.list("keys", "a list of tgk gtgk tek")) {
    request.keys.emplace();
    for (const std::string& name : *names) {
      const auto kind = value_named(kTicketKeys, name);
      if (!kind) return s.fail("keys", "expected a list of tgk gtgk tek, got \"" + name + "\"");
      request.keys->push_back(*kind);
    }
  }
  settings.schemes.add(std::make_shared<CompatibilityTicket>());
  if (s.flag("compatible").value_or(false)) {
    if (request.flags || request.mode != 1)
      return s.fail("compatible", "expected without mode and flags, which it sets (RFC 6043 B.1)");
    CompatibilityTicket::ask(request);
  }
  settings.groups = identities("groups");
  settings.decentralized = s.flag("decentralized").value_or(false);
  if (s.flag("reuse").value_or(false)) request.reuse = TicketRequest::Reuse::if_held;
  if (const auto names = s.list("applications", "a list of application IDs")) {
    settings.applications.emplace();
    for (const std::string& a : *names) {
      settings.applications->push_back(to_bytes(as_bytes(a)));
      request.applications.push_back({IdType::byte_string, to_bytes(as_bytes(a))});
    }
  }
  if (auto key = s.hex_secret_bare("content_key")) settings.content_key = std::move(*key);
  s.finish();
  if (s.present()) to.ticket = std::move(settings);
}

}  // namespace mikey::cmd
