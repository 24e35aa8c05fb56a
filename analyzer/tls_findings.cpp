// SPDX-License-Identifier: Apache-2.0
#include "analyzer/tls_findings.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "analyzer/certificate_findings.h"
#include "analyzer/tls_client_rules.h"
#include "analyzer/tls_guards.h"
#include "analyzer/tls_links.h"
#include "analyzer/tls_listeners.h"
#include "analyzer/tls_mesh_config.h"
#include "analyzer/tls_mistakes.h"
#include "analyzer/tls_registry.h"
#include "analyzer/tls_strict.h"

namespace nspect::analyzer {
namespace {

/// Which annotations explain that a link passes a proxy by.
void add_past_proxies(const Inventory& inventory, const TlsLink& link, Finding& made) {
    if (const auto past = link_past_client(inventory, link)) {
        made.evidence.push_back("past the client's proxy: " + past->why + " (" +
                                to_string(past->where) + ")");
    }
    if (link.server_endpoint == nullptr) return;
    if (const auto past = past_server_proxy(inventory, *link.server_endpoint, link.port)) {
        made.evidence.push_back("past the server's proxy: " + past->why + " (" +
                                to_string(past->where) + ")");
    }
    if (is_opaque_port(*link.server_endpoint, link.port)) {
        made.evidence.push_back(
            "opaque port of the server: its proxy does not look for TLS there (" +
            to_string(link.server_endpoint->where) + ")");
    }
}

void hold_mode(const Inventory& inventory, const TlsLink& link, const EffectiveTls& demand,
               std::vector<Finding>& findings) {
    const auto add = [&](Protection protection, const char* code, Severity severity,
                         const std::string& what) {
        if (link.size(protection) == 0) return;
        Finding made = finding_about(
            link, code, severity,
            what + ", and " + demand.by + " demands " + std::string(to_string(demand.mode)));
        made.evidence.push_back(link.count(protection));
        add_past_proxies(inventory, link, made);
        made.location = demand.where;
        findings.push_back(std::move(made));
    };
    if (demand.mode < TlsMode::one_way) return;
    add(Protection::plaintext, "plaintext-where-strict", Severity::high, "it speaks plaintext");
    if (demand.mode != TlsMode::strict) return;
    add(Protection::one_way, "one-way-where-mutual", Severity::high,
        "the client shows no certificate");
    const TlsLink::Calls declined = link.of(Protection::declined);
    if (declined.empty()) return;
    const bool refused = std::all_of(declined.begin(), declined.end(), [](const TlsCall& each) {
        return each.tls->acceptance == Acceptance::refused;
    });
    add(Protection::declined, "client-declined", refused ? Severity::low : Severity::high,
        refused ? "the client declined to show a certificate and was refused"
                : "the client declined to show a certificate and was let in");
}

bool is_of_domain(const std::string& identity, const std::string& domain) {
    return identity == "spiffe://" + domain || identity.starts_with("spiffe://" + domain + "/") ||
           identity.ends_with("." + domain);
}

/// Identities a conversation showed that an expectation does not accept.
std::set<std::string> unaccepted(const TrafficExpectation& expected, const TlsSeen& tls) {
    std::set<std::string> found;
    const auto& names = tls.client_identity;
    const bool known = expected.identities.empty() || names.empty() ||
                       std::any_of(names.begin(), names.end(), [&](const std::string& name) {
                           return std::any_of(expected.identities.begin(),
                                              expected.identities.end(), [&](const auto& pattern) {
                                                  return matches_identity(pattern, name);
                                              });
                       });
    if (!known) found.insert("client " + names.front());
    if (expected.trust_domain.empty()) return found;
    for (const auto& [end, identity] :
         {std::pair{"client ", &tls.client_identity}, std::pair{"server ", &tls.server_identity}}) {
        const bool inside =
            identity->empty() ||
            std::any_of(identity->begin(), identity->end(), [&](const std::string& each) {
                return is_of_domain(each, expected.trust_domain);
            });
        if (!inside) found.insert(end + identity->front());
    }
    return found;
}

std::set<std::string> too_weak(const TrafficExpectation& expected, const TlsSeen& tls) {
    std::set<std::string> found;
    if (tls.version != 0 && tls.version >> 8U == 3 && tls.version < expected.min_version) {
        found.insert(tls_version_name(tls.version));
    }
    if (expected.max_lifetime == Duration{}) return found;
    for (const auto* chain : {&tls.server_chain, &tls.client_chain}) {
        if (chain->empty()) continue;
        const CertificateSeen& leaf = chain->front();
        if (leaf.not_after - leaf.not_before > expected.max_lifetime) {
            found.insert("certificate of " + leaf.subject + ", valid for " +
                         to_words(leaf.not_after - leaf.not_before));
        }
    }
    return found;
}

void hold_contents(const TlsLink& link, const TrafficExpectation& expected,
                   std::vector<Finding>& findings) {
    std::set<std::string> strangers;
    std::set<std::string> weak;
    bool reached = false;
    for (const TlsCall& each : link.all) {
        reached = reached || each.established;
        if (!each.tls) continue;
        strangers.merge(unaccepted(expected, *each.tls));
        weak.merge(too_weak(expected, *each.tls));
    }
    const std::string by = "TrafficExpectation " + expected.namespace_name + "/" + expected.name;
    const auto add = [&](const char* code, const std::string& message,
                         const std::set<std::string>& evidence) {
        Finding made = finding_about(link, code, Severity::high, message);
        made.evidence.insert(made.evidence.end(), evidence.begin(), evidence.end());
        made.location = expected.where;
        findings.push_back(std::move(made));
    };
    if (!strangers.empty()) {
        add("identity-not-accepted", "an identity that " + by + " does not accept", strangers);
    }
    if (!weak.empty()) add("weaker-than-expected", "weaker than " + by + " demands", weak);
    if (expected.reach == Reach::must_not && reached) {
        add("reached-although-forbidden", "reached, and " + by + " says it must not be", {});
    }
}

/// Policies call the mesh's own trust domain "cluster.local".
bool is_accepted(const MeshConfig& mesh, const std::string& pattern, const std::string& name) {
    return matches_identity(pattern, name) ||
           matches_identity(in_own_domain(mesh, pattern), in_own_domain(mesh, name));
}

/// Identities that the mesh's own authorization does not accept, where certificates could be read.
void hold_identities(const Expectations& expectations, const Inventory& inventory,
                     const TlsLink& link, std::vector<Finding>& findings) {
    if (link.server_endpoint == nullptr || !link.has_tls) return;
    for (const AcceptedIdentities& accepted :
         accepted_identities(expectations, inventory, *link.server_endpoint, link.port)) {
        std::set<std::string> strangers;
        for (const TlsCall& each : link.all) {
            if (!each.tls || each.tls->client_identity.empty()) continue;
            const auto& names = each.tls->client_identity;
            const bool known = std::any_of(names.begin(), names.end(), [&](const auto& name) {
                return std::any_of(accepted.patterns.begin(), accepted.patterns.end(),
                                   [&](const auto& pattern) {
                                       return is_accepted(expectations.mesh, pattern, name);
                                   });
            });
            if (!known) strangers.insert("client " + names.front());
        }
        if (strangers.empty()) continue;
        Finding made = finding_about(link, "identity-not-accepted", Severity::high,
                                     "an identity that " + accepted.by + " does not accept");
        made.evidence.insert(made.evidence.end(), strangers.begin(), strangers.end());
        made.location = accepted.where;
        findings.push_back(std::move(made));
    }
}

/// "spiffe://TD/ns/NS/sa/SA": the namespace and the account.
std::optional<std::pair<std::string, std::string>> account_in(const std::string& identity) {
    const std::size_t space = identity.find("/ns/");
    const std::size_t account = identity.find("/sa/");
    if (!identity.starts_with("spiffe://") || space == std::string::npos ||
        account == std::string::npos || account < space) {
        return std::nullopt;
    }
    return std::pair{identity.substr(space + 4, account - space - 4), identity.substr(account + 4)};
}

void find_foreign_server(const TlsLink& link, std::vector<Finding>& findings) {
    const Endpoint* server = link.server_endpoint;
    if (server == nullptr || server->service_account.empty() || !link.has_tls) return;
    std::set<std::string> wrong;
    for (const TlsCall& each : link.all) {
        if (!each.tls || each.tls->server_identity.empty()) continue;
        const std::string& identity = each.tls->server_identity.front();
        const auto account = account_in(identity);
        if (account && account->second != server->service_account) wrong.insert(identity);
    }
    if (wrong.empty()) return;
    Finding made = finding_about(link, "server-certificate-mismatch", Severity::high,
                                 "the server shows a certificate of another workload; its service "
                                 "account is " +
                                     server->service_account);
    made.evidence.insert(made.evidence.end(), wrong.begin(), wrong.end());
    made.location = server->where;
    findings.push_back(std::move(made));
}

bool is_weak_cipher(const std::string& name) {
    constexpr std::array<std::string_view, 6> weak{"_RC4_",    "_3DES_", "_NULL_",
                                                   "_EXPORT_", "_anon_", "_DES_"};
    return std::any_of(weak.begin(), weak.end(),
                       [&](std::string_view each) { return name.find(each) != std::string::npos; });
}

void find_weak_sessions(const TlsLink& link, std::vector<Finding>& findings) {
    if (!link.has_tls) return;
    std::set<std::string> weak;
    std::set<std::string> failed;
    for (const TlsCall& each : link.all) {
        if (!each.tls) continue;
        const TlsSeen& tls = *each.tls;
        const bool old = (tls.version >> 8U == 3 && tls.version < 0x0303) ||
                         tls.version == 0xfeff || tls.version == 2;
        if (old) weak.insert(tls_version_name(tls.version));
        const std::string cipher = tls_cipher_name(tls.cipher);
        if (is_weak_cipher(cipher)) weak.insert(cipher);
        if (tls.client_alert != 0) {
            failed.insert("the client gave up: " + tls_alert_name(tls.client_alert));
        }
        if (tls.server_alert != 0) {
            failed.insert("the server gave up: " + tls_alert_name(tls.server_alert));
        }
    }
    if (!weak.empty()) {
        Finding made =
            finding_about(link, "weak-tls", Severity::medium, "a weak version or cipher");
        made.evidence.insert(made.evidence.end(), weak.begin(), weak.end());
        findings.push_back(std::move(made));
    }
    if (failed.empty()) return;
    Finding made =
        finding_about(link, "handshake-failed", Severity::medium, "TLS handshakes failed");
    made.evidence.insert(made.evidence.end(), failed.begin(), failed.end());
    findings.push_back(std::move(made));
}

// Protocols that begin with a name and a password, which anybody on the way can read.
bool takes_password(std::string_view app) {
    constexpr std::array<std::string_view, 13> protocols{
        "redis", "postgres", "mysql",   "ftp",   "telnet", "smtp", "imap",
        "pop3",  "ldap",     "mongodb", "mongo", "amqp",   "mqtt"};
    return std::find(protocols.begin(), protocols.end(), app) != protocols.end();
}

/// A login that was seen (capture/tls/login.h), in words.
std::string_view login_words(std::string_view app) {
    if (app == "http-basic") return "HTTP Basic";
    if (app == "redis-auth") return "Redis AUTH";
    if (app == "postgres-password") return "a PostgreSQL password";
    return {};
}

void find_plain_credentials(const TlsLink& link, std::vector<Finding>& findings) {
    std::string protocol;
    std::string_view login;
    for (const TlsCall& each : link.of(Protection::plaintext)) {
        if (login.empty()) login = login_words(each.app);
        if (protocol.empty() && takes_password(each.app)) protocol = each.app;
    }
    if (login.empty() && protocol.empty()) return;
    Finding made =
        login.empty()
            ? finding_about(link, "plaintext-credentials", Severity::medium,
                            protocol + " in plaintext: whoever logs in shows the password")
            : finding_about(link, "plaintext-credentials", Severity::high,
                            "somebody logs in in plaintext: " + std::string(login) +
                                ", which everybody on the way can read");
    made.evidence.push_back(link.count(Protection::plaintext));
    findings.push_back(std::move(made));
}

/// A workload that others reach through its mesh, reached past it where nothing demands otherwise.
void find_bypass(const Expectations& expectations, const Inventory& inventory,
                 const std::vector<TlsLink>& links, std::vector<Finding>& findings) {
    std::map<std::string_view, const TlsLink*> meshed;
    for (const TlsLink& each : links) {
        if (each.mesh != nullptr && each.server_endpoint != nullptr) {
            meshed.emplace(each.server, &each);
        }
    }
    if (meshed.empty()) return;
    for (const TlsLink& each : links) {
        const auto mesh = meshed.find(each.server);
        if (mesh == meshed.end() || each.size(Protection::plaintext) == 0) continue;
        const EffectiveTls demanded =
            mesh_tls(expectations, inventory, *each.server_endpoint, each.port);
        if (demanded.mode >= TlsMode::one_way) continue;  // which is worse, and found already
        Finding made = finding_about(each, "mesh-bypass", Severity::medium,
                                     "it is in a mesh and is reached past it, in plaintext");
        made.evidence.push_back(each.count(Protection::plaintext));
        made.evidence.push_back("through the mesh: " + mesh->second->subject() + ", " +
                                mesh->second->mesh->evidence);
        findings.push_back(std::move(made));
    }
}

void find_unreached(const Expectations& expectations, const std::vector<TlsLink>& links,
                    const Inventory& inventory, bool lossy, std::vector<Finding>& findings) {
    for (const TrafficExpectation& each : expectations.traffic) {
        if (each.reach != Reach::must) continue;
        const bool reached = std::any_of(links.begin(), links.end(), [&](const TlsLink& link) {
            const auto all = expectations_of(expectations, inventory, link.client_endpoint,
                                             link.server_endpoint, link.port);
            if (std::find(all.begin(), all.end(), &each) == all.end()) return false;
            return std::any_of(link.all.begin(), link.all.end(),
                               [](const TlsCall& call) { return call.established; });
        });
        if (reached) continue;
        Finding made;
        made.code = "not-reached";
        made.severity = Severity::medium;
        made.subject = "TrafficExpectation " + each.namespace_name + "/" + each.name;
        made.message = "says that it must be reached, and no recorded conversation did";
        if (lossy) made.message += "; something was lost while recording: one may have";
        made.location = each.where;
        findings.push_back(std::move(made));
    }
}

}  // namespace

class TlsAuditor::Impl {
public:
    Impl(const Expectations& expectations, const Inventory& inventory)
        : expectations_(expectations),
          inventory_(inventory),
          links_(inventory),
          certificates_(inventory) {}

