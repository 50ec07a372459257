/// \file
/// A KMS behind HTTPS, measured as a whole.
#pragma once

#include <cstddef>

#include "measure.hpp"

namespace mikey::bench {

/// A server of `threads` threads on loopback answers requests and resolves over kept TLS 1.3 connections, on
/// tables and on SQLite, and beside them the same server with a handler that answers a constant as long;
/// clients are our own, 32 for each thread. What a second brings by the clock, as rows `https/request-N` and
/// so on for N threads; what a second of the server's processor time brings is a fact of them. Each side runs
/// `seconds` in turns of half a second.
std::vector<Measured> serve_kms(std::size_t threads, std::size_t seconds);

}  // namespace mikey::bench
