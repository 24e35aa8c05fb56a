// SPDX-License-Identifier: Apache-2.0
// https://docs.docker.com/reference/compose-file/networks/
#include "ingest/docker/compose.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "ingest/docker/interpolation.h"
#include "ingest/docker/read.h"
#include "ingest/document/fields.h"

namespace nspect::ingest {

namespace {

namespace fs = std::filesystem;

/// What Compose makes of a folder's name.
std::string normalized(const std::string& name) {
    std::string project;
    for (const char c : lower_case(name)) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (letter || (!project.empty() && (c == '_' || c == '-'))) project += c;
    }
    return project.empty() ? "default" : project;
}

std::string project_of(const Node& root, const std::string& file) {
    const Node* name = any_field(root, "name");
    if (name != nullptr && name->is_scalar()) {
        const std::string written = interpolate(name->text).text;
        if (!written.empty()) return written;
    }
    if (file.starts_with('<')) return "default";
    std::error_code error;
    const fs::path whole = fs::absolute(file, error);
    return normalized(error ? std::string() : whole.parent_path().filename().string());
}

class ComposeFile {
public:
    ComposeFile(const Node& root, Report& report, DockerDocuments& documents)
        : root_(root),
          report_(report),
          documents_(documents),
          project_(project_of(root, report.source().name())) {}

    void read() {
        if (const Node* include = any_field(root_, "include")) {
            report_.key_warning(*include, "DK005", "what stands in another file is not followed",
                                "`docker compose config` prints everything in one file");
        }
        if (const Node* networks = mapping_field(root_, "networks", report_)) {
            for (const Node& network : *networks) read_network(network);
        }
        const Node* services = mapping_field(root_, "services", report_);
        if (services == nullptr) return;
        ComposeServices reader(*services, report_);
        for (const Node& service : *services) {
            if (service.is_mapping()) add_service(reader.read(service));
        }
    }

private:
    /// The name on the machine of a network by its key in the file.
    std::string name_on_machine(const Node& network, bool external) const {
        const Node* name = any_field(network, "name");
        const Node* older = any_field(network, "external");
        if (name == nullptr && older != nullptr) name = any_field(*older, "name");
        if (name != nullptr && name->is_scalar()) return interpolate(name->text).text;
        return external ? std::string(network.key) : project_ + "_" + std::string(network.key);
    }

    void read_network(const Node& node) {
        const Node* external = any_field(node, "external");
        const bool is_external =
            external != nullptr && (external->is_mapping() || external->text == "true");
        DockerNetwork network;
        network.name = name_on_machine(node, is_external);
        names_[std::string(node.key)] = network.name;
        // Another document may describe an external one; else it is noted when it is used.
        if (is_external) return;
        network.where = report_.location_of(node);
        if (const Node* driver = any_field(node, "driver")) {
            network.driver = interpolate(driver->text).text;
        }
        network.internal = is_true(node, "internal");
        network.ipv6 = is_true(node, "enable_ipv6");
        network.ipv4 = any_field(node, "enable_ipv4") == nullptr || is_true(node, "enable_ipv4");
        if (const Node* options = mapping_field(node, "driver_opts", report_)) {
            for (const Node& option : *options) {
                read_driver_option(option.key, interpolate(option.text).text, network);
            }
        }
        read_gateways(node, network);
        documents_.networks.try_emplace(network.name, network);
    }

    static bool is_true(const Node& node, std::string_view key) {
        const Node* field = any_field(node, key);
        if (field == nullptr) return false;
        const std::string text = lower_case(interpolate(field->text).text);
        return text == "true" || text == "yes" || text == "on";
    }

    void read_gateways(const Node& node, DockerNetwork& network) {
        const Node* ipam = mapping_field(node, "ipam", report_);
        const Node* blocks = ipam == nullptr ? nullptr : sequence_field(*ipam, "config", report_);
        if (blocks == nullptr) return;
        for (const Node& block : *blocks) {
            const Node* gateway = any_field(block, "gateway");
            const auto address =
                gateway == nullptr ? std::nullopt : IpAddress::parse(gateway->text);
            if (address) network.gateways.push_back(*address);
        }
    }

    void add_service(ComposeService service) {
        DockerContainer container;
        const std::string name(service.node->key);
        container.id = {project_, name, "Container"};
        container.key = "service:" + project_ + "/" + name;
        container.endpoint.name = service.container_name.empty() ? name : service.container_name;
        container.endpoint.where = report_.location_of(*service.node);
        container.endpoint.labels = service.labels;
        container.endpoint.labels.set("com.docker.compose.project", project_);
        container.endpoint.labels.set("com.docker.compose.service", name);
        container.endpoint.ports = std::move(service.exposed);
        container.selected_by = {{"com.docker.compose.service", name}};
        container.published = std::move(service.published);
        container.links = service.links;
        container.is_template = true;
        attach(service, container);
        container.unknown = std::move(service.unknown);
        place(std::move(container), service);
    }

