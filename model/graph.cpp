// SPDX-License-Identifier: Apache-2.0
#include "model/graph.h"

namespace nspect {

std::string_view to_string(EdgeState state) {
    switch (state) {
        case EdgeState::allowed_used:
            return "allowed-used";
        case EdgeState::allowed_unused:
            return "allowed-unused";
        case EdgeState::denied_blocked:
            return "denied-blocked";
        case EdgeState::denied_flowed:
            return "denied-flowed";
        case EdgeState::unprotected:
            return "unprotected";
        case EdgeState::added:
            return "added";
        case EdgeState::removed:
            return "removed";
        case EdgeState::changed:
            return "changed";
        case EdgeState::undecided:
            break;
    }
    return "undecided";
}

}  // namespace nspect
