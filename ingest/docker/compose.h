// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ingest/docker/documents.h"
#include "ingest/document/report.h"

namespace nspect::ingest {

/// A service of a Compose file as it is written, before its networks are looked up.
struct ComposeService {
    const Node* node = nullptr;
    std::map<std::string, const Node*> networks;  ///< by the key in the file, with its entry
    bool names_networks = false;
    std::string mode;  ///< network_mode
    std::string container_name;
    Labels labels;
    std::vector<ContainerPort> exposed;
    std::vector<PublishedPort> published;
    bool links = false;
    std::vector<std::string> unknown;
};

/// Reads the services of one file; `extends` within it is followed.
class ComposeServices {
public:
    ComposeServices(const Node& services, Report& report) : services_(services), report_(report) {}

    ComposeService read(const Node& service);

private:
    void read_into(const Node& service, int depth, ComposeService& made);
    void extend(const Node& extends, int depth, ComposeService& made);
    void read_networks(const Node& list, ComposeService& made);
    void read_ports(const Node& list, ComposeService& made);
    void read_port(const Node& node, ComposeService& made);
    void read_long_port(const Node& node, ComposeService& made);
    void read_exposed(const Node& list, ComposeService& made);
    void read_labels(const Node& labels, ComposeService& made);
    std::optional<std::string> text(const Node& node, ComposeService& made);
    void add(const PublishedPort& port, ComposeService& made);

    const Node& services_;
    Report& report_;
};

}  // namespace nspect::ingest
