// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/connectivity.h"
#include "analyzer/exposure.h"

namespace nspect::viz {

/// The machine format of `connectivity`, written while its rows are made: between 100 000 pods
/// there are more than can be held.
class ConnectivityJson {
public:
    using Write = std::function<void(std::string_view text)>;

    /// Writes the beginning, with all workloads (or pods).
    ConnectivityJson(Write write, const std::vector<std::string>& peers);

    void row(const analyzer::ConnectivityRow& row);
    /// The end; with "exposure" when there is one.
    void finish(const analyzer::Exposure* exposure = nullptr);

private:
    Write write_;
    bool first_ = true;
};

/// {"schema":1,"summary":{...}}
std::string to_json(const analyzer::ConnectivitySummary& summary);

}  // namespace nspect::viz
