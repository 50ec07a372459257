#include "agent_request.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "agent_names.hpp"
#include "config.hpp"
#include "mikey/exchange/compatibility_ticket.hpp"
#include "mikey/wire/chain.hpp"

namespace mikey::cmd {
namespace {

constexpr std::size_t kMaxStreams = 255;   // #CS is one octet (RFC 3830 6.1)
constexpr std::size_t kMaxKey = 1024;      // octets of a TGK or TEK
constexpr std::size_t kMaxValidity = 255;  // lengths in KV data are one octet (RFC 3830 6.14)
constexpr std::size_t kMaxExtension = 0xFFFF;
constexpr std::size_t kMaxExtensions = 64;
constexpr std::size_t kMaxRand = 255;          // RFC 3830 6.11
constexpr std::int64_t kMaxTime = 4294967295;  // seconds since 1970
constexpr std::size_t kMaxAccept = 64;

Stream parse_stream(RequestReader& r) {
  Stream s;
  s.ssrc = r.number("ssrc").value_or(0);
  s.roc = r.number("roc").value_or(0);
  if (const auto name = r.text("policy", "the name of an SRTP suite")) {
    s.suite = keys::suite_by_name(*name);
    if (!s.suite) r.fail("policy", "there is no SRTP suite of this name");
  }
  return s;
}

std::optional<std::vector<Stream>> parse_streams(RequestReader& r) {
  auto entries = r.objects("streams", kMaxStreams);
  if (!entries) return std::nullopt;
  std::vector<Stream> out;
  for (RequestReader& e : *entries) {
    out.push_back(parse_stream(e));
    r.fail_as(e);
  }
  return out;
}

KeyRequest parse_key(RequestReader& r) {
  KeyRequest key;
  const std::string type = r.text("key_type", "\"tgk\" or \"tek\"").value_or("tgk");
  key.tek = type == "tek";
  if (type != "tgk" && type != "tek") r.fail("key_type", "expected \"tgk\" or \"tek\"");
  if (const auto n = r.number("key_length", kMaxKey)) {
    key.length = *n;
    if (*n == 0) r.fail("key_length", "expected at least one octet");
  }
  key.with_salt = r.flag("with_salt");
  if (auto given = r.hex("key", kMaxKey)) {
    key.given = SecretBytes(*given);
    wipe(*given);
    if (key.given.empty()) r.fail("key", "expected at least one octet");
  }
  if (auto salt = r.hex("salt", kMaxKey)) {
    key.given_salt = SecretBytes(*salt);
    wipe(*salt);
    if (key.given_salt.empty()) r.fail("salt", "expected at least one octet");
  }
  key.none = r.flag("no_key").value_or(false);
  return key;
}

keys::Validity parse_validity(RequestReader& r) {
  keys::Validity v;
  if (auto mki = r.hex("mki", kMaxValidity); mki && !mki->empty()) {
    v.type = KvType::spi;
    v.spi = std::move(*mki);
  }
  nlohmann::json* interval = r.member("interval");
  if (interval == nullptr) return v;
  const bool pair = interval->is_array() && interval->size() == 2;
  if (!pair) {
    r.fail("interval", "expected [\"0x..\", \"0x..\"]");
    return v;
  }
  if (v.type == KvType::spi) r.fail("interval", "a key has an mki or an interval, not both (RFC 3830 6.14)");
  nlohmann::json ends = {{"from", (*interval)[0]}, {"to", (*interval)[1]}};
  RequestReader e(ends, "interval.");
  v.type = KvType::interval;
  v.valid_from = e.hex("from", kMaxValidity, true).value_or(Bytes{});
  v.valid_to = e.hex("to", kMaxValidity, true).value_or(Bytes{});
  if (v.valid_from.empty() || v.valid_to.empty()) e.fail("from", "expected two of \"0x..\"");
  r.fail_as(e);
  return v;
}

/// RFC 4563: the data of a Key ID extension.
void add_key_ids(RequestReader& r, std::vector<keys::Extension>& to) {
  auto entries = r.objects("key_ids", kMaxExtension);
  if (!entries || entries->empty()) return;
  keys::Extension ext{GeneralExtType::key_id, {}};
  for (RequestReader& e : *entries) {
    const auto type = e.number("type", 0xFF);
    const auto id = e.hex("id", 0xFF);
    if (!type) e.fail("type", "expected a number from 0 to 255");
    if (!id) e.fail("id", "expected hexadecimal digits");
    r.fail_as(e);
    if (!r.ok()) return;
    const auto octets = wire::encode(wire::KeyId{static_cast<KeyIdType>(*type), Octets(*id)});
    if (!octets) return r.fail("key_ids", octets.error().detail);
    append(ext.data, *octets);
  }
  if (ext.data.size() > kMaxExtension) return r.fail("key_ids", "expected at most 65535 octets in all");
  to.push_back(std::move(ext));
}

template <class Table>
auto parse_named(RequestReader& r, const char* name, const Table& table) -> decltype(value_named(table, "")) {
  const std::string expected = "one of " + all_names(table);
  const auto text = r.text(name, expected);
  if (!text) return std::nullopt;
  auto value = value_named(table, *text);
  if (!value) r.fail(name, "expected " + expected);
  return value;
}

std::vector<keys::Extension> parse_extensions(RequestReader& r) {
  std::vector<keys::Extension> out;
  if (auto entries = r.objects("extensions", kMaxExtensions)) {
    for (RequestReader& e : *entries) {
      const auto type = e.number("type", 0xFF);
      auto data = e.hex("data", kMaxExtension);
      if (!type) e.fail("type", "expected a number from 0 to 255");
      if (!data) e.fail("data", "expected hexadecimal digits");
      r.fail_as(e);
      if (!r.ok()) return out;
      out.push_back({static_cast<GeneralExtType>(*type), std::move(*data)});
    }
  }
  add_key_ids(r, out);
  return out;
}

/// MIKEY-SAKKE: the Responder's KMS, and values in place of those that the library chooses.
SakkeTerms parse_sakke(RequestReader& r) {
  SakkeTerms out;
  out.kms = r.text("kms", "the URI of a KMS").value_or("");
  if (const auto t = r.integer("timestamp", kMaxTime)) out.time = NtpTime::from_unix(*t);
  out.rand = r.hex("rand", kMaxRand).value_or(Bytes{});
  out.csb_id = r.number("csb_id");
  out.to_self = r.flag("to_self").value_or(false);
  return out;
}

/// Who may answer in place of `to`.
std::vector<Identity> parse_accept(RequestReader& r, IdType id_type) {
  std::vector<Identity> out;
  const nlohmann::json* list = r.member("accept");
  if (list == nullptr) return out;
  const bool good = list->is_array() && list->size() <= kMaxAccept;
  if (!good) r.fail("accept", "expected a list of at most 64 identities");
  for (const nlohmann::json& e : good ? *list : nlohmann::json::array()) {
    auto who = e.is_string() ? parse_identity(id_type, e.get_ref<const std::string&>()) : std::nullopt;
    if (!who) {
      r.fail("accept", "expected a list of identities");
      break;
    }
    out.push_back(std::move(*who));
  }
  return out;
}

}  // namespace

// ------------------------------------------------------------------ members

void RequestReader::fail(std::string_view name, std::string_view what) {
  if (!error_) error_ = bad_request(where_ + std::string(name) + ": " + std::string(what));
}

nlohmann::json* RequestReader::member(const char* name) {
  const auto it = object_.find(name);
  return it == object_.end() || it->is_null() ? nullptr : &*it;
}

std::optional<std::string> RequestReader::text(const char* name, std::string_view expected) {
  const nlohmann::json* v = member(name);
  if (v == nullptr) return std::nullopt;
  if (v->is_string()) return v->get_ref<const std::string&>();
  fail(name, "expected " + std::string(expected));
  return std::nullopt;
}

std::optional<bool> RequestReader::flag(const char* name) {
  const nlohmann::json* v = member(name);
  if (v == nullptr) return std::nullopt;
  if (v->is_boolean()) return v->get<bool>();
  fail(name, "expected true or false");
  return std::nullopt;
}

std::optional<std::uint32_t> RequestReader::number(const char* name, std::uint32_t most) {
  const nlohmann::json* v = member(name);
  if (v == nullptr) return std::nullopt;
  if (v->is_number_unsigned() && v->get<std::uint64_t>() <= most)
    return static_cast<std::uint32_t>(v->get<std::uint64_t>());
  if (v->is_string())
    if (const auto n = parse_hex_number(v->get_ref<const std::string&>()); n && *n <= most) return n;
  fail(name, "expected a whole number from 0 to " + std::to_string(most) + ", or \"0x..\"");
  return std::nullopt;
}

std::optional<std::int64_t> RequestReader::integer(const char* name, std::int64_t most) {
  const nlohmann::json* v = member(name);
  if (v == nullptr) return std::nullopt;
  if (v->is_number()) {  // seconds may come with a fraction
    const double d = v->get<double>();
    if (d >= 0 && d <= static_cast<double>(most)) return static_cast<std::int64_t>(d);
  }
  fail(name, "expected a number from 0 to " + std::to_string(most));
  return std::nullopt;
}

std::optional<Bytes> RequestReader::hex(const char* name, std::size_t most, bool prefixed) {
  const nlohmann::json* v = member(name);
  if (v == nullptr) return std::nullopt;
  if (v->is_string()) {
    std::string_view digits = v->get_ref<const std::string&>();
    const bool good = !prefixed || digits.starts_with("0x");
    if (prefixed && good) digits.remove_prefix(2);
    auto octets = good ? from_hex(digits) : std::nullopt;
    if (octets && octets->size() <= most) return octets;
  }
  fail(name, std::string("expected ") + (prefixed ? "\"0x\" and " : "") + "hexadecimal digits of at most " +
                 std::to_string(most) + " octets");
  return std::nullopt;
}

std::optional<Bytes> RequestReader::base64(const char* name) {
  const nlohmann::json* v = member(name);
  if (v != nullptr && v->is_string())
    if (auto octets = from_base64(v->get_ref<const std::string&>())) return octets;
  fail(name, "expected base64 (RFC 4648 section 4)");
  return std::nullopt;
}

std::optional<std::vector<std::string>> RequestReader::texts(const char* name, std::string_view expected) {
  const nlohmann::json* v = member(name);
  if (v == nullptr) return std::nullopt;
  std::vector<std::string> out;
  bool good = v->is_array();
  if (good) {
    for (const nlohmann::json& e : *v) {
      good = good && e.is_string();
      if (e.is_string()) out.push_back(e.get_ref<const std::string&>());
    }
  }
  if (good) return out;
  fail(name, "expected " + std::string(expected));
  return std::nullopt;
}

std::optional<std::vector<RequestReader>> RequestReader::objects(const char* name, std::size_t most) {
  nlohmann::json* v = member(name);
  if (v == nullptr) return std::nullopt;
  if (!v->is_array() || v->size() > most) {
    fail(name, "expected an array of at most " + std::to_string(most) + " objects");
    return std::nullopt;
  }
  std::vector<RequestReader> out;
  for (nlohmann::json& e : *v) {
    const std::string where = where_ + name + "[" + std::to_string(out.size()) + "]";
    if (!e.is_object()) {
      if (!error_) error_ = bad_request(where + ": expected an object");
      return std::nullopt;
    }
    out.emplace_back(e, where + ".");
  }
  return out;
}

std::optional<std::uint32_t> parse_hex_number(std::string_view text) {
  if (text == "0") return 0;  // the same in every base
  if (!text.starts_with("0x") || text.size() < 3) return std::nullopt;
  std::uint32_t n = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + 2, end, n, 16);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return n;
}

