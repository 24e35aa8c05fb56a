// SPDX-License-Identifier: Apache-2.0
// What the kinds mean: workloads, addresses, services, entrances.
#include <catch2/catch.hpp>

#include "model/own_selector.h"
#include "tests/ingest/helpers.h"

using namespace nspect;
using namespace nspect::ingest;
using test::load_yaml;

namespace {

const std::string replica_set = R"(---
apiVersion: apps/v1
kind: ReplicaSet
metadata:
  name: web-7d
  namespace: shop
  ownerReferences: [{kind: Deployment, name: web, controller: true}]
spec: {template: {metadata: {labels: {app: web, hash: 7d}}}}
)";

const std::string deployment = R"(---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: webby
      initContainers:
      - {restartPolicy: Always, ports: [{name: mesh, containerPort: 15006}]}
      - {ports: [{name: gone, containerPort: 1}]}
      containers:
      - ports: [{name: http, containerPort: 8080}, {containerPort: 53, protocol: UDP}]
)";

std::string pod(const std::string& name, const std::string& owner, const std::string& status) {
    return "---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: " + name +
           "\n  namespace: shop\n  labels: {app: web}\n" +
           (owner.empty() ? "" : "  ownerReferences: [" + owner + "]\n") +
           (status.empty() ? "" : "status: " + status + "\n");
}

const std::string owned_by_set = "{kind: ReplicaSet, name: web-7d, controller: true}";

std::vector<std::string> workloads(const Bundle& bundle) {
    std::vector<std::string> names;
    for (const auto& workload : bundle.inventory.workloads()) {
        names.push_back(to_string(workload.id));
    }
    return names;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a template stands for a workload whose pods are not known") {
    const auto loaded = load_yaml(deployment);
    REQUIRE(loaded.diagnostics.empty());
    REQUIRE(loaded.bundle.inventory.endpoints().size() == 1);
    const Endpoint& endpoint = loaded.bundle.inventory.endpoints().front();
    CHECK(workloads(loaded.bundle) == Names{"shop/web[Deployment]"});
    CHECK(endpoint.from_template);
    CHECK(endpoint.service_account == "webby");
    CHECK(to_string(endpoint.labels) == "app=web");
    CHECK(to_string(endpoint.where) == "a.yaml:2:1");
    CHECK(endpoint.ports == std::vector<ContainerPort>{{"", Port{53}, Protocol::udp},
                                                       {"http", Port{8080}, Protocol::tcp},
                                                       {"mesh", Port{15006}, Protocol::tcp}});
}

TEST_CASE("pods of a ReplicaSet belong to the Deployment that owns it, and replace its template") {
    const std::string pods = pod("web-1", owned_by_set, "{podIP: 10.1.0.5}") +
                             pod("web-2", owned_by_set, "{podIP: 10.1.0.6}");
    const auto loaded = load_yaml(pods + replica_set + deployment);
    REQUIRE(loaded.diagnostics.empty());
    CHECK(workloads(loaded.bundle) == Names{"shop/web[Deployment]"});
    const auto& inventory = loaded.bundle.inventory;
    REQUIRE(inventory.endpoints().size() == 2);
    CHECK(inventory.endpoints()[0].name == "web-1");
    CHECK_FALSE(inventory.endpoints()[0].from_template);
    CHECK(inventory.owner_of(*IpAddress::parse("10.1.0.6"), Timestamp{}) == 1U);
}

TEST_CASE("without the ReplicaSet's manifest its pods are the workload named by their owner") {
    const auto loaded = load_yaml(pod("web-1", owned_by_set, "") + pod("web-2", owned_by_set, ""));
    CHECK(workloads(loaded.bundle) == Names{"shop/web-7d[ReplicaSet]"});
    CHECK(loaded.bundle.inventory.endpoints().size() == 2);
}

TEST_CASE("only a controller other than a Node owns a pod") {
    const auto [owner, workload] = GENERATE(table<std::string, std::string>({
        {"", "shop/p[Pod]"},
        {"{kind: ReplicaSet, name: r}", "shop/p[Pod]"},
        {"{kind: Node, name: n, controller: true}", "shop/p[Pod]"},
        {"{name: r, controller: true}", "shop/r[Pod]"},
        {"{kind: A, name: a}, {kind: Job, name: j, controller: true}", "shop/j[Job]"},
    }));
    CHECK(workloads(load_yaml(pod("p", owner, "")).bundle) == Names{workload});
}

