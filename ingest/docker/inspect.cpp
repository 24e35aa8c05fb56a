// SPDX-License-Identifier: Apache-2.0
// `docker inspect`, `docker network inspect` and what Podman prints in the same shape.
#include <algorithm>
#include <array>

#include "ingest/docker/ports.h"
#include "ingest/docker/read.h"
#include "ingest/document/fields.h"
#include "model/workload.h"

namespace nspect::ingest {

namespace {

std::string text_at(const Node* node, std::string_view key) {
    const Node* value = node == nullptr ? nullptr : node->find(key);
    return value != nullptr && value->is_scalar() && !value->is_null() ? std::string(value->text)
                                                                       : std::string();
}

bool flag_at(const Node* node, std::string_view key) {
    return text_at(node, key) == "true";
}

const Node* child(const Node* node, std::string_view key) {
    const Node* value = node == nullptr ? nullptr : node->find(key);
    return value != nullptr && !value->is_null() ? value : nullptr;
}

/// Labels by which runtimes say what a container is a replica of: {project, service}.
constexpr std::array<std::pair<std::string_view, std::string_view>, 3> service_labels{{
    {"com.docker.compose.project", "com.docker.compose.service"},
    {"io.podman.compose.project", "io.podman.compose.service"},
    {"com.docker.stack.namespace", "com.docker.swarm.service.name"},
}};

/// The workload as recordings name it (analyzer/identity.h, container_workload()).
void name_workload(const std::string& name, DockerContainer& container) {
    Labels& labels = container.endpoint.labels;
    std::string place = "default";
    for (const auto& [project, service] : service_labels) {
        if (const std::string* found = labels.find(project); found != nullptr && place == "default")
            place = *found;
    }
    for (const auto& [project_key, service_key] : service_labels) {
        const std::string* service = labels.find(service_key);
        if (service == nullptr) continue;
        const std::string* project = labels.find(project_key);
        container.id = {project != nullptr ? *project : place, *service, "Container"};
        container.selected_by = {{std::string(service_key), *service}};
        return;
    }
    container.id = {place, name, "Container"};
    if (labels.find(container_name_label) == nullptr) {
        labels.set(std::string(container_name_label), name);
    }
    container.selected_by = {
        {std::string(container_name_label), *labels.find(container_name_label)}};
}

void add_address(const std::string& text, DockerContainer& container) {
    if (const auto address = IpAddress::parse(text)) container.addresses.push_back(*address);
}

void read_networks(const Node* settings, DockerContainer& container) {
    const Node* networks = child(settings, "Networks");
    if (networks == nullptr) return;
    for (const Node& network : *networks) {
        container.endpoint.networks.emplace_back(network.key);
        add_address(text_at(&network, "IPAddress"), container);
        add_address(text_at(&network, "GlobalIPv6Address"), container);
    }
}

void read_mode(const std::string& mode, DockerContainer& container) {
    auto& networks = container.endpoint.networks;
    constexpr std::string_view other = "container:";
    if (mode.starts_with(other)) {
        container.shares = mode.substr(other.size());
        networks.clear();
    } else if (networks.empty() && !mode.empty()) {
        networks.push_back(mode == "default" ? "bridge" : mode);
    }
    container.endpoint.host_network = mode == "host";
}

void add_declared(const PublishedPort& port, DockerContainer& container) {
    // A range of thousands is declared to be published, not listened on port by port.
    constexpr unsigned most = 256;
    const unsigned count = port.target.last.number - port.target.first.number;
    for (unsigned i = 0; i <= std::min(count, most); ++i) {
        const Port number{static_cast<std::uint16_t>(port.target.first.number + i)};
        container.endpoint.ports.push_back({"", number, port.protocol});
    }
}

void read_exposed(const Node* config, DockerContainer& container) {
    const Node* exposed = child(config, "ExposedPorts");
    if (exposed == nullptr) return;
    for (const Node& entry : *exposed) {
        if (const auto port = read_container_ports(entry.key)) add_declared(*port, container);
    }
}

void read_published(const Node* ports, DockerContainer& container) {
    if (ports == nullptr) return;
    for (const Node& entry : *ports) {
        const auto target = read_container_ports(entry.key);
        if (!target || !entry.is_sequence()) continue;
        for (const Node& binding : entry) {
            PublishedPort port = *target;
            const auto host = read_port_range(text_at(&binding, "HostPort"));
            if (host) port.host = host->first;
            port.to_host_only = is_host_only(text_at(&binding, "HostIp"));
            container.published.push_back(port);
        }
        if (entry.size > 0) add_declared(*target, container);
    }
}

}  // namespace

bool is_inspected_container(const Node& root) {
    return root.find("NetworkSettings") != nullptr && root.find("Config") != nullptr &&
           root.find("Id") != nullptr;
}

bool is_inspected_network(const Node& root) {
    return root.find("IPAM") != nullptr && root.find("Driver") != nullptr &&
           root.find("Name") != nullptr;
}

void read_inspected_container(const Node& root, Report& report, DockerDocuments& documents) {
    DockerContainer container;
    std::string name = text_at(&root, "Name");
    if (name.starts_with('/')) name.erase(0, 1);
    const Node* config = child(&root, "Config");
    const Node* settings = child(&root, "NetworkSettings");
    const Node* host_config = child(&root, "HostConfig");
    if (const Node* labels = child(config, "Labels")) {
        for (const Node& label : *labels) {
            container.endpoint.labels.set(std::string(label.key), std::string(label.text));
        }
    }
    container.key = text_at(&root, "Id");
    if (name.empty()) name = container.key.substr(0, 12);
    name_workload(name, container);
    container.endpoint.name = name;
    container.endpoint.container = container.key;
    container.endpoint.runtime = root.find("Pod") != nullptr ? "podman" : "docker";
    container.endpoint.where = report.location_of(root);
    read_networks(settings, container);
    read_mode(text_at(host_config, "NetworkMode"), container);
    read_exposed(config, container);
    const Node* published = child(settings, "Ports");
    read_published(published != nullptr && published->size > 0 ? published
                                                               : child(host_config, "PortBindings"),
                   container);
    const Node* links = child(host_config, "Links");
    container.links = links != nullptr && links->size > 0;
    documents.containers.push_back(std::move(container));
}

void read_driver_option(std::string_view name, std::string_view value, DockerNetwork& network) {
    if (name == "com.docker.network.bridge.enable_icc") network.talk = value != "false";
    if (name == "com.docker.network.bridge.gateway_mode_ipv4") {
        network.unprotected = value == "nat-unprotected";
    }
}

void read_inspected_network(const Node& root, Report& report, DockerDocuments& documents) {
    DockerNetwork network;
    network.name = text_at(&root, "Name");
    network.driver = text_at(&root, "Driver");
    network.internal = flag_at(&root, "Internal");
    network.ipv4 = text_at(&root, "EnableIPv4") != "false";
    network.ipv6 = flag_at(&root, "EnableIPv6");
    network.where = report.location_of(root);
    if (const Node* options = child(&root, "Options")) {
        for (const Node& option : *options) read_driver_option(option.key, option.text, network);
    }
    const Node* blocks = child(child(&root, "IPAM"), "Config");
    if (blocks != nullptr) {
        for (const Node& block : *blocks) {
            const auto gateway = IpAddress::parse(text_at(&block, "Gateway"));
            if (gateway) network.gateways.push_back(*gateway);
        }
    }
    documents.networks.insert_or_assign(network.name, std::move(network));
}

bool read_docker(const Node& root, Report& report, DockerDocuments& documents) {
    if (is_inspected_container(root)) {
        read_inspected_container(root, report, documents);
    } else if (is_inspected_network(root)) {
        read_inspected_network(root, report, documents);
    } else if (is_compose_file(root)) {
        const DockerDocuments before = documents;
        const std::size_t errors = report.errors();
        read_compose_file(root, report, documents);
        if (report.errors() != errors) documents = before;  // nothing of it is used
    } else {
        return false;
    }
    return true;
}

}  // namespace nspect::ingest
