#include <libxml/tree.h>

#include "kms/xml/key_wrap.hpp"
#include "kms/xml/names.hpp"
#include "kms/xml/read_keys.hpp"
#include "kms/xml/signature.hpp"
#include "kms/xml/writer.hpp"
#include "mikey/kms/xml.hpp"

namespace mikey::kms {
namespace {

using xml::Writer;

// The Id by which a signature refers to what it covers; the specification's examples have this one.
constexpr std::string_view kId = "xmldoc";

class Documents {
 public:
  Documents(const crypto::Provider& provider, const WriteOptions& options)
      : provider_(provider), options_(options) {}

  Result<SecretBytes> write(const Document& document);

 private:
  // The body of each kind; the outermost one declares the namespaces.
  void body(const Request& r);
  void body(const Response& r);
  void body(const Init& i);
  void body(const KeyProv& p);
  void body(const CertCache& c);
  void body(const Certificate& c);
  void body(const KeySet& k);
  void key(std::string_view tag, const KeyContent& content, xml::KeySize size);
  void wrapped(std::string_view tag, const WrappedKey& key);
  void problem(std::string_view tag, const std::optional<Problem>& p);
  void new_keys(const std::vector<KeyContent>& transport, const std::vector<KeyContent>& integrity);
  void signature_template();
  void number(std::string_view tag, std::uint64_t n) { w_.element(tag, std::to_string(n)); }
  void time(std::string_view tag, const std::optional<Time>& t) {
    if (t) w_.element(tag, time_text(*t));
  }
  void required(std::string_view tag, std::string_view text) {
    if (text.empty()) w_.fail(bad_request("<" + std::string(tag) + "> is empty", "TS 33.180 D.3.5"));
    w_.element(tag, text);
  }
  void points(std::string_view tag, ByteView octets, std::size_t size) {
    if (octets.size() != size)
      w_.fail(bad_request("<" + std::string(tag) + "> has not " + std::to_string(size) + " octets",
                          "TS 33.180 D.3.2"));
    w_.hex(tag, octets);
  }
  /// The value of xmlns for the first element written, nothing for all others.
  std::string_view ns() { return outermost() ? xml::kKms : std::string_view(); }
  std::string_view xsi() { return outermost() ? xml::kXsi : std::string_view(); }
  bool outermost() const { return depth_ == 0; }
  Result<SecretBytes> sign(const SecretBytes& text);

  struct Inside {
    explicit Inside(int& depth) : depth_(depth) { ++depth_; }
    ~Inside() { --depth_; }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;
    int& depth_;
  };

