// SPDX-License-Identifier: Apache-2.0
#include "analyzer/finding_kinds.h"

#include <algorithm>
#include <array>
#include <utility>

#include "analyzer/lint.h"

namespace nspect::analyzer {

namespace {

using Help = std::pair<std::string_view, std::string_view>;

constexpr auto lint_help = std::to_array<Help>({
    {"selects-nothing", "Correct the labels of the selector, or take the policy away."},
    {"peer-selects-nothing", "Correct the labels of the peer, or take the rule away."},
    {"near-miss-label", "Write the label as the pods have it."},
    {"rollout-pinned", "Select by a label that stays, such as app."},
    {"selects-finished-job", "Take the policy away, or select the next pods too."},
    {"host-network-selected",
     "NetworkPolicy does not reach these pods: filter on the node, or leave the host network."},
    {"and-or-confusion",
     "For one entry that asks for both, remove the dash before the second selector."},
    {"direction-without-rules",
     "Write the rules of that direction, or leave it out of policyTypes."},
    {"duplicate-policy", "Take one of them away."},
    {"rule-contained", "Take the narrower rule away."},
    {"conflicting-priorities", "Give them different priorities."},
    {"rule-never-reached", "Take it away, or move it before the rule that decides."},
    {"deny-shadowed", "Give the deny a higher precedence than the pass or allow."},
    {"no-default-deny", "Add a policy with an empty podSelector for that direction."},
    {"ingress-from-everywhere", "Name who may come in."},
    {"egress-to-everywhere", "Name the addresses that are needed."},
    {"block-covers-pods", "Use selectors for pods, and except for their addresses."},
    {"metadata-reachable", "Except 169.254.169.254/32 from the block."},
    {"dns-blocked", "Allow UDP and TCP 53 to the cluster's DNS."},
    {"port-name-unknown", "Write the port's name as the pods declare it, or its number."},
    {"port-nobody-opens", "See whether the number is right."},
    {"service-port-named", "Policies see the pod's port: write the targetPort."},
    {"service-target-missing", "Correct the targetPort of the Service, or the ports of its pods."},
    {"rule-never-hit", "After a recording that is long enough take the rule away."},
});

std::string_view help_of(std::string_view code) {
    const auto at = std::find_if(lint_help.begin(), lint_help.end(),
                                 [&](const Help& each) { return each.first == code; });
    return at == lint_help.end() ? std::string_view() : at->second;
}

}  // namespace

const std::vector<FindingKind>& audit_kinds() {
    using enum Severity;
    static const std::vector<FindingKind> kinds{
        {"denied-but-flowed", high, "policy denies it, and it passed all the same",
         "Find out why the policy is not enforced there: a plugin without NetworkPolicy, a pod on "
         "the host network, a policy that is not applied. nspect explain names the rules."},
        {"denied-and-blocked", low, "attempts that policy denies did not pass",
         "Either the caller is wrong and should stop, or a rule is missing: nspect explain shows "
         "the smallest one."},
        {"allowed-but-unanswered", medium, "policy allows it, and nobody answered",
         "See whether the server listens, and nspect explain for where packets were last seen."},
        {"allowed-but-refused", low, "policy allows it, and it was refused",
         "See whether the server listens on that port."},
        {"lost-in-between", medium, "packets were seen at one vantage and never at the next",
         "What stands between the two named vantages drops them: another filter, routing, MTU."},
        {"path-mtu", medium, "large packets are lost where small ones pass",
         "Set the MTU that the whole path takes, and let ICMP \"fragmentation needed\" pass."},
        {"dns-no-such-name", low, "asked for names that do not exist",
         "Correct the name, or the search list it is tried with."},
        {"dns-server-failure", medium, "a DNS server failed to find an answer",
         "Look at the resolver and the servers it asks."},
        {"dns-refused", medium, "a DNS server refused to answer",
         "Let the resolver answer this client, or give the client another one."},
        {"dns-unanswered", medium, "a DNS question got no answer",
         "See nspect explain for where packets to the resolver were last seen."},
        {"allowed-never-used", low, "a rule allows something that no recorded conversation needed",
         "After a recording that is long enough take the rule away; nspect generate writes what "
         "was needed."},
        {"unprotected-workload", medium, "no policy selects the workload",
         "Give its namespace a default deny and rules for what it needs: nspect generate."},
        {"unknown-peer", medium, "nobody is known to own the address",
         "Name the address in a rule, or find out who it is."},
        {"depends-on-plugin", low,
         "the answer leans on what Kubernetes leaves to the network plugin",
         "Name the plugin with --cni, or write the rule so that it does not depend on it."},
        {"plaintext-where-strict", high, "plaintext where TLS is demanded",
         "Find out how the traffic gets past the proxy: ports left out, pods without one."},
        {"one-way-where-mutual", high,
         "TLS without a client certificate where mutual TLS is demanded",
         "Give the client a certificate, or its proxy the mode ISTIO_MUTUAL or MUTUAL."},
        {"client-declined", high, "the client showed no certificate although it was asked for one",
         "Give the client a certificate, and let the server demand it."},
        {"identity-not-accepted", high, "a name in a certificate is not among the accepted",
         "Correct the certificate or the expectation."},
        {"server-certificate-mismatch", high,
         "the server's SPIFFE name is of another service account than its workload's",
         "Find out who answers there."},
        {"weaker-than-expected", high, "a version or a lifetime beyond what an expectation allows",
         "Raise the version or shorten the lifetime."},
        {"reached-although-forbidden", high, "it must not be reached, and it was",
         "Close it by policy: nspect explain shows what lets it pass."},
        {"not-reached", medium, "it must be reached, and no recorded conversation got through",
         "See nspect explain, and whether the recording is long enough."},
        {"must-migrate-before-strict", medium, "callers that STRICT would refuse",
         "Give them mutual TLS before the port is made STRICT."},
        {"safe-to-make-strict", info, "a PERMISSIVE port whose callers were all mutual",
         "Apply the PeerAuthentication in the evidence."},
        {"client-rule-weaker", medium,
         "clients' proxies are told to send less than the server demands",
         "Set the mode of the DestinationRule to ISTIO_MUTUAL or MUTUAL."},
        {"client-rule-not-followed", medium,
         "traffic with less than the client's DestinationRule makes its proxy send",
         "Find out how it gets past the client's proxy: annotations, pods without one."},
        {"client-past-proxy", medium,
         "annotations keep a port from the client's proxy that the server demands STRICT at",
         "Take the port out of the annotation."},
        {"outbound-not-registered", medium, "traffic to whom the client's proxy does not know",
         "Add the host to the Sidecar's egress, or a ServiceEntry; or find out how it gets past."},
        {"expectation-without-effect", medium,
         "a PeerAuthentication that selects nobody, names a Service's port, is hidden by an older "
         "one, or is of a port that does not pass the proxy",
         "Correct its selector or port, or take it away."},
        {"mesh-bypass", medium, "a workload of a mesh is reached past it, in plaintext",
         "Make the port STRICT, or the caller part of the mesh."},
        {"plaintext-credentials", medium, "a protocol with logins, without TLS",
         "Switch on TLS for it."},
        {"handshake-failed", medium, "TLS handshakes failed",
         "The alert in the evidence says why."},
        {"weak-tls", medium, "a weak version or cipher of TLS",
         "Configure TLS 1.2 or later without RC4, 3DES, NULL, EXPORT and anonymous ciphers."},
        {"certificate-expired", high, "a certificate was presented outside of its time",
         "Renew it, and see to it that renewal works."},
        {"certificate-expires-soon", medium, "a certificate runs out soon",
         "Renew it before that day."},
        {"certificate-self-signed", low, "a leaf that signed itself",
         "Use one of an authority that clients know."},
        {"certificate-weak", medium, "a weak key or signature",
         "Use RSA of 2048 bits or more, or P-256 and SHA-256."},
        {"capture-loss", medium, "packets were lost while recording",
         "Give capture more memory or fewer targets; nspect doctor says what is possible."},
    };
    return kinds;
}

const std::vector<FindingKind>& lint_kinds() {
    static const std::vector<FindingKind> kinds = [] {
        std::vector<FindingKind> made;
        for (const LintRow& row : lint_table()) {
            made.push_back({row.code, row.severity, row.says, help_of(row.code)});
        }
        made.push_back({"lint-incomplete", Severity::info,
                        "there was too much to compare everything",
                        "Lint parts of the policies on their own."});
        return made;
    }();
    return kinds;
}

}  // namespace nspect::analyzer