    void take(const Conversation& conversation) {
        links_.take(conversation);
        certificates_.take(conversation);
    }

    TlsAudit finish(Timestamp now, bool lossy) {
        TlsAudit audit;
        const TlsLinks called = links_.links();
        for (const TlsLink& each : called.links) hold(each, audit.findings);
        find_bypass(expectations_, inventory_, called.links, audit.findings);
        find_unreached(expectations_, called.links, inventory_, lossy, audit.findings);
        find_ready_for_strict(expectations_, inventory_, called.links, lossy, audit.findings);
        find_client_rules(expectations_, inventory_, audit.findings);
        find_without_effect(expectations_, audit.findings);
        find_tls_mistakes(expectations_, inventory_, audit.findings);
        find_past_client_proxy(expectations_, inventory_, audit.findings);
        audit.certificates = certificates_.uses();
        find_in_certificates(audit.certificates, now, audit.findings);
        return audit;
    }

private:
    void hold(const TlsLink& link, std::vector<Finding>& findings) const {
        const auto expected = expectations_of(expectations_, inventory_, link.client_endpoint,
                                              link.server_endpoint, link.port);
        hold_mode(inventory_, link,
                  demanded_tls(expectations_, inventory_, link.client_endpoint, link.client_address,
                               link.server_endpoint, link.port),
                  findings);
        hold_identities(expectations_, inventory_, link, findings);
        hold_gateways(expectations_, inventory_, link, findings);
        hold_client_rules(expectations_, inventory_, link, findings);
        hold_registry(expectations_, inventory_, link, findings);
        hold_mesh_config(expectations_.mesh, link, findings);
        for (const TrafficExpectation* each : expected) hold_contents(link, *each, findings);
        find_foreign_server(link, findings);
        find_weak_sessions(link, findings);
        find_plain_credentials(link, findings);
    }

    const Expectations& expectations_;
    const Inventory& inventory_;
    TlsLinkMaker links_;
    CertificateBook certificates_;
};

TlsAuditor::TlsAuditor(const Expectations& expectations, const Inventory& inventory)
    : impl_(std::make_unique<Impl>(expectations, inventory)) {}

TlsAuditor::~TlsAuditor() = default;

void TlsAuditor::take(const Conversation& conversation) {
    impl_->take(conversation);
}

TlsAudit TlsAuditor::finish(Timestamp now, bool lossy) {
    return impl_->finish(now, lossy);
}

}  // namespace nspect::analyzer
