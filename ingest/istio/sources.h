// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "model/policy.h"

namespace nspect::ingest::istio {

/// Pods as a source: all of these must hold.
struct Term {
    Selector namespaces;
    Selector pods;
    std::optional<IpSet> addresses;

    bool operator==(const Term&) const = default;
};

/// Where a connection may come from: pods that one of the terms describes, and addresses outside.
struct Sources {
    std::vector<Term> pods;
    IpSet outside;

    static Sources everyone();
    static Sources nobody() { return {}; }
};

/// Beyond this many terms a source is no longer taken apart.
inline constexpr std::size_t most_terms = 128;

Sources operator|(const Sources& left, const Sources& right);
/// Terms that nothing can fulfil are left out.
Sources operator&(const Sources& left, const Sources& right);

/// Pods with a proxy, which alone have an identity: what labels and annotations of pod and
/// namespace say; a pod that nothing is said of has one.
/// https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/
Sources in_mesh();
/// The others, and all addresses outside.
Sources outside_mesh();

std::vector<Peer> peers_of(const Sources& sources);
/// The pods alone, limited to a namespace when one is given.
std::vector<PodPeer> pods_of(const Sources& sources, const std::string& namespace_name);

}  // namespace nspect::ingest::istio
