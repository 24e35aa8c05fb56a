// SPDX-License-Identifier: Apache-2.0
#include "model/expectation.h"

#include <array>

namespace nspect {

std::string_view to_string(TlsMode mode) {
    constexpr std::array<std::string_view, 5> names{"UNSET", "DISABLE", "PERMISSIVE", "TLS",
                                                    "STRICT"};
    return names[static_cast<std::size_t>(mode)];
}

}  // namespace nspect
