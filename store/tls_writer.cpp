// SPDX-License-Identifier: Apache-2.0
#include "store/tls_writer.h"

#include <utility>

namespace nspect::store {

namespace {

constexpr std::size_t max_remembered = 65536;

/// Equal facts, equal bytes; different facts, different bytes.
class Key {
public:
    void number(std::uint64_t value) {
        for (unsigned shift = 0; shift < 64; shift += 8) {
            bytes += static_cast<char>(value >> shift & 0xffU);
        }
    }
    void text(const std::string& value) {
        number(value.size());
        bytes += value;
    }
    void texts(const std::vector<std::string>& values) {
        number(values.size());
        for (const auto& each : values) text(each);
    }
    void chain(const std::vector<CertificateSeen>& certificates) {
        number(certificates.size());
        for (const CertificateSeen& each : certificates) {
            for (const auto* value :
                 {&each.fingerprint, &each.subject, &each.issuer, &each.key, &each.signature}) {
                text(*value);
            }
            texts(each.names);
            for (const Timestamp time : {each.not_before, each.not_after}) {
                number(static_cast<std::uint64_t>(time.time_since_epoch().count()));
            }
            number(each.key_bits);
            number(unsigned{each.self_signed} << 1U | unsigned{each.authority});
        }
    }
    std::string bytes;
};

std::string numbers_text(const std::vector<std::uint16_t>& numbers) {
    std::string text;
    for (const std::uint16_t each : numbers)
        text += (text.empty() ? "" : " ") + std::to_string(each);
    return text;
}

std::string key_of(const TlsSeen& tls) {
    Key key;
    for (const unsigned value :
         {unsigned{tls.version}, unsigned{tls.cipher}, unsigned{tls.client_alert},
          unsigned{tls.server_alert}, static_cast<unsigned>(tls.client_cert),
          static_cast<unsigned>(tls.evidence), static_cast<unsigned>(tls.confidence),
          unsigned{tls.resumed}, unsigned{tls.hello_retry}, unsigned{tls.encrypted_hello},
          static_cast<unsigned>(tls.transport), static_cast<unsigned>(tls.early_data),
          static_cast<unsigned>(tls.acceptance), unsigned{tls.external_psk},
          unsigned{tls.raw_public_key}, unsigned{tls.post_handshake_auth}, unsigned{tls.asked},
          unsigned{tls.none_presented}, unsigned{tls.quic_version}}) {
        key.number(value);
    }
    for (const auto* value : {&tls.sni, &tls.alpn, &tls.ja4}) key.text(*value);
    for (const auto* names : {&tls.server_identity, &tls.client_identity, &tls.alpn_offered}) {
        key.texts(*names);
    }
    key.text(numbers_text(tls.client_records));
    key.chain(tls.server_chain);
    key.chain(tls.client_chain);
    return std::move(key.bytes);
}

}  // namespace

Status TlsWriter::prepare(SqliteDb& db) {
    const std::pair<Statement*, const char*> statements[] = {
        {&tls_, "INSERT INTO tls VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"},
        {&identity_, "INSERT INTO tls_identity VALUES(?,?,?)"},
        {&offer_, "INSERT INTO tls_offer VALUES(?,?)"},
        {&certificate_,
         "INSERT INTO certificate(rowid, tls, side, fingerprint, subject, issuer, not_before_ns, "
         "not_after_ns, key, key_bits, signature, self_signed, authority) "
         "VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)"},
        {&certificate_name_, "INSERT INTO certificate_name VALUES(?,?)"},
    };
    for (const auto& [statement, sql] : statements) {
        auto prepared = db.prepare(sql);
        if (!prepared) return std::move(prepared).error();
        *statement = std::move(*prepared);
    }
    return done;
}

std::optional<std::int64_t> TlsWriter::row(const TlsSeen& tls) {
    std::string key = key_of(tls);
    if (const auto known = rows_.find(key); known != rows_.end()) return known->second;
    const std::int64_t id = next_tls_++;
    if (!add_names(tls, id) || !add(tls, id)) return std::nullopt;
    if (rows_.size() >= max_remembered) rows_.clear();
    rows_.emplace(std::move(key), id);
    return id;
}

bool TlsWriter::add_names(const TlsSeen& tls, std::int64_t id) {
    for (const auto& name : tls.server_identity) {
        if (!identity_.put(id).put("server").put(name).run()) return false;
    }
    for (const auto& name : tls.client_identity) {
        if (!identity_.put(id).put("client").put(name).run()) return false;
    }
    for (const auto& protocol : tls.alpn_offered) {
        if (!offer_.put(id).put(protocol).run()) return false;
    }
    for (const auto& each : tls.server_chain) {
        if (!add(each, id, "server")) return false;
    }
    for (const auto& each : tls.client_chain) {
        if (!add(each, id, "client")) return false;
    }
    return true;
}

bool TlsWriter::add(const CertificateSeen& certificate, std::int64_t tls, const char* side) {
    const std::int64_t id = next_certificate_++;
    for (const auto& name : certificate.names) {
        if (!certificate_name_.put(id).put(name).run()) return false;
    }
    return certificate_.put(id)
        .put(tls)
        .put(side)
        .put(certificate.fingerprint)
        .put(certificate.subject)
        .put(certificate.issuer)
        .put(certificate.not_before)
        .put(certificate.not_after)
        .put(certificate.key)
        .put(certificate.key_bits)
        .put(certificate.signature)
        .put(certificate.self_signed)
        .put(certificate.authority)
        .run();
}

bool TlsWriter::add(const TlsSeen& tls, std::int64_t id) {
    const std::string records = numbers_text(tls.client_records);
    return tls_.put(id)
        .put(tls.version)
        .put(tls.cipher)
        .put(tls.sni)
        .put(tls.alpn)
        .put(tls.ja4)
        .put(tls.client_cert)
        .put(tls.evidence)
        .put(tls.confidence)
        .put(tls.resumed)
        .put(tls.hello_retry)
        .put(tls.encrypted_hello)
        .put(tls.client_alert)
        .put(tls.server_alert)
        .put(tls.transport)
        .put(tls.early_data)
        .put(tls.acceptance)
        .put(tls.external_psk)
        .put(tls.raw_public_key)
        .put(tls.post_handshake_auth)
        .put(tls.asked)
        .put(tls.none_presented)
        .put(records)
        .put(tls.quic_version)
        .run();
}

}  // namespace nspect::store
