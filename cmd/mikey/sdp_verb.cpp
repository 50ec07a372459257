// mikey sdp offer|answer: the command line and what is said in the end.

#include <unistd.h>

#include <cstdio>
#include <memory>

#include "agent_answer.hpp"
#include "sdp.hpp"
#include "verbs.hpp"

namespace mikey::cmd {
namespace {

ExitCode fail(const Error& e) {
  std::fprintf(stderr, "mikey sdp: %s\n", safe_text(e.to_string()).c_str());
  return e.severity == Severity::request ? ExitCode::usage : ExitCode::failed;
}

Export form_of(const std::string& name) {
  return name == "sdes" ? Export::sdes : Export::gstreamer;
}

Result<std::string> report(const SdpOptions& o, const std::vector<keys::BundlePtr>& bundles) {
  Json json{{"bundles", Json::array()}};
  std::string text;
  const Paint paint(wants_color(ColorMode::automatic, STDOUT_FILENO));
  for (const keys::BundlePtr& b : bundles) {
    json["bundles"].push_back(bundle_json(*b, o.reveal_keys));
    text += sessions_text(*b, paint, o.reveal_keys);
    for (const std::string& name : o.exports) {
      auto lines = export_text(*b, form_of(name));
      if (!lines) return std::move(lines).error();
      json["bundles"].back()[name] = *lines;
      text += *lines;
    }
  }
  return o.json ? to_line(json) + "\n" : text;
}

ExitCode run(const SdpOptions& options, Status (SdpEnd::*what)()) {
  if (!options.exports.empty() && !options.reveal_keys)
    return fail(bad_request("--export shows keys in clear text: say --reveal-keys too"));
  auto loaded = load_config(options.config);
  if (const auto* wrong = std::get_if<std::string>(&loaded)) return fail(bad_request(*wrong));
  for (const std::string& warning : std::get<Config>(loaded).warnings)
    std::fprintf(stderr, "mikey sdp: warning: %s\n", warning.c_str());
  SdpEnd end(options, std::move(std::get<Config>(loaded)));
  if (const Status s = (end.*what)(); !s) return fail(s.error());
  auto text = report(options, end.bundles());
  if (!text) return fail(text.error());
  std::fputs(text->c_str(), stdout);
  wipe({static_cast<std::uint8_t*>(static_cast<void*>(text->data())), text->size()});
  if (std::fflush(stdout) == 0) return ExitCode::done;
  return fail(crypto_error("the output is closed"));
}

/// Options that offer and answer share.
void add_common(CLI::App& v, SdpOptions& o) {
  v.add_option("--config", o.config, "The party's configuration, as of `mikey agent`")
      ->required()
      ->type_name("FILE");
  v.add_option("--out", o.out, "Where to put the session description (default: standard output)")
      ->type_name("FILE");
  v.add_option("--address", o.address, "Address in a description made here")->capture_default_str();
  v.add_option("--port", o.port, "Its first RTP port")->capture_default_str();
  v.add_option("--certificate", o.certificate,
               "The peer's certificate (PEM), for when its message names it by a URL")
      ->type_name("FILE");
  v.add_flag("--reveal-keys", o.reveal_keys, "Show keys rather than their fingerprints");
  v.add_option("--export", o.exports, "Also show the crypto sessions in this form; needs --reveal-keys")
      ->check(CLI::IsMember({"sdes", "gstreamer"}))
      ->allow_extra_args(false);
  v.add_flag("--json", o.json, "Report as one line of JSON");
}

}  // namespace

void add_sdp(CLI::App& app, ExitCode& exit) {
  auto* v = app.add_subcommand("sdp", "Offer or answer MIKEY in a session description (RFC 4567)");
  v->require_subcommand(1);

  auto o = std::make_shared<SdpOptions>();
  auto* offer = v->add_subcommand("offer", "Make an offer, wait for its answer, show what was agreed on");
  add_common(*offer, *o);
  offer->add_option("--to", o->to, "Identity of the party it is for")->required()->type_name("IDENTITY");
  offer->add_option("--mode", o->mode, "Key exchange method")
      ->check(CLI::IsMember({"psk", "pk", "dh", "dhhmac", "rsar"}))
      ->capture_default_str();
  offer
      ->add_option("--answer", o->answer,
                   "Read the answer from this file or FIFO as soon as it is there (default: standard input)")
      ->type_name("FILE");
  offer->add_flag("--media-level", o->media_level, "A message for every media line rather than one for all");
  offer->add_option("sdp", o->sdp, "The description to secure (default: one of an audio call)")
      ->type_name("FILE");
  offer->footer(examples(
      {{"mikey sdp offer --config alice.toml --to sip:bob@example.com call.sdp",
        "print call.sdp secured, then take the answer from the keyboard"},
       {"mikey sdp offer --config alice.toml --to sip:bob@example.com --out offer.sdp --answer answer.sdp",
        "exchange files with `mikey sdp answer` or anybody else"}}));
  offer->callback([o, &exit] { exit = run(*o, &SdpEnd::offer); });

  auto* answer = v->add_subcommand("answer", "Answer an offer, show what was agreed on");
  add_common(*answer, *o);
  answer
      ->add_option("--sdp", o->sdp,
                   "The description to answer with (default: one that takes every SRTP line)")
      ->type_name("FILE");
  answer
      ->add_option("--replay-cache", o->replay,
                   "Remember the messages taken in this file, so that the next call refuses them")
      ->type_name("FILE");
  answer->add_flag("--require-sdp-ids", o->require_ids,
                   "Refuse offers whose list of key management protocols is not authenticated");
  answer->add_option("offer", o->offer, "The offer (default: standard input)")->type_name("FILE");
  answer->footer(
      examples({{"mikey sdp answer --config bob.toml offer.sdp --out answer.sdp --replay-cache bob.replay",
                 "answer, and refuse the same offer the next time"},
                {"mikey sdp answer --config bob.toml --reveal-keys --export gstreamer offer.sdp",
                 "get what srtpdec and srtpenc take"}}));
  answer->callback([o, &exit] { exit = run(*o, &SdpEnd::answer); });
}

}  // namespace mikey::cmd
