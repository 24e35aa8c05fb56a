// SPDX-License-Identifier: Apache-2.0
// docs/recording-format.md says what each column means.
#include "store/schema.h"

#include <algorithm>
#include <cstddef>

namespace nspect::store {

namespace {

constexpr std::string_view context_tables = R"sql(
CREATE TABLE recording(
    id INTEGER PRIMARY KEY, host TEXT NOT NULL, boot_id TEXT NOT NULL, tool_version TEXT NOT NULL,
    origin TEXT NOT NULL, started_ns INTEGER NOT NULL, ended_ns INTEGER, asked_for_ns INTEGER,
    packets INTEGER NOT NULL);
CREATE TABLE target(
    id INTEGER PRIMARY KEY, netns INTEGER NOT NULL, is_host INTEGER NOT NULL, runtime TEXT NOT NULL,
    container TEXT NOT NULL, name TEXT NOT NULL, image TEXT NOT NULL, namespace TEXT NOT NULL,
    pod TEXT NOT NULL, pod_uid TEXT NOT NULL, from_ns INTEGER NOT NULL, to_ns INTEGER);
CREATE TABLE target_label(target INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL);
CREATE INDEX target_label_target ON target_label(target);
CREATE TABLE target_pid(target INTEGER NOT NULL, pid INTEGER NOT NULL);
CREATE INDEX target_pid_target ON target_pid(target);
CREATE TABLE interface(
    target INTEGER NOT NULL, position INTEGER NOT NULL, if_index INTEGER NOT NULL,
    name TEXT NOT NULL, kind TEXT NOT NULL, mac TEXT NOT NULL, up INTEGER NOT NULL,
    peer_index INTEGER NOT NULL, peer_netns INTEGER NOT NULL, peer_name TEXT NOT NULL);
CREATE INDEX interface_target ON interface(target);
CREATE TABLE interface_address(
    target INTEGER NOT NULL, position INTEGER NOT NULL, address TEXT NOT NULL);
CREATE INDEX interface_address_target ON interface_address(target);
CREATE TABLE interface_broadcast(
    target INTEGER NOT NULL, position INTEGER NOT NULL, address TEXT NOT NULL);
CREATE INDEX interface_broadcast_target ON interface_broadcast(target);
CREATE TABLE address(
    address TEXT NOT NULL, target INTEGER NOT NULL, from_ns INTEGER NOT NULL, to_ns INTEGER,
    UNIQUE(address, target, from_ns));
CREATE TABLE socket_owner(
    target INTEGER NOT NULL, network INTEGER NOT NULL, protocol INTEGER NOT NULL,
    address TEXT NOT NULL, port INTEGER NOT NULL, from_ns INTEGER NOT NULL, to_ns INTEGER,
    UNIQUE(target, network, protocol, address, port, from_ns));
CREATE TABLE vantage(
    id INTEGER PRIMARY KEY, interface TEXT NOT NULL, netns INTEGER NOT NULL, side INTEGER NOT NULL,
    target INTEGER, source TEXT NOT NULL);
CREATE TABLE name(
    at_ns INTEGER NOT NULL, vantage INTEGER NOT NULL, asked_by TEXT NOT NULL, name TEXT NOT NULL,
    address TEXT NOT NULL, ttl INTEGER NOT NULL);
CREATE TABLE name_failure(
    at_ns INTEGER NOT NULL, vantage INTEGER NOT NULL, asked_by TEXT NOT NULL, server TEXT NOT NULL,
    name TEXT NOT NULL, problem INTEGER NOT NULL);
CREATE TABLE loss(
    from_ns INTEGER NOT NULL, to_ns INTEGER NOT NULL, source TEXT NOT NULL, kind TEXT NOT NULL,
    count INTEGER NOT NULL, note TEXT NOT NULL);
CREATE TABLE packet_count(kind TEXT NOT NULL UNIQUE, count INTEGER NOT NULL);
)sql";

constexpr std::string_view flow_tables = R"sql(
CREATE TABLE sighting_block(
    id INTEGER PRIMARY KEY, from_ns INTEGER NOT NULL, to_ns INTEGER NOT NULL, rows TEXT NOT NULL);
CREATE INDEX sighting_block_to ON sighting_block(to_ns);
CREATE TABLE app(id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE tls(
    id INTEGER PRIMARY KEY, version INTEGER NOT NULL, cipher INTEGER NOT NULL, sni TEXT NOT NULL,
    alpn TEXT NOT NULL, ja4 TEXT NOT NULL, client_cert INTEGER NOT NULL, evidence INTEGER NOT NULL,
    confidence INTEGER NOT NULL, resumed INTEGER NOT NULL, hello_retry INTEGER NOT NULL,
    encrypted_hello INTEGER NOT NULL, client_alert INTEGER NOT NULL, server_alert INTEGER NOT NULL,
    transport INTEGER NOT NULL, early_data INTEGER NOT NULL, acceptance INTEGER NOT NULL,
    external_psk INTEGER NOT NULL, raw_public_key INTEGER NOT NULL,
    post_handshake_auth INTEGER NOT NULL, asked INTEGER NOT NULL, none_presented INTEGER NOT NULL,
    client_records TEXT NOT NULL, quic_version INTEGER NOT NULL);
CREATE TABLE tls_identity(tls INTEGER NOT NULL, side TEXT NOT NULL, name TEXT NOT NULL);
CREATE INDEX tls_identity_tls ON tls_identity(tls);
CREATE TABLE tls_offer(tls INTEGER NOT NULL, protocol TEXT NOT NULL);
CREATE INDEX tls_offer_tls ON tls_offer(tls);
CREATE TABLE certificate(
    tls INTEGER NOT NULL, side TEXT NOT NULL, fingerprint TEXT NOT NULL,
    subject TEXT NOT NULL, issuer TEXT NOT NULL, not_before_ns INTEGER NOT NULL,
    not_after_ns INTEGER NOT NULL, key TEXT NOT NULL, key_bits INTEGER NOT NULL,
    signature TEXT NOT NULL, self_signed INTEGER NOT NULL, authority INTEGER NOT NULL);
CREATE INDEX certificate_tls ON certificate(tls);
CREATE TABLE certificate_name(certificate INTEGER NOT NULL, name TEXT NOT NULL);
CREATE INDEX certificate_name_certificate ON certificate_name(certificate);
)sql";

// The views below are written with @NAME(column) for what would be said many times; see expand().
constexpr std::string_view context_views = R"sql(
CREATE VIEW endpoints AS
SELECT t.id AS target, @ENDPOINT(t) AS endpoint, t.runtime, t.container, t.name, t.image,
    t.namespace, t.pod, t.netns,
    (SELECT group_concat(l.key || '=' || l.value, ',') FROM target_label l WHERE l.target = t.id) AS labels,
    a.address, @ISO(coalesce(a.from_ns, t.from_ns)) AS "from", @ISO(coalesce(a.to_ns, t.to_ns)) AS "to"
FROM target t LEFT JOIN address a ON a.target = t.id;
CREATE VIEW socket_owners AS
SELECT o.target, @ENDPOINT(t) AS endpoint, t.container, o.network, @PROTOCOL(o.protocol) AS protocol,
    o.address, o.port, @ISO(o.from_ns) AS "from", @ISO(o.to_ns) AS "to"
FROM socket_owner o JOIN target t ON t.id = o.target;
CREATE VIEW names AS
SELECT name, address, asked_by, count(*) AS answers, @ISO(min(at_ns)) AS first, @ISO(max(at_ns)) AS last
FROM name GROUP BY name, address, asked_by;
CREATE VIEW name_failures AS
SELECT name, @NAME_PROBLEM(problem) AS problem, asked_by, server, count(*) AS times,
    @ISO(min(at_ns)) AS first, @ISO(max(at_ns)) AS last
FROM name_failure GROUP BY name, problem, asked_by, server;
CREATE VIEW losses AS
SELECT @ISO(from_ns) AS "from", @ISO(to_ns) AS "to", source, kind, count, note FROM loss;
CREATE VIEW tls_sessions AS
SELECT id AS tls, @TLS_VERSION(version) AS version, printf('0x%04X', cipher) AS cipher, sni, alpn, ja4,
    @CLIENT_CERT(client_cert) AS client_cert, @EVIDENCE(evidence) AS evidence,
    @CONFIDENCE(confidence) AS confidence, resumed,
    (SELECT group_concat(i.name, ' ') FROM tls_identity i WHERE i.tls = t.id AND i.side = 'server') AS server_identity,
    (SELECT group_concat(i.name, ' ') FROM tls_identity i WHERE i.tls = t.id AND i.side = 'client') AS client_identity,
    @TRANSPORT(transport) AS transport, @EARLY_DATA(early_data) AS early_data,
    @ACCEPTANCE(acceptance) AS acceptance, external_psk, raw_public_key, post_handshake_auth, asked,
    none_presented, client_records, quic_version
FROM tls t;
CREATE VIEW certificates AS
SELECT fingerprint, side, subject, issuer,
    (SELECT group_concat(n.name, ' ') FROM certificate_name n WHERE n.certificate = min(c.rowid)) AS names,
    @ISO(not_before_ns) AS not_before, @ISO(not_after_ns) AS not_after, key, key_bits, signature,
    self_signed, authority, count(DISTINCT tls) AS sessions
FROM certificate c GROUP BY fingerprint, side;
CREATE VIEW sighting AS
SELECT
    @IN_BLOCK(0) AS id, b.from_ns + @NUMBER(1) AS first_ns, b.from_ns + @NUMBER(2) AS last_ns,
    @NUMBER(3) AS vantage, @NUMBER(4) AS protocol, @NUMBER(5) AS ip_protocol,
    @IN_BLOCK(6) AS client_ip, @NUMBER(7) AS client_port, @IN_BLOCK(8) AS server_ip,
    @NUMBER(9) AS server_port, @NUMBER(10) AS direction, @NUMBER(11) AS outcome,
    @NUMBER(12) AS finished, @NUMBER(13) AS sent_packets, @NUMBER(14) AS sent_bytes,
    @NUMBER(15) AS received_packets, @NUMBER(16) AS received_bytes, @NUMBER(17) AS retransmits,
    @IN_BLOCK(18) AS client_isn, @IN_BLOCK(19) AS server_isn, @NUMBER(20) AS fingerprint,
    @NUMBER(21) AS handshake_ns,
    coalesce((SELECT name FROM app WHERE id = @IN_BLOCK(22)), '') AS app, @IN_BLOCK(23) AS tls,
    @NUMBER(24) AS largest_sent, @NUMBER(25) AS largest_received, @NUMBER(26) AS broadcast,
    @NUMBER(27) AS think_ns, @NUMBER(28) AS reordered, @NUMBER(29) AS zero_windows,
    @NUMBER(30) AS client_mss, @NUMBER(31) AS server_mss, @NUMBER(32) AS path_mtu,
    @NUMBER(33) AS icmp_errors, @NUMBER(34) AS vlan, @NUMBER(35) AS outer_vlan,
    @NUMBER(36) AS tunnel, @IN_BLOCK(37) AS tunnel_depth, @IN_BLOCK(38) AS tunnel_number,
    @IN_BLOCK(39) AS tunnel_client, @IN_BLOCK(40) AS tunnel_server
FROM sighting_block b, json_each(b.rows) r;
CREATE VIEW sightings AS
SELECT s.id, @ISO(s.first_ns) AS first, @ISO(s.last_ns) AS last, @PROTOCOL(s.protocol) AS protocol,
    s.client_ip, s.client_port, s.server_ip, s.server_port, @OUTCOME(s.outcome) AS outcome,
    @DIRECTION(s.direction) AS direction, s.finished, s.sent_packets, s.sent_bytes, s.received_packets,
    s.received_bytes, s.retransmits, s.handshake_ns / 1e6 AS handshake_ms, s.app, v.interface, v.netns,
    @SIDE(v.side) AS side, s.tls, s.think_ns / 1e6 AS think_ms, s.reordered, s.zero_windows,
    s.path_mtu, s.icmp_errors, @TUNNEL(s.tunnel) AS tunnel, s.tunnel_number, s.tunnel_client,
    s.tunnel_server, s.largest_sent, s.largest_received, s.broadcast,
    s.vlan, s.outer_vlan
FROM sighting s LEFT JOIN vantage v ON v.id = s.vantage;
)sql";

