#include "support/wire_check.hpp"
#include "support/wire_samples.hpp"
#include "wire/dissect/explain.hpp"

namespace mikey::test {
namespace {

using namespace mikey::wire;

TEST(WirePolicy, Srtp) {
  EXPECT_EQ(check_payload(Sp{3, ProtType::srtp, hex("000101 010110 6502aaff")},
                          "03 00 000a 000101 010110 6502aaff"),
            R"(
10+15 SP = 10
  10+1 Next payload = 0 (Last payload)
  11+1 Policy no = 3
  12+1 Prot type = 0 (SRTP)
  13+2 Policy param len = 10
  15+10 Policy param = 0001010101106502aaff
    15+3 Policy param
      15+1 Type = 0 (Encryption algorithm)
      16+1 Value len = 1
      17+1 Value = 01 (AES-CM)
    18+3 Policy param
      18+1 Type = 1 (Session encr. key length)
      19+1 Value len = 1
      20+1 Value = 10 (16 octets)
    21+4 Policy param
      21+1 Type = 101
      22+1 Value len = 2
      23+2 Value = aaff
)");
  EXPECT_EQ(check_payload(Sp{0, ProtType::srtp, {}}, "00 00 0000"), R"(
10+5 SP = 10
  10+1 Next payload = 0 (Last payload)
  11+1 Policy no = 0
  12+1 Prot type = 0 (SRTP)
  13+2 Policy param len = 0
  15+0 Policy param
)");
}

TEST(WirePolicy, Tesla) {
  EXPECT_EQ(check_payload(Sp{1, ProtType::tesla, hex("010100 0201a0 0508c8e350ea00000000 060400001388")},
                          "01 01 0016 010100 0201a0 0508c8e350ea00000000 060400001388"),
            R"(
10+27 SP = 10
  10+1 Next payload = 0 (Last payload)
  11+1 Policy no = 1
  12+1 Prot type = 1 (TESLA)
  13+2 Policy param len = 22
  15+22 Policy param = 0101000201a00508c8e350ea00000000060400001388
    15+3 Policy param
      15+1 Type = 1 (PRF for F and F')
      16+1 Value len = 1
      17+1 Value = 00 (HMAC-SHA-1)
    18+3 Policy param
      18+1 Type = 2 (Length of PRF F' output)
      19+1 Value len = 1
      20+1 Value = a0 (160 bits)
    21+10 Policy param
      21+1 Type = 5 (Start of session)
      22+1 Value len = 8
      23+8 Value = c8e350ea00000000 (2006-10-20T13:43:06.000Z)
    31+6 Policy param
      31+1 Type = 6 (Interval duration)
      32+1 Value len = 4
      33+4 Value = 00001388 (5000 ms)
)");
}

TEST(WirePolicy, UnknownProtocol) {
  EXPECT_EQ(check_payload(Sp{1, static_cast<ProtType>(9), hex("000101")}, "01 09 0003 000101"), R"(
10+8 SP = 10
  10+1 Next payload = 0 (Last payload)
  11+1 Policy no = 1
  12+1 Prot type = 9
  13+2 Policy param len = 3
  15+3 Policy param = 000101
    15+3 Policy param
      15+1 Type = 0
      16+1 Value len = 1
      17+1 Value = 01
)");
}

TEST(WirePolicy, Misfits) {
  expect_misfit(Sp{0, ProtType::srtp, Bytes(0x10000)}, "Policy param");
  expect_misfit(Sp{0, ProtType::srtp, hex("000201")}, "Policy param");
  expect_undecodable<Sp>(hex("00 00 0003 000201"));
  expect_undecodable<Sp>(hex("00 00 0001 00"));
}

std::string srtp(SrtpParam p, std::string_view value) {
  return param_meaning(ProtType::srtp, static_cast<std::uint8_t>(p), hex(value));
}

TEST(WirePolicy, MeaningsOfSrtpParameters) {
  EXPECT_EQ(srtp(SrtpParam::encr_alg, "06"), "AES-GCM");
  EXPECT_EQ(srtp(SrtpParam::encr_alg, "0006"), "AES-GCM");
  EXPECT_EQ(srtp(SrtpParam::encr_alg, "0106"), "");
  EXPECT_EQ(srtp(SrtpParam::encr_alg, "63"), "");
  EXPECT_EQ(srtp(SrtpParam::encr_alg, ""), "");
  EXPECT_EQ(srtp(SrtpParam::encr_alg, "000000000000000006"), "");
  EXPECT_EQ(srtp(SrtpParam::encr_key_len, "20"), "32 octets");
  EXPECT_EQ(srtp(SrtpParam::auth_alg, "04"), "RCCm3");
  EXPECT_EQ(srtp(SrtpParam::srtcp_auth_alg, "01"), "HMAC-SHA-1");
  EXPECT_EQ(srtp(SrtpParam::prf, "00"), "AES-CM");
  EXPECT_EQ(srtp(SrtpParam::kdr, "00"), "keys are derived once");
  EXPECT_EQ(srtp(SrtpParam::kdr, "0100"), "keys are derived every 256 packets");
  EXPECT_EQ(srtp(SrtpParam::srtp_encr, "01"), "on");
  EXPECT_EQ(srtp(SrtpParam::srtcp_encr, "00"), "off");
  EXPECT_EQ(srtp(SrtpParam::srtp_auth, "02"), "");
  EXPECT_EQ(srtp(SrtpParam::fec_order, "00"), "FEC-SRTP");
  EXPECT_EQ(srtp(SrtpParam::auth_tag_len, "01"), "1 octet");
  EXPECT_EQ(srtp(SrtpParam::roc_rate, "0001"), "in every 1 packet");
  EXPECT_EQ(srtp(SrtpParam::aead_tag_len, "10"), "16 octets");
  EXPECT_EQ(srtp(static_cast<SrtpParam>(21), "10"), "");
  EXPECT_EQ(param_name(ProtType::srtp, 13), "ROC transmission rate");
  EXPECT_EQ(param_name(ProtType::srtp, 21), "");
}

TEST(WirePolicy, MeaningsOfTeslaParameters) {
  const auto tesla = [](TeslaParam p, std::string_view value) {
    return param_meaning(ProtType::tesla, static_cast<std::uint8_t>(p), hex(value));
  };
  EXPECT_EQ(tesla(TeslaParam::prf, "00"), "HMAC-SHA-1");
  EXPECT_EQ(tesla(TeslaParam::mac, "00"), "HMAC-SHA-1");
  EXPECT_EQ(tesla(TeslaParam::mac_len, "50"), "80 bits");
  EXPECT_EQ(tesla(TeslaParam::disclosure_delay, "0002"), "2 intervals");
  EXPECT_EQ(tesla(TeslaParam::receiver_time, "c8e350ea00000000"), "2006-10-20T13:43:06.000Z");
  EXPECT_EQ(tesla(TeslaParam::receiver_time, "c8e350ea"), "");
  EXPECT_EQ(param_name(ProtType::tesla, 9), "Local timestamp of the media receiver");
  EXPECT_EQ(param_name(ProtType::tesla, 0), "");
}

}  // namespace
}  // namespace mikey::test
