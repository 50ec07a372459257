// mikey sdp: session descriptions with MIKEY inside (RFC 4567), for those who carry them by other means.

#include "sdp.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <thread>

#include "agent_answer.hpp"
#include "files.hpp"
#include "mikey/bind/call_sdp.hpp"
#include "pem.hpp"
#include "verbs.hpp"

namespace mikey::cmd {
namespace {

namespace sdp = bind::sdp;

Result<sdp::SessionDescription> parse_description(ByteView octets) {
  return sdp::SessionDescription::parse(as_text(octets), bind::Reading::tolerant);
}

/// SSRC of a media line as its a=ssrc attribute has it (RFC 5576 4.1), else a random one.
Result<std::uint32_t> ssrc_of(const sdp::Section& media, Rng& rng) {
  if (const auto a = media.attribute("ssrc")) {
    std::uint64_t n = 0;
    std::size_t digits = 0;
    for (; digits < a->size() && digits < 10 && (*a)[digits] >= '0' && (*a)[digits] <= '9'; ++digits)
      n = n * 10 + static_cast<unsigned>((*a)[digits] - '0');
    const bool ends = digits > 0 && (digits == a->size() || (*a)[digits] == ' ');
    if (!ends || n == 0 || n > 0xFFFFFFFF)
      return bad_message(ErrorCode::unspecified, "RFC 5576 4.1", "an a=ssrc attribute has no SSRC");
    return static_cast<std::uint32_t>(n);
  }
  auto r = rng.u32("SSRC");
  if (!r) return std::move(r).error();
  return *r | 1U;  // 0 would leave the choice to the peer
}

/// The media lines that can run SRTP.
std::vector<std::size_t> secure_lines(const sdp::SessionDescription& d) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < d.media_count(); ++i)
    if (sdp::srtp_profile(d.media_line(i).proto)) out.push_back(i);
  return out;
}

/// A stream that takes every format of an offered line.
sdp::CallStream taking_all(const sdp::SessionDescription& offer, std::size_t index, std::uint16_t port) {
  const sdp::MediaLine& line = offer.media_line(index);
  sdp::CallStream s{line.type, port, line.proto, {}, "sendrecv"};
  for (const std::string& format : line.formats) {
    if (format.empty() || format.size() > 3 || format.find_first_not_of("0123456789") != std::string::npos)
      continue;
    sdp::PayloadFormat f{static_cast<std::uint8_t>(std::stoul(format)), {}, {}};
    for (const std::string_view map : offer.media(index).attributes("rtpmap"))
      if (map.starts_with(format + ' ')) f.rtpmap = map.substr(format.size() + 1);
    s.formats.push_back(std::move(f));
  }
  return s;
}

}  // namespace

SdpEnd::SdpEnd(const SdpOptions& options, Config config)
    : options_(options),
      rng_(crypto::openssl_rng()),
      party_(config.identity, std::move(config.policy), std::move(config.credentials), crypto::openssl(),
             *rng_, clock_) {}

Result<sdp::SessionDescription> SdpEnd::own_description() {
  if (!options_.sdp.empty()) {
    auto octets = read_file(options_.sdp, sdp::kMaxSize);
    if (!octets) return std::move(octets).error();
    return parse_description(*octets);
  }
  auto id = rng_->u32("SDP session");
  if (!id) return std::move(id).error();
  sdp::CallParty party;
  party.session_id = *id;
  party.address = options_.address;
  party.name = "mikey sdp";
  party.streams.push_back(sdp::audio_stream(options_.port));
  return sdp::make_offer(party);
}

/// Begins an exchange for some media lines; the message that is to be sent.
Result<Bytes> SdpEnd::begin(const sdp::SessionDescription& d, std::span<const std::size_t> lines) {
  InitiateRequest request;
  request.mode = *mode_by_name(options_.mode);
  auto to = parse_identity(party_.self().type, options_.to);
  if (!to) return bad_request("--to: expected an identity of this party's id_type");
  request.terms.to = std::move(*to);
  request.terms.streams.emplace();
  for (const std::size_t i : lines) {  // two crypto sessions a line, the second is the answerer's to name
    auto ssrc = ssrc_of(d.media(i), *rng_);
    if (!ssrc) return std::move(ssrc).error();
    request.terms.streams->push_back({*ssrc, 0, {}});
    request.terms.streams->push_back({0, 0, {}});
  }
  request.terms.extensions.push_back({GeneralExtType::sdp_ids, to_bytes(as_bytes(sdp::kMikey))});
  auto o = party_.initiate(std::move(request));
  if (!o) return std::move(o).error();
  if (o->bundle)
    bundles_.push_back(o->bundle);
  else
    ++awaited_;
  if (o->send.empty()) return crypto_error("the exchange has no first message");
  return std::move(o->send.front().message);
}

