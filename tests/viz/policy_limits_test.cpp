// SPDX-License-Identifier: Apache-2.0
// What published schemas bound is divided, and still means the same.
#include <set>
#include <string>

#include <catch2/catch.hpp>

#include "analyzer/generate_limits.h"
#include "ingest/load.h"
#include "tests/analyzer/generated_shop.h"
#include "viz/policy_yaml.h"

using namespace nspect;
using namespace nspect::analyzer;
using namespace nspect::test;

namespace {

constexpr int many_ports = 130;
constexpr int many_blocks = 600;
constexpr int many_names = 60;
constexpr int many_pods = 1100;

std::string pod_address(int n) {
    return "10.1." + std::to_string(n / 200) + "." + std::to_string(n % 200 + 1);
}

/// More ports, address blocks, names and peers than any list may have.
void large(Shop& shop, int pods) {
    auto& made = shop.recording;
    for (int i = 0; i < pods; ++i) {
        const auto name = "p" + std::to_string(i);
        shop.container(name, pod_address(i).c_str(), "shop", {{"app", name}});
    }
    std::uint32_t isn = 1;
    const auto talk = [&](const std::string& from, const std::string& to, const char* veth) {
        made.tcp(from, to).isn(isn, isn + 1).veth(veth);
        isn += 2;
    };
    for (int i = 0; i < many_ports; ++i) {
        talk("10.0.0.1:40000", "10.0.0.2:" + std::to_string(1001 + 2 * i), "web");
    }
    for (int i = 0; i < many_blocks; ++i) {
        const auto address = "203.0." + std::to_string(i / 100) + "." + std::to_string(i % 100 * 2);
        talk("10.0.0.1:40000", address + ":443", "web");
        talk("10.0.0.2:40000", "[2001:db8::" + std::to_string(i * 2) + "]:443", "db");
    }
    for (int i = 0; i < many_names; ++i) {
        const auto address = "198.51.100." + std::to_string(i * 2);
        made.name("10.0.0.1", "n" + std::to_string(i) + ".example.com", address);
        talk("10.0.0.1:40000", address + ":443", "web");
    }
    for (int i = 0; i < pods; ++i) talk(pod_address(i) + ":40000", "10.0.0.2:5432", "db");
    shop.options.external_budget = many_blocks;
    shop.options.fqdn = true;
}

std::vector<Who> everyone(const World& world) {
    std::vector<Who> all;
    for (std::size_t i = 0; i < world.inventory.endpoints().size(); ++i) {
        all.push_back(Who::of_endpoint(i));
    }
    for (int i = 0; i < many_blocks; ++i) {
        const auto end = std::to_string(i / 100) + "." + std::to_string(i % 100 * 2 + i % 2);
        all.push_back(Who::of_address(*IpAddress::parse("203.0." + end)));
        all.push_back(Who::of_address(*IpAddress::parse("2001:db8::" + std::to_string(i))));
    }
    for (int i = 0; i < 2 * many_names; ++i) {
        all.push_back(Who::of_address(*IpAddress::parse("198.51.100." + std::to_string(i))));
    }
    return all;
}

std::vector<Policy> read_back(const std::string& yaml) {
    Diagnostics diagnostics;
    auto bundle = ingest::load_texts({{"made.yaml", yaml}}, diagnostics);
    for (const auto& each : diagnostics.items()) UNSCOPED_INFO(to_string(each));
    CHECK_FALSE(diagnostics.has_errors());
    return std::move(bundle.policies);
}

/// The most items any flow list of the text has behind `key`.
std::size_t longest_list(const std::string& yaml, const std::string& key) {
    std::size_t longest = 0;
    for (auto at = yaml.find(key); at != std::string::npos; at = yaml.find(key, at + 1)) {
        const auto end = yaml.find(']', at);
        const auto commas = std::count(yaml.begin() + static_cast<std::ptrdiff_t>(at),
                                       yaml.begin() + static_cast<std::ptrdiff_t>(end), ',');
        longest = std::max(longest, static_cast<std::size_t>(commas) + 1);
    }
    return longest;
}

/// The most lines that begin with `item` without one between them that begins with any of `breaks`.
std::size_t longest_run(const std::string& yaml, const std::string& item,
                        const std::vector<std::string>& breaks) {
    std::size_t longest = 0;
    std::size_t run = 0;
    for (std::size_t from = 0; from < yaml.size();) {
        const auto end = yaml.find('\n', from);
        const auto line = yaml.substr(from, end - from);
        from = end + 1;
        for (const auto& each : breaks) run = line.starts_with(each) ? 0 : run;
        if (line.starts_with(item)) longest = std::max(longest, ++run);
    }
    return longest;
}

void check_bounds(Dialect dialect, const std::string& yaml) {
    const std::vector<std::string> directions{"  ingress:", "  egress:"};
    if (dialect == Dialect::calico) {
        CHECK(longest_list(yaml, "ports: [") == most_calico_ports);
        CHECK(longest_list(yaml, "nets: [") == most_calico_nets);
        CHECK(longest_run(yaml, "    - action:", directions) == most_calico_rules);
    } else if (dialect == Dialect::cilium) {
        CHECK(longest_run(yaml, "          - {port:", {"        - ports:"}) == most_cilium_ports);
    } else {
        CHECK(longest_list(yaml, "domainNames: [") == most_admin_items);
        CHECK(longest_list(yaml, "networks: [") <= most_admin_items);
        const std::vector<std::string> lists{"      to:", "      from:", "      protocols:"};
        CHECK(longest_run(yaml, "        - ", lists) == most_admin_items);
        CHECK(longest_run(yaml, "        - tcp:", lists) == most_admin_items);
        CHECK(longest_run(yaml, "    - action:", directions) == most_admin_items);
    }
}

}  // namespace

