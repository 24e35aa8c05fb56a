// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "analyzer/world.h"

namespace nspect::analyzer {

/// What a network plugin does where Kubernetes leaves the choice to it, as far as it is documented.
/// An absent value is not documented, and answers that lean on it say so.
struct CniProfile {
    std::string_view name;   ///< as --cni takes it: "calico"
    std::string_view title;  ///< "Calico"
    /// A NetworkPolicy ipBlock holds for pods with an address in it.
    std::optional<bool> blocks_reach_pods;
    /// NetworkPolicy takes pods on the host network for pods.
    std::optional<bool> host_network_pods;
    /// Egress policy sees the pod behind a Service, not the Service's address.
    std::optional<bool> after_translation;
    std::string_view source;  ///< where it is documented
};

/// "kubernetes", which settles nothing, and the plugins nspect knows.
const std::vector<CniProfile>& cni_profiles();
/// nullptr when there is none of that name.
const CniProfile* find_cni_profile(std::string_view name);

/// The options with everything the profile settles.
EngineOptions settled(EngineOptions options, const CniProfile& profile);

}  // namespace nspect::analyzer
