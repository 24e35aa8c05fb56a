// SPDX-License-Identifier: Apache-2.0
#include "ingest/kubernetes/staging.h"

#include <algorithm>

#include "ingest/calico/settle.h"
#include "ingest/consul/settle.h"
#include "ingest/linkerd/settle.h"
#include "ingest/staged.h"
#include "model/own_selector.h"

namespace nspect::ingest {

namespace {
// Deployment, ReplicaSet, Pod: real chains are short, and a circle of owners must end.
constexpr int longest_owner_chain = 8;
}  // namespace

bool Staging::claim(const Object& object, std::string_view code) {
    // Calico has a NetworkPolicy of its own, which may have any name that is taken by one.
    const bool calico = object.group.ends_with("projectcalico.org");
    // So do policies and routes of Linkerd.
    const char* apart = calico ? "@calico" : object.group == "policy.linkerd.io" ? "@linkerd" : "";
    const auto [entry, is_new] = claimed_.try_emplace(object.title() + apart);
    if (is_new) {
        entry->second = object.where();
        return true;
    }
    object.report.error(object.name_node(), code, object.title() + " is declared twice",
                        "the first is at " + to_string(entry->second));
    return false;
}

std::optional<Policy> Staging::take_policy() {
    if (bundle_.policies.empty()) return std::nullopt;
    Policy policy = std::move(bundle_.policies.back());
    bundle_.policies.pop_back();
    return policy;
}

void Staging::add_backend(std::string_view namespace_name, std::string_view service,
                          IpAddress address) {
    backends_[{std::string(namespace_name), std::string(service)}].push_back(address);
}

WorkloadId Staging::top_owner(WorkloadId id) const {
    for (int step = 0; step < longest_owner_chain; ++step) {
        const auto found = template_index_.find(to_string(id));
        if (found == template_index_.end()) break;
        const auto& owner = templates_[found->second].owner;
        if (!owner) break;
        id = *owner;
    }
    return id;
}

Bundle Staging::finish(Diagnostics& diagnostics) && {
    for (std::size_t i = 0; i < templates_.size(); ++i) {
        template_index_.emplace(to_string(templates_[i].id), i);
    }
    for (StagedPod& pod : pods_) {
        pod.id = top_owner(pod.owner.value_or(pod.id));
        if (!pod.finished) running_.insert(to_string(pod.id));
    }
    settle_templates();
    settle_pods();
    settle_istio_policies();
    settle_services();
    settle(std::move(docker_), inventory(), bundle_.policies, diagnostics);
    settle_calico(std::move(calico_), bundle_, diagnostics);
    cilium::settle(std::move(cilium_), backends_[{"default", "kubernetes"}], bundle_.inventory,
                   bundle_.policies, diagnostics);
    linkerd::settle(std::move(linkerd_), mesh_namespaces_, bundle_, diagnostics);
    consul::settle(std::move(consul_), bundle_, diagnostics);
    sort_policies(bundle_.policies);
    return std::move(bundle_);
}

// A template stands for pods that are not known. Of a Deployment and its ReplicaSets, the
// Deployment's is the one that counts.
void Staging::settle_templates() {
    std::unordered_set<std::string> has_template;
    std::unordered_map<std::string, Labels> selectors;
    for (StagedTemplate& made : templates_) {
        const WorkloadId top = top_owner(made.id);
        const std::string key = to_string(top);
        const bool own = top == made.id;
        if (!own && template_index_.count(key) != 0) continue;
        const std::size_t workload =
            inventory().ensure_workload(top, own ? made.endpoint.where : Location{});
        if (own) selectors[key] = own_selector(made.endpoint);
        if (!own) selectors.try_emplace(key, own_selector(made.endpoint));
        if (running_.count(key) != 0 || !has_template.insert(key).second) continue;
        made.endpoint.workload = workload;
        made.endpoint.name = top.name;
        made.endpoint.from_template = true;
        inventory().add_endpoint(std::move(made.endpoint));
    }
    templates_.clear();
    // One pod keeps it for all of its workload.
    for (StagedPod& pod : pods_) {
        if (pod.finished || selectors.empty()) continue;
        const auto found = selectors.find(to_string(pod.id));
        if (found == selectors.end()) continue;
        set_own_selector(pod.endpoint, found->second);
        selectors.erase(found);
    }
}

// A pod that has ended is kept only where nothing else tells of its workload.
void Staging::settle_pods() {
    for (StagedPod& pod : pods_) {
        if (pod.finished && inventory().find_workload(pod.id)) continue;
        pod.endpoint.workload = inventory().ensure_workload(pod.id, pod.endpoint.where);
        const std::size_t endpoint = inventory().add_endpoint(std::move(pod.endpoint));
        for (const IpAddress& address : pod.addresses) {
            AddressLease lease;
            lease.address = address;
            lease.endpoint = endpoint;
            inventory().add_lease(lease);
        }
    }
    pods_.clear();
}

void Staging::settle_istio_policies() {
    const auto& told = expectations().mesh.root_namespace;
    const std::string root = told ? told->value : istio::default_root_namespace;
    for (istio::StagedPolicy& staged : istio_policies_) {
        Policy& policy = staged.policy;
        const bool of_the_mesh = policy.namespace_name == root;
        policy.subjects = std::move(of_the_mesh ? staged.everywhere : staged.inside);
        for (const Service& service : services_) {
            const std::pair name{service.namespace_name, service.name};
            const auto& wanted = staged.services;
            if (!service.has_selector) continue;
            if (std::find(wanted.begin(), wanted.end(), name) == wanted.end()) continue;
            PodPeer pods;
            pods.namespace_name = service.namespace_name;
            pods.pods = service.selector;
            policy.subjects.push_back(std::move(pods));
        }
        for (MeshGuard& guard : staged.guards) {
            if (of_the_mesh) guard.namespace_name.reset();
            expectations().guards.push_back(std::move(guard));
        }
        bundle_.policies.push_back(std::move(policy));
    }
    istio_policies_.clear();
}

void Staging::settle_services() {
    for (Service& service : services_) {
        auto& backends = service.backends;
        const auto found = backends_.find({service.namespace_name, service.name});
        if (found != backends_.end()) backends = found->second;
        std::sort(backends.begin(), backends.end());
        backends.erase(std::unique(backends.begin(), backends.end()), backends.end());
        inventory().add_service(std::move(service));
    }
    services_.clear();
}

}  // namespace nspect::ingest