std::string hex_number(std::uint32_t n) {
  Bytes b(4);
  store_be(b.data(), n);
  return "0x" + to_hex(b);
}

// ------------------------------------------------------------------ initiate

namespace {

/// The member "ticket": the [ticket] table for this request alone. What a party answers for is its
/// configuration's.
std::optional<TicketRequest> parse_ticket(RequestReader& r, IdType type, const TicketRequest& defaults) {
  nlohmann::json* object = r.member("ticket");
  if (object == nullptr) return std::nullopt;
  if (!object->is_object()) {
    r.fail("ticket", "expected an object");
    return std::nullopt;
  }
  TicketRequest out = defaults;
  RequestReader t(*object, "ticket.");
  for (const auto& [name, value] : object->items()) {
    static constexpr std::array<std::string_view, 9> kKnown = {
        "mode", "flags", "responders", "lifetime", "rekey", "keys", "applications", "reuse", "compatible"};
    if (std::ranges::find(kKnown, name) == kKnown.end())
      t.fail(name, "expected in the configuration, not in a request");
  }
  if (const auto mode = t.number("mode", 4)) {
    out.mode = static_cast<int>(*mode);
    if (*mode == 0) t.fail("mode", "expected 1 to 4 (RFC 6043 4.1.1)");
    if (out.mode != defaults.mode) out.flags.reset();
    out.kind = {};  // a mode is asked for, so nothing of the configuration's compatibility mode
  }
  if (const auto letters = t.text("flags", "letters D to O")) {
    out.flags = TicketFlags::parse(*letters);
    if (!out.flags) t.fail("flags", "expected letters D to O (RFC 6043 6.10)");
  }
  if (t.flag("compatible").value_or(false)) {
    if (out.flags || out.mode != defaults.mode)
      t.fail("compatible", "expected without mode and flags, which it sets (RFC 6043 B.1)");
    CompatibilityTicket::ask(out);
  }
  if (const auto names = t.texts("responders", "an array of identities")) {
    out.responders.clear();
    for (const std::string& name : *names) {
      auto id = parse_identity(type, name);
      if (id) out.responders.push_back(std::move(*id));
      if (!id) t.fail("responders", "expected identities");
    }
  }
  if (const auto n = t.number("lifetime", 0x7FFFFFFF)) out.lifetime = *n;
  if (const auto n = t.number("rekey")) out.rekey = *n;
  if (const auto names = t.texts("keys", "an array of tgk, gtgk, tek")) {
    out.keys.emplace();
    for (const std::string& name : *names) {
      const auto kind = value_named(kTicketKeys, name);
      if (kind) out.keys->push_back(*kind);
      if (!kind) t.fail("keys", "expected " + all_names(kTicketKeys));
    }
  }
  if (const auto names = t.texts("applications", "an array of application IDs")) {
    out.applications.clear();
    for (const std::string& name : *names)
      out.applications.push_back({IdType::byte_string, to_bytes(as_bytes(name))});
  }
  if (const auto reuse = t.flag("reuse"))
    out.reuse = *reuse ? TicketRequest::Reuse::only : TicketRequest::Reuse::never;
  r.fail_as(t);
  return out;
}

}  // namespace

