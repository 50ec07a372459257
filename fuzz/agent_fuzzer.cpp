/// \file
/// Two agents take the lines of the input. A line is a request for Alice, or begins with
///   b           a request for Bob follows
///   >           what was sent last is carried to the other side
///   > N XX      the same, with octet N XORed with hexadecimal XX
///   + N         N seconds pass
/// Every answer is one line of JSON without a key in it, and nothing that was changed on its way establishes
/// anything.
#include <cstdint>
#include <cstdlib>

#include "agent_core.hpp"

namespace {

using namespace mikey;

constexpr std::string_view kKey = "00112233445566778899aabbccddeeff";
constexpr std::string_view kAlice = "sip:alice@example.com";
constexpr std::string_view kBob = "sip:bob@example.com";

void require(bool condition) {
  if (!condition) std::abort();
}

class CountingRng final : public Rng {
 public:
  explicit CountingRng(std::uint32_t seed) : state_(seed) {}
  Status fill(MutableBytes out, std::string_view /*what*/) override {
    for (std::uint8_t& octet : out)
      octet = static_cast<std::uint8_t>((state_ = state_ * 1664525 + 1013904223) >> 24);
    return {};
  }

 private:
  std::uint32_t state_;
};

cmd::Config config(std::string_view self, std::string_view peer) {
  std::string text = "identity = \"" + std::string(self) +
                     "\"\n[policy]\nkemac_encryption = [\"AES-CM-128\", \"AES-KW-128\"]\n";
  text += "srtp = [\"AES_CM_128_HMAC_SHA1_80\", \"AES_CM_128_HMAC_SHA1_32\"]\n";
  text += "[psk.\"" + std::string(peer) + "\"]\nkey = \"hex:" + std::string(kKey) + "\"\n";
  auto read = cmd::parse_config("fuzz.toml", text);
  require(std::holds_alternative<cmd::Config>(read));
  return std::get<cmd::Config>(std::move(read));
}

class Pair {
 public:
  void line(std::string_view text) {
    if (text.starts_with('>')) return carry(text.substr(1));
    if (text.starts_with('+')) return pass(text.substr(1));
    const bool for_bob = text.starts_with('b');
    (void)ask(for_bob, text.substr(for_bob ? 1 : 0));
  }

 private:
  /// The state of the answer, if there is one.
  std::string ask(bool for_bob, std::string_view request) {
    const auto answer = (for_bob ? bob_ : alice_).handle(request);
    if (!answer) return {};
    require(answer->find('\n') == std::string::npos && answer->find(kKey) == std::string::npos);
    const auto value = nlohmann::json::parse(*answer, nullptr, false);
    require(value.is_object() && value.contains("id") &&
            (value.contains("state") || value.contains("message")));
    if (value.contains("bundle")) {
      require(!value["bundle"].contains("tgk"));
      for (const auto& session : value["bundle"]["crypto_sessions"]) require(!session.contains("tek"));
    }
    if (value.contains("send") && !value["send"].empty()) {
      sent_ = *from_base64(value["send"][0]["message"].get<std::string>());
      from_bob_ = for_bob;
    }
    return value.value("state", "");
  }

  void carry(std::string_view change) {
    Bytes message = sent_;
    const std::string text(change);
    char* end = nullptr;
    const unsigned long at = std::strtoul(text.c_str(), &end, 10);
    const auto mask = static_cast<std::uint8_t>(std::strtoul(end, nullptr, 16));
    const bool changed = at < message.size() && mask != 0;
    if (changed) message[at] = static_cast<std::uint8_t>(message[at] ^ mask);
    const std::string state =
        ask(!from_bob_, R"({"id":1,"op":"receive","message":")" + to_base64(message) + R"("})");
    require(!changed || state != "established");
  }

  void pass(std::string_view seconds) {
    const auto n = std::strtol(std::string(seconds).c_str(), nullptr, 10);
    clock_.advance(std::chrono::seconds(std::clamp(n, 0L, 100000L)));
  }

  static constexpr PartyLimits kSmall{.waiting = 10, .bundles = 10, .replay_entries = 100};
  ManualClock clock_{NtpTime::from_unix(1790000000)};
  CountingRng alice_rng_{1};
  CountingRng bob_rng_{2};
  cmd::AgentCore alice_{config(kAlice, kBob), crypto::openssl(), alice_rng_, clock_, false, kSmall};
  cmd::AgentCore bob_{config(kBob, kAlice), crypto::openssl(), bob_rng_, clock_, false, kSmall};
  Bytes sent_;
  bool from_bob_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Pair pair;
  std::string_view rest = as_text(ByteView(data, size));
  while (!rest.empty()) {
    const std::size_t eol = rest.find('\n');
    pair.line(rest.substr(0, eol));
    rest.remove_prefix(eol == std::string_view::npos ? rest.size() : eol + 1);
  }
  return 0;
}
