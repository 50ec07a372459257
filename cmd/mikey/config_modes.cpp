#include "config_modes.hpp"

#include "agent_request.hpp"

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

void check_list_of(ConfigSection& s, std::string_view key, std::initializer_list<std::string_view> names) {
  std::string expected = "a list of";
  for (const std::string_view n : names) expected.append(" ").append(n);
  const auto values = s.list(key, expected);
  if (!values) return;
  for (const std::string& v : *values)
    if (std::ranges::find(names, v) == names.end())
      s.fail(key, "expected " + expected + ", got \"" + v + "\"");
}

void check_files(ConfigSection& s, std::string_view key) {
  const auto files = s.list(key, "a list of files");
  if (!files) return;
  for (const std::string& path : *files) (void)s.load(key, path);
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

void check_ticket(ConfigSection s) {
  (void)s.text("kms", "an identity");
  check_one_of(s, "auth", {"psk", "pk"});
  (void)s.integer("mode", 1, 4, "a mode of RFC 6043 4.1.1");
  const auto flags = s.text("flags", "letters D to O");
  if (flags && flags->find_first_not_of("DEFGHIJKLMNO") != std::string::npos)
    s.fail("flags", "expected letters D to O (RFC 6043 6.10)");
  (void)s.list("responders", "a list of identities");
  (void)s.integer("lifetime", 1, 0x7FFFFFFF, "seconds");
  check_list_of(s, "keys", {"tgk", "gtgk", "tek"});
  (void)s.list("groups", "a list of identities");
  (void)s.flag("decentralized");
  (void)s.flag("reuse");
  (void)s.integer("rekey", 1, 0xFFFFFFFF, "seconds");
  (void)s.list("applications");
  const auto key = s.text("content_key", "hexadecimal digits");
  if (key && !from_hex(std::string_view(*key).substr(key->starts_with("hex:") ? 4 : 0)))
    s.fail("content_key", "expected hexadecimal digits");
  s.finish();
}

void check_ibake(ConfigSection s) {
  (void)s.text("kms", "an identity");
  if (const auto params = s.one_or_more("params", "a file or a list of files"))
    for (const std::string& path : *params) (void)s.load("params", path);
  check_files(s, "keys");
  check_one_of(s, "auth", {"psk", "pk"});
  (void)s.list("accept", "a list of identities");
  (void)s.list("answer_for", "a list of identities");
  s.finish();
}

}  // namespace mikey::cmd
