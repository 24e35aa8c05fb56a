// SPDX-License-Identifier: Apache-2.0
// The words that outputs, recordings and people share; a change here breaks files and scripts.
#include <catch2/catch.hpp>

#include "model/graph.h"
#include "model/policy.h"
#include "model/recording.h"
#include "model/sighting.h"
#include "model/tls_seen.h"
#include "model/workload.h"

using namespace nspect;

TEST_CASE("outcomes have the names of the documentation and read back", "[names]") {
    const auto [outcome, name] = GENERATE(table<Outcome, std::string>({
        {Outcome::established, "established"},
        {Outcome::refused, "refused"},
        {Outcome::rejected, "rejected"},
        {Outcome::unanswered, "unanswered"},
        {Outcome::one_way, "one-way"},
        {Outcome::mid_stream, "mid-stream"},
    }));
    CHECK(to_string(outcome) == name);
    CHECK(parse_outcome(name) == outcome);
    CHECK(static_cast<std::size_t>(outcome) < outcome_count);
    CHECK_FALSE(parse_outcome("one_way").has_value());
    CHECK_FALSE(parse_outcome("").has_value());
}

TEST_CASE("vantage sides have names and read back", "[names]") {
    const auto [side, name] = GENERATE(table<VantageSide, std::string>({
        {VantageSide::host_end, "host-end"},
        {VantageSide::inside, "inside"},
        {VantageSide::host, "host"},
        {VantageSide::file, "file"},
    }));
    CHECK(to_string(side) == name);
    CHECK(parse_vantage_side(name) == side);
    CHECK_FALSE(parse_vantage_side("host_end").has_value());
}

TEST_CASE("edge states have names", "[names]") {
    CHECK(to_string(EdgeState::allowed_used) == "allowed-used");
    CHECK(to_string(EdgeState::allowed_unused) == "allowed-unused");
    CHECK(to_string(EdgeState::denied_blocked) == "denied-blocked");
    CHECK(to_string(EdgeState::denied_flowed) == "denied-flowed");
    CHECK(to_string(EdgeState::unprotected) == "unprotected");
    CHECK(to_string(EdgeState::undecided) == "undecided");
}

TEST_CASE("a socket puts an IPv6 address into brackets", "[names]") {
    CHECK(to_string(Socket{IpAddress::v4(0x0a000001), Port{80}}) == "10.0.0.1:80");
    CHECK(to_string(Socket{IpAddress::v6(0xfd00ULL << 48U, 1), Port{80}}) == "[fd00::1]:80");
}

TEST_CASE("client certificates, evidence and confidence have names", "[names]") {
    CHECK(to_string(ClientCert::unknown) == "unknown");
    CHECK(to_string(ClientCert::not_requested) == "not-requested");
    CHECK(to_string(ClientCert::declined) == "declined");
    CHECK(to_string(ClientCert::presented) == "presented");
    CHECK(to_string(TlsEvidence::none) == "none");
    CHECK(to_string(TlsEvidence::clear) == "clear");
    CHECK(to_string(TlsEvidence::sizes) == "sizes");
    CHECK(to_string(TlsEvidence::keylog) == "keylog");
    CHECK(to_string(TlsEvidence::resumed) == "resumed");
    CHECK(to_string(Confidence::none) == "none");
    CHECK(to_string(Confidence::medium) == "medium");
    CHECK(to_string(Confidence::high) == "high");
    CHECK(to_string(Confidence::certain) == "certain");
}

TEST_CASE("TLS versions, common or not, have a name", "[names]") {
    const auto [version, name] = GENERATE(table<std::uint16_t, std::string>({
        {0, ""},
        {0x0002, "SSLv2"},
        {0x0300, "SSLv3"},
        {0x0301, "TLSv1.0"},
        {0x0302, "TLSv1.1"},
        {0x0303, "TLSv1.2"},
        {0x0304, "TLSv1.3"},
        {0xfeff, "DTLSv1.0"},
        {0xfefd, "DTLSv1.2"},
        {0xfefc, "DTLSv1.3"},
        {0x1234, "0x1234"},
        {0x0305, "0x0305"},
    }));
    CHECK(tls_version_name(version) == name);
}

