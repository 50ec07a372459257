#include "inspect_view.hpp"

#include <array>
#include <cstdio>

namespace mikey::cmd {
namespace {

using wire::Node;

constexpr std::size_t kPerLine = 16;      // octets of the map
constexpr std::size_t kHexPerLine = 64;   // digits of a value in the tree
constexpr std::size_t kNameWidth = 24;    // with the indentation
constexpr std::size_t kMeaningOnly = 16;  // longer values have their meaning first

std::string padded(std::string_view s, std::size_t width) {
  std::string out(s);
  if (out.size() < width) out.append(width - out.size(), ' ');
  return out;
}

std::string right(std::string_view s, std::size_t width) {
  return s.size() < width ? std::string(width - s.size(), ' ') + std::string(s) : std::string(s);
}

std::string hex_number(std::size_t n, int width) {
  std::array<char, 24> b{};
  const int size = std::snprintf(b.data(), b.size(), "%0*zx", width, n);
  return std::string(b.data(), static_cast<std::size_t>(size));
}

std::string octets_count(std::size_t n) {
  return std::to_string(n) + (n == 1 ? " octet" : " octets");
}

// ------------------------------------------------------------------ tree

// An entry of a type, a length and a short value says all in one line.
bool is_short(const Node& n) {
  return n.kind == Node::Kind::entry && n.children.size() == 3 && n.children[2].kind == Node::Kind::octets &&
         n.children[2].children.empty() && n.children[2].length <= 8;
}

std::string summary(const Node& n) {
  const Node& type = n.children[0];
  const Node& value = n.children[2];
  std::string out = type.value + (type.meaning.empty() ? "" : " " + type.meaning) + ": " + value.value;
  return value.meaning.empty() ? out : out + " " + value.meaning;
}

class Tree {
 public:
  Tree(const Paint& paint, std::size_t width) : paint_(paint), width_(width) {}

  void payload(const Node& n, std::size_t color, std::size_t depth) {
    start(n, depth);
    std::string what = paint_.on() ? paint_.cycle(color, n.name) : n.name;
    if (!n.value.empty()) what += " (" + n.value + ")";
    if (!n.meaning.empty()) what += "  " + safe_text(n.meaning);
    out_ +=
        what + "  " + paint_(Paint::dim, octets_count(n.length) + (n.rfc.empty() ? "" : ", " + n.rfc)) + "\n";
    children(n, color, depth + 1);
  }
  std::string take() { return std::move(out_); }

 private:
  void start(const Node& n, std::size_t depth) {
    out_ += paint_(Paint::dim, right(std::to_string(n.offset), width_)) + "  " + std::string(2 * depth, ' ');
  }
  void children(const Node& n, std::size_t color, std::size_t depth) {
    for (const Node& c : n.children) {
      if (c.kind == Node::Kind::payload)
        payload(c, color, depth);
      else
        field(c, color, depth);
    }
  }
  void field(const Node& n, std::size_t color, std::size_t depth) {
    start(n, depth);
    const std::size_t room = kNameWidth - std::min(kNameWidth, 2 * depth);
    const std::string name = padded(n.name, room) + " ";
    if (is_short(n)) {
      out_ += name + safe_text(summary(n)) + "\n";
      return;
    }
    // What stands inside is shown by the children.
    if (!n.children.empty()) {
      out_ += name + (n.kind == Node::Kind::octets ? octets_count(n.length) : safe_text(n.meaning)) + "\n";
      return children(n, color, depth + 1);
    }
    out_ += name;
    value(n, width_ + 2 + 2 * depth + name.size());
  }
  void value(const Node& n, std::size_t column) {
    const std::string meaning = safe_text(n.meaning);
    if (n.kind != Node::Kind::octets || n.value.size() <= kMeaningOnly) {
      const std::string shown = n.value.empty() && n.length == 0 ? "(empty)" : n.value;
      out_ += meaning.empty() ? shown + "\n" : padded(shown, 5) + " " + paint_(Paint::bold, meaning) + "\n";
      return;
    }
    bool first = true;
    const auto line = [&](const std::string& text) {
      out_ += (first ? "" : std::string(column, ' ')) + text + "\n";
      first = false;
    };
    if (!meaning.empty()) line(paint_(Paint::bold, meaning));
    for (std::size_t i = 0; i < n.value.size(); i += kHexPerLine) line(n.value.substr(i, kHexPerLine));
  }

  const Paint& paint_;
  std::size_t width_;
  std::string out_;
};

// ------------------------------------------------------------------ map

struct Leaf {
  std::size_t offset;
  std::size_t length;
  std::string name;
  bool secret;
};

void collect(const Node& n, std::vector<Leaf>& out) {
  if (n.kind == Node::Kind::entry && n.children.size() <= 3) {
    // One short name for a short entry: what its first field means.
    const std::string what =
        n.children.empty() || n.children[0].meaning.empty() ? n.name : n.children[0].meaning;
    out.push_back({n.offset, n.length, what, false});
    return;
  }
  if (n.children.empty()) out.push_back({n.offset, n.length, n.name, n.secret});
  for (const Node& c : n.children) collect(c, out);
}

class Map {
 public:
  Map(ByteView octets, const Paint& paint) : octets_(octets), paint_(paint), masked_(octets.size(), false) {}

