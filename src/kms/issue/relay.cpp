// Signalling between KMSs (RFC 6043 10, figure 9): RESOLVE_INIT goes on to the KMS that issued the ticket,
// and its answer back to the client, protected anew. What the other KMS forked is bound to the client, not to
// this KMS.

#include "mikey/kms/issuer.hpp"

namespace mikey::kms {

Relay::Relay(const Env& env, std::map<Identity, KmsLink> links, std::size_t most)
    : env_(env), links_(std::move(links)), most_(most) {}

void Relay::expire() {
  const NtpTime now = env_.clock.read();
  std::erase_if(open_, [&](const auto& e) {
    return ntp_difference(now, e.second.question.time() + env_.policy.patience) >= 0;
  });
}

Result<Send> Relay::ask(const Identity& kms, const KmsRequest& asked, bool forking) {
  expire();
  if (open_.size() >= most_)
    return Error{ErrorCode::resource, Severity::system, "", std::nullopt,
                 "too many questions to other KMSs are open"};
  const wire::Message& m = asked.message();
  const wire::Slot& at = *m.find(PayloadType::ticket);
  const ByteView ticket = m.octets().subspan(at.body(), at.end() - at.body());
  auto question = KmsQuestion::resolve(env_, links_.at(kms), m.hdr().prf, asked.client(), ticket);
  if (!question) {
    Error e = std::move(question).error();
    e.severity = Severity::system;  // a fault of this KMS's configuration, not of the client's message
    return e;
  }
  Send out{Destination::kms, kms, question->message(), true};
  const std::uint32_t csb_id = question->csb_id();
  open_.insert_or_assign(csb_id, Open{asked, std::move(*question), forking});
  return out;
}

Answer Relay::take(ByteView octets) {
  expire();
  Answer a;
  auto m = wire::Message::parse(octets);
  if (!m) {
    a.error = std::move(m).error();
    return a;
  }
  a.csb_id = m->hdr().csb_id;
  const auto it = open_.find(m->hdr().csb_id);
  if (it == open_.end()) {
    a.error = bad_message(ErrorCode::unspecified, "RFC 6043 10",
                          "no question to another KMS waits for this message");
    return a;
  }
  const Open& open = it->second;
  a.csb_id = open.asked.message().hdr().csb_id;
  a.client = open.asked.sender();
  if (m->hdr().data_type == DataType::error) {
    Reject r = open.question.refusal(*m);
    if (r.ended) {
      r.error.severity = Severity::message;
      a.message = open.asked.error(env_, r.error);
    }
    a.error = std::move(r.error);
    if (r.ended) open_.erase(it);
    return a;
  }
  auto reply = open.question.read(env_, *m, open.forking);
  if (!reply) {  // dropped; the genuine answer may still come
    a.error = std::move(reply).error();
    return a;
  }
  auto answer = open.asked.resolved(env_, reply->mpks, reply->keys, reply->answer_as, reply->rand_kms);
  if (answer) {
    a.state = Answer::State::answered;
    a.message = std::move(*answer);
  } else {
    a.error = std::move(answer).error();
  }
  open_.erase(it);
  return a;
}

}  // namespace mikey::kms
