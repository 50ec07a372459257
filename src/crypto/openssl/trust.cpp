#include "mikey/crypto/trust.hpp"

#include <array>
#include <map>
#include <mutex>
#include <set>

#include "crypto/openssl/chain.hpp"
#include "crypto/openssl/revocation.hpp"
#include "crypto/rsa_padding.hpp"

namespace mikey::crypto {
namespace {

using detail::refuse_certificate;
using detail::Revocation;
using Path = std::vector<Certificate>;
using Digest = Bytes;  // SHA-256

/// An identity or a part of one.
struct Pattern {
  enum class Kind : std::uint8_t { whole, prefix, suffix };
  Kind kind;
  std::string text;

  bool matches(std::string_view name) const {
    switch (kind) {
      case Kind::prefix:
        return name.starts_with(text);
      case Kind::suffix:
        return name.ends_with(text);
      case Kind::whole:
        break;
    }
    return name == text;
  }
};

/// What was verified before, by the leaf. Everything in it is true for ever: that octets decode to a
/// certificate, that a path's signatures fit, that a list is its issuer's. It is emptied when it is full,
/// which a stranger cannot bring about: only leaves that trusted CAs certified get in.
class Memory {
 public:
  std::optional<Path> path(const Certificate& leaf) const {
    const std::scoped_lock lock(mutex_);
    const auto i = paths_.find(leaf.impl().sha256);
    if (i == paths_.end()) return std::nullopt;
    return i->second;
  }
  std::optional<Certificate> certificate(const Digest& fingerprint) const {
    const std::scoped_lock lock(mutex_);
    const auto i = certificates_.find(fingerprint);
    if (i == certificates_.end()) return std::nullopt;
    return i->second;
  }
  void remember(const Path& path) {
    const std::scoped_lock lock(mutex_);
    if (paths_.size() >= TrustStore::kMaxRemembered) forget();
    paths_.insert_or_assign(path[0].impl().sha256, path);
    for (const Certificate& c : path) certificates_.insert_or_assign(c.impl().sha256, c);
  }
  void clear() {
    const std::scoped_lock lock(mutex_);
    forget();
  }

  /// Whether list `index` is `issuer`'s, worked out once.
  bool crl_fits(std::size_t index, const Crl& crl, const Certificate& issuer, bool allow_sha1) {
    const auto key = std::make_tuple(index, allow_sha1, issuer.impl().sha256);
    {
      const std::scoped_lock lock(mutex_);
      if (crls_.contains(key)) return true;
    }
    if (!detail::crl_is_signed_by(crl, issuer, allow_sha1)) return false;
    const std::scoped_lock lock(mutex_);
    crls_.insert(key);
    return true;
  }

 private:
  void forget() {
    paths_.clear();
    certificates_.clear();
    crls_.clear();
  }

  mutable std::mutex mutex_;
  std::map<Digest, Path> paths_;
  std::map<Digest, Certificate> certificates_;
  std::set<std::tuple<std::size_t, bool, Digest>> crls_;
};

using PeerName = std::pair<IdType, Bytes>;

}  // namespace

struct TrustStore::Impl {
  std::vector<Certificate> anchors;
  std::vector<Crl> crls;
  std::map<PeerName, Certificate> pins;
  std::vector<Pattern> excluded;
  std::set<Digest> excluded_certificates;
  mutable Memory memory;

  bool is_excluded(std::string_view name) const {
    return std::ranges::any_of(excluded, [&](const Pattern& p) { return p.matches(name); });
  }
  bool is_excluded(const Certificate& leaf) const {
    const auto one = [this](const std::string& n) { return is_excluded(n); };
    return std::ranges::any_of(leaf.subject_uris(), one) || std::ranges::any_of(leaf.subject_emails(), one) ||
           is_excluded(leaf.common_name());
  }

  Status check_exclusions(std::span<const Certificate> path) const;
  Result<Path> find_path(std::span<const Certificate> chain) const;
  Revocation revocation(const Certificate& subject, const Certificate& issuer, std::int64_t now,
                        const VerifyOptions& options, std::span<const ByteView> ocsp) const;
  Status check_revocation(std::span<const Certificate> path, std::int64_t now, const VerifyOptions& options,
                          std::span<const ByteView> ocsp) const;
};

Status TrustStore::Impl::check_exclusions(std::span<const Certificate> path) const {
  if (is_excluded(path[0])) return refuse_certificate("the peer is excluded", "RFC 3830 4.3.2");
  for (const Certificate& c : path)
    if (excluded_certificates.contains(c.impl().sha256))
      return refuse_certificate(c.subject() + " is excluded", "RFC 3830 4.3.2");
  return {};
}

/// A path found before serves again when the sender brings all of it, or the anchors do: what is accepted
/// must not depend on what was received earlier.
Result<Path> TrustStore::Impl::find_path(std::span<const Certificate> chain) const {
  if (auto known = memory.path(chain[0])) {
    const auto at_hand = [&](const Certificate& c) {
      return std::ranges::find(chain, c) != chain.end() || std::ranges::find(anchors, c) != anchors.end();
    };
    if (std::ranges::all_of(*known, at_hand)) return std::move(*known);
  }
  auto path = detail::build_path(chain, anchors);
  if (path.ok()) memory.remember(*path);
  return path;
}

Revocation TrustStore::Impl::revocation(const Certificate& subject, const Certificate& issuer,
                                        std::int64_t now, const VerifyOptions& options,
                                        std::span<const ByteView> ocsp) const {
  Revocation result = Revocation::not_known;
  const auto merge = [&result](Revocation one) {
    if (one != Revocation::not_known && result != Revocation::revoked) result = one;
  };
  for (std::size_t i = 0; i < crls.size() && result != Revocation::revoked; ++i)
    if (const Revocation one = detail::crl_status(crls[i], subject, now);
        one != Revocation::not_known && memory.crl_fits(i, crls[i], issuer, options.allow_sha1_certificates))
      merge(one);
  for (const ByteView response : ocsp) {
    if (result == Revocation::revoked) break;
    merge(detail::ocsp_status(response, subject, issuer, now, options.ocsp_skew.count(),
                              options.allow_sha1_certificates));
  }
  return result;
}

Status TrustStore::Impl::check_revocation(std::span<const Certificate> path, std::int64_t now,
                                          const VerifyOptions& options,
                                          std::span<const ByteView> ocsp) const {
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    switch (revocation(path[i], path[i + 1], now, options, ocsp)) {
      case Revocation::revoked:
        return refuse_certificate("the certificate of " + path[i].subject() + " is revoked", "RFC 5280 6.3");
      case Revocation::refused:
        return refuse_certificate("the OCSP responder does not know the certificate of " + path[i].subject(),
                                  "RFC 6960 2.2");
      case Revocation::not_known:
        if (options.require_revocation_check)
          return refuse_certificate("nothing current says that the certificate of " + path[i].subject() +
                                    " is not revoked");
        break;
      case Revocation::good:
        break;
    }
  }
  return {};
}

