// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "analyzer/label_index.h"
#include "analyzer/world.h"
#include "model/ip.h"
#include "model/policy.h"

namespace nspect::analyzer {

/// Whether pods on the host network are subjects and pod peers of this policy. NetworkPolicy v1
/// leaves it to the plugin: there they count as pods, and the verdict is marked uncertain.
bool includes_host_network(const Policy& policy, const EngineOptions& options);

/// Whether a block of addresses reaches pods, as far as the options settle it.
bool reaches_pods(PodsByAddress how, const EngineOptions& options);

/// A distinct description of pods, as some policy's subject or peer gives it.
struct PodTerm {
    std::optional<std::string> namespace_name;
    std::uint32_t namespaces = 0;  ///< selector by number, asked without a namespace_name
    std::uint32_t pods = 0;        ///< selector by number
    bool host_network = false;

    bool operator==(const PodTerm&) const = default;
};

struct AddressTerm {
    IpSet addresses;
    bool pods = false;          ///< reaches pods by their own address
    bool host_network = false;  ///< and all that are on the host network

    bool operator==(const AddressTerm&) const = default;
};

/// The addresses a peer names outside, where it names any.
IpSet addresses_named(const Peer& peer, const World& world);

/// What one entry of a rule's peers stands for.
struct PeerRef {
    enum class Kind : std::uint8_t { any, pods, pods_within, addresses };
    Kind kind = Kind::any;
    std::uint32_t term = 0;
    std::uint32_t within = 0;  ///< pods_within: the term of addresses they must have one of

    auto operator<=>(const PeerRef&) const = default;
    bool operator==(const PeerRef&) const = default;
};

/// Every distinct description of pods and addresses in a world's policies, each once, by number:
/// thousands of policies usually share few of them.
class Terms {
public:
    explicit Terms(const World& world);

    const std::vector<Selector>& namespace_selectors() const { return namespace_selectors_.items; }
    const std::vector<Selector>& pod_selectors() const { return pod_selectors_.items; }
    const std::vector<PodTerm>& pods() const { return pods_.items; }
    const std::vector<AddressTerm>& addresses() const { return addresses_.items; }
    /// Whether some selector asks for more than labels (policy_labels()).
    bool asks_beyond_labels() const noexcept { return beyond_labels_; }

    std::uint32_t number_of(const PodPeer& peer, bool host_network);
    PeerRef ref(const Peer& peer, bool host_network);

private:
    /// Distinct values by number.
    template <class T, class Hash>
    struct Interned {
        std::vector<T> items;
        std::unordered_map<T, std::uint32_t, Hash> index;

        std::uint32_t number(T value) {
            const auto next = static_cast<std::uint32_t>(items.size());
            const auto [entry, fresh] = index.try_emplace(value, next);
            if (fresh) items.push_back(std::move(value));
            return entry->second;
        }
    };
    struct PodTermHash {
        std::size_t operator()(const PodTerm& term) const noexcept;
    };
    struct AddressTermHash {
        std::size_t operator()(const AddressTerm& term) const noexcept;
    };

    const World& world_;
    Interned<Selector, SelectorHash> namespace_selectors_;
    Interned<Selector, SelectorHash> pod_selectors_;
    Interned<PodTerm, PodTermHash> pods_;
    Interned<AddressTerm, AddressTermHash> addresses_;
    bool beyond_labels_ = false;
};

}  // namespace nspect::analyzer
