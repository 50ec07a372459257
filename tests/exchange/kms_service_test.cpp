// The KMS's front desk: a message goes to the service that takes its data type.
#include <gtest/gtest.h>

#include "mikey/kms/service.hpp"
#include "support/key_world.hpp"

namespace mikey::test {
namespace {

TEST(KmsService, AMessageGoesToWhoeverTakesIt) {
  KeyWorld w;
  kms::Service service;
  const Bytes message = w.ask({"alice"}).message();
  kms::Answer a = service.handle(message);
  EXPECT_EQ(a.state, kms::Answer::State::failed);
  EXPECT_EQ(a.error->code, ErrorCode::invalid_dt);
  EXPECT_TRUE(a.csb_id);
  EXPECT_FALSE(a.message);
  service.add(w.kms());
  EXPECT_EQ(service.handle(message).state, kms::Answer::State::answered);
  Bytes other = message;
  other[1] = static_cast<std::uint8_t>(DataType::psk_init);
  EXPECT_EQ(service.handle(other).state, kms::Answer::State::failed);
  for (std::size_t n = 0; n < 12; ++n)
    EXPECT_EQ(service.handle(ByteView(message).first(n)).state, kms::Answer::State::failed) << n;
}

}  // namespace
}  // namespace mikey::test
