#include "mikey/exchange/replay.hpp"

namespace mikey {

Verdict verdict_of(keys::ReplayCache::Verdict v) {
  switch (v) {
    case keys::ReplayCache::Verdict::fresh:
      return Verdict::fresh;
    case keys::ReplayCache::Verdict::replay:
      return Verdict::replayed;
    case keys::ReplayCache::Verdict::stale:
      return Verdict::stale;
    case keys::ReplayCache::Verdict::full:
      break;
  }
  return Verdict::full;
}

}  // namespace mikey
