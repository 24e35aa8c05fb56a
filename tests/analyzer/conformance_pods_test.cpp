// SPDX-License-Identifier: Apache-2.0
// Verdicts between pods against the shared conformance data: truth tables and probes.
#include <filesystem>

#include <catch2/catch.hpp>

#include "analyzer/engine.h"
#include "tests/analyzer/conformance_data.h"

using namespace nspect;
using namespace nspect::analyzer;
using namespace nspect::conformance;
using nlohmann::json;

namespace {

/// Endpoints by "namespace/pod".
std::map<std::string, std::size_t> pods_by_name(const Inventory& inventory) {
    std::map<std::string, std::size_t> pods;
    for (std::size_t i = 0; i < inventory.endpoints().size(); ++i) {
        const Endpoint& endpoint = inventory.endpoints()[i];
        pods[inventory.workload_of(endpoint).namespace_name + "/" + endpoint.name] = i;
    }
    return pods;
}

TrafficPoint point_of(const json& probe) {
    return {*parse_protocol(probe.at("protocol").get<std::string>()),
            Port{probe.at("port").get<std::uint16_t>()}};
}

/// Rows of '.', 'X' and '-' as the engine sees them.
std::vector<std::string> table(const PolicyEngine& engine, const std::vector<std::size_t>& pods,
                               const TrafficPoint& point, std::optional<Direction> direction) {
    std::vector<std::string> rows;
    for (const std::size_t from : pods) {
        std::string row;
        for (const std::size_t to : pods) {
            const Who source = Who::of_endpoint(from);
            const Who target = Who::of_endpoint(to);
            const TrafficSet allowed = direction ? engine.allowed(*direction, source, target)
                                                 : engine.allowed(source, target);
            row += from == to ? '-' : allowed.contains(point) ? '.' : 'X';
        }
        rows.push_back(row);
    }
    return rows;
}

void check_step(const std::string& path, const json& step, IpBlockPods blocks) {
    std::vector<std::string> inputs{path + "/" + step.at("cluster").get<std::string>()};
    const std::string policies = path + "/" + step.at("policies").get<std::string>();
    if (std::filesystem::file_size(policies) > 0) inputs.push_back(policies);
    const World world = load_world(inputs, blocks);
    const PolicyEngine engine(world);
    const auto by_name = pods_by_name(world.inventory);
    std::vector<std::size_t> pods;
    for (const std::string pod : step.at("pods")) pods.push_back(by_name.at(pod));
    for (const auto& probe : step.at("probes")) {
        const TrafficPoint point = point_of(probe);
        INFO(to_string(point));
        CHECK(json(table(engine, pods, point, Direction::ingress)) == probe.at("ingress"));
        CHECK(json(table(engine, pods, point, Direction::egress)) == probe.at("egress"));
        CHECK(json(table(engine, pods, point, std::nullopt)) == probe.at("combined"));
    }
}

/// The same inventory with the labels of some namespaces replaced.
Inventory with_labels(const Inventory& from, const json& replaced) {
    Inventory made;
    for (const Namespace& space : from.namespaces()) {
        Labels labels = space.labels;
        if (replaced.contains(space.name)) {
            labels = {};
            for (const auto& [key, value] : replaced.at(space.name).items()) labels.set(key, value);
        }
        made.declare_namespace(space.name, labels, space.where);
    }
    for (const Workload& workload : from.workloads()) made.ensure_workload(workload.id);
    for (std::size_t i = 0; i < from.endpoints().size(); ++i) {
        made.add_endpoint(from.endpoints()[i]);
        for (const IpAddress& address : from.addresses_of(i)) made.add_lease({address, i});
    }
    for (const Node& node : from.nodes()) made.add_node(node);
    return made;
}

}  // namespace

TEST_CASE("truth tables are those of the conformance data", "[conformance]") {
    const auto data = folder("netpol-truth-tables");
    if (!data) return;
    const auto cases = cases_in(*data, "expected.json");
    CHECK(cases.size() > 0);
    for (const std::string& path : cases) {
        const json expected = read_json(path + "/expected.json");
        const bool by_address = expected.at("ipblock_matches_pods");
        int number = 0;
        for (const auto& step : expected.at("steps")) {
            INFO(path << " step " << ++number);
            check_step(path, step, by_address ? IpBlockPods::where_known : IpBlockPods::never);
        }
    }
}

TEST_CASE("probes of ClusterNetworkPolicy are those of the conformance data", "[conformance]") {
    const auto data = folder("cluster-network-policy");
    if (!data) return;
    for (const std::string& path : cases_in(*data, "expected.json")) {
        int number = 0;
        const json expected = read_json(path + "/expected.json");
        CHECK(expected.at("steps").size() > 0);
        for (const auto& step : expected.at("steps")) {
            INFO(path << " step " << ++number);
            World world = load_world(
                {*data + "/base/cluster.yaml", path + "/" + step.at("policies").get<std::string>()},
                IpBlockPods::where_known);
            world.inventory = with_labels(world.inventory,
                                          step.value("namespace_labels_override", json::object()));
            const PolicyEngine engine(world);
            const auto pods = pods_by_name(world.inventory);
            for (const auto& probe : step.at("probes")) {
                INFO(probe.dump());
                const bool allowed = engine
                                         .allowed(Who::of_endpoint(pods.at(probe.at("src"))),
                                                  Who::of_endpoint(pods.at(probe.at("dst"))))
                                         .contains(point_of(probe));
                CHECK(allowed == probe.at("allowed").get<bool>());
            }
        }
    }
}