TEST_CASE("cipher suites have their IANA name, others their number", "[names]") {
    const auto [cipher, name] = GENERATE(table<std::uint16_t, std::string>({
        {0, ""},
        {0x0004, "TLS_RSA_WITH_RC4_128_MD5"},
        {0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA"},
        {0x0039, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA"},
        {0x009e, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"},
        {0x1301, "TLS_AES_128_GCM_SHA256"},
        {0x1302, "TLS_AES_256_GCM_SHA384"},
        {0x1303, "TLS_CHACHA20_POLY1305_SHA256"},
        {0x1305, "TLS_AES_128_CCM_8_SHA256"},
        {0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
        {0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"},
        {0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"},
        {0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"},
        {0xd002, "TLS_ECDHE_PSK_WITH_AES_256_GCM_SHA384"},
        {0xcafe, "0xCAFE"},
        {0x00ff, "0x00FF"},
    }));
    CHECK(tls_cipher_name(cipher) == name);
}

TEST_CASE("alerts have their RFC 8446 name, others their number", "[names]") {
    const auto [alert, name] = GENERATE(table<std::uint8_t, std::string>({
        {0, ""},
        {10, "unexpected_message"},
        {40, "handshake_failure"},
        {42, "bad_certificate"},
        {48, "unknown_ca"},
        {51, "decrypt_error"},
        {70, "protocol_version"},
        {80, "internal_error"},
        {112, "unrecognized_name"},
        {116, "certificate_required"},
        {120, "no_application_protocol"},
        {121, "ech_required"},
        {200, "alert 200"},
    }));
    CHECK(tls_alert_name(alert) == name);
}

TEST_CASE("policies are titled by kind, namespace and name", "[names]") {
    const auto [kind, scope, expected] = GENERATE(table<PolicyKind, std::string, std::string>({
        {PolicyKind::network_policy, "shop", "NetworkPolicy shop/p"},
        {PolicyKind::admin_network_policy, "", "AdminNetworkPolicy p"},
        {PolicyKind::baseline_admin_network_policy, "", "BaselineAdminNetworkPolicy p"},
        {PolicyKind::cluster_network_policy, "", "ClusterNetworkPolicy p"},
        {PolicyKind::cilium_network_policy, "shop", "CiliumNetworkPolicy shop/p"},
        {PolicyKind::cilium_clusterwide_network_policy, "", "CiliumClusterwideNetworkPolicy p"},
        {PolicyKind::calico_network_policy, "shop", "CalicoNetworkPolicy shop/p"},
        {PolicyKind::calico_global_network_policy, "", "GlobalNetworkPolicy p"},
        {PolicyKind::istio_authorization_policy, "shop", "AuthorizationPolicy shop/p"},
        {PolicyKind::linkerd_server, "shop", "Server shop/p"},
        {PolicyKind::linkerd_annotation, "", "LinkerdAnnotation p"},
        {PolicyKind::consul_service_intentions, "shop", "ServiceIntentions shop/p"},
        {PolicyKind::docker_network, "shop", "DockerNetwork shop/p"},
    }));
    Policy policy;
    policy.kind = kind;
    policy.namespace_name = scope;
    policy.name = "p";
    CHECK(policy_title(policy) == expected);
    CHECK(to_string(Direction::ingress) == "ingress");
    CHECK(to_string(Direction::egress) == "egress");
    CHECK(to_string(Action::allow) == "allow");
    CHECK(to_string(Action::deny) == "deny");
    CHECK(to_string(Action::pass) == "pass");
}

TEST_CASE("workload names read back as themselves", "[names]") {
    const auto [text, expected] = GENERATE(table<std::string, WorkloadId>({
        {"shop/web[Deployment]", {"shop", "web", "Deployment"}},
        {"shop/web", {"shop", "web", ""}},
        {"web[Container]", {"", "web", "Container"}},
        {"web", {"", "web", ""}},
        {"a/b/c[Pod]", {"a", "b/c", "Pod"}},
        {"a/[x][Pod]", {"a", "[x]", "Pod"}},
    }));
    REQUIRE(parse_workload_id(text).has_value());
    CHECK(parse_workload_id(text) == expected);
    CHECK(to_string(expected) == text);
}

TEST_CASE("text without a workload's name is refused", "[names]") {
    const auto text = GENERATE(values<std::string>(
        {"", "/", "/web", "shop/", "[Pod]", "shop/[Pod]", "web[]", "web]", "shop/web]", "]"}));
    CAPTURE(text);
    CHECK_FALSE(parse_workload_id(text).has_value());
}
