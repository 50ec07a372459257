#include <algorithm>

#include "kms/xml/fields.hpp"
#include "kms/xml/names.hpp"
#include "kms/xml/read_keys.hpp"
#include "kms/xml/signature.hpp"
#include "mikey/ibc/eccsi.hpp"
#include "mikey/ibc/sakke.hpp"
#include "mikey/kms/xml.hpp"

namespace mikey::kms {
namespace {

using xml::Element;
using xml::Fields;

bool is_kms_namespace(std::string_view uri) {
  return std::ranges::find(xml::kKmsNamespaces, uri) != xml::kKmsNamespaces.end();
}

/// Reads one document. The functions of its parts end in the first error of their fields.
class Reader {
 public:
  Reader(const crypto::Provider& provider, const ReadOptions& options, std::string_view name_space)
      : provider_(provider), options_(options), ns_(name_space) {}

  Result<Document> document(Element root);

 private:
  Result<Certificate> certificate(Element e);
  Result<Certificate> signed_certificate(Element e);
  Result<KeySet> key_set(Element e);
  Result<Init> init(Element e);
  Result<KeyProv> key_prov(Element e);
  Result<CertCache> cert_cache(Element e);
  Result<Request> request(Element e);
  Result<Response> response(Element e);
  Result<Document> envelope(Element e, std::string_view inside);
  std::optional<Problem> problem(Fields& f, const char* name);
  std::vector<KeyContent> new_keys(Fields& f, const char* name);
  KeyContent key(Fields& f, const char* name, xml::KeySize size);
  Status message(Element e, Response& out);

  template <class T>
  Status put(Document& out, Result<T> part) {
    if (!part) return std::move(part).error();
    out.body = *std::move(part);
    return {};
  }
  template <class T>
  Result<T> finish(Fields& f, T value) {
    if (!f.ok()) return f.error();
    f.note_rest(notes_);
    return value;
  }
  /// The children of `e` that make a list, read one by one.
  template <class T>
  void list(Fields& f, const char* name, std::vector<T>& out, Result<T> (Reader::*read)(Element)) {
    for (const Element& e : f.all(name)) {
      if (!f.ok()) return;
      if (out.size() >= kMaxItems) return f.fail(e.error("stands too often", ErrorCode::resource));
      auto item = (this->*read)(e);
      if (!item) return f.fail(std::move(item).error());
      out.push_back(*std::move(item));
    }
  }

