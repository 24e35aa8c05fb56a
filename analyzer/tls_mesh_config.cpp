// SPDX-License-Identifier: Apache-2.0
// https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/
// https://istio.io/latest/docs/tasks/security/authorization/authz-td-migration/
#include "analyzer/tls_mesh_config.h"

#include <algorithm>
#include <optional>
#include <set>

namespace nspect::analyzer {
namespace {

constexpr std::string_view scheme = "spiffe://";
constexpr std::string_view own_name = "cluster.local";

/// Of "spiffe://DOMAIN/..."; nothing for other names.
std::optional<std::string_view> domain_of(std::string_view identity) {
    if (!identity.starts_with(scheme)) return std::nullopt;
    identity.remove_prefix(scheme.size());
    return identity.substr(0, identity.find('/'));
}

bool is_own(const MeshConfig& mesh, std::string_view domain) {
    const auto& aliases = mesh.trust_domain_aliases;
    return (mesh.trust_domain && mesh.trust_domain->value == domain) ||
           std::find(aliases.begin(), aliases.end(), domain) != aliases.end();
}

Finding made_of(const TlsLink& link, const char* code, std::string message,
                const std::set<std::string>& evidence, const Location& where) {
    Finding made = finding_about(link, code, Severity::high, std::move(message));
    made.evidence.insert(made.evidence.end(), evidence.begin(), evidence.end());
    made.location = where;
    return made;
}

/// Whoever is of no domain at all is not of this mesh's kind.
void keep_stranger(const MeshConfig& mesh, const char* end,
                   const std::vector<std::string>& identity, std::set<std::string>& strangers) {
    if (identity.empty()) return;
    const auto domain = domain_of(identity.front());
    if (domain && !is_own(mesh, *domain)) strangers.insert(end + identity.front());
}

}  // namespace

std::string in_own_domain(const MeshConfig& mesh, const std::string& identity) {
    const auto domain = domain_of(identity);
    if (!domain || !is_own(mesh, *domain)) return identity;
    return std::string(scheme) + std::string(own_name) +
           identity.substr(scheme.size() + domain->size());
}

void hold_mesh_config(const MeshConfig& mesh, const TlsLink& link, std::vector<Finding>& findings) {
    if (mesh.by.empty() || link.mesh == nullptr || !link.mesh->mesh.starts_with("Istio")) return;
    std::set<std::string> strangers;
    std::set<std::string> old;
    for (const TlsCall& each : link.all) {
        if (!each.tls) continue;
        const TlsSeen& tls = *each.tls;
        if (mesh.trust_domain) {
            keep_stranger(mesh, "client ", tls.client_identity, strangers);
            keep_stranger(mesh, "server ", tls.server_identity, strangers);
        }
        const bool below =
            mesh.least_version && tls.version >> 8U == 3 && tls.version < mesh.least_version->value;
        if (below) old.insert(tls_version_name(tls.version));
    }
    if (!strangers.empty()) {
        findings.push_back(made_of(link, "identity-not-accepted",
                                   "an identity of another trust domain than " +
                                       mesh.trust_domain->value + ", by " + mesh.by,
                                   strangers, mesh.trust_domain->where));
    }
    if (!old.empty()) {
        findings.push_back(made_of(link, "weaker-than-expected",
                                   "older than " + tls_version_name(mesh.least_version->value) +
                                       ", the least by meshMTLS of " + mesh.by,
                                   old, mesh.least_version->where));
    }
}

}  // namespace nspect::analyzer
