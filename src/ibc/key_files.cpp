#include "mikey/ibc/key_files.hpp"

#include <map>
#include <nlohmann/json.hpp>
#include <variant>

namespace mikey::ibc {
namespace {

constexpr std::size_t kMaxDepth = 16;
constexpr std::size_t kMaxUri = 0xFFFF;

Error bad_member(std::string_view name, const std::string& what) {
  return bad_request(std::string(name) + ": " + what);
}

struct Other {};  ///< of no type that a member here may have
using Value = std::variant<Other, SecretBytes, std::uint64_t>;

/// Takes the members of the one object of a document; what they hold in objects and arrays of their own is
/// passed over. Strings may be secret, so they are moved into storage that is wiped.
class Members final : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool null() override { return put(Other{}); }
  bool boolean(bool /*value*/) override { return put(Other{}); }
  bool number_integer(number_integer_t /*value*/) override { return put(Other{}); }
  bool number_unsigned(number_unsigned_t value) override { return put(std::uint64_t{value}); }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override { return put(Other{}); }
  bool string(string_t& value) override {
    SecretBytes text(as_bytes(value));
    std::ranges::fill(value, '\0');
    return put(std::move(text));
  }
  bool binary(binary_t& /*value*/) override { return put(Other{}); }
  bool start_object(std::size_t /*elements*/) override { return enter(depth_ == 0); }
  bool start_array(std::size_t /*elements*/) override { return enter(false); }
  bool end_object() override { return leave(); }
  bool end_array() override { return leave(); }

  bool key(string_t& name) override {
    if (depth_ != 1) return true;
    name_ = name;
    if (!values_.contains(name_)) return true;
    return fail("a member stands twice: " + (name_.size() < 32 ? name_ : name_.substr(0, 32)));
  }

  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const nlohmann::json::exception& /*what*/) override {
    return fail("no JSON at octet " + std::to_string(position));
  }

  const std::string& error() const { return error_; }
  Value* find(std::string_view name) {
    const auto it = values_.find(name);
    return it == values_.end() ? nullptr : &it->second;
  }

 private:
  bool fail(std::string what) {
    if (error_.empty()) error_ = std::move(what);
    return false;
  }
  bool put(Value v) {
    if (depth_ == 0) return fail("expected a JSON object");
    if (depth_ == 1) values_.insert_or_assign(name_, std::move(v));
    return true;
  }
  bool enter(bool outermost) {
    if (depth_ == 0 && !outermost) return fail("expected a JSON object");
    if (depth_ == 1) values_.insert_or_assign(name_, Other{});
    return ++depth_ <= kMaxDepth || fail("nested too deeply");
  }
  bool leave() {
    --depth_;
    return true;
  }

  std::map<std::string, Value, std::less<>> values_;
  std::string name_;
  std::string error_;
  std::size_t depth_ = 0;
};

/// Typed reading; the first thing wrong sticks, and what is read after it does not matter.
class Document {
 public:
  explicit Document(ByteView json) {
    if (json.size() > kMaxKeyFile) {
      error_ = bad_request("the document has more than " + std::to_string(kMaxKeyFile) + " octets");
      return;
    }
    const std::string_view text = as_text(json);
    if (!nlohmann::json::sax_parse(text.begin(), text.end(), &members_))
      error_ = bad_request(members_.error());
  }

  bool ok() const { return !error_; }
  const Error& error() const { return *error_; }
  bool has(std::string_view name) { return ok() && members_.find(name) != nullptr; }
  void fail(std::string_view name, const std::string& what) {
    if (!error_) error_ = bad_member(name, what);
  }

  std::string uri(std::string_view name) {
    const SecretBytes* text = string(name, "a string");
    if (text == nullptr) return {};
    if (text->empty() || text->size() > kMaxUri) fail(name, "expected 1 to 65535 octets");
    return std::string(as_text(text->reveal()));
  }

  std::uint64_t number(std::string_view name, std::uint64_t most) {
    const Value* v = value(name, "a whole number");
    const auto* n = v == nullptr ? nullptr : std::get_if<std::uint64_t>(v);
    if (n != nullptr && *n <= most) return *n;
    fail(name, "expected a whole number from 0 to " + std::to_string(most));
    return 0;
  }

  Bytes octets(std::string_view name, std::size_t size) {
    const SecretBytes read = secret(name, size, size);
    return to_bytes(read.reveal());
  }

