/// \file
/// Prints messages made by the builder, each with this project's dissection of it: a JSON object a line with
/// "name", "octets" (hex) and "dissection". Only what Wireshark 4.0 can take apart is in them.
#include <cstdio>

#include <nlohmann/json.hpp>
#include "mikey/wire/dissect.hpp"

#include "support/scripted_rng.hpp"
#include "support/wire_samples.hpp"

namespace {

using namespace mikey;
using namespace mikey::wire;
using test::run;
using test::text;

const Bytes kStamp = *from_hex("c8e350ea40000000");
const Octets kAlice = text("sip:alice@example.com");
const Octets kBob = text("sip:bob@example.com");
/// A DER SEQUENCE: no certificate, but as long as it says.
const Bytes kCertificate = *from_hex("3003020105");

/// A message that begins with its T payload.
class Message {
 public:
  Message(const char* name, DataType type, bool sessions = true)
      : name_(name), builder_(header(type, sessions)) {
    builder_.add(T{TsType::ntp_utc, kStamp});
  }

  template <class P>
  Message& operator<<(const P& p) {
    builder_.add(p);
    return *this;
  }

  /// Prints it; false when it could not be built or does not read well.
  bool print() && {
    auto octets = std::move(builder_).finish();
    if (!octets) {
      std::fprintf(stderr, "%s: %s\n", name_, octets.error().to_string().c_str());
      return false;
    }
    const Dissection d = dissect(*octets);
    std::printf("{\"name\":\"%s\",\"octets\":\"%s\",\"dissection\":%s}\n", name_, to_hex(*octets).c_str(),
                to_json(d).c_str());
    return !d.error;
  }

