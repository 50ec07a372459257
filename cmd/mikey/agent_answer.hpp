/// \file
/// From what came of a request to the members of its answer.
#pragma once

#include "agent_json.hpp"
#include "mikey/exchange/party.hpp"

namespace mikey::cmd {

/// csb, send, state, and bundle or error.
Json answer_of(const Outcome& outcome, bool reveal_keys);

/// A bundle; with `reveal_keys` including TEKs, salts and TGKs.
Json bundle_json(const keys::Bundle& bundle, bool reveal_keys);

/// The member "error" of an answer whose state is "failed".
Json failure_json(const Error& error);

/// The answer to a request that is itself wrong.
Json refusal(std::string_view detail);

/// The answer to a request that could not be met: a refusal for errors of the request, else a failure.
Json rejection(const Error& error);

}  // namespace mikey::cmd
