// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "analyzer/generate.h"
#include "model/policy.h"

/// What the writers of policy languages share. Inside viz/ only.
namespace nspect::viz {

/// Lines of YAML, two spaces for each level.
class YamlLines {
public:
    void line(std::size_t indent, const std::string& text);
    void comments(std::size_t indent, const std::vector<std::string>& notes);
    /// An item of a list: `body` was written one level deeper than `indent`, and its first line
    /// gets the item's mark. `{}` where there is none.
    void item(std::size_t indent, std::string body);
    std::string take() { return std::move(text_); }

private:
    std::string text_;
};

/// apiVersion to spec, with the notes above.
void write_head(YamlLines& out, const analyzer::GeneratedPolicy& generated,
                const std::string& api_version, const std::string& kind);

/// Notes of one rule; empty where there are none.
const std::vector<std::string>& notes_of(const analyzer::GeneratedPolicy& generated,
                                         Direction direction, std::size_t rule);

/// One entry of a rule's ports.
struct WrittenPort {
    Protocol protocol = Protocol::tcp;
    PortRange range;
    std::string name;  ///< by name; `range` means nothing then
};
std::vector<WrittenPort> written_ports(const Rule& rule);

bool names_anyone(const Rule& rule);

std::string network_policy_yaml(const analyzer::GeneratedPolicy& generated);
std::string cluster_network_policy_yaml(const analyzer::GeneratedPolicy& generated);
std::string cilium_yaml(const analyzer::GeneratedPolicy& generated);
std::string calico_yaml(const analyzer::GeneratedPolicy& generated);

}  // namespace nspect::viz
