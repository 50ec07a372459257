/// \file
/// Parsing and serialising a PSK message of 121 octets such as cameras exchange: T, RAND, an SRTP policy of
/// ten parameters, and a TEK of 30 octets in clear.
#include <array>
#include <memory>

#include "mikey/wire/message.hpp"
#include "row.hpp"
#ifdef MIKEY_BENCH_GSTREAMER
#include "gstreamer_peer.hpp"
#endif

namespace mikey::bench {
namespace {

using namespace mikey::wire;

constexpr std::size_t kSize = 121;

/// What the message says, in the form a caller has it in.
struct Content {
  Bytes stamp = *from_hex("eeab5277335b2d4d");
  Bytes rand = *from_hex("9f7188a29b3f0d96fdf6e2a7522c666f");
  Bytes key = *from_hex("43ebf63b13b1b0855dc5a4c3245815a80a73575f3d2bace9b85fcb8ec056");
  Bytes types = {0, 1, 2, 3, 4, 5, 7, 8, 10, 11};
  Bytes values = {1, 16, 1, 20, 14, 0, 1, 1, 1, 10};
  SrtpId session = {0, 0x66983e4f, 0};
};

/// The octet strings that payloads of the message point at.
struct Parts {
  Bytes map;
  Bytes params;
  Bytes keys;
};

Result<Parts> make_parts(const Content& c) {
  std::array<SpParam, 10> list;
  for (std::size_t i = 0; i < list.size(); ++i) list[i] = {c.types[i], ByteView(c.values).subspan(i, 1)};
  auto map = encode_entries<SrtpId>({&c.session, 1});
  auto params = encode_entries<SpParam>(list);
  ChainBuilder inner;
  auto keys = std::move(inner.add(KeyData{KeyDataType::tek, c.key, {}, {}})).finish();
  if (!map || !params || !keys) return bad_request("the parts do not fit");
  return Parts{std::move(*map), std::move(*params), std::move(*keys)};
}

/// The message as payload objects.
struct Payloads {
  Hdr hdr;
  T t;
  Rand rand;
  Sp sp;
  Kemac kemac;

  Payloads(const Content& c, const Parts& parts)
      : t{TsType::ntp_utc, c.stamp},
        rand{c.rand},
        sp{0, ProtType::srtp, parts.params},
        kemac{EncrAlg::null, parts.keys, MacAlg::null, {}} {
    hdr.csb_id = 0xef598670;
    hdr.n_cs = 1;
    hdr.map = parts.map;
  }
};

Result<Bytes> serialise(const Payloads& p) {
  ChainBuilder b(p.hdr);
  b.add(p.t).add(p.rand).add(p.sp).add(p.kemac);
  return std::move(b).finish();
}

Result<Bytes> build(const Content& c) {
  auto parts = make_parts(c);
  if (!parts) return std::move(parts).error();
  return serialise(Payloads(c, *parts));
}

/// Three rows: reading octets into a message; writing the payload objects each library has for it; making it
/// from keys and numbers, payload objects included.
void add_rows(Table& table) {
  const auto content = std::make_shared<const Content>();
  const auto parts = make_parts(*content);
  if (!parts) fail("serialise/psk-121", parts.error().to_string());
  const auto kept = std::make_shared<const Parts>(*parts);
  const Payloads payloads(*content, *kept);
  const auto message = serialise(payloads);
  if (!message || message->size() != kSize) fail("parse/psk-121", "the message has not 121 octets");
  if (!Message::parse(*message)) fail("parse/psk-121", "the message does not parse");

  Row parse{.name = "parse/psk-121", .ours = [octets = *message](std::size_t n) {
              for (std::size_t i = 0; i < n; ++i) keep(Message::parse(ByteView(octets)));
            }};
  Row write{.name = "serialise/psk-121", .ours = [content, kept, payloads](std::size_t n) {
              for (std::size_t i = 0; i < n; ++i) keep(serialise(payloads));
            }};
  Row make{.name = "build/psk-121", .ours = [content](std::size_t n) {
             for (std::size_t i = 0; i < n; ++i) keep(build(*content));
           }};
#ifdef MIKEY_BENCH_GSTREAMER
  const GStreamerMessage peer(*message);
  if (!peer.ok()) fail(parse.name, "GStreamer does not take the message");
  if (peer.octets() != *message) fail(write.name, "GStreamer writes another message");
  const GStreamerContent values{.csb_id = payloads.hdr.csb_id,
                                .ssrc = content->session.ssrc,
                                .stamp = load_be<std::uint64_t>(content->stamp.data()),
                                .rand = content->rand,
                                .types = content->types,
                                .values = content->values,
                                .key = content->key};
  if (values.build() != *message) fail(make.name, "GStreamer makes another message");
  parse.peer = write.peer = make.peer = GStreamerMessage::version();
  parse.theirs = [peer](std::size_t n) { peer.parse(n); };
  write.theirs = [peer](std::size_t n) { peer.serialise(n); };
  make.theirs = [values](std::size_t n) { values.build(n); };
  parse.goal = 2.5;
  write.goal = 2;
#endif
  for (Row* row : {&parse, &write, &make}) table.push_back(std::move(*row));
}

const Rows kRows(add_rows);

}  // namespace
}  // namespace mikey::bench
