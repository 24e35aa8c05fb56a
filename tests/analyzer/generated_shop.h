// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "analyzer/generate.h"
#include "analyzer/identity.h"
#include "analyzer/stitch.h"
#include "tests/analyzer/recording_builder.h"

namespace nspect::test {

/// web (shop), db (data) and dns (kube-system), and what is generated from what they are recorded
/// to do.
struct Shop {
    RecordingBuilder recording;
    analyzer::World world;
    analyzer::GenerateOptions options{{}, false};

    Shop() {
        container("web", "10.0.0.1", "shop", {{"app", "web"}, {"pod-template-hash", "5d4f7"}});
        container("db", "10.0.0.2", "data", {{"app", "db"}, {"version", "1.2"}});
        container("dns", "10.0.0.53", "kube-system", {{"k8s-app", "kube-dns"}});
    }
    void container(const std::string& name, const char* address, const std::string& place,
                   Labels labels) {
        recording.container(name, address, std::move(labels));
        recording.recording().targets.back().namespace_name = place;
    }
    /// Resolves what was recorded; `world` then has who there is.
    std::vector<Conversation> conversations() {
        world.inventory =
            analyzer::with_recording(std::move(world.inventory), recording.recording());
        for (const auto& seen : recording.recording().names) {
            world.domains[seen.name].insert({seen.address, seen.address});
        }
        return analyzer::stitch(recording.recording(), world.inventory);
    }
    analyzer::Generated generate() {
        const auto all = conversations();
        const analyzer::PolicyEngine engine(world);
        return analyzer::generate(engine, all, options);
    }
};

inline bool mentions(const std::vector<std::string>& notes, const std::string& words) {
    return std::any_of(notes.begin(), notes.end(), [&](const std::string& note) {
        return note.find(words) != std::string::npos;
    });
}

inline const analyzer::GeneratedPolicy& named(const analyzer::Generated& generated,
                                              const std::string& name) {
    for (const auto& each : generated.policies) {
        if (each.policy.name == name) return each;
    }
    FAIL("no policy " + name);
    return generated.policies.front();
}

}  // namespace nspect::test
