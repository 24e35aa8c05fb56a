// SPDX-License-Identifier: Apache-2.0
// Any bytes as a file of manifests (.yaml): no crash, no hang, and no object without its place.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "ingest/load.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(data, data + size);
    nspect::Diagnostics diagnostics;
    const auto bundle = nspect::ingest::load_texts({{"fuzz.yaml", text}}, diagnostics);
    for (const auto& diagnostic : diagnostics.items()) {
        if (nspect::to_string(diagnostic).empty() || diagnostic.code.empty()) std::abort();
    }
    for (const auto& policy : bundle.policies) {
        if (policy.name.empty() || policy.where.line == 0) std::abort();
    }
    return 0;
}
