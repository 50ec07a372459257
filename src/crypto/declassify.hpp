/// \file
/// Where a result of secret computations becomes public: everybody sees the size of a decrypted key, and
/// whether OAEP failed. The functions stand in a file of their own so that tests/ct can put others in their
/// place, which tell memcheck.
#pragma once

#include <cstddef>

namespace mikey::crypto::detail {

/// `length`, which is public from here on.
std::size_t public_length(std::size_t length);
/// Whether `mask` is not zero, which is public from here on.
bool public_outcome(std::size_t mask);

}  // namespace mikey::crypto::detail
