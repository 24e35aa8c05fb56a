// SPDX-License-Identifier: Apache-2.0
#include "tests/analyzer/random_world.h"

#include "tests/analyzer/worlds.h"

namespace nspect::worlds {
namespace {

const std::vector<std::string> spaces{"a", "b", "c"};
const std::vector<std::string> values{"1", "2", "3"};
const std::vector<std::string> blocks{"10.0.0.0/24", "10.0.0.0/30",   "10.0.0.4/32",
                                      "0.0.0.0/0",   "10.0.0.128/25", "fd00::/64",
                                      "fd00::4/127", "::/0",          "203.0.113.0/24"};

const std::vector<std::string> domains{"*", "example.com", "*.example.com", "**.com"};

}  // namespace

analyzer::World RandomWorld::make() {
    analyzer::World world;
    for (const auto& space : spaces) {
        if (chance(70)) world.inventory.declare_namespace(space, labels(), {});
    }
    add_nodes(world.inventory);
    add_pods(world.inventory);
    const std::size_t count = 1 + below(7);
    for (std::size_t i = 0; i < count; ++i) world.policies.push_back(policy(i));
    if (chance(30)) world.options.ip_block_pods = analyzer::IpBlockPods::never;
    if (chance(30)) world.options.host_network_pods = chance(50);
    if (chance(50)) {
        world.domains["example.com"] = block("203.0.113.0/28");
        world.domains["www.example.com"] = block("203.0.113.9/32");
        world.domains["a.b.example.com"] = block("fd00:1::/64");
    }
    return world;
}

void RandomWorld::add_nodes(Inventory& inventory) {
    for (unsigned i = 0; i < 2; ++i) {
        Node node;
        node.name = "node-" + std::to_string(i);
        node.labels = labels();
        node.addresses = {ip("10.0.0." + std::to_string(200 + i))};
        if (chance(50)) node.addresses.push_back(ip("fd00::" + std::to_string(200 + i)));
        inventory.add_node(std::move(node));
    }
}

void RandomWorld::add_pods(Inventory& inventory) {
    const unsigned count = 3 + below(5);
    for (unsigned i = 0; i < count; ++i) {
        PodSpec pod{.space = one_of(spaces), .name = "pod-" + std::to_string(i)};
        pod.labels = labels();
        pod.host_network = chance(15);
        pod.node = "node-" + std::to_string(below(2));
        pod.account = chance(50) ? "robot" : "";
        if (chance(70)) pod.addresses.push_back("10.0.0." + std::to_string(1 + below(8)));
        if (chance(40)) pod.addresses.push_back("fd00::" + std::to_string(1 + below(8)));
        if (chance(60)) {
            const auto number = static_cast<std::uint16_t>(80 + below(2));
            const Protocol protocol = chance(80) ? Protocol::tcp : Protocol::udp;
            pod.ports.push_back({"web", Port{number}, protocol});
        }
        add_pod(inventory, pod);
    }
}

Labels RandomWorld::labels() {
    Labels made;
    if (chance(70)) made.set("x", one_of(values));
    if (chance(50)) made.set("y", one_of(values));
    return made;
}

Selector RandomWorld::selector() {
    using Op = Requirement::Op;
    const std::vector<Op> ops{
        Op::in,        Op::in,           Op::not_in,          Op::exists,
        Op::exists,    Op::contains,     Op::starts_with,     Op::does_not_exist,
        Op::ends_with, Op::not_contains, Op::not_starts_with, Op::not_ends_with};
    Selector made;
    for (unsigned i = below(3); i > 0; --i) {
        Requirement requirement;
        requirement.key = chance(60) ? "x" : "y";
        requirement.op = one_of(ops);
        if (requirement.op != Op::exists && requirement.op != Op::does_not_exist) {
            requirement.values = {one_of(values)};
        }
        made.add(std::move(requirement));
    }
    return made;
}

PodPeer RandomWorld::pod_peer(const std::string& space) {
    PodPeer made;
    if (!space.empty() && chance(50)) {
        made.namespace_name = space;
    } else {
        made.namespaces = selector();
    }
    made.pods = selector();
    if (chance(15))
        made.pods.add({std::string(service_account_key), Requirement::Op::in, {"robot"}});
    return made;
}

Peer RandomWorld::peer(const std::string& space) {
    const unsigned sort = below(12);
    if (sort == 0) return AnyPeer{};
    if (sort == 1) return NodePeer{selector()};
    if (sort == 2) return DomainPeer{{one_of(domains)}};
    if (sort == 3) {
        PodPeer within = pod_peer(space);
        within.addresses = block(one_of(blocks));
        return within;
    }
    if (sort > 7) return pod_peer(space);
    AddressPeer addresses{block(one_of(blocks)), PodsByAddress::undefined};
    if (chance(30)) addresses.addresses = addresses.addresses - block(one_of(blocks));
    addresses.nodes = chance(70);
    if (chance(50)) {
        addresses.pods = one_of(std::vector{PodsByAddress::yes, PodsByAddress::yes,
                                            PodsByAddress::no, PodsByAddress::always});
    }
    return addresses;
}

PortMatch RandomWorld::ports() {
    if (chance(30)) {
        PortMatch named{{}, "web", std::nullopt};
        if (chance(60)) named.name_protocol = Protocol::tcp;
        return named;
    }
    if (chance(20)) return {TrafficSet::of(chance(50) ? Protocol::udp : Protocol::icmp), "", {}};
    const auto first = static_cast<std::uint16_t>(79 + below(3));
    const auto last = static_cast<std::uint16_t>(first + below(3));
    return {TrafficSet::of(Protocol::tcp, {Port{first}, Port{last}}), "", std::nullopt};
}

Rule RandomWorld::rule(bool may_deny, const std::string& space, double order) {
    Rule made;
    if (may_deny) made.action = static_cast<Action>(below(3));
    made.order = order;
    for (unsigned i = 1 + below(2); i > 0; --i) made.peers.push_back(peer(space));
    made.all_ports = chance(40);
    if (!made.all_ports) {
        for (unsigned i = 1 + below(2); i > 0; --i) made.ports.push_back(ports());
    }
    return made;
}

Policy RandomWorld::policy(std::size_t number) {
    const std::string name = "p" + std::to_string(number);
    const unsigned tier = below(10);
    const std::string space = tier < 5 ? one_of(spaces) : "";
    Policy made = tier < 5   ? network_policy(space, name, {}, chance(70), chance(70))
                  : tier < 8 ? admin_policy(name, {}, below(4))
                             : baseline_policy({});
    made.subjects.front().pods = selector();
    if (tier >= 5) {
        made.subjects = {pod_peer("")};
        made.selects_host_network = chance(10);
        made.isolates_ingress = chance(20);  // as a Calico tier does: with passes in the same stage
        made.isolates_egress = chance(20);
    }
    if (chance(25)) {
        made.stage = one_of(std::vector<Stage>{{1, "m", Layer::mesh},
                                               {2, "m", Layer::mesh},
                                               {1, "n", Layer::attachment},
                                               {admin_stage, "other"},
                                               {5e3, "calico"}});
    }
    const double base = tier < 5 ? 0 : made.priority * 1000;
    for (unsigned i = 0; i < below(4); ++i) {
        made.ingress.push_back(rule(tier >= 5, space, tier < 5 ? 0 : base + i));
        made.egress.push_back(rule(tier >= 5, space, tier < 5 ? 0 : base + i));
    }
    return made;
}

std::vector<analyzer::Who> RandomWorld::parties(const analyzer::World& world) {
    using analyzer::Who;
    std::vector<Who> made;
    for (std::size_t i = 0; i < world.inventory.endpoints().size(); ++i) {
        made.push_back(Who::of_endpoint(i));
        if (i % 3 == 0) made.push_back(Who::of_endpoint(i, IpFamily::v6));
    }
    for (const char* address : {"10.0.0.4", "10.0.0.200", "192.0.2.1", "203.0.113.9", "fd00::4",
                                "fd00:1::1", "2001:db8::1"}) {
        made.push_back(Who::of_address(ip(address)));
    }
    return made;
}

std::vector<TrafficPoint> RandomWorld::points() {
    return {{Protocol::tcp, Port{79}}, {Protocol::tcp, Port{80}},  {Protocol::tcp, Port{81}},
            {Protocol::udp, Port{80}}, {Protocol::sctp, Port{80}}, {Protocol::icmp, Port{8}},
            {Protocol::other, Port{}}};
}

}  // namespace nspect::worlds
