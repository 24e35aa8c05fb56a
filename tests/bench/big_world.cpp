// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/big_world.h"

#include <sys/resource.h>

namespace nspect::bench {

using namespace nspect::worlds;

PodSpec pod_number(std::size_t i, const Size& size) {
    static const std::vector<std::string> tiers{"front", "logic", "data"};
    const std::size_t app = i / size.namespaces % 10;
    PodSpec pod;
    pod.space = "ns-" + std::to_string(i % size.namespaces);
    pod.name = "pod-" + std::to_string(i);
    pod.labels = {{"app", size.world == "distinct" ? "app-" + std::to_string(i)
                                                   : "app-" + std::to_string(app)},
                  {"tier", tiers[app % 3]},
                  {"version", "v" + std::to_string(i % 7)},
                  {"pod-template-hash", std::to_string(i * 2654435761U)}};
    pod.addresses = {to_string(IpAddress::v4(0x0a000001U + static_cast<std::uint32_t>(i)))};
    pod.ports = {{"http", Port{static_cast<std::uint16_t>(8080 + app % 2)}, Protocol::tcp}};
    return pod;
}

Policy policy_number(std::size_t i, const Size& size) {
    const std::size_t n = i % size.namespaces;
    const std::string space = "ns-" + std::to_string(n);
    const std::size_t variety = size.world == "distinct" ? size.pods : 10;
    const auto app = [&](std::size_t k) {
        const std::size_t number =
            size.world == "distinct" ? (k * size.namespaces + n) % variety : k % variety;
        return Labels{{"app", "app-" + std::to_string(number)}};
    };
    Policy policy = network_policy(space, "np-" + std::to_string(i), app(i / size.namespaces), true,
                                   i % 2 == 0);
    const auto port = static_cast<std::uint16_t>(1024 + i % 50);
    policy.ingress.push_back(rule(Action::allow, {pods_in(space, app(i + 1))}, tcp(port)));
    policy.ingress.push_back(
        rule_by_name(Action::allow, {pods_in(space, {{"tier", "front"}})}, "http"));
    PodPeer team{std::nullopt, Selector::matching({{"team", "team-" + std::to_string(i % 20)}}),
                 Selector::matching(size.world == "wide" ? Labels{} : app(i)), std::nullopt};
    policy.ingress.push_back(rule(Action::allow, {team}, tcp(9090)));
    if (i % 2 == 0) {
        policy.egress.push_back(rule(Action::allow, {pods_in(space, app(i + 2))}));
        policy.egress.push_back(
            rule(Action::allow, {AddressPeer{block("203.0.113.0/24"), PodsByAddress::undefined}},
                 tcp(443)));
    }
    return policy;
}

analyzer::World make_world(const Size& size) {
    analyzer::World world;
    for (std::size_t n = 0; n < size.namespaces; ++n) {
        world.inventory.declare_namespace("ns-" + std::to_string(n),
                                          {{"team", "team-" + std::to_string(n % 20)}}, {});
    }
    for (std::size_t i = 0; i < size.pods; ++i) add_pod(world.inventory, pod_number(i, size));
    for (std::size_t i = 0; i < size.policies; ++i) {
        world.policies.push_back(policy_number(i, size));
    }
    return world;
}

double peak_mib() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_maxrss) / 1024;
}

}  // namespace nspect::bench