 private:
  static Hdr header(DataType type, bool sessions) {
    static const SrtpId kSessions[] = {{0, 0x11223344, 5}, {1, 0, 0}};
    static const Bytes kMap = *encode_entries<SrtpId>(kSessions);
    Hdr h;
    h.data_type = type;
    h.v = 1;
    h.csb_id = 0x12345678;
    if (sessions) {
      h.n_cs = 2;
      h.map = kMap;
    } else {
      h.map_type = CsIdMapType::empty;
    }
    return h;
  }
  const char* name_;
  ChainBuilder builder_;
};

Sp policy() {
  static const Bytes kParams = *from_hex(
      "00010101011002010103011404010e050100060100070101080101090100"
      "0a01010b010a0c0100");
  return {0, ProtType::srtp, kParams};
}

/// A PSK message with that key in clear, as cameras send it.
Message clear(const char* name, const KeyData& key) {
  ChainBuilder b;
  const Bytes data = *std::move(b.add(key)).finish();
  Message m(name, DataType::psk_init);
  m << Rand{run(16)} << policy() << Kemac{EncrAlg::null, data, MacAlg::null, {}};
  return m;
}

const Kemac kSealed = {EncrAlg::aes_cm_128, run(36), MacAlg::hmac_sha_1_160, run(20)};
const Kemac kMacOnly = {EncrAlg::null, {}, MacAlg::hmac_sha_1_160, run(20)};
const Ver kVer = {MacAlg::hmac_sha_1_160, run(20)};
const Id kIdi = {IdType::uri, kAlice};
const Id kIdr = {IdType::nai, text("bob@example.com")};
const Cert kCert = {CertType::x509v3_sign, kCertificate};
const Dh kDh = {DhGroup::oakley_1, run(96), 0, {}};
const Sign kSign = {SignType::rsa_pkcs1_15, run(64)};
const Pke kPke = {EnvelopeCache::cache_for_csb, run(128)};

bool print_all() {
  bool ok = true;
  const auto print = [&](Message&& m) { ok = std::move(m).print() && ok; };
  const Rand rand{run(16)};
  print(clear("tgk", {KeyDataType::tgk, run(16), {}, {}}));
  print(
      clear("tgk and salt", {KeyDataType::tgk_salt, run(16, 1), run(14), {KvType::spi, run(4, 1), {}, {}}}));
  print(clear("tek", {KeyDataType::tek, run(30, 2), {}, {KvType::interval, {}, run(6), run(6, 6)}}));
  print(clear("tek and salt", {KeyDataType::tek_salt, run(16, 3), run(12), {}}));
  print(std::move(Message("psk init, sealed", DataType::psk_init)
                  << rand << kIdi << kIdr << policy() << kSealed));
  print(std::move(Message("psk resp", DataType::psk_resp) << kIdr << kVer));
  print(std::move(Message("pk init", DataType::pk_init)
                  << rand << kIdi << kCert << policy() << kSealed << kPke << kSign));
  print(std::move(Message("pk resp", DataType::pk_resp) << kIdr << Ver{MacAlg::null, {}}));
  print(
      std::move(Message("dh init", DataType::dh_init) << rand << kIdi << kCert << policy() << kDh << kSign));
  print(std::move(Message("dh resp", DataType::dh_resp)
                  << kIdr << kCert << kIdi << Dh{DhGroup::oakley_2, run(128), 0, {}} << kSign));
  print(std::move(Message("dh init, oakley 5", DataType::dh_init)
                  << rand << Dh{DhGroup::oakley_5, run(192), 0, {}} << Sign{SignType::rsa_pss, run(256)}));
  print(std::move(Message("error", DataType::error, false)
                  << Err{static_cast<ErrorNo>(10), 0} << policy() << kVer));
  print(std::move(Message("dhhmac init", DataType::dhhmac_init)
                  << rand << kIdi << kIdr << policy() << kDh << kMacOnly));
  print(std::move(Message("dhhmac resp", DataType::dhhmac_resp) << kIdr << kIdi << kDh << kDh << kMacOnly));
  print(std::move(Message("rsar init", DataType::rsar_init)
                  << rand << kIdi << kCert << kIdr << policy() << kSign));
  print(std::move(Message("rsar resp", DataType::rsar_resp)
                  << kIdr << kCert << GeneralExt{GeneralExtType::vendor_id, text("vendor")}
                  << GeneralExt{GeneralExtType::sdp_ids, text("mikey")} << kSealed << kPke << kSign));
  print(std::move(Message("sakke", DataType::sakke_init, false)
                  << rand << Idr{IdRole::initiator, IdType::uri, kAlice}
                  << Idr{IdRole::responder, IdType::uri, kBob}
                  << Idr{IdRole::kms_initiator, IdType::uri, text("kms.example.com")}
                  << Sakke{SakkeParams::set_1, SakkeIdScheme::tel_uri_monthly, run(273)}
                  << Sign{SignType::eccsi, run(129)}));
  return ok;
}

/// Whole exchanges of the modes of RFC 3830, 4650 and 4738, first and later messages, with real certificates.
bool print_exchanges() {
  bool ok = true;
  for (const char* name :
       {"psk-1", "psk-4", "pk-1", "pk-2", "dh-1", "dh-2", "dhhmac-1", "dhhmac-2", "rsar-1", "rsar-2"}) {
    const auto file = std::string("vectors/mikey-peer/exchange-") + name + ".json";
    const auto vector = nlohmann::json::parse(test::read_source_file(file));
    int n = 0;
    for (const auto& step : vector["steps"]) {
      if (!step.contains("sent")) continue;
      const std::string octets = step["sent"];
      const Dissection d = dissect(test::hex(octets));
      std::printf("{\"name\":\"%s, message %d\",\"octets\":\"%s\",\"dissection\":%s}\n", name, ++n,
                  octets.c_str(), to_json(d).c_str());
      ok = ok && !d.error;
    }
    ok = ok && n >= 2;
  }
  return ok;
}

}  // namespace

int main() {
  return print_all() && print_exchanges() ? 0 : 1;
}