TEST_CASE("a circle of owners ends") {
    const std::string set =
        "---\napiVersion: apps/v1\nkind: ReplicaSet\nmetadata:\n  name: a\n"
        "  ownerReferences: [{kind: ReplicaSet, name: a, controller: true}]\nspec: {template: "
        "{}}\n";
    CHECK(load_yaml(set).bundle.inventory.workloads().size() <= 1);
}

TEST_CASE("a pod that has ended has no address, and gives way to its workload's template") {
    const auto alone = load_yaml(pod("p", "", "{phase: Succeeded, podIP: 10.1.0.5}"));
    CHECK(workloads(alone.bundle) == Names{"shop/p[Pod]"});
    CHECK_FALSE(alone.bundle.inventory.owner_of(*IpAddress::parse("10.1.0.5"), Timestamp{}));
    const auto templated =
        load_yaml(deployment +
                  pod("p", "{kind: Deployment, name: web, controller: true}", "{phase: Failed}"));
    REQUIRE(templated.bundle.inventory.endpoints().size() == 1);
    CHECK(templated.bundle.inventory.endpoints()[0].from_template);
}

TEST_CASE("the pod of a virtual machine is not a workload beside it") {
    const auto loaded =
        load_yaml(pod("virt-launcher-vm1-x", "", "") +
                  "---\napiVersion: kubevirt.io/v1\nkind: VirtualMachine\nmetadata: {name: vm1}\n"
                  "spec: {template: {metadata: {labels: {app: vm}}}}\n");
    CHECK(workloads(loaded.bundle) == Names{"default/vm1[VirtualMachine]"});
}

TEST_CASE("a CronJob's pods are described two levels down") {
    const auto loaded = load_yaml(
        "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: c}\n"
        "spec: {jobTemplate: {spec: {template: {metadata: {labels: {a: b}}}}}}\n");
    REQUIRE(loaded.bundle.inventory.endpoints().size() == 1);
    CHECK(to_string(loaded.bundle.inventory.endpoints()[0].labels) == "a=b");
}

TEST_CASE("a workload keeps what its own selector asks of labels") {
    const auto [kind, spec, expected] = GENERATE(table<std::string, std::string, std::string>({
        {"apps/v1, kind: Deployment", "selector: {matchLabels: {app: web, version: v1}}",
         "app=web,version=v1"},
        {"apps/v1, kind: StatefulSet",
         "selector: {matchExpressions: [{key: app, operator: In, values: [web]}, "
         "{key: track, operator: In, values: [a, b]}, {key: old, operator: DoesNotExist}]}",
         "app=web"},
        {"v1, kind: ReplicationController", "selector: {app: web}", "app=web"},
        {"apps/v1, kind: DaemonSet", "x: {}", ""},
        // What no label can be is passed over.
        {"apps/v1, kind: DaemonSet", "selector: {matchLabels: {a b: web, app: 1, c: [d]}}", ""},
        {"apps/v1, kind: DaemonSet", "selector: [app]", ""},
    }));
    CAPTURE(kind, spec);
    const auto loaded =
        load_yaml("{apiVersion: " + kind + ", metadata: {name: web, namespace: shop}, spec: {" +
                  spec + ", template: {metadata: {labels: {app: web}}}}}");
    REQUIRE(loaded.bundle.inventory.endpoints().size() == 1);
    const auto& endpoint = loaded.bundle.inventory.endpoints()[0];
    CHECK(to_string(own_selector(endpoint)) == expected);
    // No policy can ask for it.
    CHECK(to_string(policy_labels(endpoint)).find(std::string(mesh_key)) == std::string::npos);
}

TEST_CASE("of a Deployment and its ReplicaSets the Deployment's selector counts") {
    const std::string set = R"(---
apiVersion: apps/v1
kind: ReplicaSet
metadata:
  name: web-7d
  namespace: shop
  ownerReferences: [{kind: Deployment, name: web, controller: true}]
spec:
  selector: {matchLabels: {app: web, pod-template-hash: 7d}}
  template: {metadata: {labels: {app: web}}}
)";
    const std::string owner = R"(---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}}
)";
    const auto selector_of = [](const std::string& text, std::size_t endpoint = 0) {
        const auto loaded = load_yaml(text);
        return to_string(own_selector(loaded.bundle.inventory.endpoints().at(endpoint)));
    };
    CHECK(selector_of(set + owner) == "app=web");
    CHECK(selector_of(owner + set) == "app=web");
    CHECK(selector_of(set) == "app=web,pod-template-hash=7d");
    // Pods take the template's place; one of them keeps it.
    const std::string pods = pod("web-1", owned_by_set, "{podIP: 10.1.0.5}") +
                             pod("web-2", owned_by_set, "{podIP: 10.1.0.6}");
    CHECK(selector_of(pods + set + owner) == "app=web");
    CHECK(selector_of(pods + set + owner, 1).empty());
}