// Sightings with the same initial sequence number and client port (TCP), or the same addresses,
// ports and first bytes (the rest), that start within 3 s of each other at different vantages, or
// on different VLANs of one, are one conversation. The earliest of them stands nearest to the
// client, the last nearest to the server.
constexpr std::string_view flow_views = R"sql(
CREATE VIEW conversations AS
WITH every AS MATERIALIZED (
    SELECT id, first_ns, last_ns, vantage, protocol, ip_protocol, client_ip, client_port, server_ip,
        server_port, outcome, sent_packets, sent_bytes, received_packets, received_bytes,
        retransmits, client_isn, fingerprint, handshake_ns, app, tls, vlan
    FROM sighting),
keyed AS (
    SELECT id, first_ns, last_ns, vantage, server_ip, server_port, app, tls, client_port AS port,
        client_isn AS isn, CASE WHEN client_isn IS NULL THEN protocol || ' ' || ip_protocol || ' ' ||
            client_ip || ' ' || server_ip || ' ' || server_port ||
            CASE WHEN protocol <> 0 THEN ' ' || fingerprint ELSE '' END END AS loose,
        CASE WHEN client_isn IS NOT NULL OR fingerprint <> 0 THEN vlan END AS vlan
    FROM every),
marked AS (
    SELECT *, NOT coalesce(first_ns - lag(first_ns) OVER w <= 3000000000
        AND (vantage <> lag(vantage) OVER w OR vlan <> lag(vlan) OVER w), 0) AS opens
    FROM keyed WINDOW w AS (PARTITION BY port, isn, loose ORDER BY first_ns, id)),
