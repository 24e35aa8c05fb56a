// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nspect::ingest {

/// A text of a Compose file with its variables replaced, as far as their values stand in it.
struct Interpolated {
    std::string text;                  ///< a variable without a value is nothing
    std::vector<std::string> unknown;  ///< variables whose values are not in the file

    bool operator==(const Interpolated&) const = default;
};

/// "$NAME", "${NAME}", "${NAME:-default}", "${NAME-default}", "${NAME:?error}", "${NAME:+other}",
/// "$$". The environment is not read: a default counts as the value.
/// https://docs.docker.com/reference/compose-file/interpolation/
Interpolated interpolate(std::string_view text);

}  // namespace nspect::ingest
