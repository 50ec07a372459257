/// \file
/// Between the replay cache and an exchange that asks about a message.
#pragma once

#include "mikey/exchange/exchange.hpp"
#include "mikey/keys/replay_cache.hpp"

namespace mikey {

/// What the cache says, as an exchange is told.
Verdict verdict_of(keys::ReplayCache::Verdict v);

}  // namespace mikey