TrustStore::TrustStore() : impl_(std::make_unique<Impl>()) {}
TrustStore::TrustStore(TrustStore&&) noexcept = default;
TrustStore& TrustStore::operator=(TrustStore&&) noexcept = default;
TrustStore::~TrustStore() = default;

void TrustStore::add_anchor(Certificate anchor) {
  if (std::ranges::find(impl_->anchors, anchor) == impl_->anchors.end())
    impl_->anchors.push_back(std::move(anchor));
  impl_->memory.clear();
}

void TrustStore::add_crl(Crl crl) {
  impl_->crls.push_back(std::move(crl));
}

void TrustStore::pin(IdType type, ByteView peer, Certificate leaf) {
  impl_->pins.insert_or_assign({type, to_bytes(peer)}, std::move(leaf));
}

std::optional<Certificate> TrustStore::pinned(IdType type, ByteView peer) const {
  const auto i = impl_->pins.find({type, to_bytes(peer)});
  if (i == impl_->pins.end()) return std::nullopt;
  return i->second;
}

Status TrustStore::exclude(std::string_view pattern) {
  auto kind = Pattern::Kind::whole;
  if (pattern.starts_with('*')) {
    kind = Pattern::Kind::suffix;
    pattern.remove_prefix(1);
  } else if (pattern.ends_with('*')) {
    kind = Pattern::Kind::prefix;
    pattern.remove_suffix(1);
  }
  if (pattern.empty() || pattern.find('*') != std::string_view::npos)
    return bad_request("an exclusion is a name, or one with * at one end");
  impl_->excluded.push_back({kind, std::string(pattern)});
  return {};
}

void TrustStore::exclude_certificate(ByteView sha256) {
  impl_->excluded_certificates.insert(to_bytes(sha256));
}

Status TrustStore::check_exclusions(ByteView peer, const Certificate& leaf) const {
  if (impl_->is_excluded(as_text(peer))) return refuse_certificate("the peer is excluded", "RFC 3830 4.3.2");
  return impl_->check_exclusions({&leaf, 1});
}

Result<Certificate> TrustStore::certificate(ByteView der) const {
  const auto fingerprint = detail::digest(Hash::sha256, der);
  if (!fingerprint) return fingerprint.error();
  if (auto known = impl_->memory.certificate(*fingerprint)) return std::move(*known);
  for (const auto& [peer, pinned] : impl_->pins)
    if (pinned.impl().sha256 == *fingerprint) return pinned;
  return Certificate::from_der(der);
}

Status TrustStore::verify_chain(std::span<const Certificate> chain, NtpTime at, Purpose purpose,
                                const VerifyOptions& options, std::span<const ByteView> ocsp) const {
  if (chain.empty()) return refuse_certificate("there is no certificate");
  if (chain.size() > kMaxPath) return refuse_certificate("there are too many certificates");
  const auto path = impl_->find_path(chain);
  if (!path) return path.error();
  const std::int64_t now = at.unix_seconds();
  if (auto s = detail::check_path(*path, now, purpose, options); !s) return s;
  if (auto s = impl_->check_exclusions(*path); !s) return s;
  return impl_->check_revocation(*path, now, options, ocsp);
}

Status TrustStore::verify_peer(std::span<const Certificate> chain, IdType type, ByteView peer, NtpTime at,
                               Purpose purpose, const VerifyOptions& options,
                               std::span<const ByteView> ocsp) const {
  if (chain.empty()) return refuse_certificate("there is no certificate");
  if (auto s = check_exclusions(peer, chain[0]); !s) return s;
  const auto pin = impl_->pins.find({type, to_bytes(peer)});
  if (pin != impl_->pins.end() && pin->second == chain[0]) return {};
  if (auto s = verify_chain(chain, at, purpose, options, ocsp); !s) return s;
  if (!chain[0].matches(type, peer))
    return bad_message(ErrorCode::auth_failure, "RFC 3830 6.7", "the certificate is not the claimed peer's");
  return {};
}

}  // namespace mikey::crypto
