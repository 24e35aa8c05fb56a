// SPDX-License-Identifier: Apache-2.0
#include "analyzer/endpoint_classes.h"

#include <algorithm>
#include <map>
#include <optional>

#include "analyzer/address_cuts.h"
#include "analyzer/refinement.h"

namespace nspect::analyzer {
namespace {

/// What an endpoint looks like to policies, in numbers: the first step of classification.
using Look = std::vector<std::uint32_t>;

struct LookHash {
    std::size_t operator()(const Look& look) const noexcept {
        std::size_t hash = look.size();
        for (const std::uint32_t part : look) {
            hash = (hash ^ part) * 0x9e3779b97f4a7c15ULL + (hash >> 31U);
        }
        return hash;
    }
};

template <class T>
std::uint32_t number(std::map<T, std::uint32_t>& index, const T& value) {
    return index.try_emplace(value, static_cast<std::uint32_t>(index.size())).first->second;
}

class Classifier {
public:
    Classifier(const World& world, const Rulebook& rules)
        : inventory_(world.inventory), rules_(rules), terms_(rules.terms()) {}

    EndpointClasses run();

private:
    void index_namespaces();
    void cut_addresses();
    void look_at_endpoints();
    std::uint32_t looked(std::size_t endpoint, Look& look);
    std::uint32_t address_look(std::size_t endpoint);
    void select_pods();
    IdSet select(const PodTerm& term);
    IdSet select_in_namespaces(const PodTerm& term);
    void match_addresses();
    void merge();

    struct Kind {  // of looks: what is not in the label index
        bool host_network = false;
        std::uint32_t signature = 0;
        std::uint32_t addresses = 0;
        std::uint8_t families = v4_bit | v6_bit;
    };

