// SPDX-License-Identifier: Apache-2.0
#include "analyzer/generate_notes.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "analyzer/observed_ends.h"

namespace nspect::analyzer {
namespace {

/// Port of HBONE, Istio's tunnel between proxies of its ambient mode.
constexpr Port mesh_port{15008};
constexpr Port dns_port{53};

/// A Job seen fewer times may do more than it was seen doing.
constexpr std::size_t enough_runs = 3;

struct KnownProgram {
    std::string_view word;  ///< within the workload's name or its app label
    std::string_view role;
};

constexpr std::array<KnownProgram, 17> known_programs{{
    {"ingress-nginx", "an ingress controller"},
    {"nginx-ingress", "an ingress controller"},
    {"traefik", "an ingress controller"},
    {"haproxy-ingress", "an ingress controller"},
    {"kubernetes-ingress", "an ingress controller"},
    {"contour", "an ingress controller"},
    {"ingressgateway", "an ingress gateway of the mesh"},
    {"ingress-controller", "an ingress controller"},
    {"router-default", "an ingress controller"},
    {"prometheus", "a metrics scraper"},
    {"vmagent", "a metrics scraper"},
    {"victoria-metrics", "a metrics scraper"},
    {"grafana-agent", "a metrics scraper"},
    {"opentelemetry-collector", "a metrics scraper"},
    {"otel-collector", "a metrics scraper"},
    {"datadog", "a metrics scraper"},
    {"alloy", "a metrics scraper"},
}};

std::string_view role_of_word(std::string_view word) {
    for (const auto& each : known_programs) {
        if (word.find(each.word) != std::string_view::npos) return each.role;
    }
    return {};
}

std::string counted(const Grounds& grounds) {
    std::string text = std::to_string(grounds.conversations) +
                       (grounds.conversations == 1 ? " conversation, " : " conversations, ") +
                       to_seconds(grounds.first);
    if (to_seconds(grounds.last) != to_seconds(grounds.first)) {
        text += " to " + to_seconds(grounds.last);
    }
    return text;
}

std::string resolver_words(const NamedPeer& peer) {
    if (peer.address == nullptr) return "DNS, by the resolver that was really asked";
    if (peer.address->is_link_local()) {
        return "DNS, by the resolver that was really asked: a cache on the node";
    }
    return is_private(*peer.address)
               ? "DNS, by the resolver that was really asked: no pod"
               : "DNS, by the resolver that was really asked: one outside the cluster";
}

void add_address_notes(std::vector<std::string>& notes, const IpAddress& address, Port port) {
    static const auto mesh_probes = IpAddress::parse("169.254.7.127");
    if (is_metadata_service(address)) {
        notes.emplace_back(std::string(warning_mark) +
                           "the cloud metadata service, which hands out credentials");
    } else if (address == mesh_probes) {
        notes.emplace_back("link-local: health probes, as Istio's ambient mode rewrites them");
    } else if (address.is_link_local() && port == dns_port) {
        notes.emplace_back("link-local: the node itself, such as a node-local DNS cache");
    } else if (address.is_link_local()) {
        notes.emplace_back(std::string(warning_mark) +
                           "link-local: whatever has this address on each node");
    }
}

}  // namespace

void bound(std::vector<std::string>& notes) {
    const auto rest = std::stable_partition(
        notes.begin(), notes.end(),
        [](const std::string& note) { return note.starts_with(warning_mark); });
    const auto most = std::max(most_notes, static_cast<std::size_t>(rest - notes.begin()));
    if (notes.size() <= most) return;
    const auto more = notes.size() - most;
    notes.resize(most);
    notes.push_back("and " + std::to_string(more) + " more");
}

void merge(Grounds& into, const Grounds& more) {
    const bool first = into.conversations == 0;
    into.first = first ? more.first : std::min(into.first, more.first);
    into.last = first ? more.last : std::max(into.last, more.last);
    into.weak_direction = (first || into.weak_direction) && more.weak_direction;
    into.conversations += more.conversations;
    into.from_node |= more.from_node;
    into.service_address |= more.service_address;
    into.behind_service |= more.behind_service;
    keep_name(into.refused_name, more.refused_name);
}

void keep_name(std::string& kept, const std::string& name) {
    if (!name.empty() && (kept.empty() || name < kept)) kept = name;
}

Roles::Roles(const Inventory& inventory) : inventory_(inventory) {
    for (const auto& node : inventory.nodes()) {
        for (const auto& address : node.addresses) addresses_[address] = "node " + node.name;
    }
    for (const auto& service : inventory.services()) {
        if (service.namespace_name != "default" || service.name != "kubernetes") continue;
        for (const auto* list : {&service.addresses, &service.backends}) {
            for (const auto& address : *list) addresses_[address] = "the Kubernetes API server";
        }
    }
}

bool Roles::is_api_server(const IpAddress& address) const {
    const auto found = addresses_.find(address);
    return found != addresses_.end() && found->second == "the Kubernetes API server";
}

std::string Roles::of_address(const IpAddress& address) const {
    const auto found = addresses_.find(address);
    return found == addresses_.end() ? std::string() : found->second;
}

std::string Roles::of_workload(std::size_t workload) const {
    const auto& id = inventory_.workloads()[workload].id;
    if (const auto role = role_of_word(id.name); !role.empty()) return std::string(role);
    const auto pods = inventory_.endpoints_of(workload);
    if (pods.empty()) return {};
    const auto& labels = inventory_.endpoints()[pods.front()].labels;
    for (const auto* key : {"app.kubernetes.io/name", "app", "k8s-app"}) {
        const auto* value = labels.find(key);
        if (value == nullptr) continue;
        if (const auto role = role_of_word(*value); !role.empty()) return std::string(role);
    }
    return {};
}

std::string Roles::rarity_of(std::size_t workload) const {
    const auto& id = inventory_.workloads()[workload].id;
    if (id.kind != "Job" && id.kind != "CronJob") return {};
    std::size_t runs = 0;
    for (const auto index : inventory_.endpoints_of(workload)) {
        runs += inventory_.endpoints()[index].from_template ? 0U : 1U;
    }
    if (runs >= enough_runs) return {};
    return "rare: " + to_string(id) + " ran " +
           (runs <= 1 ? std::string("once") : std::to_string(runs) + " times") +
           " while recording; another run may need more than this";
}

void add_notes(std::vector<std::string>& notes, const NamedPeer& peer, const TrafficPoint& point,
               const Grounds& grounds) {
    notes.push_back(peer.words + ' ' + to_string(point) + ": " + counted(grounds));
    if (grounds.conversations == 1) notes.emplace_back("seen once only");
    if (!peer.role.empty()) notes.push_back(peer.words + " is " + peer.role);
    if (point.port == dns_port) notes.push_back(resolver_words(peer));
    if (point == TrafficPoint{Protocol::tcp, mesh_port}) {
        notes.emplace_back(
            "HBONE, the mesh's tunnel: what flows inside is for the mesh's own policies");
    }
    if (grounds.weak_direction) {
        notes.emplace_back("direction told by port numbers alone: the start was not seen");
    }
    if (grounds.from_node) {
        notes.emplace_back("a node: host network or masquerade; plugins differ in what names it");
    }
    if (grounds.service_address) {
        notes.emplace_back(
            "a Service's address, its pods were not seen: only some network "
            "plugins match it");
    }
    if (grounds.behind_service) {
        notes.emplace_back("dialled by Service; the port is the one its pods listen on");
    }
    if (!grounds.refused_name.empty()) {
        notes.push_back("asked for as \"" + grounds.refused_name +
                        "\", a name that this policy language refuses: by address");
    }
    if (peer.address != nullptr) add_address_notes(notes, *peer.address, point.port);
}

}  // namespace nspect::analyzer
