// Certificates that messages name by URL: who waits for which, and what comes of it when it is there.

#include <algorithm>

#include "mikey/exchange/party.hpp"

namespace mikey {

/// An answer is not authentic yet when its certificate is asked for: anybody may send any number of them.
bool Party::remember_fetch(const std::string& url, std::uint32_t csb_id) {
  const bool known = std::ranges::any_of(
      fetching_, [&](const Fetching& f) { return !f.responder && f.csb_id == csb_id && f.url == url; });
  if (known) return true;
  if (fetching_.size() >= limits_.waiting) return false;
  fetching_.push_back({url, csb_id, clock_.inner().now(), {}});
  return true;
}

/// Several answers of which each might be the genuine one can need more certificates each: what run() does
/// not see, as it looks at the last need only.
std::vector<Outcome> Party::further_fetches(const Step& step, const Fetching& f) {
  std::vector<std::string> urls;
  for (const Action& a : step)
    if (const auto* need = std::get_if<Need>(&a))
      if (const auto* c = std::get_if<NeedCertificate>(need)) urls.push_back(c->url);
  std::vector<Outcome> out;
  for (std::size_t i = 0; i + 1 < urls.size(); ++i) {
    fetching_.push_back({urls[i], f.csb_id, f.since, {}});
    Outcome o;
    o.state = Outcome::State::waiting;
    o.csb_id = f.csb_id;
    o.need_certificate_url = std::move(urls[i]);
    out.push_back(std::move(o));
  }
  return out;
}

std::vector<Outcome> Party::supply_certificate(const std::string& url, Result<Bytes> der) {
  std::vector<Fetching> due;
  const auto rest = std::stable_partition(fetching_.begin(), fetching_.end(),
                                          [&](const Fetching& f) { return f.url != url; });
  std::move(rest, fetching_.end(), std::back_inserter(due));
  fetching_.erase(rest, fetching_.end());
  const auto supply = [&]() -> Supply {
    if (der) return CertificateSupplied{url, *der};
    return NotFound{der.error(), url};
  };
  std::vector<Outcome> out;
  for (Fetching& f : due) {
    if (f.responder) {
      Outcome o = run(*f.responder, f.responder->supply(supply()));
      o.csb_id = f.csb_id;
      if (o.need_certificate_url)
        fetching_.push_back({*o.need_certificate_url, f.csb_id, f.since, std::move(f.responder)});
      out.push_back(std::move(o));
      continue;
    }
    for (auto [it, to] = waiting_.equal_range(f.csb_id); it != to;) {
      if (!it->second.wants(url)) {
        ++it;
        continue;
      }
      Step step = it->second.supply(supply());
      std::vector<Outcome> more = further_fetches(step, f);
      Outcome o = run(it->second, std::move(step));
      if (o.need_certificate_url) fetching_.push_back({*o.need_certificate_url, f.csb_id, f.since, {}});
      std::ranges::move(more, std::back_inserter(out));
      it = o.state == Outcome::State::established ? waiting_.erase(it) : std::next(it);
      out.push_back(std::move(o));
    }
  }
  return out;
}

}  // namespace mikey
