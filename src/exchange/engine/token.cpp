#include "exchange/engine/token.hpp"

namespace mikey::engine {

Draft Draft::clone() const {
  return Draft(bundle_.clone());
}

NeedReplayVerdict ReplayGate::question(const wire::Message& m, const Identity& peer) {
  NeedReplayVerdict q;
  q.peer = peer;
  q.csb_id = m.hdr().csb_id;
  const auto t = m.first<wire::T>();
  if (t && t->value.size() == 8) q.t = NtpTime{load_be<std::uint64_t>(t->value.data())};
  return q;
}

Status ReplayGate::judge(const ReplayVerdict& v) {
  switch (v.verdict) {
    case Verdict::fresh:
      return {};
    case Verdict::replayed:
      return Error{ErrorCode::invalid_ts, Severity::discard, "RFC 3830 5.4", std::nullopt,
                   "the message was received before"};
    case Verdict::stale:
      return bad_message(ErrorCode::invalid_ts, "RFC 3830 5.4",
                         "the timestamp is too old for a busy replay cache");
    case Verdict::full:
      break;
  }
  return Error{ErrorCode::resource, Severity::system, "RFC 3830 5.4", std::nullopt,
               "the replay cache is full: the message cannot be told from a replay"};
}

Status ReplayGate::same_timestamp(const wire::Message& m, ByteView own_t) {
  const wire::Slot* at = m.find(PayloadType::t);
  if (m.count<wire::T>() != 1)
    return bad_message(ErrorCode::unspecified, "RFC 3830 3.1", "the response must have one T payload");
  const auto t = m.get<wire::T>(*at);
  if (t.type != TsType::ntp_utc || !(t.value == Octets(own_t)))
    return bad_message(ErrorCode::invalid_ts, "RFC 3830 5.2",
                       "the response has another timestamp than the request", at->offset);
  return {};
}

}  // namespace mikey::engine