  const crypto::Provider& provider_;
  const WriteOptions& options_;
  Writer w_;
  int depth_ = 0;
};

void Documents::wrapped(std::string_view tag, const WrappedKey& k) {
  w_.begin(tag, {{"xsi:type", "EncKeyContentType"}});
  w_.begin("xenc:EncryptedKey", {{"xmlns:xenc", xml::kXenc}});
  w_.empty("xenc:EncryptionMethod",
           {{"Algorithm", k.wrap == Wrap::rfc5649 ? xml::kKwAes256Pad : xml::kKwAes256}});
  if (!k.key_name.empty()) {
    w_.begin("ds:KeyInfo", {{"xmlns:ds", xml::kDs}});
    w_.element("ds:KeyName", k.key_name);
    w_.end("ds:KeyInfo");
  }
  w_.begin("xenc:CipherData");
  w_.base64("xenc:CipherValue", k.octets);
  w_.end("xenc:CipherData");
  w_.end("xenc:EncryptedKey");
  w_.end(tag);
}

void Documents::key(std::string_view tag, const KeyContent& content, xml::KeySize size) {
  if (!content.opened()) {
    if (content.wrapped) return wrapped(tag, *content.wrapped);
    return w_.fail(bad_request("<" + std::string(tag) + "> has no key", "TS 33.180 D.3.3"));
  }
  if (size.octets != 0 && content.key.size() != size.octets)
    return w_.fail(bad_request(
        "<" + std::string(tag) + "> has not " + std::to_string(size.octets) + " octets", "TS 33.180 D.3.3"));
  if (options_.transport_key == nullptr)
    return w_.hex(tag, content.key.reveal(), {{"xsi:type", "KeyContentType"}});
  auto k = xml::wrap_key(provider_, *options_.transport_key, options_.wrap, content.key.reveal());
  if (!k) return w_.fail(std::move(k).error());
  wrapped(tag, *k);
}

void Documents::new_keys(const std::vector<KeyContent>& transport, const std::vector<KeyContent>& integrity) {
  for (const KeyContent& k : transport) key("NewTransportKey", k, {});
  for (const KeyContent& k : integrity) key("NewIntegrityKey", k, {});
}

void Documents::problem(std::string_view tag, const std::optional<Problem>& p) {
  if (!p) return;
  w_.begin(tag);
  w_.element("ErrorCode", std::to_string(p->code));
  w_.element("ErrorMsg", p->message);
  w_.end(tag);
}

void Documents::body(const Certificate& c) {
  w_.begin("KmsCertificate", {{"xmlns", ns()},
                              {"Version", "1.1.0"},
                              {"Role", c.role == Role::root ? "Root" : "External"},
                              {"IsSecurityGateway", c.is_security_gateway ? "true" : ""}});
  w_.optional("CertUri", c.cert_uri);
  required("KmsUri", c.kms_uri);
  w_.optional("Issuer", c.issuer);
  time("ValidFrom", c.valid_from);
  time("ValidTo", c.valid_to);
  w_.element("Revoked", c.revoked ? "true" : "false");
  required("UserIdFormat", c.user_id_format);
  number("UserKeyPeriod", c.user_key_period);
  number("UserKeyOffset", c.user_key_offset);
  points("PubEncKey", c.pub_enc_key, xml::rsk_size().octets);
  points("PubAuthKey", c.pub_auth_key, xml::pvt_size().octets);
  if (c.parameter_set) number("ParameterSet", *c.parameter_set);
  if (!c.domains.empty()) {
    w_.begin("KmsDomainList");
    for (const std::string& d : c.domains) required("KmsDomain", d);
    w_.end("KmsDomainList");
  }
  w_.end("KmsCertificate");
}

void Documents::body(const KeySet& k) {
  w_.begin("KmsKeySet", {{"xmlns", ns()}, {"xmlns:xsi", xsi()}, {"Version", "1.1.0"}});
  required("KmsUri", k.kms_uri);
  w_.optional("CertUri", k.cert_uri);
  w_.optional("Issuer", k.issuer);
  required("UserUri", k.user_uri);
  if (k.user_id.empty()) w_.fail(bad_request("<UserID> is empty", "TS 33.180 D.3.3"));
  w_.base64("UserID", k.user_id);
  time("ValidFrom", k.valid_from);
  time("ValidTo", k.valid_to);
  number("KeyPeriodNo", k.key_period_no);
  w_.element("Revoked", k.revoked ? "true" : "false");
  key("UserDecryptKey", k.decrypt_key, xml::rsk_size());
  key("UserSigningKeySSK", k.signing_key, xml::ssk_size());
  key("UserPubTokenPVT", k.public_token, xml::pvt_size());
  w_.end("KmsKeySet");
}

void Documents::body(const Init& i) {
  const bool more = !i.new_transport_keys.empty() || !i.new_integrity_keys.empty();
  w_.begin("KmsInit", {{"xmlns", ns()},
                       {"xmlns:xsi", xsi()},
                       {"xsi:type", more ? "KmsInitTkIkType" : ""},
                       {"Version", "1.0.0"}});
  const Inside inside(depth_);
  body(i.certificate);
  new_keys(i.new_transport_keys, i.new_integrity_keys);
  w_.end("KmsInit");
}

void Documents::body(const KeyProv& p) {
  const bool more = !p.new_transport_keys.empty() || !p.new_integrity_keys.empty();
  w_.begin("KmsKeyProv", {{"xmlns", ns()},
                          {"xmlns:xsi", xsi()},
                          {"xsi:type", more ? "KmsKeyProvTkIkType" : ""},
                          {"Version", "1.0.0"}});
  const Inside inside(depth_);
  for (const KeySet& k : p.key_sets) body(k);
  new_keys(p.new_transport_keys, p.new_integrity_keys);
  w_.end("KmsKeyProv");
}

void Documents::body(const CertCache& c) {
  const std::string number = c.number ? std::to_string(*c.number) : std::string();
  w_.begin("KmsCertCache", {{"xmlns", ns()}, {"Version", "1.0.0"}, {"CacheNum", number}});
  const Inside inside(depth_);
  for (const Certificate& k : c.certificates) body(k);
  w_.end("KmsCertCache");
}

void Documents::body(const Request& r) {
  w_.begin("KmsRequest", {{"xmlns", ns()}, {"Id", kId}, {"Version", "1.1.0"}});
  required("UserUri", r.user_uri);
  required("KmsUri", r.kms_uri);
  time("Time", r.time);
  w_.optional("ClientId", r.client_id);
  w_.optional("DeviceId", r.device_id);
  required("ClientReqUrl", r.client_req_url);
  problem("ClientError", r.error);
  w_.end("KmsRequest");
}

void Documents::body(const Response& r) {
  w_.begin("KmsResponse", {{"xmlns", ns()}, {"xmlns:xsi", xsi()}, {"Id", kId}, {"Version", "1.0.0"}});
  const Inside inside(depth_);
  required("UserUri", r.user_uri);
  required("KmsUri", r.kms_uri);
  time("Time", r.time);
  w_.optional("KmsId", r.kms_id);
  required("ClientReqUrl", r.client_req_url);
  if (r.message.index() != 0) {
    w_.begin("KmsMessage");
    std::visit(
        [this](const auto& m) {
          if constexpr (!std::is_same_v<std::decay_t<decltype(m)>, std::monostate>) body(m);
        },
        r.message);
    w_.end("KmsMessage");
  }
  problem("KmsError", r.error);
  w_.end("KmsResponse");
}

void Documents::signature_template() {
  w_.begin("ds:Signature", {{"xmlns:ds", xml::kDs}});
  w_.begin("ds:SignedInfo");
  w_.empty("ds:CanonicalizationMethod", {{"Algorithm", xml::kC14n}});
  w_.empty("ds:SignatureMethod", {{"Algorithm", xml::kHmacSha256}});
  w_.begin("ds:Reference", {{"URI", "#" + std::string(kId)}});
  w_.empty("ds:DigestMethod", {{"Algorithm", xml::kSha256}});
  w_.empty("ds:DigestValue");
  w_.end("ds:Reference");
  w_.end("ds:SignedInfo");
  w_.empty("ds:SignatureValue");
  if (!options_.signing_key->id.empty()) {
    w_.begin("ds:KeyInfo");
    w_.element("ds:KeyName", options_.signing_key->id);
    w_.end("ds:KeyInfo");
  }
  w_.end("ds:Signature");
}

Result<SecretBytes> Documents::sign(const SecretBytes& text) {
  const auto doc = xml::parse(text.reveal());
  if (!doc) return doc.error();
  const xml::Element root = xml::root_of(*doc);
  const auto inside = root.children();
  if (auto ok = xml::sign(root, inside.front(), *options_.signing_key); !ok) return std::move(ok).error();
  xmlChar* octets = nullptr;
  int size = 0;
  xmlDocDumpMemoryEnc(doc->get(), &octets, &size, "UTF-8");
  if (octets == nullptr || size <= 0) return crypto_error("libxml2 has no memory for the signed document");
  const MutableBytes dumped(octets, static_cast<std::size_t>(size));
  SecretBytes out{ByteView(dumped)};
  wipe(dumped);
  xmlFree(octets);
  return out;
}

Result<SecretBytes> Documents::write(const Document& document) {
  const bool is_request = std::holds_alternative<Request>(document.body);
  const bool signing = options_.signing_key != nullptr;
  if (signing && !is_request && !std::holds_alternative<Response>(document.body))
    return bad_request("only whole requests and responses are signed", "TS 33.180 D.2");
  const std::string_view envelope = is_request ? "SignedKmsRequest" : "SignedKmsResponse";
  w_.declaration();
  if (signing) w_.begin(envelope, {{"xmlns", xml::kKms}, {"xmlns:xsi", xml::kXsi}});
  if (signing) ++depth_;
  std::visit([this](const auto& b) { body(b); }, document.body);
  if (signing) signature_template();
  if (signing) w_.end(envelope);
  auto text = w_.finish();
  if (!text || !signing) return text;
  return sign(*text);
}

}  // namespace

Result<SecretBytes> write_xml(const crypto::Provider& provider, const Document& document,
                              const WriteOptions& options) {
  return Documents(provider, options).write(document);
}

}  // namespace mikey::kms
