#include <algorithm>

#include "exchange/ibake/sealed.hpp"

namespace mikey {

void IbakeStore::add(ibc::IbakeKms kms) {
  const auto same = std::ranges::find(kms_, kms.uri(), &ibc::IbakeKms::uri);
  if (same != kms_.end())
    *same = std::move(kms);
  else
    kms_.push_back(std::move(kms));
}

void IbakeStore::add(ibc::IbakeKey key) {
  const auto same = std::ranges::find_if(keys_, [&](const ibc::IbakeKey& k) {
    return k.identity() == key.identity() && k.date() == key.date() && k.kms().uri() == key.kms().uri();
  });
  if (same != keys_.end())
    *same = std::move(key);
  else
    keys_.push_back(std::move(key));
}

void IbakeStore::know(Identity peer, std::string kms_uri) {
  peers_.insert_or_assign(std::move(peer), std::move(kms_uri));
}

void IbakeStore::forget_before(NtpTime t) {
  std::erase_if(keys_,
                [&](const ibc::IbakeKey& k) { return ntp_difference(t, ibc::date_end(k.date())) > 0; });
}

const ibc::IbakeKms* IbakeStore::kms_by_uri(std::string_view uri) const {
  const auto it = std::ranges::find_if(kms_, [&](const ibc::IbakeKms& k) { return k.uri() == uri; });
  return it == kms_.end() ? nullptr : &*it;
}

const ibc::IbakeKms* IbakeStore::kms_of(const Identity& peer) const {
  const auto known = peers_.find(peer);
  if (known != peers_.end() && !known->second.empty()) return kms_by_uri(known->second);
  return kms_.empty() ? nullptr : &kms_.front();
}

const ibc::IbakeKey* IbakeStore::key(ByteView id_data, NtpTime t) const {
  const auto it = std::ranges::find_if(keys_, [&](const ibc::IbakeKey& k) {
    return std::ranges::equal(k.identity(), id_data) && k.date() == k.kms().date_at(t);
  });
  return it == keys_.end() ? nullptr : &*it;
}

Result<ContentKey> open_esk(const crypto::Provider& provider, const IbakeStore& store,
                            const StoredKey& stored) {
  const ibc::IbakeKey* key = store.key(stored.owner.data, stored.time);
  if (key == nullptr)
    return bad_request("there is no private key of " + stored.owner.name() + " for the date of the content",
                       "RFC 6267 6.1.2");
  auto c = ibake::unseal(provider, *key, stored.data, 0);
  if (!c) return std::move(c).error();
  if (!c->is(ibake::kContentKey) || c->key.empty())
    return bad_message(ErrorCode::unspecified, "RFC 6267 4.2.2.1", "the sealed key is not (ID || SK)");
  return ContentKey{std::move(c->ids.front()), std::move(c->key)};
}

}  // namespace mikey
