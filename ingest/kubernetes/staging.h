// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "ingest/bundle.h"
#include "ingest/calico/documents.h"
#include "ingest/cilium/staged.h"
#include "ingest/consul/documents.h"
#include "ingest/docker/documents.h"
#include "ingest/istio/staged.h"
#include "ingest/kubernetes/object.h"
#include "ingest/linkerd/documents.h"
#include "ingest/mesh/annotations.h"

namespace nspect::ingest {

/// A pod as it was found; its workload is settled when everything is read.
struct StagedPod {
    WorkloadId id;                    ///< itself
    std::optional<WorkloadId> owner;  ///< its controller
    Endpoint endpoint;
    std::vector<IpAddress> addresses;
    bool finished = false;  ///< it has run to its end, and has no address any more
};

/// A workload with the template of its pods.
struct StagedTemplate {
    WorkloadId id;
    std::optional<WorkloadId> owner;  ///< a Deployment owns its ReplicaSets, a CronJob its Jobs
    Endpoint endpoint;
};

/// What the documents said so far. Documents come in any order, so who belongs to whom is settled
/// in finish().
class Staging {
public:
    /// False when an object of this kind and name was there before; `code` then reports it.
    bool claim(const Object& object, std::string_view code);

    Expectations& expectations() { return bundle_.expectations; }
    Inventory& inventory() { return bundle_.inventory; }
    void add(StagedPod pod) { pods_.push_back(std::move(pod)); }
    void add(StagedTemplate made) { templates_.push_back(std::move(made)); }
    void add(Policy policy) { bundle_.policies.push_back(std::move(policy)); }
    void add(Service service) { services_.push_back(std::move(service)); }
    void add(istio::StagedPolicy policy) { istio_policies_.push_back(std::move(policy)); }
    void add_backend(std::string_view namespace_name, std::string_view service, IpAddress address);

    CalicoDocuments& calico() { return calico_; }
    cilium::Documents& cilium() { return cilium_; }
    /// The only policy added so far, where one was.
    std::optional<Policy> take_policy();

    DockerDocuments& docker() { return docker_; }
    linkerd::Documents& linkerd() { return linkerd_; }
    consul::Documents& consul() { return consul_; }
    MeshNamespaces& mesh_namespaces() { return mesh_namespaces_; }

    void count_document() { ++bundle_.documents; }
    void count_passed_over() { ++bundle_.passed_over; }
    void count_left_out() { ++bundle_.left_out; }

    /// `diagnostics` takes what can be said only now.
    Bundle finish(Diagnostics& diagnostics) &&;

private:
    WorkloadId top_owner(WorkloadId id) const;
    void settle_templates();
    void settle_pods();
    void settle_istio_policies();
    void settle_services();

    Bundle bundle_;
    CalicoDocuments calico_;
    cilium::Documents cilium_;
    std::vector<StagedPod> pods_;
    std::vector<StagedTemplate> templates_;
    std::vector<Service> services_;
    std::vector<istio::StagedPolicy> istio_policies_;
    DockerDocuments docker_;
    linkerd::Documents linkerd_;
    consul::Documents consul_;
    MeshNamespaces mesh_namespaces_;  ///< what their annotations say
    std::map<std::pair<std::string, std::string>, std::vector<IpAddress>> backends_;
    std::unordered_map<std::string, Location> claimed_;
    std::unordered_map<std::string, std::size_t> template_index_;  // by to_string(id)
    std::unordered_set<std::string> running_;  // workloads with pods, by to_string(id)
};

}  // namespace nspect::ingest
