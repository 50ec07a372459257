/// \file
/// A KMS behind HTTPS, measured as a whole.
#pragma once

#include <cstddef>

namespace mikey::bench {

/// A server of `threads` threads on loopback answers requests and resolves over kept TLS 1.3 connections, and
/// beside them the same server with a handler that answers a constant as long; clients are our own. Prints
/// what a second brings by the clock, what a second of the server's processor time brings, and the ratios.
/// Each side runs `seconds` in turns of half a second. The exit status.
int serve_kms(std::size_t threads, std::size_t seconds);

}  // namespace mikey::bench