numbered AS (
    SELECT m.*, coalesce(v.interface, 'vantage ' || m.vantage) AS interface, v.target AS target,
        sum(opens) OVER (PARTITION BY port, isn, loose ORDER BY first_ns, m.id
            ROWS UNBOUNDED PRECEDING) AS number
    FROM marked m LEFT JOIN vantage v ON v.id = m.vantage),
joined AS (
    SELECT id, first_ns, opens, target, last_value(server_ip) OVER w AS reached_ip,
        last_value(server_port) OVER w AS reached_port, last_value(target) OVER w AS reached_target,
        group_concat(interface, ' > ') OVER w AS vantages, max(last_ns) OVER w AS ends_ns,
        max(app) OVER w AS app, max(tls) OVER w AS tls
    FROM numbered WINDOW w AS (PARTITION BY port, isn, loose, number ORDER BY first_ns, id
        ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)),
asked AS (SELECT address, name, max(at_ns) FROM name GROUP BY address)
SELECT j.id, @ISO(j.first_ns) AS first, @ISO(j.ends_ns) AS last, @PROTOCOL(s.protocol) AS protocol,
    coalesce(@OWNER(s.client_ip, j.target), client_name.name, s.client_ip) AS client,
    s.client_ip, s.client_port,
    coalesce(@OWNER(j.reached_ip, j.reached_target), server_name.name, j.reached_ip) AS server,
    j.reached_ip AS server_ip, j.reached_port AS server_port,
    CASE WHEN s.server_ip <> j.reached_ip OR s.server_port <> j.reached_port
        THEN s.server_ip || ' ' || s.server_port END AS dialled,
    @OUTCOME(s.outcome) AS outcome, s.sent_packets, s.sent_bytes, s.received_packets, s.received_bytes,
    s.retransmits, s.handshake_ns / 1e6 AS handshake_ms, j.app, j.tls, j.vantages
