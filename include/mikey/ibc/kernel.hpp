/// \file
/// Which implementation of the field arithmetic runs: "adx" (mulx, adcx, adox) or "portable" (standard C++).
/// The fastest this processor has is taken unless one is named before anything of mikey::ibc is used.
#pragma once

#include <string_view>
#include <vector>

#include "mikey/base/error.hpp"

namespace mikey::ibc {

/// The names of all this processor can run, the fastest first.
std::vector<std::string_view> kernel_names();

/// The one that is used, chosen by the first to ask, and the same from then on.
std::string_view kernel_in_use();

/// Chooses one by its name, for tests and comparisons. ErrorCode::bad_request when the processor cannot run
/// it or there is none of that name, or when another one is in use already.
Status use_kernel(std::string_view name);

}  // namespace mikey::ibc
