// SPDX-License-Identifier: Apache-2.0
#include "model/own_selector.h"

#include <string>

namespace nspect {
namespace {

constexpr std::string_view prefix = "@selector/";

}  // namespace

bool is_own_selector_key(std::string_view key) {
    return key.starts_with(prefix);
}

void set_own_selector(Endpoint& endpoint, const Labels& selector) {
    for (const auto& [key, value] : selector.entries()) {
        endpoint.mesh.set(std::string(prefix) + key, value);
    }
}

Labels own_selector(const Endpoint& endpoint) {
    Labels selector;
    for (const auto& [key, value] : endpoint.mesh.entries()) {
        if (is_own_selector_key(key)) selector.set(key.substr(prefix.size()), value);
    }
    return selector;
}

}  // namespace nspect
