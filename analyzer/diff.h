// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "analyzer/connectivity.h"

namespace nspect::analyzer {

/// One pair whose traffic is not the same before and after; no traffic where it has no row.
struct ConnectivityChange {
    enum class Type { added, removed, changed };
    Type type = Type::changed;
    std::string src;
    std::string dst;
    TrafficSet before;
    TrafficSet after;

    bool operator==(const ConnectivityChange&) const = default;
};

/// "added", "removed", "changed".
std::string_view to_string(ConnectivityChange::Type type);

struct ConnectivityDiff {
    std::vector<std::string> peers_added;  ///< sorted
    std::vector<std::string> peers_removed;
    std::vector<ConnectivityChange> rows;  ///< sorted by (src, dst)

    bool empty() const noexcept {
        return peers_added.empty() && peers_removed.empty() && rows.empty();
    }
    bool operator==(const ConnectivityDiff&) const = default;
};

/// What changed between two sets of declared connectivity. Address ranges are compared piece by
/// piece, and neighbours that changed alike are one row.
ConnectivityDiff diff(const Connectivity& before, const Connectivity& after);

}  // namespace nspect::analyzer