  /// Hexadecimal of `least` to `most` octets. Less than that means: a number, of whose leading digit zero may
  /// have been left out.
  SecretBytes secret(std::string_view name, std::size_t least, std::size_t most) {
    const SecretBytes* text = string(name, "hexadecimal digits");
    if (text == nullptr) return {};
    const std::string_view digits = as_text(text->reveal());
    const std::size_t size = (digits.size() + 1) / 2;
    if (size >= least && size <= most && (least != most || digits.size() % 2 == 0)) {
      SecretBytes out(size);
      if (decode(digits, out.reveal_mutable())) return out;
    }
    fail(name, "expected hexadecimal digits of " + (least == most ? "" : std::to_string(least) + " to ") +
                   std::to_string(most) + " octets");
    return {};
  }

  KeyPeriod period(std::string_view name, SakkeIdScheme scheme) {
    if (scheme != SakkeIdScheme::tel_uri_monthly)
      return {static_cast<std::int64_t>(number(name, 0xFFFFFFFF))};
    const SecretBytes* text = string(name, "\"YYYY-MM\"");
    if (text == nullptr) return {};
    const auto month = parse_period(scheme, as_text(text->reveal()));
    if (!month) fail(name, "expected \"YYYY-MM\"");
    return month.value_or(KeyPeriod{});
  }

 private:
  const Value* value(std::string_view name, std::string_view expected) {
    if (!ok()) return nullptr;
    const Value* v = members_.find(name);
    if (v == nullptr) fail(name, "expected " + std::string(expected) + ", but it is missing");
    return v;
  }
  const SecretBytes* string(std::string_view name, std::string_view expected) {
    const Value* v = value(name, expected);
    const auto* text = v == nullptr ? nullptr : std::get_if<SecretBytes>(v);
    if (text == nullptr) fail(name, "expected " + std::string(expected));
    return text;
  }

  /// 1 when n, a small number or a small negative one, is in 0 .. end-1.
  static std::uint32_t below(std::uint32_t n, std::uint32_t end) {
    return ((n - end) >> 31) & (1U ^ (n >> 31));
  }

  /// Without tables, so that nothing depends on secret digits but their validity.
  static bool decode(std::string_view digits, MutableBytes out) {
    std::uint32_t bad = 0;
    std::size_t i = digits.size() % 2;  // an odd number: the first octet has one digit
    for (const char c : digits) {
      const std::uint32_t d = static_cast<unsigned char>(c);
      const std::uint32_t decimal = d - std::uint32_t{'0'};
      const std::uint32_t letter = (d | 0x20U) - std::uint32_t{'a'};
      const std::uint32_t is_decimal = below(decimal, 10);
      const std::uint32_t is_letter = below(letter, 6);
      bad |= 1U ^ (is_decimal | is_letter);
      const std::uint32_t nibble = is_decimal * decimal + is_letter * (letter + 10U);
      out[i / 2] = static_cast<std::uint8_t>((std::uint32_t{out[i / 2]} << 4) | (nibble & 0xFU));
      ++i;
    }
    return bad == 0;
  }

  Members members_;
  std::optional<Error> error_;
};

SakkeIdScheme read_head(Document& d) {
  const auto params = d.number("params", 0xFF);
  if (d.ok() && params != 1) d.fail("params", "expected parameter set 1 (RFC 6509 Appendix A)");
  const auto scheme = d.number("id_scheme", 0xFF);
  if (d.ok() && scheme != 1 && scheme != 2) d.fail("id_scheme", "expected 1 (tel URIs) or 2 (hashed UIDs)");
  return static_cast<SakkeIdScheme>(scheme);
}

KmsRecord read_kms(Document& d) {
  KmsRecord k;
  k.kms_uri = d.uri("kms_uri");
  k.ids.scheme = read_head(d);
  if (k.ids.scheme == SakkeIdScheme::mcx_hashed_uid) {
    k.ids.period = static_cast<std::uint32_t>(d.number("key_period", 0xFFFFFFFF));
    k.ids.offset = static_cast<std::uint32_t>(d.number("key_period_offset", 0xFFFFFFFF));
  }
  if (d.has("from")) k.from = d.period("from", k.ids.scheme);
  if (d.has("to")) k.to = d.period("to", k.ids.scheme);
  k.z = d.octets("Z", sakke::kPointSize);
  k.kpak = d.octets("KPAK", eccsi::kPointSize);
  return k;
}

