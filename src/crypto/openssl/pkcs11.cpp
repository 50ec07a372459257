// libp11 offers PKCS#11 as an ENGINE, which OpenSSL 3 deprecates in favour of providers; Debian 12 has no
// PKCS#11 provider, so the engine it is. Its keys are RSA objects with methods of their own, which only the
// RSA_* functions are sure to use.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <dlfcn.h>
#include <openssl/engine.h>
#include <openssl/rsa.h>
#include <openssl/ui.h>

#include <mutex>

#include "crypto/openssl/private_key_base.hpp"
#include "crypto/rsa_padding.hpp"

namespace mikey::crypto {

using detail::ErrorMark;
using detail::library_error;

struct Pkcs11Module::Impl {
  detail::Handle<ENGINE, ENGINE_free> engine;
  std::string path;
  std::mutex session;  // libp11's sessions are shared by all keys
};

namespace {

bool command(ENGINE* e, const char* name, const std::string& value) {
  return ENGINE_ctrl_cmd_string(e, name, value.c_str(), 0) == 1;
}

/// Whether the file is a PKCS#11 module. The engine itself would look only when a key is wanted.
Status check_module(const std::string& path) {
  const detail::Handle<void, dlclose> module(dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL));
  if (module && dlsym(module.get(), "C_GetFunctionList") != nullptr) return {};
  return crypto_error("there is no PKCS#11 module at " + path);
}

Status start(ENGINE* e, const std::string& module_path) {
  ENGINE_ctrl_cmd_string(e, "QUIET", nullptr, 0);  // libp11 writes to standard error, which is our caller's
  if (!command(e, "MODULE_PATH", module_path) || ENGINE_init(e) != 1)
    return library_error("loading the PKCS#11 module " + module_path);
  return {};
}

bool set_pin(ENGINE* e, std::string_view pin) {
  std::string text(pin);
  const bool done = command(e, "PIN", text);
  wipe({static_cast<std::uint8_t*>(static_cast<void*>(text.data())), text.size()});
  return done;
}

/// The module this process has opened.
struct Registry {
  std::mutex mutex;
  std::shared_ptr<Pkcs11Module::Impl> opened;
};

/// Lives to the end of the process without a destructor: a module may have torn itself down by then, and must
/// not be called any more.
Registry& registry() {
  static Registry& r = *new Registry;  // NOLINT(cppcoreguidelines-owning-memory)
  return r;
}

class Pkcs11Key final : public detail::RsaPrivateKey {
 public:
  Pkcs11Key(std::shared_ptr<Pkcs11Module::Impl> module, detail::Pkey key, PublicKey pub, SecretBytes secret)
      : RsaPrivateKey(std::move(pub), std::move(secret)), module_(std::move(module)), key_(std::move(key)) {}

 private:
  using RsaOperation = int (*)(int, const unsigned char*, unsigned char*, RSA*, int);

  Status run(RsaOperation operation, ByteView in, MutableBytes out, int padding, const char* what) const {
    const std::scoped_lock lock(module_->session);
    RSA* rsa = const_cast<RSA*>(EVP_PKEY_get0_RSA(key_.get()));
    const int n = operation(static_cast<int>(in.size()), in.data(), out.data(), rsa, padding);
    if (n < 0 || static_cast<std::size_t>(n) != out.size()) return library_error(what);
    return {};
  }
  Status raw_sign(ByteView em, MutableBytes out) const override {
    return run(RSA_private_encrypt, em, out, RSA_NO_PADDING, "signing on the token");
  }
  Status raw_decrypt(ByteView ciphertext, MutableBytes out) const override {
    return run(RSA_private_decrypt, ciphertext, out, RSA_NO_PADDING, "decrypting on the token");
  }
  Status pkcs1_sign(Hash hash, ByteView message, MutableBytes out) const override {
    const auto d = detail::digest(hash, message);
    if (!d) return d.error();
    Bytes info = to_bytes(detail::digest_info_prefix(hash));
    append(info, *d);
    if (out.size() < info.size() + 11) return bad_request("the RSA key is too short for the hash");
    return run(RSA_private_encrypt, info, out, RSA_PKCS1_PADDING, "signing on the token");
  }

  std::shared_ptr<Pkcs11Module::Impl> module_;
  detail::Pkey key_;  // after module_, so that it goes first
};

}  // namespace

Result<Pkcs11Module> Pkcs11Module::open(const std::string& module_path, std::string_view pin) {
  const ErrorMark mark;
  Registry& r = registry();
  const std::scoped_lock lock(r.mutex);
  if (r.opened && r.opened->path != module_path)
    return bad_request("libp11 serves one PKCS#11 module a process, and that is " + r.opened->path);
  if (!r.opened) {
    if (auto s = check_module(module_path); !s) return std::move(s).error();
    ENGINE_load_dynamic();
    auto impl = std::make_shared<Impl>();
    impl->engine.reset(ENGINE_by_id("pkcs11"));
    if (!impl->engine) return library_error("loading the OpenSSL engine pkcs11 (libengine-pkcs11-openssl)");
    if (auto s = start(impl->engine.get(), module_path); !s) return std::move(s).error();
    impl->path = module_path;
    r.opened = std::move(impl);
  }
  const std::scoped_lock session(r.opened->session);
  if (!pin.empty() && !set_pin(r.opened->engine.get(), pin))
    return library_error("giving the PIN to the token");
  return Pkcs11Module(r.opened);
}

Result<std::shared_ptr<const PrivateKey>> Pkcs11Module::load_private_key(const std::string& uri) const {
  const ErrorMark mark;
  if (!uri.starts_with("pkcs11:")) return bad_request("a PKCS#11 URI starts with pkcs11:", "RFC 7512 2.3");
  const std::scoped_lock lock(impl_->session);
  // UI_null answers no question, where the default would ask at the terminal.
  auto* silent = const_cast<UI_METHOD*>(UI_null());
  detail::Pkey key(ENGINE_load_private_key(impl_->engine.get(), uri.c_str(), silent, nullptr));
  if (!key) return bad_request("the token has no such private key, or does not let us use it");
  if (EVP_PKEY_get0_RSA(key.get()) == nullptr) return bad_request("the key on the token is not an RSA key");
  const Bytes spki = detail::to_der(i2d_PUBKEY, key.get());
  auto pub = PublicKey::from_der(spki);
  if (!pub) return bad_request(std::move(pub).error().detail);
  auto secret = detail::random_secret();
  if (!secret) return std::move(secret).error();
  return std::shared_ptr<const PrivateKey>(
      std::make_shared<Pkcs11Key>(impl_, std::move(key), std::move(*pub), std::move(*secret)));
}

Result<std::shared_ptr<const PrivateKey>> load_private_key_uri(const std::string& uri,
                                                               const std::string& module_path,
                                                               std::string_view pin) {
  auto module = Pkcs11Module::open(module_path, pin);
  if (!module) return std::move(module).error();
  return module->load_private_key(uri);
}

}  // namespace mikey::crypto
