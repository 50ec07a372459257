#include "mikey/wire/registry.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "mikey/base/error.hpp"
#include "mikey/wire/payloads.hpp"

namespace mikey::test {
namespace {

using namespace mikey::wire;

TEST(WireRegistry, NamesOfValues) {
  EXPECT_EQ(name_of(DataType::psk_init), "Pre-shared");
  EXPECT_EQ(name_of(DataType::sakke_init), "SAKKE msg");
  EXPECT_EQ(name_of(PayloadType::last), "Last payload");
  EXPECT_EQ(name_of(EncrAlg::aes_cm_256), "AES-CM-256");
  EXPECT_EQ(name_of(TicketType::base_3gpp), "3GPP Base Ticket");
  EXPECT_EQ(name_of(GeneralExtType::key_parameters_3gpp), "3GPP key parameters");
  EXPECT_EQ(name_of(SrtpParam::aead_tag_len), "AEAD authentication tag length");
  EXPECT_EQ(name_of(EccCurve::p256), "P-256 / secp256r1");
  EXPECT_EQ(name_of("MAC alg", 1), "HMAC-SHA-1-160");
  EXPECT_EQ(registry_of<MacAlg>(), "MAC alg");
}

TEST(WireRegistry, UnknownHasNoName) {
  EXPECT_EQ(name_of(static_cast<DataType>(27)), "");
  EXPECT_EQ(name_of(static_cast<PayloadType>(18)), "");
  EXPECT_EQ(name_of(static_cast<TicketType>(0xFFFF)), "");
  EXPECT_EQ(name_of("MAC alg", 0x100000001 & 0xFFFFFFFF), "HMAC-SHA-1-160");
  EXPECT_EQ(name_of("no such registry", 0), "");
  EXPECT_TRUE(registry("no such registry").empty());
}

TEST(WireRegistry, EveryEntryIsNamedSourcedAndFound) {
  std::set<std::string_view> names;
  for (const Entry& e : registry()) {
    names.insert(e.registry);
    EXPECT_FALSE(e.name.empty()) << e.registry << " " << e.value;
    EXPECT_TRUE(e.source.starts_with("RFC ") || e.source == "3GPP TS 33.180") << e.source;
    EXPECT_EQ(name_of(e.registry, e.value), e.name);
  }
  std::size_t all = 0;
  for (const std::string_view n : names) all += registry(n).size();
  EXPECT_EQ(all, registry().size());
}

/// Expects that the registry of E holds exactly the values from `first` to `last`.
template <class E>
void expect_range(std::uint32_t first, std::uint32_t last) {
  const auto r = registry(registry_of<E>());
  ASSERT_EQ(r.size(), last - first + 1) << registry_of<E>();
  for (std::uint32_t i = 0; i < r.size(); ++i) EXPECT_EQ(r[i].value, first + i) << registry_of<E>();
}

TEST(WireRegistry, CoversWhatIanaAssigned) {
  expect_range<DataType>(0, 26);
  expect_range<PrfFunc>(0, 1);
  expect_range<CsIdMapType>(0, 2);
  expect_range<EncrAlg>(0, 3);
  expect_range<MacAlg>(0, 2);
  expect_range<EnvelopeCache>(0, 2);
  expect_range<DhGroup>(0, 2);
  expect_range<SignType>(0, 2);
  expect_range<TsType>(0, 3);
  expect_range<IdType>(0, 2);
  expect_range<CertType>(0, 3);
  expect_range<HashFunc>(0, 2);
  expect_range<ProtType>(0, 1);
  expect_range<KeyDataType>(0, 7);
  expect_range<KvType>(0, 2);
  expect_range<ErrorNo>(0, 15);
  expect_range<GeneralExtType>(0, 7);
  expect_range<KeyIdType>(0, 2);
  expect_range<OmaBcastType>(1, 4);
  expect_range<TsRole>(1, 4);
  expect_range<IdRole>(1, 9);
  expect_range<RandRole>(1, 3);
  expect_range<TicketType>(1, 2);
  expect_range<EccCurve>(1, 16);
  expect_range<SkType>(1, 1);
  expect_range<SakkeParams>(1, 1);
  expect_range<SakkeIdScheme>(1, 2);
  expect_range<SrtpParam>(0, 20);
  expect_range<SrtpEncr>(0, 8);
  expect_range<SrtpAuth>(0, 4);
  expect_range<SrtpPrf>(0, 2);
  expect_range<FecOrder>(0, 0);
  expect_range<TeslaParam>(1, 9);
  expect_range<TeslaPrf>(0, 0);
  expect_range<TeslaMac>(0, 0);
}

TEST(WireRegistry, ErrorNumbersAreCalledAsErrorsAre) {
  for (const Entry& e : registry(registry_of<ErrorNo>()))
    EXPECT_EQ(e.name, error_name(static_cast<ErrorCode>(e.value)));
}

TEST(WireRegistry, PayloadsAreCalledAsTheirNumbersAre) {
  for (unsigned n = 0; n < 256; ++n) {
    const auto type = static_cast<PayloadType>(n);
    const bool known = with_payload(type, [&]<class P>() {
      EXPECT_EQ(P::kName, name_of(type));
      EXPECT_EQ(P::kType, type);
    });
    EXPECT_EQ(known, n != 0 && !name_of(type).empty()) << n;
  }
}

}  // namespace
}  // namespace mikey::test