FROM joined j JOIN every s ON s.id = j.id
    LEFT JOIN asked client_name ON client_name.address = s.client_ip
    LEFT JOIN asked server_name ON server_name.address = j.reached_ip
WHERE j.opens;
CREATE VIEW edges AS
SELECT client, server, protocol, server_port, count(*) AS conversations,
    sum(outcome = 'established') AS established, sum(outcome = 'refused') AS refused,
    sum(outcome = 'rejected') AS rejected, sum(outcome = 'unanswered') AS unanswered,
    sum(outcome = 'one-way') AS one_way, sum(outcome = 'mid-stream') AS mid_stream,
    sum(sent_bytes) AS sent_bytes, sum(received_bytes) AS received_bytes, sum(tls IS NOT NULL) AS tls,
    min(first) AS first, max(last) AS last
FROM conversations GROUP BY client, server, protocol, server_port;
)sql";

struct Phrase {
    std::string_view name;
    std::string_view sql;  ///< $1 and $2 stand for the arguments, $$ for itself
};

constexpr std::array phrases{
    Phrase{"NUMBER", "coalesce(@IN_BLOCK($1), 0)"},
    Phrase{"IN_BLOCK", "json_extract(r.value, '$$[$1]')"},
    Phrase{"ISO",
           "(strftime('%Y-%m-%dT%H:%M:%S', ($1) / 1000000000, 'unixepoch') || "
           "printf('.%09dZ', ($1) % 1000000000))"},
    Phrase{"ENDPOINT",
           "(CASE WHEN $1.namespace <> '' THEN $1.namespace || '/' ELSE '' END || "
           "CASE WHEN $1.pod <> '' THEN $1.pod WHEN $1.name <> '' THEN $1.name "
           "WHEN $1.container <> '' THEN substr($1.container, 1, 12) "
           "WHEN $1.is_host THEN 'host' ELSE 'netns ' || $1.netns END)"},
    Phrase{"LEASE",
           "address a JOIN target t ON t.id = a.target WHERE a.address = $1 AND "
           "a.from_ns <= j.first_ns AND (a.to_ns IS NULL OR j.first_ns < a.to_ns)"},
    // The vantage's own target first. Loopback addresses are everywhere: they are never another's.
    Phrase{"OWNER",
           "(SELECT @ENDPOINT(t) FROM @LEASE($1) AND a.target = $2 LIMIT 1), "
           "(SELECT @ENDPOINT(t) FROM @LEASE($1) AND a.address NOT LIKE '127.%' AND "
           "a.address <> '::1' ORDER BY a.from_ns DESC LIMIT 1)"},
    Phrase{"PROTOCOL",
           "CASE $1 WHEN 0 THEN 'TCP' WHEN 1 THEN 'UDP' WHEN 2 THEN 'SCTP' "
           "WHEN 3 THEN 'ICMP' WHEN 4 THEN 'ICMPv6' WHEN 5 THEN 'OTHER' END"},
    Phrase{"OUTCOME",
           "CASE $1 WHEN 0 THEN 'established' WHEN 1 THEN 'refused' "
           "WHEN 2 THEN 'rejected' WHEN 3 THEN 'unanswered' WHEN 4 THEN 'one-way' "
           "WHEN 5 THEN 'mid-stream' END"},
    Phrase{"DIRECTION",
           "CASE $1 WHEN 0 THEN 'handshake' WHEN 1 THEN 'first-packet' "
           "WHEN 2 THEN 'port-numbers' END"},
    Phrase{"SIDE",
           "CASE $1 WHEN 0 THEN 'host-end' WHEN 1 THEN 'inside' WHEN 2 THEN 'host' "
           "WHEN 3 THEN 'file' END"},
    Phrase{"TUNNEL",
           "CASE $1 WHEN 1 THEN 'vxlan' WHEN 2 THEN 'geneve' WHEN 3 THEN 'gre' "
           "WHEN 4 THEN 'erspan' WHEN 5 THEN 'ipip' WHEN 6 THEN 'sit' WHEN 7 THEN 'ip6tnl' "
           "WHEN 8 THEN 'mpls' WHEN 9 THEN 'pppoe' WHEN 10 THEN 'gtp' "
           "WHEN 11 THEN 'wireguard' WHEN 12 THEN 'esp' END"},
    Phrase{"NAME_PROBLEM",
           "CASE $1 WHEN 0 THEN 'NXDOMAIN' WHEN 1 THEN 'SERVFAIL' WHEN 2 THEN 'REFUSED' "
           "WHEN 3 THEN 'no answer' END"},
    Phrase{"CLIENT_CERT",
           "CASE $1 WHEN 0 THEN 'unknown' WHEN 1 THEN 'not-requested' "
           "WHEN 2 THEN 'declined' WHEN 3 THEN 'presented' END"},
    Phrase{"EVIDENCE",
           "CASE $1 WHEN 0 THEN 'none' WHEN 1 THEN 'clear' WHEN 2 THEN 'sizes' "
           "WHEN 3 THEN 'keylog' WHEN 4 THEN 'resumed' END"},
    Phrase{"CONFIDENCE",
           "CASE $1 WHEN 0 THEN 'none' WHEN 1 THEN 'medium' WHEN 2 THEN 'high' "
           "WHEN 3 THEN 'certain' END"},
    Phrase{"TRANSPORT",
           "CASE $1 WHEN 0 THEN 'stream' WHEN 1 THEN 'datagram' WHEN 2 THEN 'quic' END"},
    Phrase{"EARLY_DATA",
           "CASE $1 WHEN 0 THEN 'none' WHEN 1 THEN 'offered' WHEN 2 THEN 'accepted' "
           "WHEN 3 THEN 'rejected' END"},
    Phrase{"ACCEPTANCE",
           "CASE $1 WHEN 0 THEN 'unknown' WHEN 1 THEN 'accepted' WHEN 2 THEN 'refused' END"},
    Phrase{"TLS_VERSION",
           "CASE $1 WHEN 0 THEN '' WHEN 768 THEN 'SSLv3' WHEN 769 THEN 'TLSv1.0' "
           "WHEN 770 THEN 'TLSv1.1' WHEN 771 THEN 'TLSv1.2' WHEN 772 THEN 'TLSv1.3' "
           "ELSE printf('0x%04X', $1) END"},
};

