#include "mikey/exchange/sakke.hpp"

namespace mikey {
namespace {

constexpr std::chrono::seconds kGrace{2 * 86400};  // RFC 6509 3.3: the first and second days of the new month

Bytes name_of(std::initializer_list<ByteView> parts) {
  Bytes out;
  for (const ByteView p : parts) append(out, p);
  return out;
}

}  // namespace

void SakkeStore::know(Identity peer, std::string kms_uri) {
  std::string& known = peers_[std::move(peer)];
  if (!kms_uri.empty()) known = std::move(kms_uri);
}

void SakkeStore::forget_expired(NtpTime now) {
  std::erase_if(sets_, [&](const ibc::KeySet& set) {
    const auto k = std::ranges::find(kms_, set.kms_uri(), &ibc::Kms::uri);
    if (k == kms_.end()) return false;
    const NtpTime end = ibc::period_begin(k->record().ids, {set.period().number + 1});
    return ntp_difference(now, end + kGrace) > 0;
  });
}

const ibc::Kms* SakkeStore::kms_at(std::string_view uri, NtpTime t) const {
  for (const ibc::Kms& k : kms_)
    if (k.uri() == uri && k.record().covers(ibc::period_at(k.record().ids, t))) return &k;
  return nullptr;
}

const ibc::KeySet* SakkeStore::key_set(std::string_view kms_uri, ByteView id) const {
  for (const ibc::KeySet& s : sets_)
    if (s.kms_uri() == kms_uri && Octets(s.id()) == Octets(id)) return &s;
  return nullptr;
}

std::string_view SakkeStore::kms_of(const Identity& peer) const {
  const auto it = peers_.find(peer);
  return it == peers_.end() ? std::string_view() : it->second;
}

// ------------------------------------------------------------------ tables of peers

template <class Table>
std::optional<Table>* SakkeCache::Recent<Table>::find(const Bytes& name) {
  const auto it = by_name_.find(name);
  if (it == by_name_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, it->second);
  return &it->second->table;
}

template <class Table>
void SakkeCache::Recent<Table>::add(Bytes name) {
  if (most_ == 0) return;
  if (by_name_.size() >= most_) {
    by_name_.erase(entries_.back().name);
    entries_.pop_back();
  }
  entries_.push_front({name, std::nullopt});
  by_name_.emplace(std::move(name), entries_.begin());
}

Status SakkeCache::verify(const crypto::Provider& provider, const ibc::Kms& kms, ByteView id,
                          ByteView message, ByteView signature) {
  const ByteView pvt = ibc::eccsi::pvt_of(signature);
  // KPAK and PVT have fixed lengths, so the parts cannot be mistaken for others.
  const Bytes name = name_of({kms.kpak().octets(), pvt, id});
  std::optional<ibc::eccsi::KnownSigner>* known = pvt.empty() ? nullptr : signers_.find(name);
  if (known == nullptr) {
    auto ok = ibc::eccsi::verify(provider, kms.kpak(), id, message, signature);
    if (ok) signers_.add(name);
    return ok;
  }
  if (!*known) {
    auto made = ibc::eccsi::KnownSigner::prepare(provider, kms.kpak(), id, pvt);
    if (!made) return std::move(made).error();
    known->emplace(std::move(*made));
  }
  return ibc::eccsi::verify(provider, **known, message, signature);
}

Result<Bytes> SakkeCache::encapsulate(const crypto::Provider& provider, const ibc::Kms& kms, ByteView id,
                                      const ibc::Ssv& ssv) {
  const Bytes name = name_of({kms.z().octets(), id});
  std::optional<ibc::sakke::KnownReceiver>* known = receivers_.find(name);
  if (known == nullptr) {
    receivers_.add(name);
    return ibc::sakke::encapsulate(provider, kms.z(), id, ssv);
  }
  if (!*known) {
    auto made = ibc::sakke::KnownReceiver::prepare(kms.z(), id);
    if (!made) return std::move(made).error();
    known->emplace(std::move(*made));
  }
  return ibc::sakke::encapsulate(provider, **known, ssv);
}

}  // namespace mikey
