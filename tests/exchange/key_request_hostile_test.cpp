// Requests for private keys against hostile messages and users (RFC 6267 4.2.1, 7).
#include <gtest/gtest.h>

#include "exchange/engine/coverage.hpp"
#include "exchange/ibake/key_parts.hpp"
#include "exchange/ticket/parts.hpp"
#include "support/key_world.hpp"

namespace mikey::test {
namespace {

using State = kms::Answer::State;

wire::Message parsed(ByteView octets) {
  auto m = wire::Message::parse(octets);
  EXPECT_TRUE(m.ok());
  return std::move(*m);
}

std::optional<int> error_number(const kms::Answer& a) {
  if (!a.message) return std::nullopt;
  const auto m = parsed(*a.message);
  EXPECT_EQ(m.hdr().data_type, DataType::error);
  const auto e = m.first<wire::Err>();
  return e ? std::optional<int>(wire::to_number(e->number)) : std::nullopt;
}

bool has_v(const kms::Answer& a) {
  return a.message && parsed(*a.message).last_type() == PayloadType::v;
}

/// A request made by hand, of which everything can be wrong.
struct Forged {
  wire::Hdr hdr = ticket::plain_header(DataType::request_key_init_psk, true, PrfFunc::mikey_1, 0x01020304);
  Psk psk = KeyWorld::psk("alice");
  std::vector<std::pair<IdRole, Identity>> idrs = {{IdRole::initiator, KeyWorld::uri("alice")},
                                                   {IdRole::kms, KeyWorld::uri("kms")}};
  std::size_t rands = 1;
  NtpTime t = NtpTime::from_unix(1790000000);
  std::optional<MacAlg> alg;
  std::function<void(wire::ChainBuilder&)> more = {};

