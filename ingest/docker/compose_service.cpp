// SPDX-License-Identifier: Apache-2.0
// https://docs.docker.com/reference/compose-file/services/
#include <algorithm>
#include <array>

#include "ingest/docker/compose.h"
#include "ingest/docker/interpolation.h"
#include "ingest/docker/ports.h"
#include "ingest/document/fields.h"

namespace nspect::ingest {

namespace {

constexpr int deepest = 16;  // of services that extend others

/// Fields that say who reaches whom; a field that nearly has such a name is a mistake.
constexpr std::array<std::string_view, 9> network_fields{
    "networks", "network_mode", "ports",    "expose",        "labels",
    "links",    "extends",      "profiles", "container_name"};

void check_near_misses(const Node& service, Report& report) {
    static const std::vector<std::string> words(network_fields.begin(), network_fields.end());
    for (const Node& field : service) {
        const auto known = std::find(words.begin(), words.end(), field.key);
        if (known != words.end() || field.key == "label_file") continue;
        const std::string near = nearest_name(field.key, words);
        if (near.empty()) continue;
        report.key_warning(field, "DK001",
                           "unknown field " + in_quotes(field.key) + " of a service is ignored",
                           "did you mean " + in_quotes(near) + "?");
    }
}

}  // namespace

ComposeService ComposeServices::read(const Node& service) {
    ComposeService made;
    made.node = &service;
    read_into(service, 0, made);
    return made;
}

/// The text of a scalar with its variables replaced.
std::optional<std::string> ComposeServices::text(const Node& node, ComposeService& made) {
    if (!node.is_scalar()) {
        report_.error(node, "DOC019", "this must be text");
        return std::nullopt;
    }
    Interpolated read = interpolate(node.text);
    for (const std::string& name : read.unknown) {
        report_.warning(node, "DK004", "the value of the variable " + name + " is not known",
                        "give it a default: ${" + name + ":-value}");
        made.unknown.push_back("the variable " + name);
    }
    return read.text;
}

void ComposeServices::extend(const Node& extends, int depth, ComposeService& made) {
    const Node* file = extends.is_mapping() ? any_field(extends, "file") : nullptr;
    const Node* name = extends.is_mapping() ? any_field(extends, "service") : &extends;
    if (file != nullptr) {
        report_.warning(*file, "DK005", "what stands in another file is not followed",
                        "verdicts about this service say \"at most\"; `docker compose config` "
                        "prints everything in one file");
        made.unknown.push_back("the service it extends in " + std::string(file->text));
        return;
    }
    const Node* base = name == nullptr ? nullptr : services_.find(name->text);
    if (base == nullptr || depth >= deepest) {
        report_.error(extends, "DK007", "there is no such service to extend");
        return;
    }
    read_into(*base, depth + 1, made);
}

void ComposeServices::read_into(const Node& service, int depth, ComposeService& made) {
    if (!service.is_mapping()) return;
    check_near_misses(service, report_);
    if (const Node* extends = any_field(service, "extends")) extend(*extends, depth, made);
    if (const Node* mode = any_field(service, "network_mode")) {
        made.mode = text(*mode, made).value_or("");
    }
    if (const Node* list = any_field(service, "networks")) read_networks(*list, made);
    if (const Node* name = any_field(service, "container_name")) {
        made.container_name = interpolate(name->text).text;
    }
    if (const Node* labels = any_field(service, "labels")) read_labels(*labels, made);
    if (const Node* list = sequence_field(service, "ports", report_)) read_ports(*list, made);
    if (const Node* list = sequence_field(service, "expose", report_)) read_exposed(*list, made);
    made.links = made.links || any_field(service, "links") != nullptr;
    const Node* profiles = sequence_field(service, "profiles", report_);
    if (profiles != nullptr && profiles->size > 0) {
        report_.note(*profiles, "DK006",
                     "the service " + in_quotes(service.key) + " runs only with its profile",
                     "it is taken to run");
    }
}

void ComposeServices::read_networks(const Node& list, ComposeService& made) {
    made.names_networks = made.names_networks || list.size > 0;
    for (const Node& entry : list) {
        if (list.is_mapping()) {
            made.networks[std::string(entry.key)] = &entry;
        } else if (auto name = text(entry, made); name && !name->empty()) {
            made.networks[*name] = &entry;
        }
    }
}

void ComposeServices::add(const PublishedPort& port, ComposeService& made) {
    constexpr unsigned most = 256;  // of a range, declared one by one
    const unsigned count = port.target.last.number - port.target.first.number;
    for (unsigned i = 0; i <= std::min(count, most); ++i) {
        const Port number{static_cast<std::uint16_t>(port.target.first.number + i)};
        made.exposed.push_back({"", number, port.protocol});
    }
}

void ComposeServices::read_ports(const Node& list, ComposeService& made) {
    for (const Node& entry : list) {
        if (entry.is_mapping()) {
            read_long_port(entry, made);
        } else {
            read_port(entry, made);
        }
    }
}

void ComposeServices::read_port(const Node& node, ComposeService& made) {
    ComposeService ignored;  // a host port that is not known changes nothing
    const auto mapping = text(node, ignored);
    if (!mapping) return;
    const auto port = read_port_mapping(*mapping);
    if (port) {
        made.published.push_back(*port);
        add(*port, made);
    } else if (!ignored.unknown.empty()) {
        made.unknown.insert(made.unknown.end(), ignored.unknown.begin(), ignored.unknown.end());
    } else {
        report_.error(node, "DK003", in_quotes(*mapping) + " is not a port mapping",
                      "write [[HOST-ADDRESS:]HOST-PORT:]CONTAINER-PORT[/PROTOCOL]");
    }
}

void ComposeServices::read_long_port(const Node& node, ComposeService& made) {
    const Node* target = any_field(node, "target");
    const auto number = target == nullptr ? std::nullopt : text(*target, made);
    auto port = number ? read_container_ports(*number) : std::nullopt;
    const Node* protocol = any_field(node, "protocol");
    const auto known = protocol == nullptr
                           ? Protocol::tcp
                           : parse_protocol(protocol->text).value_or(Protocol::icmp);
    if (!port || !has_ports(known)) {
        report_.error(node, "DK003", "this port needs a target, and a protocol of tcp or udp");
        return;
    }
    port->protocol = known;
    add(*port, made);
    if (const Node* address = any_field(node, "host_ip")) {
        port->to_host_only = is_host_only(interpolate(address->text).text);
    }
    if (const Node* published = any_field(node, "published")) {
        const auto host = read_port_range(interpolate(published->text).text);
        if (host) port->host = host->first;
    }
    made.published.push_back(*port);
}

void ComposeServices::read_exposed(const Node& list, ComposeService& made) {
    for (const Node& entry : list) {
        const auto written = text(entry, made);
        const auto port = written ? read_container_ports(*written) : std::nullopt;
        if (port) {
            add(*port, made);
        } else if (written && !written->empty()) {
            report_.error(entry, "DK003", in_quotes(*written) + " is not a port to expose");
        }
    }
}

void ComposeServices::read_labels(const Node& labels, ComposeService& made) {
    for (const Node& entry : labels) {
        if (!entry.is_scalar()) continue;
        const std::string written = interpolate(entry.text).text;
        if (labels.is_mapping()) {
            made.labels.set(std::string(entry.key), written);
            continue;
        }
        const std::size_t sign = written.find('=');
        const bool has_value = sign != std::string::npos;
        made.labels.set(written.substr(0, sign), has_value ? written.substr(sign + 1) : "");
    }
}

}  // namespace nspect::ingest
