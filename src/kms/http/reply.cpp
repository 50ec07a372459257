#include "kms/http/reply.hpp"

#include <algorithm>
#include <boost/beast/http/status.hpp>

namespace mikey::kms::http {
namespace {

std::string_view trimmed(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t')) s.remove_suffix(1);
  return s;
}

}  // namespace

bool same_token(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

std::string_view reason_of(unsigned status) {
  const auto s = boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(status));
  return {s.data(), s.size()};
}

SecretBytes response_octets(const Response& r, const std::string& date) {
  std::string head;
  head.reserve(256);
  head.append("HTTP/1.1 ").append(std::to_string(r.status)).append(" ").append(reason_of(r.status));
  head.append("\r\nDate: ").append(date);
  if (!r.content_type.empty()) head.append("\r\nContent-Type: ").append(r.content_type);
  head.append("\r\nContent-Length: ").append(std::to_string(r.body.size()));
  head.append("\r\nCache-Control: no-store");
  for (const auto& [name, value] : r.headers) head.append("\r\n").append(name).append(": ").append(value);
  if (r.close) head.append("\r\nConnection: close");
  if (!r.close && r.keep_alive) head.append("\r\nConnection: keep-alive");
  head.append("\r\n\r\n");
  SecretBytes out(head.size() + (r.head_only ? 0 : r.body.size()));
  const auto rest = std::ranges::copy(as_bytes(head), out.reveal_mutable().begin()).out;
  if (!r.head_only) std::ranges::copy(r.body, rest);
  return out;
}

Response response_to(const Verdict& v, std::string& text) {
  Response r;
  switch (v.became) {
    case Became::answered:
    case Became::refused:
      break;
    case Became::dropped:
      r.status = 400;
      break;
    case Became::limited:
      r.status = 429;
      break;
    case Became::overloaded:
      r.status = 503;
      break;
    case Became::unavailable:
      r.status = v.gateway ? 502 : 503;
      break;
  }
  if (v.retry_after) r.headers.emplace_back("Retry-After", std::to_string(v.retry_after->count()));
  if (v.message.empty()) {
    text = (v.why.empty() ? std::string(reason_of(r.status)) : v.why) + "\n";
    r.body = as_bytes(text);
  } else {
    r.content_type = kMikeyType;
    r.body = v.message;
  }
  return r;
}

bool is_mikey_type(std::string_view content_type) {
  const std::size_t semicolon = content_type.find(';');
  if (!same_token(trimmed(content_type.substr(0, semicolon)), kMikeyType)) return false;
  while (!content_type.empty()) {
    const std::size_t next = content_type.find(';');
    const std::string_view parameter = trimmed(content_type.substr(0, next));
    content_type.remove_prefix(next == std::string_view::npos ? content_type.size() : next + 1);
    const std::size_t equals = parameter.find('=');
    if (equals == std::string_view::npos || !same_token(parameter.substr(0, equals), "version")) continue;
    const std::string_view value = parameter.substr(equals + 1);
    if (value != "1" && value != "\"1\"") return false;
  }
  return true;
}

}  // namespace mikey::kms::http
