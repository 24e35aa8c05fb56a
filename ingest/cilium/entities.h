// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "ingest/cilium/staged.h"

namespace nspect::ingest::cilium {

/// fromEntities and toEntities, gathered one by one: the local host and all other nodes are
/// together every node, and one of them alone cannot be told from the other.
/// https://docs.cilium.io/en/stable/security/policy/language/#entities-based
class Entities {
public:
    /// False when there is no such entity.
    bool add(std::string_view name);
    /// Hands over what they name.
    void finish(Peers& peers) const;

private:
    bool host_ = false;
    bool remote_node_ = false;
    bool kube_apiserver_ = false;
    bool known_kube_apiserver_ = false;
    std::vector<Peer> exact_;
    std::vector<PeerPart> partly_;
};

/// "all, cluster, ...", for messages.
std::string_view known_entities();

}  // namespace nspect::ingest::cilium
