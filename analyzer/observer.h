// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "analyzer/engine.h"
#include "analyzer/observed.h"
#include "analyzer/observed_ends.h"
#include "analyzer/places.h"
#include "model/conversation.h"
#include "model/graph.h"

namespace nspect::analyzer {

/// Counts conversations one by one and keeps none of them. `engine` and `places`, which name where
/// packets were lost, must outlive it.
class Observer {
public:
    explicit Observer(const PolicyEngine& engine, const Places* places = nullptr,
                      OutsideBy outside = OutsideBy::asked);
    ~Observer();

    struct Place {
        Talk talk;
        std::uint32_t edge = 0;
    };
    /// Its ends, and its edge in graph().
    Place take(const Conversation& conversation);
    /// Nodes and edges in the order in which they were first seen. Once, after the last of them.
    Graph graph();

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace nspect::analyzer
