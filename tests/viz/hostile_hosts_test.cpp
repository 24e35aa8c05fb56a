// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <sstream>

#include <catch2/catch.hpp>

#include "tests/viz/hostile.h"
#include "viz/escape.h"
#include "viz/policy_yaml_hosts.h"

using namespace nspect;
using test::hostile_texts;

namespace {

std::size_t lines(const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

bool is_plain(const std::string& text) {
    const bool controls = std::any_of(text.begin(), text.end(), [](char c) {
        return c != '\n' && (static_cast<unsigned char>(c) < 0x20 || c == 0x7f);
    });
    return !controls && text.find("\u202E") == std::string::npos && viz::valid_utf8(text) == text;
}

/// What nft runs: everything but comments.
std::string commands(const std::string& rules) {
    std::istringstream in(rules);
    std::string text;
    for (std::string line; std::getline(in, line);) {
        if (!line.starts_with("#")) text += line + "\n";
    }
    return text;
}

analyzer::HostRules rules_of(const std::string& name) {
    const IpAddress address = *IpAddress::parse("10.0.0.1");
    analyzer::HostRules rules;
    rules.covered = {{address, name}};
    rules.veths = {{"veth1", address}, {name, address}};
    rules.veth_passes = {{"veth1", name, Protocol::tcp, {Port{80}, Port{80}}},
                         {name, "veth1", Protocol::tcp, {Port{81}, Port{81}}}};
    return rules;
}

}  // namespace

TEST_CASE("hostile names are no commands of nft", "[viz][hostile]") {
    analyzer::HostRules honest = rules_of("veth1");
    honest.veths.pop_back();
    honest.veth_passes.clear();
    const std::string expected = commands(viz::to_nftables(honest));
    auto texts = hostile_texts();
    texts.insert(texts.end(), {"x\" } flush", "veth*", "a\\", "$x", "sixteen-letters-", "x;y"});
    for (const auto& text : texts) {
        CAPTURE(text.substr(0, 60));
        if (text == "-2") continue;  // a name like any other
        const std::string made = viz::to_nftables(rules_of(text));
        CHECK(is_plain(made));
        CHECK(commands(made) == expected);
    }
}

TEST_CASE("plain interface names are in nft's sets", "[viz]") {
    const std::string made = commands(viz::to_nftables(rules_of("eth0.100")));
    CHECK(made.find("\"eth0.100\" . 10.0.0.1") != std::string::npos);
    CHECK(made.find("\"veth1\" . \"eth0.100\" . tcp . 80") != std::string::npos);
}

TEST_CASE("hostile names are scalars of a Compose file", "[viz][hostile]") {
    const auto made = [](const std::string& name) {
        analyzer::NetworkSplit split;
        split.project = name;
        split.services = {name, "web"};
        split.networks = {{name, "web"}};
        split.outside = {name};
        return viz::to_compose(split);
    };
    const std::size_t expected = lines(made("db"));
    for (const auto& text : hostile_texts()) {
        CAPTURE(text.substr(0, 60));
        const std::string compose = made(text);
        CHECK(is_plain(compose));
        CHECK(lines(compose) == expected);
        // Each key ends its own line: nothing of the name does.
        std::istringstream in(compose);
        std::size_t services = 0;
        for (std::string line; std::getline(in, line);) {
            services += line.starts_with("  ") && line[2] != ' ' && line.ends_with(":") ? 1 : 0;
        }
        CHECK(services == 2);
    }
}