    void attach(ComposeService& service, DockerContainer& container) {
        constexpr std::string_view of_service = "service:";
        constexpr std::string_view of_container = "container:";
        if (!service.mode.empty() && service.names_networks) {
            report_.error(*service.node, "DK007",
                          "a service has either network_mode or networks, not both");
        } else if (service.mode.starts_with(of_service)) {
            container.shares = "service:" + project_ + "/" + service.mode.substr(of_service.size());
        } else if (service.mode.starts_with(of_container)) {
            container.shares = service.mode.substr(of_container.size());
        } else if (!service.mode.empty()) {
            container.endpoint.networks.push_back(service.mode);
            container.endpoint.host_network = service.mode == "host";
        } else if (service.names_networks) {
            for (const auto& [key, entry] : service.networks) join(key, *entry, container);
        } else if (service.unknown.empty()) {
            container.endpoint.networks.push_back(default_network());
        }
    }

    void join(const std::string& key, const Node& entry, DockerContainer& container) {
        const auto known = names_.find(key);
        if (known == names_.end() && key != "default") {
            std::vector<std::string> keys;
            for (const auto& [name, _] : names_) keys.push_back(name);
            const std::string near = nearest_name(key, keys);
            report_.error(entry, "DK002", "the network " + in_quotes(key) + " is not declared",
                          near.empty() ? "declare it below the networks of the file"
                                       : "did you mean " + in_quotes(near) + "?");
            return;
        }
        container.endpoint.networks.push_back(known == names_.end() ? default_network()
                                                                    : known->second);
        for (const std::string_view field : {"ipv4_address", "ipv6_address"}) {
            const Node* node = entry.is_mapping() ? any_field(entry, field) : nullptr;
            if (node == nullptr) continue;
            const auto address = IpAddress::parse(interpolate(node->text).text);
            if (address) container.addresses.push_back(*address);
        }
    }

    /// Made by Compose for services that name none.
    std::string default_network() {
        const auto declared = names_.find("default");
        if (declared != names_.end()) return declared->second;
        DockerNetwork network;
        network.name = project_ + "_default";
        network.where = report_.location_of(root_);
        documents_.networks.try_emplace(network.name, network);
        return network.name;
    }

    bool is_override() const {
        return report_.source().name().find(".override.") != std::string::npos;
    }

    /// An override file adds to the service of the same name, in whichever order they are read.
    void place(DockerContainer container, const ComposeService& service) {
        auto& all = documents_.containers;
        const auto same = std::find_if(all.begin(), all.end(), [&](const DockerContainer& one) {
            return one.is_template && one.id == container.id;
        });
        if (same == all.end()) {
            all.push_back(std::move(container));
            return;
        }
        const bool other = same->endpoint.where.file.find(".override.") != std::string::npos;
        if (!is_override() && !other) {
            report_.error(*service.node, "DK010", to_string(container.id) + " is declared twice",
                          "the first is at " + to_string(same->endpoint.where));
            return;
        }
        merge(other ? *same : container, other ? container : *same, *same);
    }

    /// `over` on top of `base`, into `result`, which is one of the two.
    void merge(DockerContainer over, DockerContainer base, DockerContainer& result) const {
        for (const auto& [key, value] : over.endpoint.labels.entries()) {
            base.endpoint.labels.set(key, value);
        }
        const std::string by_default = project_ + "_default";
        const bool says_nothing =
            over.shares.empty() && over.endpoint.networks == std::vector<std::string>{by_default};
        auto& networks = base.endpoint.networks;
        if (!says_nothing) {
            std::erase(networks, by_default);
            for (const std::string& name : over.endpoint.networks) {
                if (std::find(networks.begin(), networks.end(), name) == networks.end()) {
                    networks.push_back(name);
                }
            }
            if (!over.shares.empty()) base.shares = over.shares;
            base.endpoint.host_network |= over.endpoint.host_network;
        }
        append(over.endpoint.ports, base.endpoint.ports);
        append(over.published, base.published);
        append(over.unknown, base.unknown);
        append(over.addresses, base.addresses);
        result = std::move(base);
    }

    template <class T>
    static void append(const std::vector<T>& more, std::vector<T>& all) {
        all.insert(all.end(), more.begin(), more.end());
    }

    const Node& root_;
    Report& report_;
    DockerDocuments& documents_;
    std::string project_;
    std::map<std::string, std::string> names_;  // of networks on the machine, by key in the file
};

}  // namespace

bool is_compose_file(const Node& root) {
    if (root.find("kind") != nullptr || root.find("apiVersion") != nullptr) return false;
    const Node* services = root.find("services");
    if (services == nullptr || !services->is_mapping() || services->size == 0) return false;
    bool runs = false;
    for (const Node& service : *services) {
        if (!service.is_mapping()) return false;
        const Node* image = service.find("image");
        runs = runs || (image != nullptr && image->is_scalar()) ||
               service.find("build") != nullptr || service.find("extends") != nullptr;
    }
    return runs || root.find("name") != nullptr || root.find("networks") != nullptr;
}

void read_compose_file(const Node& root, Report& report, DockerDocuments& documents) {
    ComposeFile(root, report, documents).read();
}

}  // namespace nspect::ingest
