// SPDX-License-Identifier: Apache-2.0
// The TLS half of RecordingReader: one session's facts, names and certificates.
#include <charconv>
#include <utility>

#include "store/recording_reader.h"

namespace nspect::store {

namespace {

constexpr std::size_t max_known_tls = 65536;
constexpr std::size_t max_in_session = 4096;  // names or certificates of one session

std::vector<std::uint16_t> numbers_in(const std::string& text) {
    std::vector<std::uint16_t> numbers;
    const char* at = text.data();
    const char* const end = at + text.size();
    for (std::uint16_t number = 0; at < end;) {
        const auto read = std::from_chars(at, end, number);
        if (read.ec != std::errc{}) break;
        numbers.push_back(number);
        at = read.ptr < end ? read.ptr + 1 : end;
    }
    return numbers;
}

}  // namespace

Result<Statement*> RecordingReader::prepared(const std::string& sql) {
    auto known = statements_.find(sql);
    if (known == statements_.end()) {
        auto statement = db_->prepare(sql);
        if (!statement) return std::move(statement).error();
        known = statements_.emplace(sql, std::move(*statement)).first;
    }
    known->second.reset();
    return &known->second;
}

/// The facts of one row of table tls; nothing when it is not valid, and the sighting stays without.
Result<Shared<TlsSeen>> RecordingReader::tls(std::int64_t id) {
    if (const auto known = tls_known_.find(id); known != tls_known_.end()) return known->second;
    auto facts = read_tls(id);
    if (!facts) return facts;
    if (!*facts) ++damage_->tables["tls"].invalid_rows;
    if (tls_known_.size() >= max_known_tls) tls_known_.clear();
    tls_known_.emplace(id, *facts);
    return facts;
}

Result<Shared<TlsSeen>> RecordingReader::read_tls(std::int64_t id) {
    const std::string first =
        "SELECT version, cipher, sni, alpn, ja4, client_cert, evidence, confidence, resumed, "
        "hello_retry, encrypted_hello, client_alert, server_alert";
    const std::string later =
        ", transport, early_data, acceptance, external_psk, raw_public_key, post_handshake_auth, "
        "asked, none_presented, client_records";
    auto statement = prepared(first + later + ", quic_version FROM tls WHERE rowid = ?");
    const bool has_quic_version = bool{statement};
    if (!statement) statement = prepared(first + later + " FROM tls WHERE rowid = ?");
    const bool is_first_version = !statement;
    if (is_first_version) statement = prepared(first + " FROM tls WHERE rowid = ?");
    if (!statement) return std::move(statement).error();
    const Step step = (*statement)->put(id).step();
    if (step == Step::failed) return db_->error("cannot read the recording");
    if (step != Step::row) return Shared<TlsSeen>{};
    Row row(**statement);
    TlsSeen tls;
    tls.version = row.number<std::uint16_t>();
    tls.cipher = row.number<std::uint16_t>();
    tls.sni = row.text();
    tls.alpn = row.text();
    tls.ja4 = row.text();
    tls.client_cert = row.one_up_to(ClientCert::presented);
    tls.evidence = row.one_up_to(TlsEvidence::resumed);
    tls.confidence = row.one_up_to(Confidence::certain);
    tls.resumed = row.boolean();
    tls.hello_retry = row.boolean();
    tls.encrypted_hello = row.boolean();
    tls.client_alert = row.number<std::uint8_t>();
    tls.server_alert = row.number<std::uint8_t>();
    if (!is_first_version) take_later_columns(row, tls);
    if (has_quic_version) tls.quic_version = row.number<std::uint32_t>();
    if (!row.ok()) return Shared<TlsSeen>{};
    Status more = read_identities(id, tls);
    if (more && !is_first_version) more = read_offers(id, tls);
    if (more && !is_first_version) more = read_certificates(id, tls);
    if (!more) return std::move(more).error();
    return Shared<TlsSeen>(std::move(tls));
}

void RecordingReader::take_later_columns(Row& row, TlsSeen& tls) {
    tls.transport = row.one_up_to(TlsTransport::quic);
    tls.early_data = row.one_up_to(EarlyData::rejected);
    tls.acceptance = row.one_up_to(Acceptance::refused);
    tls.external_psk = row.boolean();
    tls.raw_public_key = row.boolean();
    tls.post_handshake_auth = row.boolean();
    tls.asked = row.boolean();
    tls.none_presented = row.boolean();
    tls.client_records = numbers_in(row.text());
}

/// The rows of a table that belong to one row of another, in row order. A row that is not valid
/// ends it: what follows it would stand at a wrong place.
Status RecordingReader::read_parts(const std::string& table, const std::string& columns,
                                   const std::string& of, std::int64_t id,
                                   const std::function<bool(std::int64_t, Row&)>& use) {
    auto found = prepared("SELECT rowid, " + columns + " FROM " + table + " WHERE " + of +
                          " = ? ORDER BY rowid");
    if (!found) return std::move(found).error();
    Statement* const statement = *found;
    std::optional<std::int64_t> last;
    std::size_t count = 0;
    Step step = statement->put(id).step();
    for (; step == Step::row && count < max_in_session; step = statement->step(), ++count) {
        Row row(*statement);
        const std::int64_t rowid = row.integer();
        if ((last && rowid <= *last) || !use(rowid, row)) {
            ++damage_->tables[table].invalid_rows;
            return done;
        }
        last = rowid;
    }
    if (step == Step::failed) return db_->error("cannot read the recording");
    if (step == Step::damaged) damage_->tables[table].incomplete = true;
    return done;
}

Status RecordingReader::read_identities(std::int64_t id, TlsSeen& tls) {
    return read_parts("tls_identity", "side, name", "tls", id, [&](std::int64_t, Row& row) {
        const std::string side = row.text();
        std::string name = row.text();
        if (!row.ok()) return false;
        (side == "client" ? tls.client_identity : tls.server_identity).push_back(std::move(name));
        return true;
    });
}

Status RecordingReader::read_offers(std::int64_t id, TlsSeen& tls) {
    return read_parts("tls_offer", "protocol", "tls", id, [&](std::int64_t, Row& row) {
        std::string protocol = row.text();
        if (row.ok()) tls.alpn_offered.push_back(std::move(protocol));
        return row.ok();
    });
}

Status RecordingReader::read_certificates(std::int64_t id, TlsSeen& tls) {
    struct Found {
        std::int64_t row;
        std::vector<CertificateSeen>* chain;
        std::size_t at;
    };
    std::vector<Found> found;
    const Status read = read_parts(
        "certificate",
        "side, fingerprint, subject, issuer, not_before_ns, not_after_ns, key, key_bits, "
        "signature, self_signed, authority",
        "tls", id, [&](std::int64_t rowid, Row& row) {
            const bool client = row.text() == "client";
            CertificateSeen seen{.fingerprint = row.text(),
                                 .subject = row.text(),
                                 .issuer = row.text(),
                                 .names = {},
                                 .not_before = row.time(),
                                 .not_after = row.time(),
                                 .key = row.text(),
                                 .key_bits = row.number<std::uint32_t>(),
                                 .signature = row.text(),
                                 .self_signed = row.boolean(),
                                 .authority = row.boolean()};
            if (!row.ok()) return false;
            auto& chain = client ? tls.client_chain : tls.server_chain;
            found.push_back({rowid, &chain, chain.size()});
            chain.push_back(std::move(seen));
            return true;
        });
    if (!read) return read;
    for (const Found& each : found) {
        const Status names = read_parts("certificate_name", "name", "certificate", each.row,
                                        [&](std::int64_t, Row& row) {
                                            std::string name = row.text();
                                            if (!row.ok()) return false;
                                            (*each.chain)[each.at].names.push_back(std::move(name));
                                            return true;
                                        });
        if (!names) return names;
    }
    return done;
}

}  // namespace nspect::store
