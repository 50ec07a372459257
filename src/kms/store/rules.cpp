// Groups, rules and policies.

#include "kms/store/impl.hpp"

namespace mikey::kms {

using store::check_identity;
using store::identity_of;
using store::key_of;
using store::octets;
using store::Row;
using store::text_of;

namespace {

constexpr std::size_t kMostPattern = 1000;
constexpr std::int64_t kMostLifetime = 100LL * 366 * 86400;

Status check_pattern(const char* what, std::string_view text) {
  if (is_pattern(text)) return {};
  return bad_request(
      std::string(what) +
      ": expected an identity of 1 to 1000 octets, where a star stands for any text without @");
}

std::vector<Identity> identities(const store::Rows& r) {
  std::vector<Identity> out;
  for (const Row& row : r.rows) out.push_back(identity_of(row.bytes(0)));
  return out;
}

std::string no_group(const Identity& group) {
  return "there is no group " + group.name();
}

}  // namespace

bool is_pattern(std::string_view text) {
  return !text.empty() && text.size() <= kMostPattern;
}

// Greedy with one step back: after a mismatch the latest star takes one character more, so the time is
// bounded by the product of the lengths.
bool matches(std::string_view pattern, std::string_view name) {
  if (pattern == "*") return true;
  std::size_t p = 0;
  std::size_t n = 0;
  std::optional<std::size_t> star;
  std::size_t taken = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken = n;
    } else if (p < pattern.size() && pattern[p] == name[n]) {
      ++p;
      ++n;
    } else if (star && name[taken] != '@') {
      n = ++taken;
      p = *star + 1;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

// ------------------------------------------------------------------ groups

Status Store::add_group(const Identity& group) {
  if (auto s = check_identity(group); !s) return s;
  return impl_->change("INSERT INTO teams (id) VALUES ($1) ON CONFLICT DO NOTHING", {ByteView(key_of(group))},
                       "there is a group " + group.name() + " already");
}

Status Store::remove_group(const Identity& group) {
  return impl_->change("DELETE FROM teams WHERE id = $1", {ByteView(key_of(group))}, no_group(group));
}

Result<std::vector<Identity>> Store::groups() {
  auto r = impl_->ask("SELECT id FROM teams ORDER BY id");
  if (!r) return std::move(r).error();
  return identities(*r);
}

Status Store::add_member(const Identity& group, const Identity& member) {
  if (auto s = check_identity(member); !s) return s;
  const Bytes team = key_of(group);
  return impl_->write([&]() -> Status {
    auto there = impl_->run("SELECT 1 FROM teams WHERE id = $1", {ByteView(team)});
    if (!there) return std::move(there).error();
    if (there->rows.empty()) return bad_request(no_group(group));
    return impl_->change("INSERT INTO members (team, member) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                         {ByteView(team), ByteView(key_of(member))},
                         member.name() + " is a member of " + group.name() + " already");
  });
}

Status Store::remove_member(const Identity& group, const Identity& member) {
  return impl_->change("DELETE FROM members WHERE team = $1 AND member = $2",
                       {ByteView(key_of(group)), ByteView(key_of(member))},
                       member.name() + " is no member of " + group.name());
}

Result<std::vector<Identity>> Store::members(const Identity& group) {
  auto r =
      impl_->ask("SELECT member FROM members WHERE team = $1 ORDER BY member", {ByteView(key_of(group))});
  if (!r) return std::move(r).error();
  return identities(*r);
}

Result<bool> Store::is_member(const Identity& group, const Identity& member) {
  auto r = impl_->ask("SELECT 1 FROM members WHERE team = $1 AND member = $2",
                      {ByteView(key_of(group)), ByteView(key_of(member))});
  if (!r) return std::move(r).error();
  return !r->rows.empty();
}

// ------------------------------------------------------------------ rules

Result<std::int64_t> Store::add_rule(const Rule& rule) {
  if (auto s = check_pattern("who", rule.who); !s) return std::move(s).error();
  if (auto s = check_pattern("whom", rule.whom); !s) return std::move(s).error();
  const auto kind = static_cast<std::int64_t>(rule.kind);
  const std::int64_t allow = rule.allow ? 1 : 0;
  const Bytes who = octets(rule.who);
  const Bytes whom = octets(rule.whom);
  std::int64_t id = 0;
  auto done = impl_->write([&]() -> Status {
    auto made = impl_->run(
        "INSERT INTO rules (kind, allow, who, whom) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        {kind, allow, ByteView(who), ByteView(whom)});
    if (!made) return std::move(made).error();
    auto r = impl_->run("SELECT id FROM rules WHERE kind = $1 AND allow = $2 AND who = $3 AND whom = $4",
                        {kind, allow, ByteView(who), ByteView(whom)});
    if (!r) return std::move(r).error();
    if (r->rows.empty()) return store::database_error("the store did not keep a rule");
    id = r->rows.front().number(0);
    return {};
  });
  if (!done) return std::move(done).error();
  return id;
}

Status Store::remove_rule(std::int64_t id) {
  return impl_->change("DELETE FROM rules WHERE id = $1", {id}, "there is no rule " + std::to_string(id));
}

Result<std::vector<Rule>> Store::rules() {
  auto r = impl_->ask("SELECT id, kind, allow, who, whom FROM rules ORDER BY id");
  if (!r) return std::move(r).error();
  std::vector<Rule> out;
  for (const Row& row : r->rows)
    out.push_back({row.number(0), static_cast<Rule::Kind>(row.number(1)), row.flag(2), text_of(row.bytes(3)),
                   text_of(row.bytes(4))});
  return out;
}

// ------------------------------------------------------------------ policies

Status Store::set_policy(const DomainPolicy& p) {
  if (auto s = check_pattern("pattern", p.pattern); !s) return s;
  if (p.max_lifetime && (*p.max_lifetime < 1 || *p.max_lifetime > kMostLifetime))
    return bad_request("a lifetime has 1 to " + std::to_string(kMostLifetime) + " seconds");
  using store::Param;
  return impl_->change(
      "INSERT INTO policies (pattern, max_lifetime, refused_flags) VALUES ($1, $2, $3) ON CONFLICT (pattern) "
      "DO UPDATE SET max_lifetime = excluded.max_lifetime, refused_flags = excluded.refused_flags",
      {as_bytes(p.pattern), p.max_lifetime ? Param(*p.max_lifetime) : Param(),
       std::int64_t{p.refused.bits()}},
      "");
}

Status Store::remove_policy(std::string_view pattern) {
  return impl_->change("DELETE FROM policies WHERE pattern = $1", {as_bytes(pattern)},
                       "there is no policy for " + std::string(pattern));
}

Result<std::vector<DomainPolicy>> Store::policies() {
  auto r = impl_->ask("SELECT pattern, max_lifetime, refused_flags FROM policies ORDER BY pattern");
  if (!r) return std::move(r).error();
  std::vector<DomainPolicy> out;
  for (const Row& row : r->rows) {
    DomainPolicy p{text_of(row.bytes(0)), std::nullopt,
                   TicketFlags(static_cast<std::uint16_t>(row.number(2)))};
    if (!row.null(1)) p.max_lifetime = row.number(1);
    out.push_back(std::move(p));
  }
  return out;
}

}  // namespace mikey::kms
