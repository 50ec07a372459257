#include "support/wire_check.hpp"
#include "support/wire_samples.hpp"

namespace mikey::test {
namespace {

using namespace mikey::wire;

TEST(WireMessage, FindsWhatIsInIt) {
  const Bytes octets = sample_message(DataType::psk_init);
  auto m = Message::parse(octets);
  ASSERT_TRUE(m.ok());
  EXPECT_EQ(to_hex(m->octets()), to_hex(octets));
  EXPECT_EQ(m->trailing(), 0U);
  EXPECT_EQ(m->count<Id>(), 2U);
  EXPECT_EQ(as_text(m->all<Id>().at(1).data), "bob@example.com");
  EXPECT_EQ(m->first<Rand>()->data, run(16));
  EXPECT_FALSE(m->first<Sign>());
  EXPECT_EQ(m->find(PayloadType::sign), nullptr);
  ASSERT_NE(m->find(PayloadType::t), nullptr);
  EXPECT_EQ(m->find(PayloadType::t)->offset, 28U);
  EXPECT_EQ(m->last_type(), PayloadType::kemac);
  EXPECT_EQ(m->last_slot().end(), octets.size());
  EXPECT_EQ(m->srtp_ids().at(0).ssrc, 0x11223344U);
  EXPECT_EQ(m->all<GeneralExt>().size(), 8U);
  EXPECT_EQ(entries<SpParam>(m->first<Sp>()->params).size(), 10U);
}

TEST(WireMessage, AHeaderAloneIsAMessage) {
  auto m = Message::parse(hex("01000000123456780000"));
  ASSERT_TRUE(m.ok());
  EXPECT_EQ(m->size(), 0U);
  EXPECT_EQ(m->last_type(), PayloadType::last);
}

TEST(WireMessage, CloneAndMoveKeepTheirOctets) {
  auto m = Message::parse(sample_message(DataType::transfer_init));
  ASSERT_TRUE(m.ok());
  Message copy = m->clone();
  EXPECT_TRUE(copy == *m);
  EXPECT_NE(copy.octets().data(), m->octets().data());
  const auto inside = [](const Message& x, ByteView part) {
    return part.data() >= x.octets().data() &&
           part.data() + part.size() <= x.octets().data() + x.octets().size();
  };
  EXPECT_TRUE(inside(copy, copy.hdr().map));
  EXPECT_TRUE(inside(copy, copy.first<Ticket>()->ticket_data));
  Message moved = std::move(*m);
  EXPECT_TRUE(moved == copy);
  EXPECT_TRUE(inside(moved, moved.hdr().map));
  EXPECT_EQ(moved.generic_ids(), copy.generic_ids());
}

TEST(WireMessage, TrailingZerosOnlyWhereAllowed) {
  Bytes octets = sample_message(DataType::psk_resp);
  const std::size_t size = octets.size();
  octets.push_back(0);
  ParseOptions one;
  one.max_trailing_zeros = 1;
  auto strict = Message::parse(octets);
  ASSERT_FALSE(strict.ok());
  EXPECT_EQ(strict.error().offset, size);
  auto m = Message::parse(octets, one);
  ASSERT_TRUE(m.ok());
  EXPECT_EQ(m->trailing(), 1U);
  EXPECT_EQ(m->octets().size(), size);
  EXPECT_EQ(m->clone().trailing(), 1U);
  expect_consistent(octets, one);
  expect_consistent(octets);
  EXPECT_EQ(dissect(octets, one).trailing, 1U);
  octets.push_back(0);
  EXPECT_FALSE(Message::parse(octets, one).ok());
  expect_consistent(octets, one);
  octets.pop_back();
  octets.back() = 1;
  EXPECT_FALSE(Message::parse(octets, one).ok());
  expect_consistent(octets, one);
  Bytes header = hex("010000001234567800 00 00");
  EXPECT_TRUE(Message::parse(header, one).ok());
  expect_consistent(header, one);
}

TEST(WireMessage, ReservedBitsAreKept) {
  auto dh = Message::parse(sample_message(DataType::dh_init));
  ASSERT_TRUE(dh.ok());
  EXPECT_EQ(dh->first<Dh>()->reserved, 5);
  auto error = Message::parse(sample_message(DataType::error));
  ASSERT_TRUE(error.ok());
  EXPECT_EQ(error->first<Err>()->reserved, 0x0102);
  auto request = Message::parse(sample_message(DataType::request_init_psk));
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(request->first<Tp>()->policy.res, 0x15);
  for (const Message* m : {&*dh, &*error, &*request}) EXPECT_EQ(to_hex(*reencode(*m)), to_hex(m->octets()));
}

TEST(WireMessage, BrokenOnesCanBeAnswered) {
  Bytes octets = sample_message(DataType::psk_init);
  octets.pop_back();
  const Remains r = examine_broken(octets);
  ASSERT_TRUE(r.hdr && r.t);
  EXPECT_EQ(r.hdr->csb_id, 0x12345678U);
  EXPECT_EQ(r.t->value.size(), 8U);
  EXPECT_EQ(r.error.offset, octets.size());
  const Remains none = examine_broken(ByteView(octets).first(9));
  EXPECT_FALSE(none.hdr || none.t);
  const Remains early = examine_broken(ByteView(octets).first(30));
  EXPECT_TRUE(early.hdr && !early.t);
}

TEST(WireMessage, BuilderClosesAfterSign) {
  ChainBuilder b;
  b.add(Sign{SignType::rsa_pss, run(2)});
  EXPECT_TRUE(b.ok());
  EXPECT_EQ(b.first(), PayloadType::sign);
  b.add(Rand{});
  EXPECT_FALSE(b.ok());
  auto r = std::move(b).finish();
  ASSERT_FALSE(r.ok());
  EXPECT_EQ(r.error().code, ErrorCode::bad_request);
}

TEST(WireMessage, BuilderGrowsAndKeepsLinks) {
  Hdr h;
  h.map_type = CsIdMapType::empty;
  ChainBuilder b(h);
  const Bytes big(3000, 7);
  b.add(Id{IdType::byte_string, big});
  b.add_encoded(PayloadType::rand, *encode(Rand{run(4)}));
  b.add(Ver{MacAlg::hmac_sha_1_160, Bytes(20)});
  std::ranges::copy(run(20, 5), b.tail(20).begin());
  auto octets = std::move(b).finish();
  ASSERT_TRUE(octets.ok());
  auto m = Message::parse(*octets);
  ASSERT_TRUE(m.ok());
  EXPECT_EQ(m->size(), 3U);
  EXPECT_EQ(m->first<Id>()->data.size(), 3000U);
  EXPECT_EQ(m->first<Rand>()->data, run(4));
  EXPECT_EQ(m->first<Ver>()->data, run(20, 5));
}

TEST(WireMessage, BuilderGivesOutSecrets) {
  ChainBuilder b;
  b.add(KeyData{KeyDataType::tgk, run(16), {}, {}});
  auto s = std::move(b).finish_secret();
  ASSERT_TRUE(s.ok());
  auto c = PayloadChain::parse(PayloadType::key_data, s->reveal());
  ASSERT_TRUE(c.ok());
  EXPECT_EQ(c->at<KeyData>(0).key, run(16));
}

}  // namespace
}  // namespace mikey::test