/// Where the parenthesis closes that opens at `open`.
std::size_t closing(std::string_view text, std::size_t open) {
    std::size_t depth = 0;
    for (std::size_t i = open; i < text.size(); ++i) {
        if (text[i] == '(') ++depth;
        if (text[i] == ')' && --depth == 0) return i;
    }
    return text.size();
}

std::string filled(std::string_view sql, std::string_view first, std::string_view second) {
    std::string text;
    for (std::size_t i = 0; i < sql.size(); ++i) {
        if (sql[i] != '$') {
            text += sql[i];
        } else if (sql[++i] == '$') {
            text += '$';
        } else {
            text += sql[i] == '1' ? first : second;
        }
    }
    return text;
}

/// The SQL of the phrase at `at` (just behind its @); moves `at` behind its arguments.
std::string spelled_out(std::string_view text, std::size_t& at) {
    const std::size_t end =
        std::min(text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_", at), text.size());
    const std::string_view name = text.substr(at, end - at);
    std::string_view first;
    std::string_view second;
    at = end;
    if (end < text.size() && text[end] == '(') {
        at = closing(text, end) + 1;
        first = text.substr(end + 1, at - end - 2);
        if (name == "OWNER") {  // the only one of two arguments
            const std::size_t comma = first.find(", ");
            second = first.substr(comma + 2);
            first = first.substr(0, comma);
        }
    }
    const auto* phrase = std::find_if(phrases.begin(), phrases.end(),
                                      [&](const Phrase& each) { return each.name == name; });
    return filled(phrase->sql, first, second);
}

/// Replaces the phrases until none is left; they nest.
std::string expand(std::string_view text) {
    std::string sql(text);
    for (std::size_t at = sql.find('@'); at != std::string::npos; at = sql.find('@', at)) {
        std::size_t end = at + 1;
        const std::string words = spelled_out(sql, end);
        sql.replace(at, end - at, words);
    }
    return sql;
}

}  // namespace

std::string recording_schema_sql() {
    return "PRAGMA application_id = " + std::to_string(recording_application_id) +
           ";PRAGMA user_version = " + std::to_string(recording_schema_version) + ";" +
           std::string(context_tables) + std::string(flow_tables) + expand(context_views) +
           expand(flow_views);
}

}  // namespace nspect::store