/// Writes one object into storage that is wiped and never moves.
class Writer {
 public:
  explicit Writer(std::size_t names) {
    text_.reserve(kRoom + 6 * names);  // an octet of a name becomes \u00xx at most
    put("{");
  }
  ~Writer() { wipe(text_); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  void text(std::string_view name, std::string_view value) {
    begin(name);
    put(nlohmann::json(value).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace));
  }
  void number(std::string_view name, std::uint64_t value) {
    begin(name);
    put(std::to_string(value));
  }
  void period(std::string_view name, SakkeIdScheme scheme, KeyPeriod p) {
    const bool month = scheme == SakkeIdScheme::tel_uri_monthly;
    begin(name);
    put(month ? "\"" : "");
    put(period_text(scheme, p));
    put(month ? "\"" : "");
  }
  void octets(std::string_view name, ByteView value) {
    begin(name);
    put("\"");
    for (const std::uint8_t o : value)
      for (const std::uint32_t nibble : {std::uint32_t{o} >> 4, std::uint32_t{o} & 0xFU})
        text_.push_back(static_cast<std::uint8_t>(nibble + std::uint32_t{'0'} +
                                                  ((9U - nibble) >> 31) * std::uint32_t{'a' - '0' - 10}));
    put("\"");
  }
  ByteView finish() {
    put("\n}\n");
    return text_;
  }

 private:
  static constexpr std::size_t kRoom = 4096;  // keys in hexadecimal, and the names of members

  void put(std::string_view more) { append(text_, as_bytes(more)); }
  void begin(std::string_view name) {
    put(text_.size() == 1 ? "\n  \"" : ",\n  \"");
    put(name);
    put("\": ");
  }
  Bytes text_;
};

void write_public(Writer& w, const KmsRecord& k) {
  w.text("kms_uri", k.kms_uri);
  w.number("params", 1);
  w.number("id_scheme", static_cast<std::uint64_t>(k.ids.scheme));
  if (k.ids.scheme == SakkeIdScheme::mcx_hashed_uid) {
    w.number("key_period", k.ids.period);
    w.number("key_period_offset", k.ids.offset);
  }
  if (k.from) w.period("from", k.ids.scheme, *k.from);
  if (k.to) w.period("to", k.ids.scheme, *k.to);
  w.octets("Z", k.z);
  w.octets("KPAK", k.kpak);
}

}  // namespace

Result<KmsRecord> parse_kms(ByteView json) {
  Document d(json);
  KmsRecord k = read_kms(d);
  if (!d.ok()) return d.error();
  return k;
}

Result<KeySetRecord> parse_key_set(ByteView json) {
  Document d(json);
  KeySetRecord k;
  k.kms_uri = d.uri("kms_uri");
  k.scheme = read_head(d);
  k.uri = d.uri("uri");
  k.period = d.period("period", k.scheme);
  if (d.has("id")) {
    const SecretBytes id = d.secret("id", 1, 2 * kMaxUri);
    k.id = to_bytes(id.reveal());
  }
  k.rsk = Rsk(d.secret("RSK", sakke::kPointSize, sakke::kPointSize));
  k.ssk = Ssk(d.secret("SSK", eccsi::kScalarSize, eccsi::kScalarSize));
  k.pvt = d.octets("PVT", eccsi::kPointSize);
  if (!d.ok()) return d.error();
  return k;
}

Result<MasterRecord> parse_master(ByteView json) {
  Document d(json);
  MasterRecord m;
  m.known = read_kms(d);
  m.z = SakkeMasterSecret(d.secret("z", 1, sakke::kElementSize));
  m.ksak = Ksak(d.secret("KSAK", 1, eccsi::kScalarSize));
  if (!d.ok()) return d.error();
  return m;
}

std::string write_kms(const KmsRecord& record) {
  Writer w(record.kms_uri.size());
  write_public(w, record);
  return std::string(as_text(w.finish()));
}

SecretBytes write_key_set(const KeySetRecord& k) {
  Writer w(k.kms_uri.size() + k.uri.size() + k.id.size());
  w.text("kms_uri", k.kms_uri);
  w.number("params", 1);
  w.number("id_scheme", static_cast<std::uint64_t>(k.scheme));
  w.text("uri", k.uri);
  w.period("period", k.scheme, k.period);
  if (!k.id.empty()) w.octets("id", k.id);
  w.octets("RSK", k.rsk.reveal());
  w.octets("SSK", k.ssk.reveal());
  w.octets("PVT", k.pvt);
  return SecretBytes(w.finish());
}

SecretBytes write_master(const MasterRecord& master) {
  Writer w(master.known.kms_uri.size());
  write_public(w, master.known);
  w.octets("z", master.z.reveal());
  w.octets("KSAK", master.ksak.reveal());
  return SecretBytes(w.finish());
}

std::string key_file_name(const KeySetRecord& record) {
  std::string_view user = record.uri;
  user.remove_prefix(user.find(':') == std::string_view::npos ? 0 : user.find(':') + 1);
  user = user.substr(0, user.find('@'));
  std::string name;
  for (const char c : user)
    if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_') name += c;
  if (name.empty()) name = "user";
  return name.substr(0, 64) + "-" + period_text(record.scheme, record.period) + ".json";
}

}  // namespace mikey::ibc