Result<InitiateRequest> parse_initiate(nlohmann::json& request, IdType id_type, const TicketRequest& ticket) {
  RequestReader r(request);
  InitiateRequest out;
  const auto mode_text = r.text("mode");
  const auto mode = mode_by_name(mode_text.value_or(""));
  if (!mode) r.fail("mode", "expected one of psk, pk, dh, dhhmac, rsar, ticket, ibake, sakke");
  const auto to = r.text("to", "an identity");
  auto peer = parse_identity(id_type, to.value_or(""));
  if (!peer)
    r.fail("to", id_type == IdType::byte_string ? "expected an identity in hexadecimal digits"
                                                : "expected an identity");
  out.terms.streams = parse_streams(r);
  out.terms.key = parse_key(r);
  out.terms.validity = parse_validity(r);
  out.terms.extensions = parse_extensions(r);
  const std::string map = r.text("map", "\"srtp\" or \"empty\"").value_or("srtp");
  out.terms.empty_map = map == "empty";
  if (map != "empty" && map != "srtp") r.fail("map", "expected \"srtp\" or \"empty\"");
  out.csb_id = r.number("csb");
  out.terms.verification = r.flag("verification");
  out.terms.accept = parse_accept(r, id_type);
  out.group = parse_named(r, "group", kDhGroups).value_or(out.group);
  out.cache = parse_named(r, "cache", kCaches);
  out.rsar_group = r.flag("group_mode").value_or(false);
  out.ticket = parse_ticket(r, id_type, ticket);
  out.sakke = parse_sakke(r);
  out.ibake.curve = parse_named(r, "curve", kCurves);
  out.ibake.esk = r.flag("esk").value_or(false);
  if (!r.ok()) return r.error();
  out.mode = *mode;
  out.terms.to = std::move(*peer);
  return out;
}

}  // namespace mikey::cmd
