#include "json.hpp"

#include <map>
#include <nlohmann/json.hpp>
#include <variant>

namespace mikey::ibc {
namespace {

constexpr std::size_t kMaxDepth = 16;
constexpr std::size_t kMaxUri = 0xFFFF;

struct Other {};  ///< of no type that a member here may have
using Value = std::variant<Other, SecretBytes, std::uint64_t>;
using Values = std::map<std::string, Value, std::less<>>;

/// 1 when n, a small number or a small negative one, is in 0 .. end-1.
std::uint32_t below(std::uint32_t n, std::uint32_t end) {
  return ((n - end) >> 31) & (1U ^ (n >> 31));
}

/// Without tables, so that nothing depends on secret digits but their validity.
bool decode(std::string_view digits, MutableBytes out) {
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

}  // namespace

/// Takes the members of the one object of a document, and those of the objects among them; what is nested
/// deeper, or in arrays, is passed over. Strings may be secret, so they are moved into storage that is wiped.
class JsonReader::Members final : public nlohmann::json_sax<nlohmann::json> {
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
  bool start_object(std::size_t /*elements*/) override { return enter(true); }
  bool start_array(std::size_t /*elements*/) override { return enter(false); }
  bool end_object() override { return leave(); }
  bool end_array() override { return leave(); }

  bool key(string_t& name) override {
    if (depth_ == 1) {
      outer_ = name;
      if (outer_values_.contains(outer_)) return stands_twice(outer_);
    } else if (depth_ == 2 && in_object_) {
      inner_ = name;
      if (inner_values_[outer_].contains(inner_)) return stands_twice(inner_);
    }
    return true;
  }

  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const nlohmann::json::exception& /*what*/) override {
    return fail("no JSON at octet " + std::to_string(position));
  }

  const std::string& error() const { return error_; }

  /// "outer", or "outer.inner".
  const Value* find(std::string_view path) const {
    const std::size_t dot = path.find('.');
    const std::string_view outer = path.substr(0, dot);
    if (dot == std::string_view::npos) return find_in(outer_values_, outer);
    const auto object = inner_values_.find(outer);
    return object == inner_values_.end() ? nullptr : find_in(object->second, path.substr(dot + 1));
  }

 private:
  static const Value* find_in(const Values& values, std::string_view name) {
    const auto it = values.find(name);
    return it == values.end() ? nullptr : &it->second;
  }
  bool fail(std::string what) {
    if (error_.empty()) error_ = std::move(what);
    return false;
  }
  bool stands_twice(const std::string& name) {
    return fail("a member stands twice: " + (name.size() < 32 ? name : name.substr(0, 32)));
  }
  bool put(Value v) {
    if (depth_ == 0) return fail("expected a JSON object");
    if (depth_ == 1)
      outer_values_.insert_or_assign(outer_, std::move(v));
    else if (depth_ == 2 && in_object_)
      inner_values_[outer_].insert_or_assign(inner_, std::move(v));
    return true;
  }
  bool enter(bool object) {
    if (depth_ == 0 && !object) return fail("expected a JSON object");
    if (depth_ > 0 && !put(Other{})) return false;
    if (depth_ == 1) in_object_ = object;
    return ++depth_ <= kMaxDepth || fail("nested too deeply");
  }
  bool leave() {
    --depth_;
    return true;
  }

  Values outer_values_;
  std::map<std::string, Values, std::less<>> inner_values_;  // of the objects among them, by their names
  std::string outer_;
  std::string inner_;
  std::string error_;
  std::size_t depth_ = 0;
  bool in_object_ = false;  // rather than in an array, at depth 2
};

JsonReader::JsonReader(ByteView json) : members_(std::make_unique<Members>()) {
  if (json.size() > kMaxKeyFile) {
    error_ = bad_request("the document has more than " + std::to_string(kMaxKeyFile) + " octets");
    return;
  }
  const std::string_view text = as_text(json);
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), members_.get()))
    error_ = bad_request(members_->error());
}

JsonReader::~JsonReader() = default;

bool JsonReader::has(std::string_view name) {
  return ok() && members_->find(name) != nullptr;
}

