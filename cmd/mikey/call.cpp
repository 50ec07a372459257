// mikey call: a call keyed by MIKEY in an SDP offer and answer (RFC 4567), with G.711 inside SRTP.

#include "call.hpp"

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>

#include "config.hpp"
#include "inspect_view.hpp"
#include "mikey/bind/call_sdp.hpp"
#include "mikey/bind/key_mgmt.hpp"
#include "session_view.hpp"
#include "verbs.hpp"

namespace mikey::cmd {
namespace {

namespace sdp = bind::sdp;

/// Offers in one call: MIKEY-IBAKE takes two, each with its answer (RFC 6267 4.2.2).
constexpr unsigned kMostRounds = 2;

/// One end of a call: the MIKEY party and what it has to say and hear.
class Endpoint {
 public:
  Endpoint(const CallOptions& options, Config config)
      : options_(options),
        paint_(wants_color(ColorMode::automatic, STDOUT_FILENO)),
        rng_(crypto::openssl_rng()),
        party_(config.identity, std::move(config.policy), std::move(config.credentials), crypto::openssl(),
               *rng_, clock_) {}

  Status prepare() {
    auto kms = KmsPath::open(options_.kms);
    if (!kms) return std::move(kms).error();
    kms_ = std::move(*kms);
    for (const keys::Suite suite : party_.policy().srtp)  // rather now than when the peer has agreed to it
      if (auto s = bind::srtp_check(suite); !s)
        return bad_request("policy.srtp: " + std::string(keys::info(suite).name) +
                               " is of no use to a call: " + s.error().detail,
                           s.error().rfc);
    if (options_.wav.empty()) return {};
    auto samples = read_wav(options_.wav);
    if (!samples) return std::move(samples).error();
    samples_ = std::move(*samples);
    return {};
  }

  Status call();
  Status answer_calls();

 private:
  Status answer(const Socket& c);
  Result<Outcome> settle(Outcome outcome) {
    return kms_->settle(party_, std::move(outcome),
                        [this](const char* title, ByteView message) { show(title, message); });
  }
  Result<Outcome> take_offer(const sdp::SessionDescription& offer);
  Status finish(const Socket& c, const Socket& rtp, const Address& own, const sdp::SessionDescription& theirs,
                const keys::Bundle& bundle, bool caller);
  Result<std::string> make_offer(const Address& own);
  Result<std::string> offer_text(const Address& own, const Bytes& message, unsigned round);
  Result<sdp::SessionDescription> answer_to(const Socket& c, const std::string& offer);
  static Status refuse(const Socket& c, const Error& why, const Bytes& message);
  void show(const char* title, ByteView message);

