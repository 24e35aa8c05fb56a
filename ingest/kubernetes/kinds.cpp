// SPDX-License-Identifier: Apache-2.0
#include "ingest/kubernetes/kinds.h"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "ingest/calico/read.h"
#include "ingest/consul/read.h"
#include "ingest/docker/read.h"
#include "ingest/document/fields.h"
#include "ingest/kubernetes/names.h"
#include "ingest/linkerd/read.h"
#include "ingest/mesh/read.h"

namespace nspect::ingest {

namespace {

enum class Scope : std::uint8_t { cluster, namespaced };

struct KindRow {
    std::string_view kind;
    std::string_view groups;  ///< separated by spaces; "core" is the group without a name
    Scope scope;
    std::string_view duplicate_code;
    void (*read)(const Object&, Staging&);
};

constexpr std::string_view admin_group = "policy.networking.k8s.io";
constexpr std::string_view calico_groups = "projectcalico.org crd.projectcalico.org";
constexpr std::string_view linkerd_group = "policy.linkerd.io";
constexpr std::string_view consul_group = "consul.hashicorp.com";
constexpr std::string_view gateway_group = "gateway.networking.k8s.io";

constexpr std::array<KindRow, 55> kinds{{
    {"Namespace", "core", Scope::cluster, "INV001", read_namespace},
    {"Node", "core", Scope::cluster, "INV002", read_node},
    {"Pod", "core", Scope::namespaced, "INV002", read_pod},
    {"Deployment", "apps extensions", Scope::namespaced, "INV002", read_workload},
    {"ReplicaSet", "apps extensions", Scope::namespaced, "INV002", read_workload},
    {"StatefulSet", "apps", Scope::namespaced, "INV002", read_workload},
    {"DaemonSet", "apps extensions", Scope::namespaced, "INV002", read_workload},
    {"Job", "batch", Scope::namespaced, "INV002", read_workload},
    {"CronJob", "batch", Scope::namespaced, "INV002", read_workload},
    {"ReplicationController", "core", Scope::namespaced, "INV002", read_workload},
    {"VirtualMachine", "kubevirt.io", Scope::namespaced, "INV002", read_workload},
    {"Service", "core", Scope::namespaced, "INV002", read_service},
    {"Endpoints", "core", Scope::namespaced, "INV002", read_endpoints},
    {"EndpointSlice", "discovery.k8s.io", Scope::namespaced, "INV002", read_endpoint_slice},
    {"Ingress", "networking.k8s.io extensions", Scope::namespaced, "INV002", read_ingress},
    {"Route", "route.openshift.io", Scope::namespaced, "INV002", read_openshift_route},
    {"HTTPRoute", gateway_group, Scope::namespaced, "INV002", read_gateway_route},
    {"GRPCRoute", gateway_group, Scope::namespaced, "INV002", read_gateway_route},
    {"TCPRoute", gateway_group, Scope::namespaced, "INV002", read_gateway_route},
    {"NetworkPolicy", "networking.k8s.io extensions", Scope::namespaced, "NP019",
     read_network_policy},
    {"AdminNetworkPolicy", admin_group, Scope::cluster, "NP019", read_admin_network_policy},
    {"BaselineAdminNetworkPolicy", admin_group, Scope::cluster, "NP019",
     read_baseline_admin_network_policy},
    {"ClusterNetworkPolicy", admin_group, Scope::cluster, "NP019", read_cluster_network_policy},
    {"AuthorizationPolicy", "security.istio.io", Scope::namespaced, "NP019",
     read_authorization_policy},
    {"PeerAuthentication", "security.istio.io", Scope::namespaced, "INV002",
     read_peer_authentication},
    {"DestinationRule", "networking.istio.io", Scope::namespaced, "INV002", read_destination_rule},
    {"Sidecar", "networking.istio.io", Scope::namespaced, "INV002", read_sidecar},
    {"Gateway", "networking.istio.io", Scope::namespaced, "INV002", read_istio_gateway},
    {"ServiceEntry", "networking.istio.io", Scope::namespaced, "INV002", read_service_entry},
    {"ConfigMap", "core", Scope::namespaced, "INV002", read_mesh_config_map},
    {"IstioOperator", "install.istio.io", Scope::namespaced, "INV002", read_istio_operator},
    {"Server", linkerd_group, Scope::namespaced, "INV002", read_linkerd_server},
    {"ServerAuthorization", linkerd_group, Scope::namespaced, "INV002",
     read_linkerd_server_authorization},
    {"AuthorizationPolicy", linkerd_group, Scope::namespaced, "INV002",
     read_linkerd_authorization_policy},
    {"MeshTLSAuthentication", linkerd_group, Scope::namespaced, "INV002",
     read_linkerd_mesh_tls_authentication},
    {"NetworkAuthentication", linkerd_group, Scope::namespaced, "INV002",
     read_linkerd_network_authentication},
    {"HTTPRoute", linkerd_group, Scope::namespaced, "INV002", read_linkerd_route},
    {"GRPCRoute", linkerd_group, Scope::namespaced, "INV002", read_linkerd_route},
    {"ServiceIntentions", consul_group, Scope::namespaced, "INV002", read_consul_intentions},
    {"ServiceDefaults", consul_group, Scope::namespaced, "INV002", read_consul_defaults},
    {"ProxyDefaults", consul_group, Scope::namespaced, "INV002", read_consul_defaults},
    {"TrafficExpectation", "nspect.io", Scope::namespaced, "INV002", read_traffic_expectation},
    {"CiliumNetworkPolicy", "cilium.io", Scope::namespaced, "NP019", read_cilium_network_policy},
    {"CiliumClusterwideNetworkPolicy", "cilium.io", Scope::cluster, "NP019",
     read_cilium_network_policy},
    {"CiliumCIDRGroup", "cilium.io", Scope::cluster, "INV002", read_cilium_cidr_group},
    {"ServiceAccount", "core", Scope::namespaced, "INV002", read_service_account},
    {"NetworkPolicy", calico_groups, Scope::namespaced, "NP019", read_calico_network_policy},
    {"GlobalNetworkPolicy", calico_groups, Scope::cluster, "NP019",
     read_calico_global_network_policy},
    {"StagedNetworkPolicy", calico_groups, Scope::namespaced, "NP019",
     read_calico_staged_network_policy},
    {"StagedGlobalNetworkPolicy", calico_groups, Scope::cluster, "NP019",
     read_calico_staged_global_network_policy},
    {"StagedKubernetesNetworkPolicy", calico_groups, Scope::namespaced, "NP019",
     read_calico_staged_kubernetes_policy},
    {"Tier", calico_groups, Scope::cluster, "INV002", read_calico_tier},
    {"NetworkSet", calico_groups, Scope::namespaced, "INV002", read_calico_network_set},
    {"GlobalNetworkSet", calico_groups, Scope::cluster, "INV002", read_calico_network_set},
    {"HostEndpoint", calico_groups, Scope::cluster, "INV002", read_calico_host_endpoint},
}};

// Objects of these groups change what may talk to whom, and nothing here reads them.
constexpr std::array<std::string_view, 6> foreign_policy_groups{
    "cilium.io",         "crd.projectcalico.org", "projectcalico.org",
    "security.istio.io", "policy.linkerd.io",     "k8s.cni.cncf.io"};

bool has_word(std::string_view words, std::string_view word) {
    while (!words.empty()) {
        const std::size_t space = words.find(' ');
        if (words.substr(0, space) == word) return true;
        if (space == std::string_view::npos) return false;
        words.remove_prefix(space + 1);
    }
    return false;
}

const KindRow* find_row(std::string_view kind, std::string_view group, bool any_group) {
    const auto row = std::find_if(kinds.begin(), kinds.end(), [&](const KindRow& one) {
        return one.kind == kind &&
               (any_group || has_word(one.groups, group.empty() ? "core" : group));
    });
    return row == kinds.end() ? nullptr : row;
}

std::string scalar_text(const Node& root, std::string_view key) {
    const Node* node = any_field(root, key);
    return node != nullptr && node->is_scalar() ? std::string(node->text) : std::string();
}

std::string kind_of(const FoundObject& found) {
    const std::string kind = scalar_text(*found.root, "kind");
    constexpr std::size_t suffix = 4;  // "List"
    if (!kind.empty() || !found.list_kind.ends_with("List")) return kind;
    return found.list_kind.substr(0, found.list_kind.size() - suffix);
}

void pass_over(const FoundObject& found, const std::string& kind, const std::string& group,
               Report& report, Staging& staging) {
    staging.count_passed_over();
    const Node* node = found.root->find("kind");
    const Node& at = node == nullptr ? *found.root : *node;
    if (kind.empty()) {
        if (found.root->find("metadata") == nullptr && found.root->find("apiVersion") == nullptr) {
            return;  // a file of another sort, say the values of a chart
        }
        report.warning(at, "DOC016", "this object has no kind; it is passed over");
        return;
    }
    const bool foreign = std::find(foreign_policy_groups.begin(), foreign_policy_groups.end(),
                                   group) != foreign_policy_groups.end();
    if (foreign && kind.find("Polic") != std::string::npos) {
        report.warning(at, "NP031", kind + " is not evaluated: verdicts are without it");
    } else if (group == "networking.k8s.io" || group == admin_group) {
        const std::string hint =
            suggestion(kind, {"NetworkPolicy", "Ingress", "AdminNetworkPolicy",
                              "BaselineAdminNetworkPolicy", "ClusterNetworkPolicy"});
        if (!hint.empty()) {
            report.warning(at, "DOC017", "unknown kind " + in_quotes(kind) + " is passed over",
                           hint);
        }
    }
}

std::string read_name(const Node& root, const std::string& kind, Report& report) {
    const Node* metadata = mapping_field(root, "metadata", report);
    if (metadata == nullptr && any_field(root, "metadata") != nullptr) return {};
    const Node* name = metadata == nullptr ? nullptr : any_field(*metadata, "name");
    if (name == nullptr) {
        auto stem =
            metadata == nullptr ? std::nullopt : text_field(*metadata, "generateName", report);
        while (stem && stem->ends_with('-')) stem->pop_back();
        if (stem && !stem->empty()) return *stem;
        report.error(metadata == nullptr ? root : *metadata, "DOC020",
                     "this " + kind + " has no metadata.name");
        return {};
    }
    auto text = text_value(*name, report);
    if (!text) return {};
    if (!is_dns_subdomain(*text)) {
        report.error(*name, "INV009", in_quotes(*text) + " is not a name for a " + kind,
                     "names consist of lower case letters, digits, \"-\" and \".\", with a letter "
                     "or digit at both ends");
    }
    return *text;
}

std::string read_namespace_name(const Node& root, Report& report) {
    const Node* metadata = any_field(root, "metadata");
    const Node* node = metadata == nullptr ? nullptr : any_field(*metadata, "namespace");
    if (node == nullptr || (node->is_scalar() && node->text.empty())) return "default";
    const auto text = text_value(*node, report);
    if (text && !is_dns_label(*text)) {
        report.error(*node, "INV009", in_quotes(*text) + " is not a name for a Namespace",
                     "names consist of lower case letters, digits and \"-\", at most 63, with a "
                     "letter or digit at both ends");
    }
    return text.value_or("");
}

void read_by_row(const KindRow& row, const FoundObject& found, std::string group, Report& report,
                 Staging& staging) {
    staging.count_document();
    Object object{*found.root, report, std::string(row.kind), std::move(group),
                  {},          {},     found.errors_before};
    object.name = read_name(object.root, object.kind, report);
    if (row.scope == Scope::namespaced) {
        object.namespace_name = read_namespace_name(object.root, report);
    }
    if (!object.name.empty()) staging.claim(object, row.duplicate_code);
    if (object.whole() && row.scope == Scope::namespaced) {
        staging.inventory().ensure_namespace(object.namespace_name);
    }
    const Node* metadata = any_field(object.root, "metadata");
    if (metadata == nullptr || metadata->is_mapping()) row.read(object, staging);
    if (object.whole()) return;
    staging.count_left_out();
    const std::size_t errors = report.errors() - object.errors_before;
    report.note(object.name_node(), "DOC018",
                object.title() + " is left out: it has " + std::to_string(errors) +
                    (errors == 1 ? " error" : " errors"));
}

}  // namespace

void read_object(const FoundObject& found, Report& report, Staging& staging) {
    const Node& root = *found.root;
    if (root.is_null()) return;  // an empty document
    if (!root.is_mapping()) {
        report.error(root, "DOC015",
                     "a manifest is a mapping with apiVersion and kind, this is " +
                         std::string(words_for(root)));
        return;
    }
    if (read_docker(root, report, staging.docker())) {
        staging.count_document();
        if (report.errors() != found.errors_before) staging.count_left_out();
        return;
    }
    if (read_consul_entry(root, report, staging)) {
        staging.count_document();
        if (report.errors() != found.errors_before) staging.count_left_out();
        return;
    }
    if (read_mesh_values(root, report, staging)) {
        staging.count_document();
        if (report.errors() != found.errors_before) staging.count_left_out();
        return;
    }
    const std::string kind = kind_of(found);
    const Node* items = root.find("items");
    if (kind.ends_with("List") && items != nullptr && items->is_sequence()) {
        for (const Node& item : *items) {  // a list in a list; the depth of documents is bounded
            read_object({&item, kind, scalar_text(root, "apiVersion"), report.errors()}, report,
                        staging);
        }
        return;
    }
    std::string version = scalar_text(root, "apiVersion");
    if (version.empty()) version = found.list_api_version;
    const std::size_t slash = version.find('/');
    std::string group = slash == std::string::npos ? std::string() : version.substr(0, slash);
    const KindRow* row = find_row(kind, group, version.empty());
    if (row != nullptr && row->read == read_mesh_config_map && !is_mesh_config_map(root)) {
        row = nullptr;
    }
    if (row == nullptr) {
        pass_over(found, kind, group, report, staging);
    } else {
        read_by_row(*row, found, std::move(group), report, staging);
    }
}

}  // namespace nspect::ingest
