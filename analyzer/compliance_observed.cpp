// SPDX-License-Identifier: Apache-2.0
// What recordings show. A statement passes only on traffic that was seen.
#include <algorithm>

#include "analyzer/compliance_facts.h"

namespace nspect::analyzer {

namespace {

constexpr const char* lost =
    "something was lost while recording: what was not seen may have been there";

using Wanted = bool (*)(const ComplianceFacts& facts, const GraphEdge& edge);

bool any_edge(const ComplianceFacts&, const GraphEdge&) {
    return true;
}

bool between_workloads(const ComplianceFacts& facts, const GraphEdge& edge) {
    const auto& nodes = facts.audit.graph.nodes;
    return nodes[edge.from].kind == GraphNode::Kind::workload &&
           nodes[edge.to].kind == GraphNode::Kind::workload;
}

struct Sum {
    Protected all;
    std::vector<std::string> open;
};

/// How the TCP conversations of some edges were protected; `mutual` says what is asked for.
Sum sum_of(const ComplianceFacts& facts, Wanted wanted, bool mutual) {
    Sum sum;
    for (const GraphEdge& edge : facts.audit.graph.edges) {
        const Protected each = protection(edge);
        if (each.all == 0 || !wanted(facts, edge)) continue;
        sum.all.all += each.all;
        sum.all.tls += each.tls;
        sum.all.mutual += each.mutual;
        sum.all.unknown += each.unknown;
        const std::uint64_t open = each.all - (mutual ? each.mutual + each.unknown : each.tls);
        if (open == 0) continue;
        sum.open.push_back(facts.title(edge) + ": " + std::to_string(open) + " of " +
                           std::to_string(each.all));
    }
    return sum;
}

void check_mutual(ComplianceFacts& facts) {
    ComplianceCheck check =
        statement("nist-800-204-mtls", "NIST SP 800-204, service to service authentication",
                  "TCP conversations between workloads are mutually authenticated (mTLS).");
    if (facts.unseen(check)) return;
    const Sum sum = sum_of(facts, between_workloads, true);
    if (sum.all.all == 0)
        return facts.not_observable(check, "no TCP conversation between workloads was recorded");
    const std::string all = std::to_string(sum.all.all);
    if (sum.open.empty() && sum.all.unknown > 0) {
        return facts.not_observable(check, "of " + all + " conversations " +
                                               std::to_string(sum.all.unknown) +
                                               " do not show whether they were mutual");
    }
    facts.judge_seen(std::move(check), sum.open, "all " + all + " that were recorded were",
                     "some were not: in clear, or without a client certificate");
}

void check_encrypted(ComplianceFacts& facts) {
    ComplianceCheck check = statement(
        "nist-800-207-encryption", "NIST SP 800-207, communication is secured wherever it is",
        "TCP conversations are encrypted, inside as well as to the outside.");
    if (facts.unseen(check)) return;
    const Sum sum = sum_of(facts, any_edge, false);
    if (sum.all.all == 0)
        return facts.not_observable(check, "no TCP conversation with data was recorded");
    facts.judge_seen(std::move(check), sum.open,
                     "all " + std::to_string(sum.all.all) + " that were recorded were",
                     "some carried no TLS that could be seen");
}

void check_named(ComplianceFacts& facts) {
    ComplianceCheck check =
        statement("nist-800-207-access", "NIST SP 800-207, access is granted by policy",
                  "Recorded traffic passed because policy names it, not because nothing "
                  "forbids it.");
    if (facts.unseen(check) || facts.undeclared(check)) return;
    std::vector<std::string> open;
    for (const GraphEdge& edge : facts.audit.graph.edges) {
        if (edge.conversations == 0) continue;
        if (edge.state == EdgeState::unprotected) open.push_back(facts.title(edge) + ": no policy");
        if (edge.state == EdgeState::denied_flowed)
            open.push_back(facts.title(edge) + ": denied, and it passed");
    }
    facts.judge_seen(std::move(check), open, facts.window() + ", none outside of policy",
                     "policy did not decide, or was not enforced");
}

void check_least(ComplianceFacts& facts) {
    ComplianceCheck check =
        statement("nist-800-207-least", "NIST SP 800-207, access is the least that is needed",
                  "Every rule that opens something was needed by recorded traffic.");
    if (facts.unseen(check) || facts.undeclared(check)) return;
    if (facts.audit.lossy) return facts.not_observable(check, lost);
    const bool rules = std::any_of(
        facts.engine.world().policies.begin(), facts.engine.world().policies.end(),
        [](const Policy& each) { return !each.ingress.empty() || !each.egress.empty(); });
    if (!rules) return facts.not_observable(check, "no policy has a rule");
    facts.judge(std::move(check), facts.found({"allowed-never-used"}),
                facts.window() + ", and every rule was needed",
                "not needed while " + facts.window());
}

void check_enforced(ComplianceFacts& facts) {
    ComplianceCheck check =
        statement("nsa-enforced", "NSA/CISA Kubernetes Hardening Guide, network separation",
                  "What policy denies does not pass.");
    if (facts.unseen(check) || facts.undeclared(check)) return;
    const auto passed = facts.found({"denied-but-flowed"});
    const auto blocked = facts.found({"denied-and-blocked"});
    if (passed.empty() && blocked.empty())
        return facts.not_observable(check, "nobody tried what policy denies while recording");
    facts.judge_seen(
        std::move(check), passed,
        std::to_string(blocked.size()) +
            (blocked.size() == 1 ? " kind of attempt was" : " kinds of attempts were") +
            " seen and did not arrive",
        "it was seen to pass");
}

std::uint64_t tls_conversations(const Graph& graph) {
    std::uint64_t count = 0;
    for (const GraphEdge& each : graph.edges) count += each.tls;
    return count;
}

void check_versions(ComplianceFacts& facts) {
    ComplianceCheck check =
        statement("nist-800-52r2-versions", "NIST SP 800-52r2 sections 3.1 and 3.3",
                  "TLS is of version 1.2 or later, without weak ciphers.");
    if (facts.unseen(check)) return;
    const std::uint64_t count = tls_conversations(facts.audit.graph);
    if (count == 0) return facts.not_observable(check, "no TLS conversation was recorded");
    facts.judge_seen(std::move(check), facts.found({"weak-tls"}),
                     "none of " + std::to_string(count) + " chose a weaker one",
                     "a weaker version or cipher was chosen");
}

void check_certificates(ComplianceFacts& facts) {
    ComplianceCheck check =
        statement("nist-800-52r2-certificates", "NIST SP 800-52r2 section 3.2",
                  "Certificates are valid when they are presented and have strong keys.");
    if (facts.unseen(check)) return;
    const std::size_t count = facts.audit.certificates.size();
    if (count == 0)
        return facts.not_observable(
            check, tls_conversations(facts.audit.graph) == 0
                       ? "no TLS conversation was recorded"
                       : "no certificate could be read: TLS 1.3 encrypts them, and a key log was "
                         "not given");
    facts.judge_seen(std::move(check), facts.found({"certificate-expired", "certificate-weak"}),
                     count == 1 ? "so was the one that could be read"
                                : "so were the " + std::to_string(count) + " that could be read",
                     "some were not");
}

}  // namespace

Protected protection(const GraphEdge& edge) {
    if (edge.point.protocol != Protocol::tcp) return {};
    const std::uint64_t through =
        edge.count(Outcome::established) + edge.count(Outcome::mid_stream);
    return {std::max(through, edge.tls), edge.tls, edge.mutual_tls, edge.unknown_tls};
}

void check_observed(ComplianceFacts& facts) {
    check_enforced(facts);
    check_mutual(facts);
    check_encrypted(facts);
    check_named(facts);
    check_least(facts);
    check_versions(facts);
    check_certificates(facts);
}

}  // namespace nspect::analyzer
