// SPDX-License-Identifier: Apache-2.0
#include "analyzer/tls_strict.h"

#include <map>
#include <string_view>
#include <utility>

#include "analyzer/mesh_ports.h"
#include "analyzer/tls_change.h"
#include "analyzer/tls_client_rules.h"

namespace nspect::analyzer {
namespace {

/// What reached one port of one workload.
struct PortCalls {
    const TlsLink* any = nullptr;
    EffectiveTls effective;
    std::vector<const TlsLink*> unready;
    std::vector<const TlsLink*> unknown;
    std::size_t mutual = 0;
    std::size_t callers = 0;
};

std::string why_unready(const Inventory& inventory, const TlsLink& link) {
    std::string why;
    for (const auto& [protection, words] : {std::pair{Protection::plaintext, "plaintext"},
                                            std::pair{Protection::one_way, "one-way TLS"},
                                            std::pair{Protection::declined, "declined"}}) {
        if (link.size(protection) == 0) continue;
        why += (why.empty() ? ": " : "; ") + std::string(words) + ", " + link.count(protection);
    }
    if (const auto past = link_past_client(inventory, link)) why += "; " + past->why;
    return std::string(link.client) + why;
}

Finding finding_of(const PortCalls& calls, const char* code, Severity severity,
                   std::string message) {
    Finding made;
    made.code = code;
    made.severity = severity;
    made.subject =
        std::string(calls.any->server) + " TCP " + std::to_string(calls.any->port.number);
    made.message = std::move(message);
    made.location = calls.effective.where;
    return made;
}

std::string callers(const PortCalls& calls) {
    return std::to_string(calls.callers) + (calls.callers == 1 ? " caller" : " callers");
}

Finding must_migrate(const Inventory& inventory, const PortCalls& calls) {
    Finding made = finding_of(calls, "must-migrate-before-strict", Severity::medium,
                              "PERMISSIVE by " + calls.effective.by + ": " +
                                  std::to_string(calls.unready.size()) + " of " + callers(calls) +
                                  " would be refused by STRICT");
    for (const TlsLink* each : calls.unready) {
        made.evidence.push_back(why_unready(inventory, *each));
    }
    return made;
}

Finding safe_to_make(const PortCalls& calls, bool lossy, std::vector<std::string> change) {
    Finding made = finding_of(calls, "safe-to-make-strict", Severity::info,
                              "PERMISSIVE by " + calls.effective.by + ": all of " +
                                  std::to_string(calls.mutual) + " handshakes of " +
                                  callers(calls) + " were mutual");
    if (lossy) {
        made.message +=
            "; something was lost while recording: not safe before a recording without losses";
    }
    made.evidence = std::move(change);
    return made;
}

/// What cannot be told is never taken for good.
bool is_ready(const PortCalls& calls) {
    return calls.unready.empty() && calls.unknown.empty() && calls.mutual > 0;
}

using Ports = std::map<std::pair<std::string_view, Port>, PortCalls>;

/// By workload and mesh.
std::map<std::pair<std::string_view, std::string>, ReadyPorts> ready_ports(const Ports& ports) {
    std::map<std::pair<std::string_view, std::string>, ReadyPorts> all;
    for (const auto& [key, calls] : ports) {
        if (calls.effective.mode != TlsMode::permissive) continue;
        ReadyPorts& own = all[{key.first, calls.effective.mesh}];
        own.server = calls.any->server_endpoint;
        own.mesh = calls.effective.mesh;
        (is_ready(calls) ? own.ready : own.others).insert(key.second);
    }
    return all;
}

}  // namespace

void find_ready_for_strict(const Expectations& expectations, const Inventory& inventory,
                           const std::vector<TlsLink>& links, bool lossy,
                           std::vector<Finding>& findings) {
    // Permissive is only what a mesh has policies about.
    if (expectations.peer_authentications.empty() && expectations.guards.empty()) return;
    Ports ports;
    for (const TlsLink& link : links) {
        // What a proxy carries arrives on one port for all.
        if (link.server_endpoint == nullptr || carries_others({Protocol::tcp, link.port})) continue;
        PortCalls& calls = ports[{link.server, link.port}];
        if (calls.any == nullptr) {
            calls.any = &link;
            calls.effective = mesh_tls(expectations, inventory, *link.server_endpoint, link.port);
        }
        const bool unready = link.size(Protection::plaintext) + link.size(Protection::one_way) +
                                 link.size(Protection::declined) >
                             0;
        if (unready) calls.unready.push_back(&link);
        if (link.size(Protection::unknown) > 0) calls.unknown.push_back(&link);
        calls.mutual += link.size(Protection::mutual);
        ++calls.callers;
    }
    const auto ready = ready_ports(ports);
    for (const auto& [key, calls] : ports) {
        if (calls.effective.mode != TlsMode::permissive) continue;
        if (!calls.unready.empty()) findings.push_back(must_migrate(inventory, calls));
        if (!is_ready(calls)) continue;
        const ReadyPorts& own = ready.at({key.first, calls.effective.mesh});
        findings.push_back(
            safe_to_make(calls, lossy, strict_change(expectations, inventory, own, key.second)));
    }
}

void find_without_effect(const Expectations& expectations, std::vector<Finding>& findings) {
    for (const WithoutEffect& each : without_effect(expectations)) {
        Finding made;
        made.code = "expectation-without-effect";
        made.severity = Severity::medium;
        made.subject = each.subject;
        made.message = "has no effect: " + each.why;
        made.location = each.where;
        findings.push_back(std::move(made));
    }
}

}  // namespace nspect::analyzer
