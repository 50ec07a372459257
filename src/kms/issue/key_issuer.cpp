// Private keys of MIKEY-IBAKE (RFC 6267 4.2.1): who gets which, and for which dates.

#include "mikey/kms/key_issuer.hpp"

#include <algorithm>

namespace mikey::kms {
namespace {

constexpr const char* kProcessing = "RFC 6267 4.2.1.2";

/// The identities asked for, each once.
Result<std::vector<Identity>> authorised(const KeyRequestMessage& asked, const KeyRights& rights) {
  std::vector<Identity> out;
  for (const Identity& id : asked.identities()) {
    if (std::ranges::find(out, id) != out.end()) continue;
    if (id != asked.client() && !rights.may_have(asked.client(), id))
      return bad_message(ErrorCode::auth_failure, kProcessing,
                         "the client may not have the keys of " + id.name());
    out.push_back(id);
  }
  return out;
}

/// The current date and those after it, as far as the parameters are valid (RFC 5408 4.2: "the time component
/// of the identity MUST fall between the notBefore time and the notAfter times").
std::vector<ibc::KeyDate> dates_from(const ibc::IbakeKms& kms, NtpTime now, std::uint32_t ahead) {
  std::vector<ibc::KeyDate> out;
  ibc::KeyDate date = kms.date_at(now);
  for (std::uint64_t i = 0; i <= ahead && out.size() <= KeyRequestMessage::kMaxKeys; ++i) {
    if (!kms.valid_at(i == 0 ? now : ibc::date_begin(date))) break;
    out.push_back(date);
    date = date.next();
  }
  return out;
}

/// Octets of a BFPrivateKeyBlock under these parameters, at most.
std::size_t block_size(const ibc::IbakeKms& kms) {
  constexpr std::size_t kOverhead = 4 + 3 + 4 + 2 * 5;  // two SEQUENCEs, the version, two INTEGERs
  return kOverhead + 2 * kms.parameters().element_size();
}

/// That the answer has room for so many keys, which tells whether they are computed at all.
Status check_room(const ibc::IbakeKms& kms, const std::vector<Identity>& ids, std::size_t dates) {
  std::size_t octets = 0;
  for (const Identity& id : ids) octets += dates * KeyRequestMessage::size_in_answer(id, block_size(kms));
  if (ids.size() * dates <= KeyRequestMessage::kMaxKeys && octets <= KeyRequestMessage::kMaxOctets) return {};
  return bad_message(ErrorCode::unspecified, "RFC 6267 4.2.1.3",
                     "the keys of " + std::to_string(ids.size()) + " identities for " +
                         std::to_string(dates) + " dates do not fit into one answer");
}

}  // namespace

Answer KeyIssuer::handle(ByteView octets) const {
  auto m = wire::Message::parse(octets);
  if (m) return serve(std::move(*m));
  Answer a;
  const wire::Remains r = wire::examine_broken(octets);
  a.error = std::move(m).error();
  if (!r.hdr) return a;
  a.csb_id = r.hdr->csb_id;
  if (asks_for_keys(r.hdr->data_type)) a.message = key_request_error(env_, *r.hdr, r.t, *a.error);
  return a;
}

void KeyIssuer::refuse(Answer& to, Error why, const wire::Message& about,
                       const KeyRequestMessage* asked) const {
  if (auto s = clients_.trouble(); !s) why = std::move(s).error();
  if (asked != nullptr)
    to.message = asked->error(env_, why);
  else
    to.message = key_request_error(env_, about.hdr(), about.first<wire::T>(), why);
  to.error = std::move(why);
}

Answer KeyIssuer::serve(wire::Message message) const {
  Answer a;
  const wire::Message kept = message.clone();  // for the error message, when nobody was authenticated
  a.csb_id = kept.hdr().csb_id;
  if (auto s = clients_.begin(); !s) {
    a.error = std::move(s).error();
    return a;
  }
  auto asked = KeyRequestMessage::authenticate(env_, std::move(message), clients_, replay_);
  if (!asked) {
    refuse(a, std::move(asked).error(), kept, nullptr);
    return a;
  }
  a.client = asked->client();
  auto answer = issue(*asked);
  if (!answer) {
    refuse(a, std::move(answer).error(), kept, &*asked);
    return a;
  }
  a.state = Answer::State::answered;
  a.message = std::move(*answer);
  return a;
}

Result<Bytes> KeyIssuer::issue(const KeyRequestMessage& asked) const {
  const auto ids = authorised(asked, rights_);
  if (!ids) return ids.error();
  const auto dates = dates_from(kms(), env_.clock.read(), rights_.ahead(asked.client()));
  if (dates.empty())
    return bad_message(ErrorCode::unspecified, "RFC 5408 4.2",
                       "the parameters of this KMS are not valid now");
  if (auto s = check_room(kms(), *ids, dates.size()); !s) return std::move(s).error();
  if (record_ != nullptr)
    if (auto s = record_->keys_issued(asked.client(), *ids, dates); !s) return std::move(s).error();
  std::vector<KeyRequestMessage::Key> keys;
  for (const Identity& id : *ids)
    for (const ibc::KeyDate& date : dates) {
      const auto key = master_.extract(env_.crypto, id.data, date);
      if (!key) return key.error();
      keys.push_back({id, ibc::bf::private_key_to_der(kms().parameters(), *key), ibc::date_begin(date),
                      ibc::date_end(date)});
    }
  return asked.answer(env_, keys);
}

}  // namespace mikey::kms