  Bytes message() const {
    const Bytes rand(16, 9);
    Bytes stamp(8);
    store_be(stamp.data(), t.value);
    const keys::MessageKeys keys(crypto::openssl(), hdr.prf, psk.reveal(), hdr.csb_id, rand);
    wire::ChainBuilder b(hdr);
    b.add(wire::T{TsType::ntp_utc, Octets(stamp)});
    for (std::size_t i = 0; i < rands; ++i) b.add(wire::Rand{Octets(rand)});
    std::vector<Identity> users;
    Bytes kms;
    for (const auto& [role, id] : idrs) {
      b.add(wire::Idr{role, id.type, Octets(id.data)});
      if (role == IdRole::initiator || role == IdRole::responder) users.push_back(id);
      if (role == IdRole::kms) kms = id.data;
    }
    if (more) more(b);
    if (alg) {
      const Bytes mac(*wire::mac_size(*alg), 7);
      b.add(wire::Ver{*alg, Octets(mac)});
      return *std::move(b).finish();
    }
    return *engine::finish_6267(keys, hdr.prf, std::move(b), ibake::joined_data(users), kms);
  }
};

void expect_refused(const Forged& f, ErrorCode code, const char* what) {
  KeyWorld w;
  const kms::Answer a = w.answer(f.message());
  ASSERT_EQ(a.state, State::failed) << what;
  EXPECT_EQ(a.error->code, code) << what << ": " << a.error->to_string();
}

TEST(ForgedKeyRequest, IsTakenWhenNothingIsWrong) {
  KeyWorld w;
  EXPECT_EQ(w.answer(Forged{}.message()).state, State::answered);
  Forged responder;  // RFC 6267 4.2.1: IDRi/r
  responder.hdr.csb_id = 2;
  responder.idrs[0].first = IdRole::responder;
  EXPECT_EQ(w.answer(responder.message()).state, State::answered);
  Forged unexpected;  // 4.2.1.2: unexpected payloads SHOULD be ignored
  unexpected.hdr.csb_id = 3;
  unexpected.hdr.v = 0;
  unexpected.more = [](wire::ChainBuilder& b) {
    const Bytes octets(4, 1);
    b.add(wire::GeneralExt{GeneralExtType::vendor_id, Octets(octets)});
    b.add(wire::Kemac{EncrAlg::aes_cm_128, Octets(octets), MacAlg::null, {}});
  };
  EXPECT_EQ(w.answer(unexpected.message()).state, State::answered);
}

TEST(ForgedKeyRequest, IsRefusedForWhatIsWrong) {
  Forged f;
  f.idrs.pop_back();
  expect_refused(f, ErrorCode::invalid_id, "IDRkms SHALL be included");
  f = {};
  f.idrs[1].second = KeyWorld::uri("other");
  expect_refused(f, ErrorCode::invalid_id, "for another KMS");
  f = {};
  f.idrs.erase(f.idrs.begin());
  expect_refused(f, ErrorCode::invalid_id, "nobody asks");
  f = {};
  f.rands = 0;
  expect_refused(f, ErrorCode::unspecified, "no RAND");
  f = {};
  f.rands = 2;
  expect_refused(f, ErrorCode::unspecified, "two RANDs");
  f = {};
  f.hdr.n_cs = 1;
  expect_refused(f, ErrorCode::unspecified, "crypto sessions");
  f = {};
  f.hdr.map_type = CsIdMapType::srtp_id;
  expect_refused(f, ErrorCode::unspecified, "another map");
  f = {};
  f.hdr.prf = PrfFunc::hmac_sha_256;
  expect_refused(f, ErrorCode::invalid_prf, "a PRF that is not accepted");
  f = {};
  f.t = NtpTime::from_unix(1790000000 - 400);
  expect_refused(f, ErrorCode::invalid_ts, "an old timestamp");
  f = {};
  f.psk = KeyWorld::psk("mallory");
  expect_refused(f, ErrorCode::auth_failure, "another PSK");
  f = {};
  f.idrs[0].second = KeyWorld::uri("carol");
  expect_refused(f, ErrorCode::auth_failure, "nobody known");
  f = {};
  f.idrs[0].second = KeyWorld::uri("bob");
  expect_refused(f, ErrorCode::auth_failure, "bob's name with alice's PSK");
  f = {};
  f.alg = MacAlg::null;
  expect_refused(f, ErrorCode::invalid_mac, "no MAC");
  f = {};
  f.alg = MacAlg::hmac_sha_256_256;
  expect_refused(f, ErrorCode::invalid_mac, "a MAC that does not go with the PRF");
  f = {};
  f.idrs.push_back({IdRole::psk, KeyWorld::uri("bob")});
  expect_refused(f, ErrorCode::invalid_id, "IDRpsk names another key");
  f = {};
  f.idrs.push_back({IdRole::psk, KeyWorld::uri("nobody")});
  expect_refused(f, ErrorCode::invalid_id, "IDRpsk names no key");
  f = {};
  f.more = [](wire::ChainBuilder& b) {
    const Bytes mac(20, 1);
    b.add(wire::Ver{MacAlg::hmac_sha_1_160, Octets(mac)});
  };
  expect_refused(f, ErrorCode::unspecified, "two Vs");
}

TEST(KeyRequestRights, KeysOfOthersAreRefusedInAnAuthenticMessage) {
  KeyWorld w;
  w.members[KeyWorld::uri("alice")] = {KeyWorld::uri("home")};
  w.members[KeyWorld::uri("bob")] = {KeyWorld::uri("alice")};
  for (const auto& [ids, good] : {std::pair<std::vector<std::string>, bool>{{"alice", "bob"}, false},
                                  {{"alice", "home", "bob"}, false},
                                  {{"alice", "home"}, true},
                                  {{"bob", "home"}, false},
                                  {{"bob", "alice"}, true}}) {
    const auto q = w.ask(ids);
    const kms::Answer a = w.answer(q.message());
    EXPECT_EQ(a.state == State::answered, good) << ids[0] << " " << ids[1];
    if (good) continue;
    EXPECT_EQ(a.error->code, ErrorCode::auth_failure);
    EXPECT_EQ(error_number(a), 0);
    EXPECT_TRUE(has_v(a));
    const Reject r = q.refusal(parsed(*a.message));
    EXPECT_TRUE(r.ended && r.from_peer) << r.error.to_string();
  }
}

TEST(KeyRequestRights, AFurtherIdentityAuthenticatesNothing) {
  // bob's own key under bob's PSK, with alice's name first: her PSK would be needed
  Forged f;
  f.psk = KeyWorld::psk("bob");
  f.idrs.insert(f.idrs.begin() + 1, {IdRole::initiator, KeyWorld::uri("bob")});
  expect_refused(f, ErrorCode::auth_failure, "alice first, bob's PSK");
}

TEST(KeyRequestReplay, ASecondTimeThereIsNoAnswer) {
  KeyWorld w;
  const Bytes message = w.ask({"alice"}).message();
  EXPECT_EQ(w.answer(message).state, State::answered);
  const kms::Answer again = w.answer(message);
  EXPECT_EQ(again.state, State::failed);
  EXPECT_EQ(again.error->code, ErrorCode::invalid_ts);
  EXPECT_FALSE(again.message);
}

TEST(KeyRequestReplay, WhatIsNotAuthenticDoesNotEnterTheCache) {
  KeyWorld w;
  const Bytes message = w.ask({"alice"}).message();
  Bytes bad = message;
  bad.back() ^= 1;
  EXPECT_EQ(w.answer(bad).error->code, ErrorCode::auth_failure);
  EXPECT_EQ(w.answer(message).state, State::answered);
}

TEST(KeyRequestErrors, HaveTheFormOfRfc3830) {  // 4.2.1.2: "Errors are handled as described in [RFC3830]"
  KeyWorld w;
  const auto q = w.ask({"alice"});
  Bytes bad = q.message();
  bad.back() ^= 1;
  const kms::Answer a = w.answer(bad);
  EXPECT_EQ(error_number(a), 0);
  EXPECT_FALSE(has_v(a)) << "nobody was authenticated";
  const auto m = parsed(*a.message);
  EXPECT_EQ(m.hdr().csb_id, q.csb_id());
  EXPECT_EQ(m.first<wire::T>(), parsed(q.message()).first<wire::T>()) << "the T received";
  const Reject r = q.refusal(m);
  EXPECT_FALSE(r.ended) << "anybody can send it";
  EXPECT_TRUE(r.from_peer);

  Bytes broken(q.message().begin(), q.message().end() - 30);
  EXPECT_EQ(error_number(w.answer(broken)), 12);
  Bytes headless(q.message().begin(), q.message().begin() + 5);
  EXPECT_FALSE(w.answer(headless).message);
  Bytes without_t(q.message().begin(), q.message().begin() + 12);
  EXPECT_FALSE(w.answer(without_t).message) << "RFC 3830 5.1.2: no timestamp, no error message";
}

TEST(KeyRequestErrors, OnesAboutOtherRequestsAreNotMine) {
  KeyWorld w;
  const auto mine = w.ask({"alice"});
  const auto other = w.ask({"alice", "bob"});
  const kms::Answer a = w.answer(other.message());
  ASSERT_TRUE(a.message);
  const Reject r = mine.refusal(parsed(*a.message));
  EXPECT_FALSE(r.ended || r.from_peer);
}

TEST(KeyRequestRoom, TooManyKeysAreRefusedBeforeTheFirst) {
  struct Count final : kms::KeyRecord {
    std::size_t issued_keys = 0;
    Status keys_issued(const Identity&, std::span<const Identity> ids,
                       std::span<const ibc::KeyDate> dates) override {
      issued_keys += ids.size() * dates.size();
      return {};
    }
  };
  KeyWorld w;
  Count count;
  w.record = &count;
  w.ahead = 126;
  w.members[KeyWorld::uri("alice")] = {KeyWorld::uri("home")};
  const auto full = w.ask({"alice"});
  const kms::Answer a = w.answer(full.message());
  ASSERT_EQ(a.state, State::answered) << a.error->to_string();
  EXPECT_EQ(count.issued_keys, 127U);
  const auto keys = w.read(full, *a.message);
  ASSERT_TRUE(keys.ok()) << keys.error().to_string();
  EXPECT_EQ(keys->size(), 127U);

  const kms::Answer b = w.answer(w.ask({"alice", "home"}).message());
  EXPECT_EQ(b.state, State::failed);
  EXPECT_EQ(error_number(b), 12);
  EXPECT_TRUE(has_v(b));
  EXPECT_EQ(count.issued_keys, 127U);
}

TEST(KeyRequestRoom, LongNamesCountToo) {
  KeyWorld w;
  const std::string name(40000, 'x');
  const Identity one = Identity::uri("sip:" + name);
  const Identity two = Identity::uri("sip:y" + name);
  w.members[KeyWorld::uri("alice")] = {one, two};
  auto q = KeyQuestion::ask(w.user_env(), KeyWorld::link("alice"), PrfFunc::mikey_1,
                            {KeyWorld::uri("alice"), one, two});
  ASSERT_TRUE(q.ok());
  const kms::Answer a = w.answer(q->message());
  EXPECT_EQ(a.state, State::failed);
  EXPECT_EQ(error_number(a), 12);
}

TEST(KeyRequestRecord, WhatCannotBeRecordedIsNotIssued) {
  struct Full final : kms::KeyRecord {
    Status keys_issued(const Identity&, std::span<const Identity>, std::span<const ibc::KeyDate>) override {
      return Error{ErrorCode::resource, Severity::system, "", std::nullopt, "the disk is full"};
    }
  };
  KeyWorld w;
  Full full;
  w.record = &full;
  const kms::Answer a = w.answer(w.ask({"alice"}).message());
  EXPECT_EQ(a.state, State::failed);
  EXPECT_FALSE(a.message) << "no matter of the message";
}

TEST(KeyRequestValidity, NoKeysBeyondThatOfTheParameters) {  // RFC 5408 4.2
  KeyWorld w;
  auto record = *ibc::parse_ibake_master(ibake_file("ibake-master.json"));
  record.known.not_after = 1793491199;  // 2026-10-31T23:59:59Z
  w.master = *ibc::IbakeMaster::load(crypto::openssl(), std::move(record));
  w.ahead = 5;
  const auto q = w.ask({"alice"});
  const auto keys = w.read(q, *w.answer(q.message()).message);
  ASSERT_TRUE(keys.ok()) << keys.error().to_string();
  EXPECT_EQ(keys->size(), 2U);
  w.clock.set(NtpTime::from_unix(1793491200));
  const kms::Answer late = w.answer(w.ask({"alice"}).message());
  EXPECT_EQ(late.state, State::failed);
  EXPECT_EQ(error_number(late), 12);
}

// ------------------------------------------------------------------ every bit and every octet

TEST(EveryBitOfAKeyRequest, Counts) {
  KeyWorld w;
  const auto q = w.ask({"alice"});
  for (std::size_t bit = 0; bit < 8 * q.message().size(); ++bit) {
    Bytes bad = q.message();
    bad[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    EXPECT_EQ(w.answer(bad).state, State::failed) << bit;
  }
  for (std::size_t n = 0; n < q.message().size(); ++n)
    EXPECT_EQ(w.answer(ByteView(q.message()).first(n)).state, State::failed) << n;
  EXPECT_EQ(w.answer(q.message()).state, State::answered);
}

TEST(EveryBitOfAnAnswer, Counts) {
  KeyWorld w;
  const auto q = w.ask({"alice"});
  const Bytes answer = *w.answer(q.message()).message;
  for (std::size_t bit = 0; bit < 8 * answer.size(); ++bit) {
    Bytes bad = answer;
    bad[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    EXPECT_FALSE(w.read(q, bad).ok()) << bit;
  }
  for (std::size_t n = 0; n < answer.size(); ++n) EXPECT_FALSE(w.read(q, ByteView(answer).first(n)).ok());
  EXPECT_TRUE(w.read(q, answer).ok());
}

/// An authentic answer with these sub-payloads, or this alone in place of them.
struct ForgedAnswer {
  using Pair = std::pair<wire::Idr, wire::KeyData>;
  KeyWorld& w;
  const KeyQuestion& q;
  NtpTime t = q.time();
  EncrAlg alg = EncrAlg::aes_cm_128;
  MacAlg mac = MacAlg::null;
  std::optional<Identity> kms = std::nullopt;
  bool v = false;

  Result<std::vector<ibc::IbakeKey>> read(const std::function<void(wire::ChainBuilder&)>& fill) const {
    const auto asked = parsed(q.message());
    const keys::MessageKeys keys(crypto::openssl(), PrfFunc::mikey_1, KeyWorld::psk("alice").reveal(),
                                 q.csb_id(), asked.first<wire::Rand>()->data);
    Bytes stamp(8);
    store_be(stamp.data(), t.value);
    wire::ChainBuilder inner;
    fill(inner);
    const auto plain = std::move(inner).finish_secret();
    const auto sealed = keys.seal(alg, stamp, plain->reveal());
    wire::ChainBuilder b(ticket::plain_header(DataType::request_key_resp, v, PrfFunc::mikey_1, q.csb_id()));
    b.add(wire::T{TsType::ntp_utc, Octets(stamp)});
    if (kms) b.add(wire::Idr{IdRole::kms, kms->type, Octets(kms->data)});
    const Bytes room(*wire::mac_size(mac));
    b.add(wire::Kemac{alg, Octets(*sealed), mac, Octets(room)});
    const auto message = engine::finish_6267(keys, PrfFunc::mikey_1, std::move(b),
                                             ibake::joined_data(q.identities()), KeyWorld::uri("kms").data);
    return w.read(q, *message);
  }
};

struct Sub {
  Identity id = KeyWorld::uri("alice");
  KeyDataType type = KeyDataType::k_pr;
  Bytes block;
  keys::Validity validity;
};

TEST(ForgedAnswers, AreRefusedEvenWhenAuthentic) {
  KeyWorld w;
  const auto q = w.ask({"alice"});
  const auto date = w.master.kms().date_at(w.clock.read());
  const auto block = [&](const char* user, const ibc::KeyDate& d) {
    const auto key = w.master.extract(crypto::openssl(), KeyWorld::uri(user).data, d);
    return to_bytes(ibc::bf::private_key_to_der(w.master.kms().parameters(), *key).reveal());
  };
  const auto span = [](NtpTime from, NtpTime to) {
    keys::Validity v;
    v.type = KvType::interval;
    for (const auto& [t, at] : {std::pair(from, &v.valid_from), {to, &v.valid_to}}) {
      at->resize(4);
      store_be(at->data(), static_cast<std::uint32_t>(t.value >> 32));
    }
    return v;
  };
  const auto put = [](wire::ChainBuilder& b, const Sub& s) {
    b.add(wire::Idr{IdRole::initiator, s.id.type, Octets(s.id.data)});
    b.add(wire::KeyData{s.type,
                        Octets(s.block),
                        {},
                        {s.validity.type, Octets(s.validity.spi), Octets(s.validity.valid_from),
                         Octets(s.validity.valid_to)}});
  };
  const ForgedAnswer forge{w, q};
  const auto read = [&](const Sub& s) { return forge.read([&](wire::ChainBuilder& b) { put(b, s); }); };
  const Sub good{KeyWorld::uri("alice"), KeyDataType::k_pr, block("alice", date),
                 span(ibc::date_begin(date), ibc::date_end(date))};
  EXPECT_TRUE(read(good).ok()) << read(good).error().to_string();

  Sub s = good;
  s.validity = {};
  ASSERT_TRUE(read(s).ok()) << "KV Null: the date of the request";
  EXPECT_EQ(read(s)->front().date(), date);

  const auto refused = [&](const char* what) {
    const auto r = read(s);
    EXPECT_FALSE(r.ok()) << what;
    s = good;
  };
  s.id = KeyWorld::uri("bob");
  s.block = block("bob", date);
  refused("not asked for");
  s.block = block("bob", date);
  refused("somebody else's key");
  s.block = block("alice", date.next());
  refused("the key of another date");
  s.validity = span(ibc::date_begin(date.next()), ibc::date_end(date.next()));
  refused("the date of another key");
  s.validity = span(ibc::date_begin(date), ibc::date_end(date.next()));
  refused("two dates");
  s.validity.valid_to = {1, 2, 3};
  refused("no timestamp");
  s.validity = {KvType::spi, {1}, {}, {}};
  refused("an SPI");
  s.type = KeyDataType::tgk;
  refused("a TGK");
  s.block.push_back(0);
  refused("octets after the key");
  s.block.clear();
  refused("no key");

  EXPECT_FALSE(forge.read([](wire::ChainBuilder&) {}).ok()) << "nothing";
  EXPECT_FALSE(forge
                   .read([&](wire::ChainBuilder& b) {
                     put(b, good);
                     b.add(wire::Idr{IdRole::initiator, IdType::uri, Octets(good.id.data)});
                   })
                   .ok())
      << "an identity without its key";
  const auto with = [&](ForgedAnswer f) { return f.read([&](wire::ChainBuilder& b) { put(b, good); }).ok(); };
  EXPECT_TRUE(with({w, q}));
  EXPECT_TRUE(with({w, q, q.time(), EncrAlg::aes_kw_128}));
  EXPECT_TRUE(with({w, q, q.time(), EncrAlg::aes_cm_128, MacAlg::null, KeyWorld::uri("kms")}));
  EXPECT_FALSE(with({w, q, q.time() + std::chrono::seconds(1)})) << "another timestamp";
  EXPECT_FALSE(with({w, q, q.time(), EncrAlg::null})) << "keys in clear";
  EXPECT_FALSE(with({w, q, q.time(), EncrAlg::aes_cm_256})) << "an algorithm of another PRF";
  EXPECT_FALSE(with({w, q, q.time(), EncrAlg::aes_cm_128, MacAlg::hmac_sha_1_160}));
  EXPECT_FALSE(with({w, q, q.time(), EncrAlg::aes_cm_128, MacAlg::null, KeyWorld::uri("other")}));
}

TEST(Answers, TheVFlagMeansNothing) {  // RFC 6267 4.2.1.3
  KeyWorld w;
  const auto q = w.ask({"alice"});
  const auto key = w.master.extract(crypto::openssl(), KeyWorld::uri("alice").data,
                                    w.master.kms().date_at(w.clock.read()));
  const auto block = ibc::bf::private_key_to_der(w.master.kms().parameters(), *key);
  ForgedAnswer f{w, q};
  for (const bool v : {false, true}) {
    f.v = v;
    const auto r = f.read([&](wire::ChainBuilder& b) {
      const Identity alice = KeyWorld::uri("alice");
      b.add(wire::Idr{IdRole::initiator, IdType::uri, Octets(alice.data)});
      b.add(wire::KeyData{KeyDataType::k_pr, Octets(block.reveal()), {}, {}});
    });
    EXPECT_TRUE(r.ok()) << v;
  }
}

TEST(Answers, ToOtherRequestsAreNotMine) {
  KeyWorld w;
  const auto first = w.ask({"alice"});
  const auto second = w.ask({"alice"});
  const Bytes answer = *w.answer(first.message()).message;
  EXPECT_FALSE(w.read(second, answer).ok());
  EXPECT_TRUE(w.read(first, answer).ok());
}

}  // namespace
}  // namespace mikey::test