void JsonReader::fail(std::string_view name, const std::string& what) {
  if (!error_) error_ = bad_request(std::string(name) + ": " + what);
}

std::string JsonReader::uri(std::string_view name) {
  const std::string_view read = text(name, "a string");
  if (read.empty() || read.size() > kMaxUri) fail(name, "expected 1 to 65535 octets");
  return std::string(read);
}

std::string_view JsonReader::text(std::string_view name, std::string_view expected) {
  const SecretBytes* value = string(name, expected);
  return value == nullptr ? std::string_view() : as_text(value->reveal());
}

std::uint64_t JsonReader::number(std::string_view name, std::uint64_t most) {
  if (!ok()) return 0;
  const Value* v = members_->find(name);
  if (v == nullptr) fail(name, "expected a whole number, but it is missing");
  const auto* n = v == nullptr ? nullptr : std::get_if<std::uint64_t>(v);
  if (n != nullptr && *n <= most) return *n;
  fail(name, "expected a whole number from 0 to " + std::to_string(most));
  return 0;
}

Bytes JsonReader::octets(std::string_view name, std::size_t size) {
  const SecretBytes read = secret(name, size, size);
  return to_bytes(read.reveal());
}

Bytes JsonReader::natural(std::string_view name, std::size_t most) {
  const SecretBytes read = secret(name, 1, most);
  return to_bytes(read.reveal());
}

SecretBytes JsonReader::secret(std::string_view name, std::size_t least, std::size_t most) {
  const SecretBytes* value = string(name, "hexadecimal digits");
  if (value == nullptr) return {};
  const std::string_view digits = as_text(value->reveal());
  const std::size_t size = (digits.size() + 1) / 2;
  if (size >= least && size <= most && (least != most || digits.size() % 2 == 0)) {
    SecretBytes out(size);
    if (decode(digits, out.reveal_mutable())) return out;
  }
  fail(name, "expected hexadecimal digits of " + (least == most ? "" : std::to_string(least) + " to ") +
                 std::to_string(most) + " octets");
  return {};
}

const SecretBytes* JsonReader::string(std::string_view name, std::string_view expected) {
  if (!ok()) return nullptr;
  const Value* v = members_->find(name);
  if (v == nullptr) fail(name, "expected " + std::string(expected) + ", but it is missing");
  const auto* text = v == nullptr ? nullptr : std::get_if<SecretBytes>(v);
  if (text == nullptr) fail(name, "expected " + std::string(expected));
  return text;
}

// ------------------------------------------------------------------ writing

JsonWriter::JsonWriter(std::size_t names, std::size_t room) {
  text_.reserve(room + 6 * names);  // an octet of a name becomes \u00xx at most
  put("{");
}

void JsonWriter::text(std::string_view name, std::string_view value) {
  begin(name);
  put(nlohmann::json(value).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace));
}

void JsonWriter::number(std::string_view name, std::uint64_t value) {
  plain(name, std::to_string(value));
}

void JsonWriter::octets(std::string_view name, ByteView value) {
  begin(name);
  put_hex(value);
}

void JsonWriter::plain(std::string_view name, std::string_view json) {
  begin(name);
  put(json);
}

void JsonWriter::point(std::string_view name, ByteView x, ByteView y) {
  begin(name);
  put("{\"x\": ");
  put_hex(x);
  put(", \"y\": ");
  put_hex(y);
  put("}");
}

ByteView JsonWriter::finish() {
  put("\n}\n");
  return text_;
}

void JsonWriter::put_hex(ByteView value) {
  put("\"");
  for (const std::uint8_t o : value)
    for (const std::uint32_t nibble : {std::uint32_t{o} >> 4, std::uint32_t{o} & 0xFU})
      text_.push_back(static_cast<std::uint8_t>(nibble + std::uint32_t{'0'} +
                                                ((9U - nibble) >> 31) * std::uint32_t{'a' - '0' - 10}));
  put("\"");
}

void JsonWriter::begin(std::string_view name) {
  put(text_.size() == 1 ? "\n  \"" : ",\n  \"");
  put(name);
  put("\": ");
}

}  // namespace mikey::ibc