  void mask(std::size_t offset, std::size_t length) { set(offset, length, true); }
  void unmask(std::size_t offset, std::size_t length) { set(offset, length, false); }
  void rows(std::size_t from, std::size_t to, const std::string& title, const std::vector<Leaf>& leaves,
            std::optional<std::size_t> color) {
    std::size_t next = 0;
    for (std::size_t at = from; at < to; at += kPerLine) {
      const std::size_t end = std::min(at + kPerLine, to);
      std::string names = at == from ? title + ": " : "";
      bool any = false;
      for (; next < leaves.size() && leaves[next].offset < end; ++next) {
        if (next > 0 && leaves[next].name == leaves[next - 1].name) continue;
        names += (any ? ", " : "") + leaves[next].name;
        any = true;
      }
      if (!any && at == from) names = title;
      row(at, end, names, color);
    }
  }
  std::string take() { return std::move(out_); }

 private:
  void set(std::size_t offset, std::size_t length, bool masked) {
    for (std::size_t i = offset; i < std::min(offset + length, octets_.size()); ++i) masked_[i] = masked;
  }
  void row(std::size_t at, std::size_t end, const std::string& names, std::optional<std::size_t> color) {
    std::string hex;
    for (std::size_t i = at; i < at + kPerLine; ++i) {
      if (i == at + kPerLine / 2) hex += ' ';
      hex += i >= end ? "   " : masked_[i] ? "** " : hex_number(octets_[i], 2) + " ";
    }
    if (names.empty())
      while (hex.back() == ' ') hex.pop_back();
    out_ += paint_(Paint::dim, hex_number(at, 4)) + "  " + (color ? paint_.cycle(*color, hex) : hex);
    if (!names.empty()) out_ += " " + safe_text(names);
    out_ += "\n";
  }

  ByteView octets_;
  const Paint& paint_;
  std::vector<bool> masked_;
  std::string out_;
};

// Hides keys, and in a message that broke also what was not taken apart, since keys may stand there.
void mask_keys(Map& map, const wire::Dissection& d, std::size_t size) {
  std::vector<Leaf> leaves;
  for (const Node& n : d.payloads) collect(n, leaves);
  if (d.error || d.cut) {
    map.mask(0, size);
    for (const Leaf& l : leaves) map.unmask(l.offset, l.length);
  }
  for (const Leaf& l : leaves)
    if (l.secret) map.mask(l.offset, l.length);
}

// ------------------------------------------------------------------ errors

// What helps with the mistakes that are made most often.
std::string hint(const Error& e, ByteView octets) {
  const std::size_t at = e.offset.value_or(0);
  if (octets.empty()) return "give the message as base64, hex or binary";
  if (octets[0] != 1)
    return "a MIKEY message begins with its version, 01; this begins with " + to_hex(octets.first(1)) +
           ": is it MIKEY, and in the encoding you think it is?";
  if (e.detail.find("after the last payload") != std::string::npos) {
    const bool zeros =
        at < octets.size() && std::ranges::all_of(octets.subspan(at), [](auto o) { return o == 0; });
    return zeros && octets.size() - at == 1
               ? "Milestone XProtect sends one zero octet too many: --peer milestone lets it pass"
               : "cut the input where the message ends, or look at the Next payload octet of the last "
                 "payload";
  }
  if (e.detail.find("left") != std::string::npos || at >= octets.size())
    return "the message is cut short or a length in it is too large: compare its length with what was sent";
  return "\"mikey inspect --registry\" lists the numbers that are assigned";
}

}  // namespace

std::string tree_text(const wire::Dissection& d, const Paint& paint) {
  std::size_t last = 0;
  for (const Node& n : d.payloads) last = n.offset + n.length;
  Tree tree(paint, std::max<std::size_t>(3, std::to_string(last).size()));
  std::size_t color = 0;
  for (const Node& n : d.payloads) tree.payload(n, color++, 0);
  return tree.take();
}

std::string map_text(ByteView octets, const wire::Dissection& d, bool mask, const Paint& paint) {
  Map map(octets, paint);
  if (mask) mask_keys(map, d, octets.size());
  std::size_t color = 0;
  std::size_t done = 0;
  for (const Node& n : d.payloads) {
    std::vector<Leaf> leaves;
    collect(n, leaves);
    const std::size_t end = std::min(n.offset + n.length, octets.size());
    map.rows(n.offset, end, n.name, leaves, color++);
    done = std::max(done, end);
  }
  const bool zeros = !d.error && d.trailing > 0;
  if (done < octets.size())
    map.rows(done, octets.size(), zeros ? "trailing" : "not decoded", {}, std::nullopt);
  return map.take();
}

std::string error_text(const Error& error, ByteView octets, const Paint& paint) {
  std::string out = paint(Paint::red, "malformed: ") + safe_text(error.detail) + "\n";
  out += "  where:  ";
  if (error.offset)
    out += "octet " + std::to_string(*error.offset) + " (0x" + hex_number(*error.offset, 2) + ") of " +
           std::to_string(octets.size()) + "\n";
  else
    out += "the message of " + octets_count(octets.size()) + " as a whole\n";
  if (*error.rfc != '\0') out += std::string("  rule:   ") + error.rfc + "\n";
  out += "  answer: error " + std::to_string(wire_number(error.code)) + ", " +
         std::string(error_name(error.code)) + "\n";
  return out + "  try:    " + safe_text(hint(error, octets)) + "\n";
}

}  // namespace mikey::cmd
