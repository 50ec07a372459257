#include "support/wire_check.hpp"
#include "support/wire_samples.hpp"

namespace mikey::test {
namespace {

using namespace mikey::wire;

/// TP Data: First payload IDR, then IDRkms and TRe.
const char* const kPolicyData = "0e 0d 03 01 0003 6b6d73 00 03 03 ee5dbd40";

TicketPolicy policy(ByteView data) {
  return {TicketType::mikey_base, 1, 1, PrfFunc::hmac_sha_256, 0xF01, 0, data};
}

TEST(WireTicket, Tp) {
  const Bytes data = hex(kPolicyData);
  EXPECT_EQ(check_payload(Tp{policy(data)}, std::string("0001 01 01 03e020 0010") + kPolicyData), R"(
10+26 TP = 16
  10+1 Next payload = 0 (Last payload)
  11+2 Ticket Type = 1 (MIKEY Base Ticket)
  13+1 Subtype = 1
  14+1 Version = 1
  15.0:7 PRF Func = 1 (PRF-HMAC-SHA-256)
  15.7:12 Flags = 3841 (DEFGO)
  15.19:5 Res = 0
  18+2 TP Data len = 16
  20+16 TP Data = 0e0d030100036b6d73000303ee5dbd40
    20+1 First payload = 14 (IDR)
    21+8 IDR = 14
      21+1 Next payload = 13 (TR)
      22+1 ID role = 3 (KMS (IDRkms))
      23+1 ID type = 1 (URI)
      24+2 ID data len = 3
      26+3 ID data = 6b6d73 (kms)
    29+7 TR = 13
      29+1 Next payload = 0 (Last payload)
      30+1 TS role = 3 (End of validity period (TRe))
      31+1 TS type = 3 (NTP-UTC-32)
      32+4 TS value = ee5dbd40 (2026-09-23T02:51:44.000Z)
)");
}

TEST(WireTicket, TpWithKeysInClearAndReservedBits) {
  const Bytes data = hex("01 00 00 0006 0060 0002 0000 00");
  TicketPolicy p = policy(data);
  p.flags = 0x800;
  p.res = 0x1F;
  EXPECT_EQ(check_payload(Tp{p}, "0001 01 01 03001f 000c 01 00 00 0006 0060 0002 0000 00"), R"(
10+22 TP = 16
  10+1 Next payload = 0 (Last payload)
  11+2 Ticket Type = 1 (MIKEY Base Ticket)
  13+1 Subtype = 1
  14+1 Version = 1
  15.0:7 PRF Func = 1 (PRF-HMAC-SHA-256)
  15.7:12 Flags = 2048 (D)
  15.19:5 Res = 31
  18+2 TP Data len = 12
  20+12 TP Data =! 010000000600600002000000
    20+1 First payload = 1 (KEMAC)
    21+11 KEMAC = 1
      21+1 Next payload = 0 (Last payload)
      22+1 Encr alg = 0 (NULL)
      23+2 Encr data len = 6
      25+6 Encr data =! 006000020000
        25+6 Key data = 20
          25+1 Next payload = 0 (Last payload)
          26.0:4 Type = 6 (MPK)
          26.4:4 KV = 0 (Null)
          27+2 Key data len = 2
          29+2 Key data =! 0000
      31+1 Mac alg = 0 (NULL)
      32+0 MAC
)");
}

TEST(WireTicket, TicketOfTheBaseType) {
  const Bytes data = hex(kPolicyData);
  const Bytes ticket = hex("05 0001 aa 0b 00 c8e350ea00000000 01 02 0102 09 03 0002 beef 00 00 00");
  const Bytes initiator = hex("09 09 00 00 00");
  EXPECT_EQ(check_payload(Ticket{policy(data), ticket, initiator}, std::string("0001 01 01 03e020 0010") +
                                                                       kPolicyData + "001b" + to_hex(ticket) +
                                                                       "0005" + to_hex(initiator)),
            R"(
10+62 TICKET = 17
  10+1 Next payload = 0 (Last payload)
  11+2 Ticket Type = 1 (MIKEY Base Ticket)
  13+1 Subtype = 1
  14+1 Version = 1
  15.0:7 PRF Func = 1 (PRF-HMAC-SHA-256)
  15.7:12 Flags = 3841 (DEFGO)
  15.19:5 Res = 0
  18+2 TP Data len = 16
  20+16 TP Data = 0e0d030100036b6d73000303ee5dbd40
    20+1 First payload = 14 (IDR)
    21+8 IDR = 14
      21+1 Next payload = 13 (TR)
      22+1 ID role = 3 (KMS (IDRkms))
      23+1 ID type = 1 (URI)
      24+2 ID data len = 3
      26+3 ID data = 6b6d73 (kms)
    29+7 TR = 13
      29+1 Next payload = 0 (Last payload)
      30+1 TS role = 3 (End of validity period (TRe))
      31+1 TS type = 3 (NTP-UTC-32)
      32+4 TS value = ee5dbd40 (2026-09-23T02:51:44.000Z)
  36+2 Ticket Data len = 27
  38+27 Ticket Data = 050001aa0b00c8e350ea000000000102010209030002beef000000
    38+4 THDR
      38+1 Next payload = 5 (T)
      39+2 THDR Data len = 1
      41+1 THDR Data = aa
    42+10 T = 5
      42+1 Next payload = 11 (RAND)
      43+1 TS type = 0 (NTP-UTC)
      44+8 TS value = c8e350ea00000000 (2006-10-20T13:43:06.000Z)
    52+4 RAND = 11
      52+1 Next payload = 1 (KEMAC)
      53+1 RAND len = 2
      54+2 RAND = 0102
    56+7 KEMAC = 1
      56+1 Next payload = 9 (V)
      57+1 Encr alg = 3 (AES-CM-256)
      58+2 Encr data len = 2
      60+2 Encr data = beef
      62+1 Mac alg = 0 (NULL)
      63+0 MAC
    63+2 V = 9
      63+1 Next payload = 0 (Last payload)
      64+1 Auth alg = 0 (NULL)
      65+0 Ver data
  65+2 Initiator Data len = 5
  67+5 Initiator Data = 0909000000
    67+1 First payload = 9 (V)
    68+2 V = 9
      68+1 Next payload = 9 (V)
      69+1 Auth alg = 0 (NULL)
      70+0 Ver data
    70+2 V = 9
      70+1 Next payload = 0 (Last payload)
      71+1 Auth alg = 0 (NULL)
      72+0 Ver data
)");
}

TEST(WireTicket, TicketOfAnotherTypeIsLeftAlone) {
  const Bytes data = hex("00");
  const Bytes ticket = hex("05 0001 aa");
  TicketPolicy p = policy(data);
  p.ticket_type = TicketType::base_3gpp;
  EXPECT_EQ(check_payload(Ticket{p, ticket, {}}, "0002 01 01 03e020 0001 00 0004 050001aa 0000"), R"(
10+19 TICKET = 17
  10+1 Next payload = 0 (Last payload)
  11+2 Ticket Type = 2 (3GPP Base Ticket)
  13+1 Subtype = 1
  14+1 Version = 1
  15.0:7 PRF Func = 1 (PRF-HMAC-SHA-256)
  15.7:12 Flags = 3841 (DEFGO)
  15.19:5 Res = 0
  18+2 TP Data len = 1
  20+1 TP Data = 00
    20+1 First payload = 0 (Last payload)
  21+2 Ticket Data len = 4
  23+4 Ticket Data = 050001aa
  27+2 Initiator Data len = 0
  29+0 Initiator Data
)");
}

TEST(WireTicket, TicketDataThatReadsBadlyIsNoFault) {
  const Bytes data = hex("00");
  EXPECT_EQ(check_payload(Ticket{policy(data), hex("050009aa"), hex("63")},
                          "0001 01 01 03e020 0001 00 0004 050009aa 0001 63"),
            R"(
10+20 TICKET = 17
  10+1 Next payload = 0 (Last payload)
  11+2 Ticket Type = 1 (MIKEY Base Ticket)
  13+1 Subtype = 1
  14+1 Version = 1
  15.0:7 PRF Func = 1 (PRF-HMAC-SHA-256)
  15.7:12 Flags = 3841 (DEFGO)
  15.19:5 Res = 0
  18+2 TP Data len = 1
  20+1 TP Data = 00
    20+1 First payload = 0 (Last payload)
  21+2 Ticket Data len = 4
  23+4 Ticket Data = 050009aa (does not read as Ticket Data: THDR Data needs 9 octets, 1 is left)
  27+2 Initiator Data len = 1
  29+1 Initiator Data = 63 (does not read as Initiator Data: a payload of unknown type)
)");
}

TEST(WireTicket, Misfits) {
  const Bytes huge(0x10000);
  const Bytes empty = hex("00");
  TicketPolicy p = policy(empty);
  p.flags = 0x1000;
  expect_misfit(Tp{p}, "Flags");
  p = policy(empty);
  p.res = 0x20;
  expect_misfit(Tp{p}, "Res");
  p = policy(empty);
  p.prf = static_cast<PrfFunc>(0x80);
  expect_misfit(Tp{p}, "PRF Func");
  expect_misfit(Tp{policy(huge)}, "TP Data");
  expect_misfit(Ticket{policy(empty), huge, {}}, "Ticket Data");
  expect_misfit(Ticket{policy(empty), {}, huge}, "Initiator Data");
}

TEST(WireTicket, PolicyDataMustBeAChain) {
  expect_undecodable<Tp>(hex("0001 01 01 03e020 0000"));           // no First payload
  expect_undecodable<Tp>(hex("0001 01 01 03e020 0002 0000"));      // octets after the last payload
  expect_undecodable<Tp>(hex("0001 01 01 03e020 0002 6300"));      // a payload of unknown type
  expect_undecodable<Tp>(hex("0001 01 01 03e020 0004 0e000301"));  // a short one
}

TEST(WireTicket, ChainsOfTickets) {
  Thdr thdr;
  const Bytes ticket = hex("05 0001 aa 00 03 ee5dbd40");
  auto c = PayloadChain::parse_ticket(ticket, thdr, 50);
  ASSERT_TRUE(c.ok());
  EXPECT_EQ(to_hex(thdr.data), "aa");
  ASSERT_EQ(c->size(), 1U);
  EXPECT_EQ(to_hex(c->at<T>(0).value), "ee5dbd40");
  EXPECT_EQ(c->slots()[0].offset, 54U);
  EXPECT_FALSE(PayloadChain::parse_ticket({}, thdr).ok());
  const Bytes announced = hex("0b 00 01 07");
  auto a = PayloadChain::parse_announced(announced, 7);
  ASSERT_TRUE(a.ok());
  EXPECT_EQ(to_hex(a->first<Rand>()->data), "07");
  EXPECT_FALSE(a->first<T>());
  EXPECT_FALSE(PayloadChain::parse_announced({}).ok());
}

}  // namespace
}  // namespace mikey::test