    const Inventory& inventory_;
    const Rulebook& rules_;
    const Terms& terms_;
    LabelIndex namespaces_;
    LabelIndex looks_;
    std::vector<IdRange> namespace_looks_;
    std::vector<std::uint32_t> look_namespace_;
    std::vector<Kind> kinds_;
    std::vector<std::uint32_t> look_of_;  // by endpoint
    std::map<std::vector<NamedPort>, std::uint32_t> signatures_;
    std::optional<AddressCuts> cuts_;
    std::map<std::vector<std::uint32_t>, std::uint32_t> address_looks_;  // sorted address classes
    std::vector<std::optional<IdSet>> anywhere_;  // by pod selector: in all namespaces
    bool any_host_network_ = false;
    EndpointClasses result_;
};

EndpointClasses Classifier::run() {
    for (const Selector& selector : terms_.namespace_selectors())
        namespaces_.keep_keys_of(selector);
    for (const Selector& selector : terms_.pod_selectors()) looks_.keep_keys_of(selector);
    index_namespaces();
    cut_addresses();
    look_at_endpoints();
    select_pods();
    match_addresses();
    merge();
    return std::move(result_);
}

void Classifier::index_namespaces() {
    for (const Namespace& space : inventory_.namespaces()) {
        namespaces_.add(namespaces_.relevant(space.labels));
    }
}

void Classifier::cut_addresses() {
    std::vector<const IpSet*> sets;
    for (const AddressTerm& term : terms_.addresses()) {
        if (term.pods) sets.push_back(&term.addresses);
    }
    if (!sets.empty()) cuts_.emplace(sets);
}

/// Looks are numbered namespace by namespace, so that those of one namespace are a range.
void Classifier::look_at_endpoints() {
    const auto& endpoints = inventory_.endpoints();
    std::vector<std::uint32_t> workload_namespace;
    for (const Workload& workload : inventory_.workloads()) {
        const auto index = inventory_.find_namespace(workload.id.namespace_name);
        workload_namespace.push_back(static_cast<std::uint32_t>(index.value_or(0)));
    }
    std::vector<std::vector<std::uint32_t>> members(inventory_.namespaces().size());
    for (std::uint32_t i = 0; i < endpoints.size(); ++i) {
        members[workload_namespace[endpoints[i].workload]].push_back(i);
    }
    number(signatures_, {});
    number(address_looks_, {});
    look_of_.resize(endpoints.size());
    for (std::uint32_t space = 0; space < members.size(); ++space) {
        std::unordered_map<Look, std::uint32_t, LookHash> known;
        const std::uint32_t first = looks_.size();
        for (const std::uint32_t endpoint : members[space]) {
            Look look = terms_.asks_beyond_labels()
                            ? looks_.relevant(policy_labels(endpoints[endpoint]))
                            : looks_.relevant(endpoints[endpoint].labels);
            const std::size_t labels = look.size();
            const std::uint32_t kind = looked(endpoint, look);
            const auto [entry, fresh] = known.try_emplace(look, looks_.size());
            look_of_[endpoint] = entry->second;
            if (!fresh) {
                kinds_.resize(kind);
                continue;
            }
            look.resize(labels);
            looks_.add(look);
            look_namespace_.push_back(space);
        }
        namespace_looks_.push_back({first, looks_.size()});
    }
}

/// Appends what is not a label to the look, and the Kind it would be; its index.
std::uint32_t Classifier::looked(std::size_t index, Look& look) {
    const Endpoint& endpoint = inventory_.endpoints()[index];
    const auto next = static_cast<std::uint32_t>(kinds_.size());
    Kind kind;
    kind.host_network = endpoint.host_network;
    any_host_network_ = any_host_network_ || endpoint.host_network;
    kind.signature = number(signatures_, rules_.named_ports(endpoint));
    if (cuts_) {
        kind.families = 0;
        for (const auto& address : known_addresses(inventory_, index)) {
            kind.families |= address.is_v4() ? v4_bit : v6_bit;
        }
        if (kind.families == 0) kind.families = v4_bit | v6_bit;
        kind.addresses = address_look(index);
    }
    const auto flags =
        static_cast<std::uint32_t>((kind.families << 1U) | (kind.host_network ? 1 : 0));
    look.insert(look.end(), {kind.signature, kind.addresses, flags});
    kinds_.push_back(kind);
    return next;
}

/// Two numbers per address: its class, and its family in the lowest bit.
std::uint32_t Classifier::address_look(std::size_t endpoint) {
    std::vector<std::uint32_t> classes;
    for (const auto& address : known_addresses(inventory_, endpoint)) {
        classes.push_back(cuts_->class_of(address) * 2 + (address.is_v4() ? 0 : 1));
    }
    std::sort(classes.begin(), classes.end());
    classes.erase(std::unique(classes.begin(), classes.end()), classes.end());
    return number(address_looks_, classes);
}

void Classifier::select_pods() {
    anywhere_.resize(terms_.pod_selectors().size());
    for (const PodTerm& term : terms_.pods()) {
        IdSet looks = select(term);
        if (any_host_network_ && !term.host_network) {
            std::erase_if(looks, [&](std::uint32_t look) { return kinds_[look].host_network; });
        }
        result_.pods.push_back(std::move(looks));
    }
}

IdSet Classifier::select(const PodTerm& term) {
    const Selector& pods = terms_.pod_selectors()[term.pods];
    if (!term.namespace_name) return select_in_namespaces(term);
    const auto space = inventory_.find_namespace(*term.namespace_name);
    return space ? looks_.select(pods, namespace_looks_[*space]) : IdSet{};
}

IdSet Classifier::select_in_namespaces(const PodTerm& term) {
    constexpr std::size_t few = 16;  // above it, one pass over all namespaces is cheaper
    const Selector& pods = terms_.pod_selectors()[term.pods];
    const Selector& chosen = terms_.namespace_selectors()[term.namespaces];
    const IdSet spaces = namespaces_.select(chosen, {0, namespaces_.size()});
    IdSet looks;
    if (spaces.size() <= few) {
        for (const std::uint32_t space : spaces) {
            const IdSet some = looks_.select(pods, namespace_looks_[space]);
            looks.insert(looks.end(), some.begin(), some.end());
        }
        std::sort(looks.begin(), looks.end());
        return looks;
    }
    auto& everywhere = anywhere_[term.pods];
    if (!everywhere) everywhere = looks_.select(pods, {0, looks_.size()});
    if (spaces.size() == namespaces_.size()) return *everywhere;
    std::vector<bool> inside(namespaces_.size(), false);
    for (const std::uint32_t space : spaces) inside[space] = true;
    for (const std::uint32_t look : *everywhere) {
        if (inside[look_namespace_[look]]) looks.push_back(look);
    }
    return looks;
}

void Classifier::match_addresses() {
    std::vector<IdSet> looks_by_class[2];
    if (cuts_) {
        for (auto& family : looks_by_class) family.resize(cuts_->classes().size());
        std::vector<const std::vector<std::uint32_t>*> classes(address_looks_.size());
        for (const auto& [list, index] : address_looks_) classes[index] = &list;
        for (std::uint32_t look = 0; look < kinds_.size(); ++look) {
            for (const std::uint32_t entry : *classes[kinds_[look].addresses]) {
                looks_by_class[entry % 2][entry / 2].push_back(look);
            }
        }
    }
    const auto reach = [&](const AddressTerm& term, const std::vector<IdSet>& by_class) {
        IdSet looks;
        if (!term.pods) return looks;
        for (const std::uint32_t piece : cuts_->classes_in(term.addresses)) {
            looks.insert(looks.end(), by_class[piece].begin(), by_class[piece].end());
        }
        for (std::uint32_t look = 0; term.host_network && look < kinds_.size(); ++look) {
            if (kinds_[look].host_network) looks.push_back(look);
        }
        std::sort(looks.begin(), looks.end());
        looks.erase(std::unique(looks.begin(), looks.end()), looks.end());
        return looks;
    };
    for (const AddressTerm& term : terms_.addresses()) {
        result_.addresses_v4.push_back(reach(term, looks_by_class[0]));
        result_.addresses_v6.push_back(reach(term, looks_by_class[1]));
    }
}

/// Looks that no term tells apart become one class.
void Classifier::merge() {
    std::map<Look, std::uint32_t> kinds;
    std::vector<std::uint32_t> parts;
    for (const Kind& kind : kinds_) {
        parts.push_back(number(kinds, Look{kind.signature, kind.families, kind.host_network}));
    }
    Refinement refinement(std::move(parts));
    for (auto* sets : {&result_.pods, &result_.addresses_v4, &result_.addresses_v6}) {
        for (const IdSet& set : *sets) refinement.split(set);
    }
    for (auto* sets : {&result_.pods, &result_.addresses_v4, &result_.addresses_v6}) {
        for (IdSet& set : *sets) set = refinement.parts_of(set);
    }
    result_.sizes.resize(refinement.count());
    result_.signature.resize(refinement.count());
    result_.families.resize(refinement.count());
    for (std::uint32_t look = 0; look < kinds_.size(); ++look) {
        result_.signature[refinement.part(look)] = kinds_[look].signature;
        result_.families[refinement.part(look)] = kinds_[look].families;
    }
    for (const std::uint32_t look : look_of_) {
        result_.class_of.push_back(refinement.part(look));
        ++result_.sizes[result_.class_of.back()];
    }
    result_.signatures.resize(signatures_.size());
    for (const auto& [ports, index] : signatures_) result_.signatures[index] = ports;
}

}  // namespace

std::vector<IpAddress> known_addresses(const Inventory& inventory, std::size_t endpoint) {
    auto addresses = inventory.addresses_of(endpoint);
    const Endpoint& pod = inventory.endpoints()[endpoint];
    if (!addresses.empty() || !pod.host_network || pod.node.empty()) return addresses;
    for (const Node& node : inventory.nodes()) {
        if (node.name == pod.node) return node.addresses;
    }
    return addresses;
}

EndpointClasses classify(const World& world, const Rulebook& rules) {
    return Classifier(world, rules).run();
}

}  // namespace nspect::analyzer