  const crypto::Provider& provider_;
  const ReadOptions& options_;
  std::string_view ns_;
  std::vector<std::string> notes_;
};

KeyContent Reader::key(Fields& f, const char* name, xml::KeySize size) {
  const auto e = f.required(name);
  if (!e) return {};
  auto content = xml::read_key(provider_, options_.keys, *e, size);
  if (content) return *std::move(content);
  f.fail(std::move(content).error());
  return {};
}

std::vector<KeyContent> Reader::new_keys(Fields& f, const char* name) {
  std::vector<KeyContent> out;
  for (const Element& e : f.all(name)) {
    auto content = xml::read_key(provider_, options_.keys, e, {});
    if (content && out.size() < kMaxItems)
      out.push_back(*std::move(content));
    else
      f.fail(content ? e.error("stands too often", ErrorCode::resource) : std::move(content).error());
  }
  return out;
}

Result<Certificate> Reader::certificate(Element e) {
  Fields f(e, ns_);
  Certificate c;
  const std::string role = e.attribute("Role").value_or("Root");
  if (role != "Root" && role != "External") f.fail(e.error("has a Role that is neither Root nor External"));
  c.role = role == "External" ? Role::external : Role::root;
  const std::string gateway = e.attribute("IsSecurityGateway").value_or("false");
  c.is_security_gateway = gateway == "true" || gateway == "1";
  c.cert_uri = f.optional_uri("CertUri");
  c.kms_uri = f.uri("KmsUri");
  c.issuer = f.optional_text("Issuer");
  c.valid_from = f.optional_time("ValidFrom");
  c.valid_to = f.optional_time("ValidTo");
  c.revoked = f.flag("Revoked");
  c.user_id_format = f.text("UserIdFormat");
  c.user_key_period = f.number("UserKeyPeriod");
  c.user_key_offset = f.number("UserKeyOffset");
  c.pub_enc_key = f.octets("PubEncKey", ibc::sakke::kPointSize);
  c.pub_auth_key = f.octets("PubAuthKey", ibc::eccsi::kPointSize);
  c.parameter_set = f.optional_number("ParameterSet");
  if (const auto domains = f.optional("KmsDomainList")) {
    for (const Element& d : domains->children()) {
      auto text = d.text();
      if (text && c.domains.size() < kMaxItems)
        c.domains.push_back(*std::move(text));
      else
        f.fail(text ? d.error("stands too often", ErrorCode::resource) : std::move(text).error());
    }
  }
  return finish(f, std::move(c));
}

Result<Certificate> Reader::signed_certificate(Element e) {
  Fields f(e, ns_);
  const auto inside = f.required("KmsCertificate");
  if (!inside) return f.error();
  // Who signs certificates has keys of its own: with others than the reader's it is no error.
  const auto signature = xml::check_signature(e, *inside, options_.keys);
  if (!signature && signature.error().code != ErrorCode::auth_failure) return signature.error();
  auto c = certificate(*inside);
  if (c) c->signature = signature ? signature->result : Signature::unchecked;
  return c;
}

Result<KeySet> Reader::key_set(Element e) {
  Fields f(e, ns_);
  KeySet k;
  k.kms_uri = f.uri("KmsUri");
  k.cert_uri = f.optional_uri("CertUri");
  k.issuer = f.optional_text("Issuer");
  k.user_uri = f.uri("UserUri");
  const std::string id = f.text("UserID");
  const auto octets = xml::decode_octets(as_bytes(id));
  if (octets) k.user_id = to_bytes(octets->reveal());
  if (f.ok() && k.user_id.empty()) f.fail(e.error("has a UserID that is neither hexadecimal nor base64"));
  k.valid_from = f.optional_time("ValidFrom");
  k.valid_to = f.optional_time("ValidTo");
  k.key_period_no = f.number("KeyPeriodNo");
  k.revoked = f.flag("Revoked");
  k.decrypt_key = key(f, "UserDecryptKey", xml::rsk_size());
  k.signing_key = key(f, "UserSigningKeySSK", xml::ssk_size());
  k.public_token = key(f, "UserPubTokenPVT", xml::pvt_size());
  return finish(f, std::move(k));
}

Result<Init> Reader::init(Element e) {
  Fields f(e, ns_);
  std::vector<Certificate> found;
  list(f, "KmsCertificate", found, &Reader::certificate);
  list(f, "SignedKmsCertificate", found, &Reader::signed_certificate);
  if (f.ok() && found.size() != 1) f.fail(e.error("does not hold exactly one KMS certificate"));
  Init out;
  out.new_transport_keys = new_keys(f, "NewTransportKey");
  out.new_integrity_keys = new_keys(f, "NewIntegrityKey");
  if (f.ok()) out.certificate = std::move(found.front());
  return finish(f, std::move(out));
}

Result<KeyProv> Reader::key_prov(Element e) {
  Fields f(e, ns_);
  KeyProv out;
  list(f, "KmsKeySet", out.key_sets, &Reader::key_set);
  out.new_transport_keys = new_keys(f, "NewTransportKey");
  out.new_integrity_keys = new_keys(f, "NewIntegrityKey");
  return finish(f, std::move(out));
}

Result<CertCache> Reader::cert_cache(Element e) {
  Fields f(e, ns_);
  CertCache out;
  if (const auto number = e.attribute("CacheNum")) {
    if (number->empty() || number->size() > 18 ||
        number->find_first_not_of("0123456789") != std::string::npos)
      f.fail(e.error("has a CacheNum that is no whole number from 0 on"));
    else
      out.number = std::stoull(*number);
  }
  list(f, "SignedKmsCertificate", out.certificates, &Reader::signed_certificate);
  list(f, "KmsCertificate", out.certificates, &Reader::certificate);
  return finish(f, std::move(out));
}

std::optional<Problem> Reader::problem(Fields& f, const char* name) {
  const auto e = f.optional(name);
  if (!e) return std::nullopt;
  Fields inside(*e, ns_);
  Problem out{inside.signed_number("ErrorCode"), inside.optional_text("ErrorMsg")};
  if (!inside.ok()) f.fail(inside.error());
  return out;
}

Result<Request> Reader::request(Element e) {
  Fields f(e, ns_);
  Request r;
  r.user_uri = f.uri("UserUri");
  r.kms_uri = f.uri("KmsUri");
  r.time = f.time("Time");
  r.client_id = f.optional_text("ClientId");
  r.device_id = f.optional_text("DeviceId");
  r.client_req_url = f.uri("ClientReqUrl");
  r.error = problem(f, "ClientError");
  return finish(f, std::move(r));
}

Status Reader::message(Element e, Response& out) {
  const auto inside = e.children();
  for (const Element& m : inside) {
    if (m.name_space() != ns_) continue;
    if (out.message.index() != 0) return m.error("stands beside another message");
    if (m.name() == "KmsInit") {
      auto part = init(m);
      if (!part) return std::move(part).error();
      out.message = *std::move(part);
    } else if (m.name() == "KmsKeyProv") {
      auto part = key_prov(m);
      if (!part) return std::move(part).error();
      out.message = *std::move(part);
    } else if (m.name() == "KmsCertCache") {
      auto part = cert_cache(m);
      if (!part) return std::move(part).error();
      out.message = *std::move(part);
    } else {
      notes_.push_back("line " + std::to_string(m.line()) + ": " + m.tag() +
                       " is a message that is not known and was passed over");
    }
  }
  return {};
}

Result<Response> Reader::response(Element e) {
  Fields f(e, ns_);
  Response r;
  r.user_uri = f.uri("UserUri");
  r.kms_uri = f.uri("KmsUri");
  r.time = f.time("Time");
  r.kms_id = f.optional_text("KmsId");
  r.client_req_url = f.uri("ClientReqUrl");
  r.error = problem(f, "KmsError");
  if (const auto m = f.optional("KmsMessage"))
    if (auto ok = message(*m, r); !ok) f.fail(std::move(ok).error());
  return finish(f, std::move(r));
}

// The envelope may stand in no namespace while what is in it stands in one: Kapsch's KMS writes so.
Result<Document> Reader::envelope(Element e, std::string_view inside) {
  std::optional<Element> content;
  for (const Element& c : e.children()) {
    if (c.name() != inside || !is_kms_namespace(c.name_space())) continue;
    if (content) return c.error("stands twice");
    content = c;
  }
  if (!content) return e.error("lacks <" + std::string(inside) + ">");
  ns_ = content->name_space();
  auto signature = xml::check_signature(e, *content, options_.keys);
  if (!signature) return std::move(signature).error();
  auto out = document(*content);
  if (!out) return out;
  out->signature = signature->result;
  out->signature_key = signature->key_name;
  return out;
}

Result<Document> Reader::document(Element e) {
  const std::string_view name = e.name();
  if (name == "SignedKmsRequest") return envelope(e, "KmsRequest");
  if (name == "SignedKmsResponse") return envelope(e, "KmsResponse");
  Document out;
  Status ok = e.error("is no document of a KMS");
  if (name == "KmsRequest") ok = put(out, request(e));
  if (name == "KmsResponse") ok = put(out, response(e));
  if (name == "KmsInit") ok = put(out, init(e));
  if (name == "KmsKeyProv") ok = put(out, key_prov(e));
  if (name == "KmsCertCache") ok = put(out, cert_cache(e));
  if (name == "KmsCertificate") ok = put(out, certificate(e));
  if (name == "SignedKmsCertificate") ok = put(out, signed_certificate(e));
  if (name == "KmsKeySet") ok = put(out, key_set(e));
  if (!ok) return std::move(ok).error();
  out.notes = std::move(notes_);
  return out;
}

}  // namespace

Result<Document> read_xml(const crypto::Provider& provider, ByteView octets, const ReadOptions& options) {
  const auto doc = xml::parse(octets);
  if (!doc) return doc.error();
  const Element root = xml::root_of(*doc);
  const std::string ns(root.name_space());
  if (!is_kms_namespace(ns))
    return root.error("stands in the namespace \"" + ns.substr(0, 80) + "\", not " + std::string(xml::kKms));
  auto out = Reader(provider, options, ns).document(root);
  if (out && options.require_signature && out->signature != Signature::verified)
    return root.error("is not signed by one of the keys given", ErrorCode::auth_failure, "TS 33.180 9.3.4.2");
  return out;
}

}  // namespace mikey::kms