TEST_CASE("a namespace that only other objects name exists") {
    const auto loaded = load_yaml(deployment);
    REQUIRE(loaded.bundle.inventory.namespaces().size() == 1);
    CHECK(to_string(loaded.bundle.inventory.namespaces()[0].labels) ==
          "kubernetes.io/metadata.name=shop");
}

TEST_CASE("a Service has its addresses, ports and the backends that other objects list") {
    const auto loaded = load_yaml(R"(apiVersion: v1
kind: Endpoints
metadata: {name: db}
subsets: [{addresses: [{ip: 10.2.0.9}]}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: db-x, labels: {kubernetes.io/service-name: db}}
addressType: IPv4
endpoints: [{addresses: [10.2.0.8]}]
---
apiVersion: v1
kind: Service
metadata: {name: db}
spec:
  clusterIP: 10.96.0.7
  clusterIPs: [10.96.0.7, "fd00::7"]
  selector: {app: db}
  ports:
  - {name: sql, port: 5432, targetPort: pg, nodePort: 30001}
  - {name: web, port: 80, targetPort: 8080}
status: {loadBalancer: {ingress: [{ip: 203.0.113.7}]}}
)");
    REQUIRE(loaded.diagnostics.empty());
    REQUIRE(loaded.bundle.inventory.services().size() == 1);
    const Service& service = loaded.bundle.inventory.services().front();
    CHECK(service.has_selector);
    CHECK(service.addresses.size() == 3);
    CHECK(service.backends ==
          std::vector<IpAddress>{*IpAddress::parse("10.2.0.8"), *IpAddress::parse("10.2.0.9")});
    REQUIRE(service.ports.size() == 2);
    CHECK(service.ports[0].target_name == "pg");
    CHECK(service.ports[0].node_port == Port{30001});
    CHECK(service.ports[1].target_port == Port{8080});
}

TEST_CASE("entrances name their backends") {
    struct Case {
        std::string text;
        Entrance::Backend backend;
    };
    const auto [text, backend] = GENERATE(
        Case{"apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: e}\nspec: {rules: "
             "[{http: {paths: [{backend: {service: {name: web, port: {number: 80}}}}]}}]}\n",
             {"default", "web", "", Port{80}}},
        Case{"apiVersion: networking.k8s.io/v1beta1\nkind: Ingress\nmetadata: {name: e}\nspec: "
             "{backend: {serviceName: web, servicePort: http}}\n",
             {"default", "web", "http", {}}},
        Case{"apiVersion: route.openshift.io/v1\nkind: Route\nmetadata: {name: e}\nspec: {to: "
             "{kind: Service, name: web}, port: {targetPort: 8080}}\n",
             {"default", "web", "", Port{8080}}},
        Case{"apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: e}\n"
             "spec: {rules: [{backendRefs: [{name: web, namespace: shop, port: 80}]}]}\n",
             {"shop", "web", "", Port{80}}});
    const auto loaded = load_yaml(text);
    REQUIRE(loaded.diagnostics.empty());
    REQUIRE(loaded.bundle.inventory.entrances().size() == 1);
    CHECK(loaded.bundle.inventory.entrances()[0].backends ==
          std::vector<Entrance::Backend>{backend});
}

TEST_CASE("a Node has the addresses that are addresses") {
    const auto loaded = load_yaml(
        "apiVersion: v1\nkind: Node\nmetadata: {name: n, labels: {zone: a}}\nstatus: {addresses: "
        "[{type: Hostname, address: n}, {type: InternalIP, address: 192.0.2.4}]}\n");
    CHECK(loaded.diagnostics.empty());
    CHECK(loaded.bundle.inventory.node_at(*IpAddress::parse("192.0.2.4")) == 0U);
}

TEST_CASE("kinds that are not known are counted and passed over") {
    const auto loaded = load_yaml("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\n" +
                                  pod("p", "", "") + "---\nreplicas: 3\n---\n");
    CHECK(loaded.diagnostics.empty());
    CHECK(loaded.bundle.documents == 1);
    CHECK(loaded.bundle.passed_over == 2);
}
