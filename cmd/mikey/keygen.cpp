// mikey keygen: keys and test PKI.

#include <sys/stat.h>

#include <cstdio>
#include <fstream>
#include <memory>

#include "mikey/crypto/provider.hpp"
#include "terminal.hpp"
#include "verbs.hpp"

namespace mikey::cmd {
namespace {

/// Writes a file that only its owner can read; one that exists stays.
bool write_private(const std::string& path, ByteView octets) {
  const mode_t old = umask(077);
  std::FILE* f = std::fopen(path.c_str(), "wbx");
  umask(old);
  if (f == nullptr) return false;
  const bool ok = std::fwrite(octets.data(), 1, octets.size(), f) == octets.size();
  return std::fclose(f) == 0 && ok;
}

ExitCode make_psk(std::size_t length, const std::string& out) {
  auto key = crypto::openssl_rng()->secret(length, "PSK");
  if (!key) {
    std::fprintf(stderr, "mikey keygen: %s\n", key.error().to_string().c_str());
    return ExitCode::failed;
  }
  if (out.empty()) {
    std::printf("hex:%s\n", to_hex(key->reveal()).c_str());
    return ExitCode::done;
  }
  if (write_private(out, key->reveal())) return ExitCode::done;
  std::fprintf(stderr, "mikey keygen: %s cannot be written, or exists already\n", safe_text(out).c_str());
  return ExitCode::failed;
}

}  // namespace

void add_keygen(CLI::App& app, ExitCode& exit) {
  auto* v = app.add_subcommand("keygen", "Make keys");
  v->require_subcommand(1);
  auto* psk = v->add_subcommand("psk", "A pre-shared key");
  auto length = std::make_shared<std::size_t>(16);
  auto out = std::make_shared<std::string>();
  psk->add_option("--length", *length, "Octets")->check(CLI::Range(16, 1024))->capture_default_str();
  psk->add_option("--out", *out,
                  "File for the raw octets (key_file of a configuration), readable by its owner only");
  psk->footer(examples({{"mikey keygen psk", "print a key as configurations take it: key = \"hex:...\""},
                        {"mikey keygen psk --length 32 --out bob.psk", "32 octets into a file"}}));
  psk->callback([length, out, &exit] { exit = make_psk(*length, *out); });
}

}  // namespace mikey::cmd