TEST_CASE("lists longer than a schema allows are divided and read back the same") {
    const auto dialect = GENERATE(Dialect::admin, Dialect::cilium, Dialect::calico);
    CAPTURE(static_cast<int>(dialect));
    Shop shop;
    large(shop, many_pods);
    shop.options.dialect = dialect;
    const auto generated = shop.generate();
    for (const auto& each : generated.proof.broken) UNSCOPED_INFO(each.subject + each.reason);
    CHECK(generated.proof.sound);
    const auto yaml = viz::to_yaml(generated.policies);
    check_bounds(dialect, yaml);
    std::set<std::string> names;
    for (const auto& each : generated.policies) {
        CHECK(names.insert(each.policy.namespace_name + "/" + each.policy.name).second);
        for (const auto direction : {Direction::ingress, Direction::egress}) {
            const auto size = each.policy.rules(direction).size();
            if (dialect == Dialect::admin) CHECK(size <= most_admin_items);
            if (dialect == Dialect::calico) CHECK(size <= most_calico_rules);
        }
    }
    World made = shop.world;
    made.policies.clear();
    for (const auto& each : generated.policies) made.policies.push_back(each.policy);
    World read = shop.world;
    read.policies = read_back(yaml);
    const PolicyEngine as_made(made);
    const PolicyEngine as_read(read);
    std::size_t open = 0;
    for (const auto& other : everyone(made)) {
        for (std::size_t subject = 0; subject < 3; ++subject) {  // web, db, dns
            const auto own = Who::of_endpoint(subject);
            CAPTURE(subject, other.endpoint.value_or(0));
            const auto out = as_made.allowed(own, other);
            const auto in = as_made.allowed(other, own);
            CHECK(out == as_read.allowed(own, other));
            CHECK(in == as_read.allowed(other, own));
            open += out.empty() ? 0 : 1;
        }
    }
    CHECK(open > 2 * many_blocks);
}

TEST_CASE("a policy whose name is taken by what continues another gets a further one") {
    Shop shop;
    shop.container("web-2", "10.0.0.3", "shop", {{"app", "web-2"}});
    large(shop, 0);
    shop.recording.tcp("10.0.0.3:40000", "10.0.0.2:5432").isn(9001, 9002).veth("web-2");
    shop.options.dialect = Dialect::admin;
    std::set<std::string> names;
    for (const auto& each : shop.generate().policies) {
        CAPTURE(each.policy.name);
        CHECK(names.insert(each.policy.name).second);
    }
    CHECK(names.contains("nspect-shop-web-2"));
    CHECK(names.contains("nspect-shop-web-3"));
}

TEST_CASE("namespaces and workloads that together read alike keep cluster policies apart") {
    Shop shop;
    shop.container("c", "10.0.0.3", "a-b", {{"app", "c"}});
    shop.container("b-c", "10.0.0.4", "a", {{"app", "b-c"}});
    shop.recording.tcp("10.0.0.3:40000", "10.0.0.4:80").isn(1, 2).veth("c").veth("b-c");
    shop.options.dialect = Dialect::admin;
    std::set<std::string> names;
    for (const auto& each : shop.generate().policies) {
        CAPTURE(each.policy.name);
        CHECK(names.insert(each.policy.name).second);
    }
    CHECK(names.contains("nspect-a-b-c-2"));
}

TEST_CASE("labels that tell nobody apart are left out where a selector would be too long") {
    Shop shop;
    Labels labels;
    for (int i = 0; i < 30; ++i) labels.set("key-" + std::to_string(i), std::string(60, 'v'));
    shop.container("twin-a", "10.0.0.7", "shop", labels);
    shop.container("twin-b", "10.0.0.8", "shop", labels);
    shop.recording.tcp("10.0.0.7:40000", "10.0.0.2:5432").isn(1, 2).veth("twin-a").veth("db");
    shop.options.dialect = Dialect::calico;
    const auto yaml = viz::to_yaml(shop.generate().policies);
    CAPTURE(yaml);
    CHECK(yaml.find("WARNING: Calico refuses") == std::string::npos);
    CHECK(yaml.find("key-29") == std::string::npos);
    CHECK(yaml.find("key-0 == ") != std::string::npos);
}

TEST_CASE("a selector that is too long for Calico is warned of") {
    Shop shop;
    PodPeer subject;
    subject.namespace_name = "shop";
    Labels labels;
    for (int i = 0; i < 30; ++i) labels.set("key-" + std::to_string(i), std::string(60, 'v'));
    subject.pods = Selector::matching(labels);
    GeneratedPolicy made;
    made.policy.kind = PolicyKind::calico_network_policy;
    made.policy.namespace_name = "shop";
    made.policy.name = "long";
    made.policy.subjects = {subject};
    made.policy.isolates_ingress = true;
    CHECK(viz::to_yaml(made).find("# WARNING: Calico refuses a selector of more than 1024") !=
          std::string::npos);
}
