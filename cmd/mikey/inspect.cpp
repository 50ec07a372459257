// mikey inspect: decodes messages, wherever they stand, and checks them.

#include <unistd.h>

#include <cctype>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "inspect_input.hpp"
#include "inspect_keys.hpp"
#include "inspect_lint.hpp"
#include "inspect_view.hpp"
#include "mikey/bind/find.hpp"
#include "mikey/wire/registry.hpp"
#include "verbs.hpp"

namespace mikey::cmd {
namespace {

using profile::PeerProfile;

struct Options {
  std::optional<std::string> input;
  bool json = false;
  bool lint = false;
  std::string peer;
  std::string now;
  bool mask = false;
  bool hex = false;
  bool no_hex = false;
  bool registry = false;
  bool rules = false;
  bool peers = false;
  std::string color = "auto";
  std::vector<std::string> keys;
  std::vector<std::string> kms;
  bool reveal = false;
};

// What the options mean, once they are known to be good.
struct Plan {
  const PeerProfile* peer;
  std::optional<NtpTime> now;
  bool lint;
  bool tree;
  bool map;
  Paint paint;
  OpeningKeys keys;
};

// One message with all that is shown of it.
struct Inspected {
  const bind::FoundMessage& found;
  wire::Dissection dissection;
  std::vector<profile::Finding> findings;
  Opened opened;
};

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

void complain(const std::string& text) {
  std::fputs(("mikey inspect: " + safe_text(text) + "\n").c_str(), stderr);
}

NtpTime from_ns(std::uint64_t ns) {
  constexpr std::uint64_t kSecond = 1'000'000'000;
  const std::uint64_t fraction = ((ns % kSecond) << 32) / kSecond;
  return NtpTime::from_unix(static_cast<std::int64_t>(ns / kSecond), static_cast<std::uint32_t>(fraction));
}

ColorMode color_mode(const std::string& name) {
  return name == "always" ? ColorMode::always : name == "never" ? ColorMode::never : ColorMode::automatic;
}

// "now", or seconds since 1970.
std::optional<NtpTime> parse_time(const std::string& text) {
  if (text == "now") return SystemClock().now();
  if (text.empty() || text.size() > 11 || text.find_first_not_of("0123456789") != std::string::npos)
    return std::nullopt;
  return NtpTime::from_unix(std::stoll(text));
}

// ------------------------------------------------------------------ one message

Inspected inspect(const bind::FoundMessage& found, const Plan& plan, bool mask) {
  const wire::ParseOptions parsing{.max_trailing_zeros = plan.peer->max_trailing_zeros};
  Inspected out{found, wire::dissect(found.message, parsing), {}, {}};
  if (plan.lint) {
    auto now = plan.now;
    if (!now && found.packet) now = from_ns(found.time_ns);
    if (const auto message = wire::Message::parse(ByteView(found.message), parsing))
      out.findings = profile::lint(*message, *plan.peer, now);
  }
  if (plan.keys.any())
    if (const auto message = wire::Message::parse(ByteView(found.message), parsing))
      out.opened = open_message(*message, plan.keys);
  if (mask) wire::mask_secrets(out.dissection);
  return out;
}

std::string title(const bind::FoundMessage& f, std::size_t number, std::size_t count) {
  std::string out = "message " + std::to_string(number) + " of " + std::to_string(count);
  if (f.packet) {
    out += ": packet " + std::to_string(*f.packet) + ", " + to_string(from_ns(f.time_ns));
    if (f.from && f.to) out += ", " + f.from->to_text() + " to " + f.to->to_text();
  }
  if (!f.source.empty()) out += (f.packet ? ", " : ": ") + f.source;
  return out + " (" + std::to_string(f.message.size()) + " octets)";
}

void print_text(const Inspected& m, const Plan& plan, bool mask) {
  std::string out;
  for (const std::string& d : m.found.diagnostics)
    out += plan.paint(Paint::yellow, "input: ") + safe_text(d) + "\n";
  if (plan.tree) out += tree_text(m.dissection, plan.paint);
  if (m.dissection.cut)
    out += plan.paint(Paint::yellow, "cut: ") + "the message has more fields than are shown\n";
  if (plan.map) out += (out.empty() ? "" : "\n") + map_text(m.found.message, m.dissection, mask, plan.paint);
  if (m.dissection.error)
    out += (out.empty() ? "" : "\n") + error_text(*m.dissection.error, m.found.message, plan.paint);
  else if (plan.lint)
    out += (out.empty() ? "" : "\n") + lint_text(m.findings, *plan.peer, plan.paint);
  if (m.opened.applies) out += (out.empty() ? "" : "\n") + opened_text(m.opened, plan.paint);
  print(out);
}

// ------------------------------------------------------------------ JSON

nlohmann::ordered_json source_json(const bind::FoundMessage& f) {
  nlohmann::ordered_json s;
  s["where"] = f.source;
  if (f.packet) {
    s["packet"] = *f.packet;
    s["time"] = to_string(from_ns(f.time_ns));
  }
  if (f.from) s["from"] = f.from->to_text();
  if (f.to) s["to"] = f.to->to_text();
  s["diagnostics"] = f.diagnostics;
  return s;
}

// The dissection's own object, with members added at its end.
std::string message_json(const Inspected& m, const Plan& plan) {
  std::string out = wire::to_json(m.dissection);
  out.pop_back();
  const auto text =
      source_json(m.found).dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace);
  out += ",\"source\":" + text;
  if (plan.lint)
    out += ",\"lint\":{\"peer\":\"" + std::string(plan.peer->name) +
           "\",\"findings\":" + lint_json(m.findings) + "}";
  if (m.opened.applies) out += ",\"opened\":" + opened_json(m.opened);
  return out + "}";
}

// ------------------------------------------------------------------ the input as a whole

bool holds_several(bind::InputKind kind) {
  return kind != bind::InputKind::binary && kind != bind::InputKind::hex && kind != bind::InputKind::base64;
}

ExitCode show(const bind::Findings& found, const Options& o, const Plan& plan) {
  for (const std::string& d : found.diagnostics) complain(d);
  const bool array = holds_several(found.kind);
  if (found.messages.empty()) {
    if (o.json) print("[]\n");
    complain("no MIKEY message in this " + std::string(bind::input_kind_name(found.kind)) +
             "; looked for a=key-mgmt, KeyMgmt headers, MIME bodies and UDP port 2269");
    return ExitCode::failed;
  }
  ExitCode exit = ExitCode::done;
  if (o.json && array) print("[");
  for (std::size_t i = 0; i < found.messages.size(); ++i) {
    const Inspected m = inspect(found.messages[i], plan, o.mask);
    if (m.dissection.error || !m.opened.good) exit = ExitCode::failed;
    if (o.json) {
      print((i > 0 ? ",\n" : "") + message_json(m, plan));
      continue;
    }
    if (array)
      print((i > 0 ? "\n" : "") +
            plan.paint(Paint::bold, safe_text(title(m.found, i + 1, found.messages.size()))) + "\n");
    print_text(m, plan, o.mask);
  }
  if (o.json) print(array ? "]\n" : "\n");
  return exit;
}

// ------------------------------------------------------------------ tables

bool same_letters(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

ExitCode print_registry(const std::optional<std::string>& only) {
  std::string_view space;
  std::string out;
  for (const wire::Entry& e : wire::registry()) {
    if (only && !same_letters(*only, e.registry)) continue;
    if (e.registry != space) out += (out.empty() ? "" : "\n") + std::string(e.registry) + "\n";
    space = e.registry;
    std::string number = std::to_string(e.value);
    std::string name(e.name);
    number.insert(0, number.size() < 7 ? 7 - number.size() : 0, ' ');
    name.append(name.size() < 34 ? 34 - name.size() : 1, ' ');
    out.append(number).append("  ").append(name).append(e.source).append("\n");
  }
  print(out);
  if (!out.empty()) return ExitCode::done;
  complain("there is no name space \"" + *only + "\"; without a name --registry prints all of them");
  return ExitCode::usage;
}

bool read_keys(const Options& o, Plan& plan) {
  if (o.kms.empty() && (!o.keys.empty() || o.reveal)) {
    complain("--keys and --reveal-keys need the KMS's public keys: --kms FILE");
    return false;
  }
  if (o.reveal && o.mask) {
    complain("--mask-keys hides what --reveal-keys shows");
    return false;
  }
  auto keys = read_opening_keys(o.keys, o.kms);
  if (!keys) {
    complain(keys.error().detail);
    return false;
  }
  plan.keys = *std::move(keys);
  plan.keys.reveal = o.reveal;
  return true;
}

std::optional<Plan> make_plan(const Options& o) {
  Plan plan{profile::profile_by_name(o.peer.empty() ? "strict" : o.peer),
            std::nullopt,
            o.lint || !o.peer.empty(),
            !o.hex,
            !o.no_hex,
            Paint(wants_color(color_mode(o.color), STDOUT_FILENO)),
            {}};
  if (o.hex && o.no_hex) {
    complain("--hex and --no-hex together leave nothing to show");
    return std::nullopt;
  }
  if (!read_keys(o, plan)) return std::nullopt;
  if (o.now.empty()) return plan;
  plan.now = parse_time(o.now);
  if (plan.now) return plan;
  complain("--now takes \"now\" or seconds since 1970, not \"" + o.now + "\"");
  return std::nullopt;
}

ExitCode run(const Options& o) {
  if (o.rules) print(rules_text());
  if (o.peers) print(peers_text());
  if (o.registry) return print_registry(o.input);
  if (o.rules || o.peers) return ExitCode::done;
  const auto plan = make_plan(o);
  if (!plan) return ExitCode::usage;
  const auto octets = read_input(o.input);
  if (!octets) {
    complain(octets.error().detail);
    return ExitCode::usage;
  }
  if (octets->empty()) {
    complain("the input is empty; give a message as base64, hex or octets, or a file that has one in it");
    return ExitCode::failed;
  }
  const auto found = bind::find_mikey(*octets);
  if (!found) {
    complain(found.error().to_string() +
             "; give a message as base64, hex or octets, SDP, RTSP, SIP, or a capture");
    return ExitCode::failed;
  }
  return show(*found, o, *plan);
}

std::vector<std::string> peer_names() {
  std::vector<std::string> out;
  for (const PeerProfile& p : profile::all_profiles()) out.emplace_back(p.name);
  return out;
}

}  // namespace

void add_inspect(CLI::App& app, ExitCode& exit) {
  auto o = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("inspect", "Decode MIKEY messages field by field, and check them");
  verb->add_option(
      "INPUT", o->input,
      "A file, a message as base64 or hex, or - for standard input (the default). Files may hold a "
      "message as base64, hex or octets, SDP, RTSP or SIP messages, or a pcap or pcapng capture");
  verb->add_flag("--json", o->json, "One JSON object; for SDP, RTSP, SIP and captures an array of them");
  verb->add_flag("--lint", o->lint, "Also check the message against the RFCs, with advice");
  verb->add_option("--peer", o->peer, "Check for this peer; --peers tells more (implies --lint)")
      ->check(CLI::IsMember(peer_names()))
      ->type_name("NAME");
  verb->add_option("--now", o->now, "Check T against this time: \"now\", or seconds since 1970")
      ->type_name("TIME");
  verb->add_flag("--mask-keys", o->mask, "Do not show keys that stand in clear");
  verb->add_option("--kms", o->kms, "Check MIKEY-SAKKE signatures with these public keys (kms.json, or XML)")
      ->allow_extra_args(false)
      ->type_name("FILE");
  verb->add_option("--keys", o->keys,
                   "Open MIKEY-SAKKE messages with this key set; more than one may be given")
      ->allow_extra_args(false)
      ->type_name("FILE");
  verb->add_flag("--reveal-keys", o->reveal, "Show the keys that were opened, not their fingerprints");
  verb->add_flag("--hex", o->hex, "Show the map of octets only, without the tree of fields");
  verb->add_flag("--no-hex", o->no_hex, "Show the tree of fields only, without the map of octets");
  verb->add_option("--color", o->color, "When to use colours; auto: on a terminal, unless NO_COLOR is set")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->type_name("WHEN");
  verb->add_flag("--registry", o->registry, "List the assigned numbers, or those of the name space INPUT");
  verb->add_flag("--peers", o->peers, "List the peers that --peer knows");
  verb->add_flag("--rules", o->rules, "List what --lint looks for");
  verb->footer(examples({
      {"mikey inspect AQAFAOadUfgBAAAwaFdgAAAAAAsA...", "decode a message given as base64"},
      {"mikey inspect offer.sdp --lint", "every a=key-mgmt of a session description, with advice"},
      {"mikey inspect capture.pcapng --json | jq '.[].source'", "every message of a capture, for programs"},
      {"mikey inspect message.bin --peer gstreamer --mask-keys", "would GStreamer take this message?"},
      {"mikey inspect message.b64 --keys alice-1545.json --kms kms.json", "who signed it, and does it open?"},
      {"mikey inspect --registry \"MAC alg\"", "the numbers of one name space"},
  }));
  verb->callback([o, &exit] { exit = run(*o); });
}

}  // namespace mikey::cmd
