// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string_view>

#include "model/graph.h"
#include "viz/wire.h"

namespace nspect::viz {

/// The colours of a picture, each #rrggbb. Text has a contrast of 4.5:1 on whatever it stands on.
struct Theme {
    std::string_view name;
    std::string_view background;  ///< also behind labels
    std::string_view text;
    std::string_view soft;  ///< small print, titles of groups
    std::string_view stroke;
    std::string_view node;
    std::string_view group;
    std::string_view group_stroke;
    std::array<std::string_view, edge_state_count> states;
    std::array<std::string_view, 3> wires;  ///< by Wire::Kind

    std::string_view of(EdgeState state) const { return states[static_cast<std::size_t>(state)]; }
    std::string_view of(Wire::Kind kind) const { return wires[static_cast<std::size_t>(kind)]; }
};

const Theme& light_theme();
const Theme& dark_theme();
/// "dark" or anything else.
const Theme& theme_named(std::string_view name);

}  // namespace nspect::viz
