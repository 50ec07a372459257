/// \file
/// Any text as a configuration of the agent: it is read, or refused in one line that can be printed.
#include <cstdint>
#include <cstdlib>

#include "config.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mikey;
  const auto read = cmd::parse_config("folder/fuzz.toml", as_text(ByteView(data, size)));
  if (const auto* error = std::get_if<std::string>(&read)) {
    if (!error->starts_with("folder/fuzz.toml: ")) std::abort();
    for (const char c : *error)
      if (static_cast<unsigned char>(c) < 0x20) std::abort();
    return 0;
  }
  const auto& config = std::get<cmd::Config>(read);
  if (config.identity.empty() || config.policy.srtp.empty() || config.policy.prf.empty()) std::abort();
  for (const auto& [peer, key] : config.credentials.psk)
    if (peer.empty() || key.empty()) std::abort();
  return 0;
}
