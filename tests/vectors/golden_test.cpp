#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "support/paths.hpp"
#include "support/wire_check.hpp"

namespace mikey::test {
namespace {

using namespace mikey::wire;
using nlohmann::json;

std::vector<json> golden_messages() {
  std::vector<json> out;
  for (const auto& f : std::filesystem::directory_iterator(source_path("vectors/golden")))
    if (f.path().extension() == ".json") out.push_back(json::parse(std::ifstream(f.path())));
  std::ranges::sort(out, {}, [](const json& j) { return j.at("name").get<std::string>(); });
  return out;
}

class Golden : public ::testing::TestWithParam<json> {
 protected:
  const json& expected() const { return GetParam(); }
  Bytes octets() const { return from_base64(expected().at("base64").get<std::string>()).value(); }
  json remark(const char* name) const { return expected().at("remarks").value(name, json()); }
  ParseOptions options() const { return {1 << 20, expected().at("remarks").value("trailing_zeros", 0U)}; }
};

const Node& child(const Node& n, const std::string& name) {
  for (const Node& c : n.children)
    if (c.name == name) return c;
  ADD_FAILURE() << n.name << " has no " << name;
  return n;
}

void expect_fields(const Node& n, const json& fields);

/// Members that are lists: the octet string that holds them, and how its children compare.
void expect_list(const Node& n, const std::string& name, const json& list) {
  if (list.empty()) return;
  const Node& holder = child(n, name == "params" ? "Policy param"
                                : name == "keys" ? "Encr data"
                                                 : "CS ID map info");
  ASSERT_EQ(holder.children.size(), list.size());
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Node& entry = holder.children[i];
    if (name == "params") {
      EXPECT_EQ(child(entry, "Type").value, std::to_string(list[i].at(0).get<unsigned>()));
      EXPECT_EQ(child(entry, "Value").value, list[i].at(1));
      EXPECT_FALSE(child(entry, "Type").meaning.empty());
      EXPECT_FALSE(child(entry, "Value").meaning.empty());
    } else {
      expect_fields(entry, list[i]);
    }
  }
}

void expect_fields(const Node& n, const json& fields) {
  for (const auto& [name, value] : fields.items()) {
    if (value.is_array()) {
      expect_list(n, name, value);
    } else {
      EXPECT_EQ(child(n, name).value, value.is_number() ? value.dump() : value.get<std::string>()) << name;
    }
  }
}

TEST_P(Golden, IsDissected) {
  const Bytes m = octets();
  const auto d = dissect(m, options());
  ASSERT_FALSE(d.error) << d.error->to_string();
  const json& payloads = expected().at("payloads");
  ASSERT_EQ(d.payloads.size(), payloads.size() + 1);
  expect_fields(d.payloads[0], expected().at("hdr"));
  for (std::size_t i = 0; i < payloads.size(); ++i) {
    const Node& n = d.payloads[i + 1];
    EXPECT_EQ(n.name, payloads[i].at("name"));
    EXPECT_EQ(n.offset, payloads[i].at("offset"));
    EXPECT_EQ(n.length, payloads[i].at("length"));
    expect_fields(n, payloads[i].at("fields"));
  }
  expect_json(d);
  expect_nodes_fit(d.payloads, 0, m.size());
}

TEST_P(Golden, GoesRound) {
  const Bytes m = octets();
  expect_consistent(m, options());
  auto parsed = Message::parse(m, options());
  ASSERT_TRUE(parsed.ok()) << parsed.error().to_string();
  EXPECT_EQ(parsed->trailing(), options().max_trailing_zeros);
  Bytes again = *reencode(*parsed);
  again.resize(again.size() + parsed->trailing());
  EXPECT_EQ(to_base64(again), expected().at("base64"));
  EXPECT_EQ(Message::parse(m).ok(), options().max_trailing_zeros == 0);
}

TEST_P(Golden, IsRemarkedOn) {
  const Bytes m = octets();
  auto parsed = Message::parse(m, options());
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(!parsed->first<Rand>(), remark("without_rand").is_boolean());
  const auto d = dissect(m, options());
  for (const Node& n : d.payloads) {
    if (n.name != "T") continue;
    const std::string meaning = child(n, "TS value").meaning;
    const bool windows = meaning.find("FILETIME") != std::string::npos;
    EXPECT_EQ(windows, remark("filetime").is_string()) << meaning;
    if (windows) {
      EXPECT_NE(meaning.find("FILETIME it is " + remark("filetime").get<std::string>()), std::string::npos);
    } else if (remark("time").is_string()) {
      EXPECT_TRUE(meaning.starts_with(remark("time").get<std::string>())) << meaning;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Messages, Golden, ::testing::ValuesIn(golden_messages()), [](const auto& p) {
  std::string name = p.param.at("name");
  std::ranges::replace_if(
      name, [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); }, '_');
  return name;
});

TEST(GoldenMessages, AreAllThere) {
  EXPECT_EQ(golden_messages().size(), 21U);
}

}  // namespace
}  // namespace mikey::test
