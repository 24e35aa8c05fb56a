// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "ingest/load.h"

namespace nspect::ingest::test {

struct Loaded {
    Bundle bundle;
    Diagnostics diagnostics;

    /// Every diagnostic as a person sees it, one after the other.
    std::string words() const {
        std::string text;
        for (const auto& item : diagnostics.items()) text += to_string(item) + "\n";
        return text;
    }
    std::vector<std::string> codes() const {
        std::vector<std::string> codes;
        for (const auto& item : diagnostics.items()) codes.push_back(item.code);
        return codes;
    }
    std::size_t errors() const {
        std::size_t count = 0;
        for (const auto& item : diagnostics.items()) {
            count += item.severity == Diagnostic::Severity::error ? 1U : 0U;
        }
        return count;
    }
};

inline Loaded load_named(const std::string& name, const std::string& text) {
    Loaded loaded;
    loaded.bundle = load_texts({{name, text}}, loaded.diagnostics);
    loaded.diagnostics.sort();
    return loaded;
}

inline Loaded load_yaml(const std::string& text) {
    return load_named("a.yaml", text);
}

}  // namespace nspect::ingest::test
