// SPDX-License-Identifier: Apache-2.0
#include "viz/theme.h"

#include "viz/drawn.h"

namespace nspect::viz {

namespace {

Theme made_light() {
    Theme theme{"light",   "#ffffff", "#1a202c", "#4a5568", "#4a5568",
                "#ffffff", "#f4f6f9", "#cbd5e0", {},        {}};
    for (std::size_t i = 0; i < edge_state_count; ++i) {
        theme.states[i] = edge_style(static_cast<EdgeState>(i)).color;
    }
    for (std::size_t i = 0; i < theme.wires.size(); ++i) {
        theme.wires[i] = wire_style(static_cast<Wire::Kind>(i)).color;
    }
    return theme;
}

}  // namespace

const Theme& light_theme() {
    static const Theme theme = made_light();
    return theme;
}

const Theme& dark_theme() {
    static constexpr Theme theme{"dark",
                                 "#191d24",
                                 "#e7eaf0",
                                 "#a7b0be",
                                 "#8b96a6",
                                 "#2a323d",
                                 "#1f252e",
                                 "#4a5361",
                                 {"#67cf95", "#a9b3c1", "#e9b95a", "#ff8585", "#86bdf5", "#bd9cf7",
                                  "#ff9d66", "#a9b3c1", "#86bdf5"},
                                 {"#86bdf5", "#a9b3c1", "#bd9cf7"}};
    return theme;
}

const Theme& theme_named(std::string_view name) {
    return name == "dark" ? dark_theme() : light_theme();
}

}  // namespace nspect::viz