Status SdpEnd::offer() {
  auto d = own_description();
  if (!d) return std::move(d).error();
  const auto lines = secure_lines(*d);
  if (lines.empty()) return bad_request("the session description has no media line that can run SRTP");
  std::vector<sdp::Placement> places;
  if (!options_.media_level) {
    auto m = begin(*d, lines);
    if (!m) return std::move(m).error();
    places.push_back({std::nullopt, {{std::string(sdp::kMikey), std::move(*m)}}});
  }
  for (std::size_t i = 0; options_.media_level && i < lines.size(); ++i) {
    auto m = begin(*d, std::span(lines).subspan(i, 1));
    if (!m) return std::move(m).error();
    places.push_back({lines[i], {{std::string(sdp::kMikey), std::move(*m)}}});
  }
  if (auto s = sdp::offer(*d, places); !s) return s;
  if (auto s = put(d->to_text()); !s) return s;
  if (awaited_ == 0) return {};  // V = 0: no answering message
  auto text = read_answer();
  if (!text) return std::move(text).error();
  auto answer = parse_description(*text);
  if (!answer) return std::move(answer).error();
  return take_answer(*answer);
}

/// The answer, from a file that may not be there yet, or from standard input.
Result<Bytes> SdpEnd::read_answer() {
  if (options_.answer.empty()) {
    if (::isatty(STDIN_FILENO) == 1)
      std::fputs("mikey sdp: paste the answer's SDP here and end it with Ctrl-D\n", stderr);
    return read_all(STDIN_FILENO, "standard input", sdp::kMaxSize);
  }
  const auto until = std::chrono::steady_clock::now() + party_.policy().patience;
  struct stat st {};
  while (::stat(options_.answer.c_str(), &st) != 0) {
    if (std::chrono::steady_clock::now() >= until)
      return bad_message(ErrorCode::unspecified, "RFC 3830 7.2", "no answer came in time");
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return read_file(options_.answer, sdp::kMaxSize);
}

Status SdpEnd::take_answer(const sdp::SessionDescription& answer) {
  for (const Outcome& late : party_.expire())
    if (late.error) return *late.error;
  auto messages = sdp::mikey_messages(answer, bind::Reading::tolerant);
  if (!messages) return std::move(messages).error();
  for (const sdp::CarriedMessage& m : *messages) {
    auto o = receive(m.message);
    if (!o) return std::move(o).error();
    if (!o->bundle)
      return bad_message(ErrorCode::unspecified, "RFC 4567 4.1.1", "a message of the answer brings no keys");
    bundles_.push_back(o->bundle);
    --awaited_;
  }
  if (awaited_ != 0)
    return bad_message(ErrorCode::unspecified, "RFC 4567 4.1.1",
                       "the answer lacks the MIKEY message of " + std::to_string(awaited_) + " exchange" +
                           (awaited_ == 1 ? "" : "s"));
  return {};
}

/// One message to the party. The error is why it was refused; what it wants said is in `refusal_` then.
Result<Outcome> SdpEnd::receive(ByteView message) {
  Outcome o = party_.receive(Source::peer, message);
  if (o.need_certificate_url) {
    const std::string url = *o.need_certificate_url;
    if (options_.certificate.empty())
      return bad_message(ErrorCode::invalid_cert, "RFC 3830 6.7",
                         "the peer's certificate is at " + url + ": fetch it and name it by --certificate");
    auto text = read_file(options_.certificate);
    if (!text) return std::move(text).error();
    const auto blocks = pem_blocks(as_text(*text), "CERTIFICATE");
    if (!blocks || blocks->empty())
      return bad_request("--certificate: expected a certificate in PEM in " + options_.certificate);
    auto outcomes = party_.supply_certificate(url, to_bytes(blocks->front().reveal()));
    if (!outcomes.empty()) o = std::move(outcomes.front());
  }
  if (!o.error) return o;
  if (!o.send.empty()) refusal_ = std::move(o.send.front().message);
  return std::move(*o.error);
}

Status SdpEnd::answer() {
  auto octets = options_.offer.empty() || options_.offer == "-"
                    ? read_all(STDIN_FILENO, "standard input", sdp::kMaxSize)
                    : read_file(options_.offer, sdp::kMaxSize);
  if (!octets) return std::move(octets).error();
  auto offered = parse_description(*octets);
  if (!offered) return std::move(offered).error();
  auto mine = answering_description(*offered);
  if (!mine) return std::move(mine).error();
  if (auto s = restore_replay_cache(); !s) return s;
  std::vector<sdp::Placement> places;
  Status done = take_offer(*offered, places);
  if (auto s = save_replay_cache(); !s) return s;
  if (!done) {
    bundles_.clear();  // RFC 4567 4.1.2: the whole session is off
    return refuse(*offered, std::move(*mine), places, std::move(done).error());
  }
  if (auto s = sdp::answer(*mine, *offered, places); !s) return s;
  return put(mine->to_text());
}

Result<sdp::SessionDescription> SdpEnd::answering_description(const sdp::SessionDescription& offer) {
  if (!options_.sdp.empty()) return own_description();
  sdp::CallParty party;
  party.address = options_.address;
  party.name = "mikey sdp";
  std::uint32_t port = options_.port;
  for (std::size_t i = 0; i < offer.media_count() && port < 0xFFFF; ++i, port += 2)
    if (sdp::is_srtp_profile(offer.media_line(i).proto))
      party.streams.push_back(taking_all(offer, i, static_cast<std::uint16_t>(port)));
  return sdp::make_answer(offer, party);
}

/// Takes every message of the offer; each answering message gets its place. After an error the place of the
/// message that failed is the last one.
Status SdpEnd::take_offer(const sdp::SessionDescription& offer, std::vector<sdp::Placement>& places) {
  auto messages = sdp::mikey_messages(offer, bind::Reading::tolerant);
  if (!messages) return std::move(messages).error();
  if (messages->empty())
    return bad_message(ErrorCode::unspecified, "RFC 4567 3.1", "the offer has no MIKEY message");
  for (const sdp::CarriedMessage& m : *messages) {
    places.push_back({m.level, {}});
    auto o = receive(m.message);
    if (!o) return std::move(o).error();
    if (!o->bundle)
      return bad_message(ErrorCode::unspecified, "RFC 4567 4.1.1", "a message of the offer brings no keys");
    if (auto s = sdp::check_bidding_down(offer, *o->bundle, options_.require_ids); !s) return s;
    bundles_.push_back(o->bundle);
    if (!o->send.empty())
      places.back().messages.push_back({std::string(sdp::kMikey), std::move(o->send.front().message)});
  }
  std::erase_if(places, [](const sdp::Placement& p) { return p.messages.empty(); });
  return {};
}

/// How SIP would say no, on standard error; the MIKEY error message, if there is one, in an answer (RFC
/// 4567 4.1.2).
Status SdpEnd::refuse(const sdp::SessionDescription& offer, sdp::SessionDescription mine,
                      const std::vector<sdp::Placement>& places, Error why) {
  if (auto r = sdp::refuse_offer(why, "mikey"); r) {
    std::string text =
        "mikey sdp: refuse the offer with " + std::to_string(r->status) + ' ' + r->reason + '\n';
    for (const std::string& w : r->warnings) text += "Warning: " + safe_text(w) + '\n';
    std::fputs(text.c_str(), stderr);
  }
  if (refusal_.empty() || places.empty()) return why;
  const sdp::Placement place{places.back().level, {{std::string(sdp::kMikey), refusal_}}};
  if (auto s = sdp::answer(mine, offer, std::span(&place, 1)); !s) return s;
  if (auto s = put(mine.to_text()); !s) return s;
  return why;
}

Status SdpEnd::restore_replay_cache() {
  if (options_.replay.empty()) return {};
  struct stat st {};
  if (::stat(options_.replay.c_str(), &st) != 0) return {};  // the first offer ever
  auto octets = read_file(options_.replay);
  if (!octets) return std::move(octets).error();
  return party_.replay_cache().restore(*octets, clock_.now());
}

Status SdpEnd::save_replay_cache() {
  if (options_.replay.empty()) return {};
  auto octets = party_.replay_cache().snapshot(clock_.now());
  if (!octets) return std::move(octets).error();
  return write_file(options_.replay, *octets, Readers::owner, Existing::replace);
}

/// The session description, to where it was asked for.
Status SdpEnd::put(const std::string& text) {
  if (!options_.out.empty())
    return write_file(options_.out, as_bytes(text), Readers::everybody, Existing::replace);
  std::fputs((text + "\n").c_str(), stdout);  // an empty line ends it
  if (std::fflush(stdout) == 0) return {};
  return bad_request("the session description cannot be written");
}

}  // namespace mikey::cmd
