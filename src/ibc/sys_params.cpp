// IBESysParams: how RFC 5408 4 publishes the parameters of a KMS.

#include <array>
#include <charconv>
#include <chrono>

#include "bf_der.hpp"
#include "mikey/ibc/ibake_files.hpp"
#include "mikey/ibc/key_files.hpp"

namespace mikey::ibc {
namespace {

namespace chrono = std::chrono;

constexpr const char* kRfc = "RFC 5408 4.2";
constexpr std::uint8_t kIa5String = 0x16;
constexpr std::uint8_t kGeneralizedTime = 0x18;
constexpr std::int64_t kLastSecond = 253402300799;  // of the year 9999

/// 2.16.840.1.114334.1.1.2.1 (RFC 5091 8).
constexpr std::array<std::uint8_t, 11> kBonehFranklin = {0x60, 0x86, 0x48, 0x01, 0x86, 0xFD,
                                                         0x1E, 0x01, 0x01, 0x02, 0x01};
/// kIbakeIdentityType, without the last arc.
constexpr std::array<std::uint8_t, 20> kIdentities = {0x69, 0x82, 0x9C, 0xE3, 0x97, 0xD7, 0xBA,
                                                      0xEF, 0xA2, 0xB0, 0xDD, 0x9C, 0xAB, 0xD6,
                                                      0xD8, 0xAD, 0xE6, 0xD0, 0xEB, 0x0D};

Error malformed(const char* what) {
  return bad_request(std::string("IBESysParams: ") + what, kRfc);
}

Bytes identity_type(DateFormat dates) {
  Bytes out(kIdentities.begin(), kIdentities.end());
  out.push_back(dates == DateFormat::month ? 1 : 2);
  return out;
}

bool is_ia5(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// "20261128213000Z"
std::string generalized(std::int64_t seconds) {
  const chrono::sys_seconds t{chrono::seconds(seconds)};
  const auto today = chrono::floor<chrono::days>(t);
  const chrono::year_month_day d(today);
  const chrono::hh_mm_ss time(t - today);
  std::string out;
  const auto put = [&out](std::size_t digits, std::int64_t n) {
    const std::string text = std::to_string(n);
    out.append(text.size() < digits ? digits - text.size() : 0, '0');
    out += text;
  };
  put(4, static_cast<int>(d.year()));
  put(2, static_cast<unsigned>(d.month()));
  put(2, static_cast<unsigned>(d.day()));
  put(2, time.hours().count());
  put(2, time.minutes().count());
  put(2, time.seconds().count());
  return out + "Z";
}

/// Years from 1970; always with seconds, always Zulu (RFC 5408 4.2).
std::optional<std::int64_t> parse_generalized(std::string_view text) {
  if (text.size() != 15 || text.back() != 'Z') return std::nullopt;
  if (text.substr(0, 14).find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  const auto number = [&](std::size_t at, std::size_t digits) {
    unsigned n = 0;
    std::from_chars(text.data() + at, text.data() + at + digits, n);
    return n;
  };
  const chrono::year_month_day d(chrono::year(static_cast<int>(number(0, 4))), chrono::month(number(4, 2)),
                                 chrono::day(number(6, 2)));
  if (!d.ok() || d.year() < chrono::year(1970)) return std::nullopt;
  if (number(8, 2) > 23 || number(10, 2) > 59 || number(12, 2) > 59) return std::nullopt;
  const chrono::sys_seconds t = chrono::sys_days(d) + chrono::hours(number(8, 2)) +
                                chrono::minutes(number(10, 2)) + chrono::seconds(number(12, 2));
  return t.time_since_epoch().count();
}

void put_number(Bytes& out, std::uint32_t n) {
  Bytes octets(4);
  store_be(octets.data(), n);
  bf::put_integer(out, octets);
}

/// The algorithms of the structure, of which Boneh-Franklin is the one that is understood.
Result<ByteView> find_algorithm(bf::DerReader& in) {
  bf::DerReader list(in.element(bf::kSequence));
  std::vector<ByteView> seen;
  std::optional<ByteView> found;
  while (list.more()) {
    bf::DerReader one(list.element(bf::kSequence));
    const ByteView oid = one.element(bf::kObjectIdentifier);
    const ByteView data = one.element(bf::kOctetString);
    if (!one.done()) return malformed("not DER");
    for (const ByteView other : seen)
      if (std::ranges::equal(other, oid)) return malformed("an algorithm stands twice");
    seen.push_back(oid);
    if (std::ranges::equal(oid, kBonehFranklin)) found = data;
  }
  if (!list.done() || seen.empty()) return malformed("not DER");
  if (!found) return malformed("none of the algorithms is Boneh-Franklin, the only one supported here");
  return *found;
}

std::optional<std::int64_t> read_bound(bf::DerReader& in, std::int64_t unbounded, bool& good) {
  const auto t = parse_generalized(as_text(in.element(kGeneralizedTime)));
  good = good && t;
  return t && *t == unbounded ? std::nullopt : t;
}

}  // namespace

Result<Bytes> ibe_system_parameters(const IbakeKms& kms) {
  const IbakeKmsRecord& r = kms.record();
  if (!is_ia5(r.kms_uri))
    return bad_request("kms_uri: only a URI of ASCII characters can be published", kRfc);
  Bytes validity;
  bf::put_element(validity, kGeneralizedTime, as_bytes(generalized(r.not_before.value_or(0))));
  bf::put_element(validity, kGeneralizedTime, as_bytes(generalized(r.not_after.value_or(kLastSecond))));
  Bytes algorithm;
  bf::put_element(algorithm, bf::kObjectIdentifier, kBonehFranklin);
  bf::put_element(algorithm, bf::kOctetString, kms.parameters().to_der());
  Bytes algorithms;
  bf::put_element(algorithms, bf::kSequence, algorithm);
  Bytes in;
  bf::put_integer(in, Bytes{2});
  bf::put_element(in, kIa5String, as_bytes(r.kms_uri));
  put_number(in, r.serial);
  bf::put_element(in, bf::kSequence, validity);
  bf::put_element(in, bf::kSequence, algorithms);
  bf::put_element(in, bf::kObjectIdentifier, identity_type(r.dates));
  Bytes out;
  bf::put_element(out, bf::kSequence, in);
  return out;
}

Result<std::string> published_parameters(const IbakeKms& kms) {
  auto der = ibe_system_parameters(kms);
  if (!der) return std::move(der).error();
  return to_base64(*der);
}

Result<IbakeKmsRecord> parse_ibe_system_parameters(ByteView der) {
  if (der.size() > kMaxKeyFile) return malformed("too long");
  bf::DerReader outer(der);
  bf::DerReader in(outer.element(bf::kSequence));
  const ByteView version = in.integer();
  const ByteView name = in.element(kIa5String);
  const ByteView serial = in.integer();
  bf::DerReader validity(in.element(bf::kSequence));
  bool good = true;
  IbakeKmsRecord out;
  out.not_before = read_bound(validity, 0, good);
  out.not_after = read_bound(validity, kLastSecond, good);
  const auto algorithm = find_algorithm(in);
  const ByteView type = in.element(bf::kObjectIdentifier);
  if (in.more()) return malformed("it has extensions, none of which is understood here");
  if (!outer.done() || !in.done() || !validity.done() || !good || !is_ia5(as_text(name)))
    return malformed("not DER");
  if (!algorithm) return algorithm.error();
  if (!std::ranges::equal(version, Bytes{2})) return malformed("unknown version");
  if (serial.size() > 4) return malformed("a district serial of more than 32 bits");
  for (const DateFormat f : {DateFormat::month, DateFormat::day})
    if (std::ranges::equal(type, identity_type(f))) {
      auto parameters = bf::parse_parameters_der(*algorithm);
      if (!parameters) return std::move(parameters).error();
      out.kms_uri = std::string(as_text(name));
      out.dates = f;
      out.p = std::move(parameters->p);
      out.q = std::move(parameters->q);
      out.point_p = std::move(parameters->point_p);
      out.point_p_pub = std::move(parameters->point_p_pub);
      out.hash = parameters->hash;
      out.serial = 0;
      for (const std::uint8_t o : serial) out.serial = out.serial << 8 | o;
      return out;
    }
  return malformed("the identities are not those of MIKEY-IBAKE");
}

Result<IbakeKmsRecord> parse_published_parameters(std::string_view base64) {
  if (base64.size() > 2 * kMaxKeyFile) return malformed("too long");
  std::string text(base64);
  std::erase_if(text, [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; });
  const auto der = from_base64(text);
  if (!der) return malformed("not base64");
  return parse_ibe_system_parameters(*der);
}

Result<IbakeKmsRecord> parse_any_ibake_kms(ByteView octets) {
  const auto first = std::ranges::find_if(
      octets, [](std::uint8_t o) { return o != ' ' && o != '\t' && o != '\r' && o != '\n'; });
  if (first != octets.end() && *first == '{') return parse_ibake_kms(octets);
  // DER begins with SEQUENCE of a long length: 0x30 0x8?, where base64 has letters and digits only.
  if (octets.size() > 1 && octets[0] == bf::kSequence && octets[1] >= 0x80)
    return parse_ibe_system_parameters(octets);
  return parse_published_parameters(as_text(octets));
}

}  // namespace mikey::ibc
