// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

/// The files of viz/web and d3, put into the program when it is built (cmake/EmbedFiles.cmake).
namespace nspect::viz::web {

struct Asset {
    std::string_view text;
    std::string_view sha256;  ///< in hex
};

extern const Asset style;
extern const Asset d3;
extern const Asset picture;
extern const Asset details;
extern const Asset time;
extern const Asset lists;
extern const Asset script;
extern const Asset page;

}  // namespace nspect::viz::web
