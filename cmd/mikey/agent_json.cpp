#include "agent_json.hpp"

#include <set>

#include "mikey/base/secret.hpp"

namespace mikey::cmd {
namespace {

using nlohmann::json;

/// Builds the value of a line and watches over its bounds. Returning false stops the parser.
class Builder final : public nlohmann::json_sax<json> {
 public:
  bool null() override { return add(json(nullptr)) != nullptr; }
  bool boolean(bool v) override { return add(json(v)) != nullptr; }
  bool number_integer(number_integer_t v) override { return add(json(v)) != nullptr; }
  bool number_unsigned(number_unsigned_t v) override { return add(json(v)) != nullptr; }
  bool number_float(number_float_t v, const string_t& /*text*/) override { return add(json(v)) != nullptr; }
  bool string(string_t& v) override { return add(json(std::move(v))) != nullptr; }
  bool binary(binary_t& /*v*/) override { return false; }
  bool start_object(std::size_t /*n*/) override { return open(json::object()); }
  bool start_array(std::size_t /*n*/) override { return open(json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& v) override {
    json& object = *open_.back();
    if (object.contains(v) && !duplicate_) duplicate_ = open_.size() == 1 && v == "id" ? "id" : v;
    key_ = std::move(v);
    return true;
  }
  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const nlohmann::detail::exception& e) override {
    // 406: a number that is too large for any type
    stop_ = e.id == 406 ? "a number is out of range at octet " : "expected JSON, stopped at octet ";
    *stop_ += std::to_string(position);
    return false;
  }

  json take() { return std::move(root_); }
  const std::optional<std::string>& stop() const { return stop_; }
  const std::optional<std::string>& duplicate() const { return duplicate_; }

 private:
  json* add(json v) {
    if (++values_ > kMaxValues) {
      stop_ = "expected at most " + std::to_string(kMaxValues) + " values in a request";
      return nullptr;
    }
    if (open_.empty()) return &(root_ = std::move(v));
    json& top = *open_.back();
    if (top.is_object()) return &(top[key_] = std::move(v));
    top.push_back(std::move(v));
    return &top.back();
  }

  bool open(json v) {
    if (open_.size() >= kMaxDepth) {
      stop_ = "expected arrays and objects at most " + std::to_string(kMaxDepth) + " deep";
      return false;
    }
    json* at = add(std::move(v));
    if (at != nullptr) open_.push_back(at);
    return at != nullptr;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  json root_;
  std::vector<json*> open_;
  std::string key_;
  std::size_t values_ = 0;
  std::optional<std::string> stop_;
  std::optional<std::string> duplicate_;
};

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/// The end of the string that begins at `at`, which is its opening quote.
std::size_t string_end(std::string_view text, std::size_t at) {
  for (++at; text[at] != '"'; ++at)
    if (text[at] == '\\') ++at;
  return at + 1;
}

/// The text of the member "id" of the object `text`, which is known to be well formed. Written again as it
/// came, since reading and writing a number may change it.
std::string raw_id(std::string_view text) {
  std::string value;
  std::size_t depth = 0;
  bool is_key = false;
  bool in_id = false;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    const std::size_t end = c == '"' ? string_end(text, at) : at + 1;
    if (c == '}' || c == ']') --depth;
    if (in_id && ((depth == 1 && c == ',') || depth == 0)) return value;
    if (in_id && !is_space(c)) value += text.substr(at, end - at);
    if (c == '{' || c == '[') ++depth;
    if (depth == 1 && (c == '{' || c == ',')) is_key = true;
    if (c == '"' && depth == 1 && is_key) {
      const json key = json::parse(text.substr(at, end - at), nullptr, false);
      std::size_t colon = end;
      while (is_space(text[colon])) ++colon;
      is_key = false;
      in_id = key == "id";
      at = colon + 1;
      continue;
    }
    at = end;
  }
  return "null";
}

}  // namespace

Result<ParsedLine> parse_line(std::string_view line) {
  if (const std::size_t nul = line.find('\0'); nul != std::string_view::npos)
    return bad_request("expected JSON, stopped at octet " + std::to_string(nul + 1) + ", which is zero");
  Builder builder;
  const bool good = json::sax_parse(line, &builder);
  if (!good) return bad_request(builder.stop().value_or("expected JSON"));
  ParsedLine out;
  out.value = builder.take();
  if (!out.value.is_object()) {
    out.complaint = bad_request("expected a JSON object");
    return out;
  }
  if (builder.duplicate() != "id" && out.value.contains("id")) out.id = raw_id(line);
  if (builder.duplicate())
    out.complaint = bad_request("the member \"" + *builder.duplicate() + "\" stands twice");
  return out;
}

std::string to_line(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void wipe_member(json& object, const char* name) {
  const auto it = object.is_object() ? object.find(name) : object.end();
  if (it == object.end() || !it->is_string()) return;
  auto& text = it->get_ref<std::string&>();
  wipe({static_cast<std::uint8_t*>(static_cast<void*>(text.data())), text.size()});
}

std::string with_id(std::string_view id, const Json& answer) {
  std::string line = "{\"id\":";
  line += id;
  std::string members = to_line(answer);
  members.front() = ',';  // every answer has members, so this was a brace before the first one
  return line + members;
}

}  // namespace mikey::cmd