  const CallOptions& options_;
  Paint paint_;
  SystemClock clock_;
  std::unique_ptr<Rng> rng_;
  Party party_;
  std::optional<KmsPath> kms_;
  std::vector<std::int16_t> samples_;
  std::uint32_t session_id_ = 0;
  keys::BundlePtr offered_;  ///< of an offer that has no answer of MIKEY's (RFC 6509)
};

void Endpoint::show(const char* title, ByteView message) {
  say(paint_(Paint::bold, title) + " (" + std::to_string(message.size()) + " octets)\n");
  if (!options_.quiet) say(tree_text(wire::dissect(message), paint_));
}

/// The offer of a call, in the version that `round` makes of it (RFC 3264 8).
Result<sdp::SessionDescription> describe(const Address& own, std::uint32_t id, unsigned round) {
  sdp::CallParty party;
  party.session_id = id;
  party.session_version = round;
  party.address = own.host;
  party.name = "mikey call";
  party.streams.push_back(sdp::audio_stream(own.port));
  return sdp::make_offer(party);
}

Result<std::string> Endpoint::make_offer(const Address& own) {
  InitiateRequest request;
  request.mode = *mode_by_name(options_.mode);
  request.terms.to = {party_.self().type, to_bytes(as_bytes(options_.to))};
  auto ssrc = rng_->u32("SSRC");
  if (!ssrc) return std::move(ssrc).error();
  request.terms.streams = {{*ssrc | 1U, 0, {}}, {0, 0, {}}};  // one's own stream; the answerer names its own
  request.terms.extensions.push_back({GeneralExtType::sdp_ids, to_bytes(as_bytes(sdp::kMikey))});
  auto begun = party_.initiate(std::move(request));
  if (begun) begun = settle(std::move(*begun));
  if (!begun) return std::move(begun).error();
  if (begun->send.empty())
    return begun->error.value_or(bad_message(ErrorCode::unspecified, "", "there is nothing to offer"));
  offered_ = begun->bundle;
  auto id = rng_->u32("SDP session");
  if (!id) return std::move(id).error();
  session_id_ = *id;
  return offer_text(own, begun->send.at(0).message, 0);
}

Result<std::string> Endpoint::offer_text(const Address& own, const Bytes& message, unsigned round) {
  auto description = describe(own, session_id_, round);
  if (!description) return std::move(description).error();
  const sdp::Placement place{std::nullopt, {{std::string(sdp::kMikey), message}}};
  if (auto s = sdp::offer(*description, std::span(&place, 1)); !s) return std::move(s).error();
  show("MIKEY message offered", message);
  return description->to_text();
}

Result<Bytes> only_message(const sdp::SessionDescription& d) {
  auto all = sdp::mikey_messages(d);
  if (!all) return std::move(all).error();
  if (all->size() != 1)
    return bad_message(ErrorCode::unspecified, "RFC 4567 3.1", "expected one MIKEY message in the SDP");
  return all->front().message;
}

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

Status Endpoint::call() {
  auto to = parse_address(options_.connect);
  if (!to) return std::move(to).error();
  Address own{to->host, 0};
  auto rtp = bind_udp(own);
  if (!rtp) return std::move(rtp).error();
  auto text =
      options_.replay_offer.empty() ? make_offer(own) : Result<std::string>(read_file(options_.replay_offer));
  if (!text) return std::move(text).error();
  if (!options_.save_offer.empty()) std::ofstream(options_.save_offer, std::ios::binary) << *text;
  auto c = connect_tcp(*to);
  if (!c) return std::move(c).error();
  for (unsigned round = 1; round <= kMostRounds; ++round) {
    auto theirs = answer_to(*c, *text);
    if (!theirs) return std::move(theirs).error();
    if (offered_) return finish(*c, *rtp, own, *theirs, *offered_, true);
    auto message = only_message(*theirs);
    if (!message) return std::move(message).error();
    show("MIKEY message answered", *message);
    auto o = settle(party_.receive(Source::peer, *message));
    if (!o) return std::move(o).error();
    if (o->bundle) return finish(*c, *rtp, own, *theirs, *o->bundle, true);
    if (o->error) return *o->error;
    if (o->send.empty()) return bad_message(ErrorCode::unspecified, "", "the answer brings no keys");
    text = offer_text(own, o->send[0].message, round);
    if (!text) return std::move(text).error();
  }
  return bad_message(ErrorCode::unspecified, "", "the exchange does not come to an end");
}

Result<sdp::SessionDescription> Endpoint::answer_to(const Socket& c, const std::string& offer) {
  if (auto s = send_signal(c, {"OFFER", offer}); !s) return std::move(s).error();
  auto reply = receive_signal(c);
  if (!reply) return std::move(reply).error();
  if (reply->what == "ANSWER") return sdp::SessionDescription::parse(reply->body);
  std::string why = "the call is refused: " + safe_text(reply->what);
  if (auto message = from_base64(reply->body); message && !message->empty()) {
    const Outcome o = party_.receive(Source::peer, *message);
    if (o.error) why += "; " + o.error->to_string();
  }
  return bad_message(ErrorCode::unspecified, "", why);
}

Result<Outcome> Endpoint::take_offer(const sdp::SessionDescription& offer) {
  auto message = only_message(offer);
  if (!message) return std::move(message).error();
  show("MIKEY message received", *message);
  auto o = settle(party_.receive(Source::peer, *message));
  if (o && o->bundle)
    if (auto s = sdp::check_bidding_down(offer, *o->bundle, false); !s) return std::move(s).error();
  return o;
}

Status Endpoint::refuse(const Socket& c, const Error& why, const Bytes& message) {
  auto refusal = sdp::refuse_offer(why, "mikey");
  Signal out{"REFUSED 488 Not Acceptable Here", message.empty() ? "" : to_base64(message)};
  if (refusal) out.what = "REFUSED " + std::to_string(refusal->status) + " " + refusal->reason;
  if (auto s = send_signal(c, out); !s) return s;
  return why;
}

Status Endpoint::answer(const Socket& c) {
  Address own{parse_address(options_.listen)->host, 0};
  auto rtp = bind_udp(own);
  if (!rtp) return std::move(rtp).error();
  sdp::CallParty party;
  party.address = own.host;
  party.streams.push_back(sdp::audio_stream(own.port));
  for (unsigned round = 0; round < kMostRounds; ++round) {
    auto signal = receive_signal(c);
    if (!signal) return std::move(signal).error();
    auto offer = sdp::SessionDescription::parse(signal->body);
    if (signal->what != "OFFER" || !offer)
      return bad_message(ErrorCode::unspecified, "", "expected an offer");
    auto o = take_offer(*offer);
    if (!o) return refuse(c, o.error(), {});
    if (o->error) return refuse(c, *o->error, o->send.empty() ? Bytes() : o->send[0].message);
    // Keys without an answer: MIKEY-SAKKE, and tickets that ask for none (RFC 6043 6.10, F).
    const bool one_way =
        o->bundle && o->send.empty() && (o->bundle->mode == Mode::sakke || o->bundle->mode == Mode::ticket);
    if (o->send.empty() && !one_way)
      return refuse(c, bad_request("the offer asks for no answer (V = 0)"), {});
    party.session_version = round;
    auto mine = sdp::make_answer(*offer, party);
    if (!mine) return std::move(mine).error();
    std::vector<sdp::Placement> places;
    if (!one_way) places.push_back({std::nullopt, {{std::string(sdp::kMikey), o->send[0].message}}});
    if (auto s = sdp::answer(*mine, *offer, places); !s) return s;
    if (auto s = send_signal(c, {"ANSWER", mine->to_text()}); !s) return s;
    if (o->bundle) return finish(c, *rtp, own, *offer, *o->bundle, false);
  }
  return bad_message(ErrorCode::unspecified, "", "the exchange does not come to an end");
}

Status Endpoint::answer_calls() {
  auto at = parse_address(options_.listen);
  if (!at) return std::move(at).error();
  auto listener = listen_tcp(*at);
  if (!listener) return std::move(listener).error();
  say("listening on " + at->text() + "\n");
  Status last;
  for (unsigned i = 0; i < options_.calls; ++i) {
    auto c = accept_tcp(*listener);
    if (!c) return std::move(c).error();
    last = answer(*c);
    if (!last) say("refused: " + safe_text(last.error().to_string()) + "\n");
  }
  return last;
}

Status Endpoint::finish(const Socket& c, const Socket& rtp, const Address& own,
                        const sdp::SessionDescription& theirs, const keys::Bundle& bundle, bool caller) {
  say(sessions_text(bundle, paint_, false));
  const auto connection = theirs.connection(0);
  if (!connection || bundle.sessions.size() < 2)
    return bad_message(ErrorCode::unspecified, "RFC 4567 7.1",
                       "the peer names no address, or too few crypto sessions");
  MediaPath path{rtp, own, {connection->address, theirs.media_line(0).port}, {}};
  if (!options_.tap.empty()) {
    auto tap = parse_address(options_.tap);
    if (!tap) return std::move(tap).error();
    path.tap = *tap;
  }
  const std::uint8_t mine = caller ? 1 : 2;
  bind::SrtpOptions send_options;
  send_options.cs_ids = {mine};
  bind::SrtpOptions receive_options;
  receive_options.cs_ids = {static_cast<std::uint8_t>(3 - mine)};
  auto out = bind::SrtpSession::create(bundle, bind::SrtpDirection::send, send_options);
  if (!out) return std::move(out).error();
  auto in = bind::SrtpSession::create(bundle, bind::SrtpDirection::receive, receive_options);
  if (!in) return std::move(in).error();
  Playout heard;
  bind::pcap::Writer capture;
  std::uint32_t ssrc = bundle.sessions[mine - 1U].ssrc;
  if (ssrc == 0) {  // left open by a message that had no answer: one of our own (RFC 6043 6.1.1)
    auto draw = rng_->u32("SSRC");
    if (!draw) return std::move(draw).error();
    ssrc = *draw | 1U;
  }
  auto report = run_media(c, path, *out, *in, ssrc, samples_, heard,
                          options_.pcap.empty() ? nullptr : &capture, options_.fast, true);
  if (!report) return std::move(report).error();
  if (!options_.pcap.empty()) std::ofstream(options_.pcap, std::ios::binary) << as_text(capture.file());
  if (!options_.record.empty())
    if (auto s = write_wav(options_.record, heard.samples()); !s) return s;
  std::ostringstream line;
  line << "sent " << report->packets_sent << " packets, " << report->octets_sent << " octets; heard "
       << report->packets_heard << " packets, " << report->octets_heard << " octets; "
       << report->received.auth_failures << " authentication failures, " << report->received.replays
       << " replays\n";
  say(line.str());
  return {};
}

ExitCode run(const CallOptions& options) {
  const auto fail = [](const Error& e) {
    std::fprintf(stderr, "mikey call: %s\n", safe_text(e.to_string()).c_str());
    return e.severity == Severity::request ? ExitCode::usage : ExitCode::failed;
  };
  std::signal(SIGPIPE, SIG_IGN);
  if (!options.overhear.empty()) {
    const Status s = overhear(options);
    return s ? ExitCode::done : fail(s.error());
  }
  if (!mode_by_name(options.mode))
    return fail(bad_request("--mode: expected psk, pk, dh, dhhmac, rsar, ticket, ibake or sakke"));
  auto loaded = load_config(options.config);
  if (const auto* wrong = std::get_if<std::string>(&loaded)) return fail(bad_request(*wrong));
  Endpoint e(options, std::move(std::get<Config>(loaded)));
  Status s = e.prepare();
  if (s) s = options.listen.empty() ? e.call() : e.answer_calls();
  return s ? ExitCode::done : fail(s.error());
}

}  // namespace

void add_call(CLI::App& app, ExitCode& exit) {
  auto* v = app.add_subcommand("call", "Place or take a call: MIKEY in SDP, G.711 inside SRTP");
  auto o = std::make_shared<CallOptions>();
  auto* config = v->add_option("--config", o->config, "Configuration of the party, as of `mikey agent`");
  auto* listen = v->add_option("--listen", o->listen, "Take calls at HOST:PORT (TCP; port 0: any)");
  auto* connect = v->add_option("--connect", o->connect, "Call the party at HOST:PORT");
  auto* over = v->add_option("--overhear", o->overhear,
                             "Listen to packets at HOST:PORT (UDP) without having the keys");
  listen->excludes(connect)->needs(config);
  connect->needs(config);
  over->excludes(listen)->excludes(connect);
  v->add_option("--to", o->to, "Identity of the party to call");
  v->add_option("--mode", o->mode, "psk, pk, dh, dhhmac, rsar, ticket, ibake or sakke")
      ->capture_default_str();
  v->add_option("--kms", o->kms.url,
                "Where the KMS is, for modes ticket and ibake: http://... or https://...")
      ->type_name("URL");
  v->add_option("--kms-ca", o->kms.ca, "Who may certify the KMS (PEM); without it, who the system trusts");
  auto* own = v->add_option("--kms-certificate", o->kms.certificate, "One's certificate for the KMS (PEM)");
  auto* key = v->add_option("--kms-key", o->kms.key, "Its private key (PEM)");
  own->needs(key);
  key->needs(own);
  v->add_option("--wav", o->wav, "What to say: WAV, 8000 Hz, 16 bits, one channel");
  v->add_option("--record", o->record, "Where to put what was heard (WAV)");
  v->add_option("--pcap", o->pcap, "Where to put the packets sent and received");
  v->add_option("--save-offer", o->save_offer, "Where to put the SDP offer");
  v->add_option("--replay-offer", o->replay_offer, "Send this SDP offer again in place of a new one");
  v->add_option("--tap", o->tap, "Send a copy of every packet to HOST:PORT");
  v->add_option("--calls", o->calls, "Take so many calls")->capture_default_str();
  v->add_flag("--fast", o->fast, "A packet every 2 ms rather than 20");
  v->add_flag("-q,--quiet", o->quiet, "Do not dissect the MIKEY messages");
  v->footer(examples(
      {{"mikey call --listen 127.0.0.1:7000 --config bob.toml --wav bob.wav --record heard-by-bob.wav",
        "wait for a call, speak and record"},
       {"mikey call --connect 127.0.0.1:7000 --config alice.toml --to sip:bob@example.com --wav alice.wav",
        "call bob"},
       {"mikey call --connect 127.0.0.1:7000 --config alice.toml --to sip:bob@example.com --mode ticket "
        "--kms http://127.0.0.1:8269",
        "call bob with a ticket of the KMS that both know"}}));
  v->callback([o, &exit] {
    if (o->listen.empty() && o->connect.empty() && o->overhear.empty())
      throw CLI::RequiredError("one of --listen, --connect and --overhear");
    if (!o->connect.empty() && o->to.empty()) throw CLI::RequiredError("--to");
    exit = run(*o);
  });
}

}  // namespace mikey::cmd
