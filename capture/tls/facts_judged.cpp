// SPDX-License-Identifier: Apache-2.0
// What the facts of a handshake come to.
#include <algorithm>

#include "capture/tls/facts.h"

namespace nspect::capture {
namespace {

constexpr std::uint16_t tls13 = 0x0304;
// QUIC: every packet of a flight without certificate is below, every one with is above.
constexpr std::uint16_t quic_no_certificate = 150;
constexpr std::uint16_t quic_certificate = 300;

using Chain = std::vector<std::shared_ptr<const ReadCertificate>>;

void copy_chain(const Chain& from, std::vector<CertificateSeen>& chain,
                std::vector<std::string>& identity) {
    for (const auto& each : from) chain.push_back(each->seen);
    if (!from.empty()) identity = from.front()->identity;
}

}  // namespace

std::optional<TlsSeen> HandshakeFacts::seen(bool over) const {
    if (client_hellos_ == 0 && !server_hello_) return std::nullopt;
    TlsSeen seen;
    seen.version = version_;
    seen.cipher = cipher_;
    seen.sni = sni_;
    seen.alpn = chosen_;
    seen.ja4 = ja4_;
    seen.hello_retry = hello_retry_;
    seen.encrypted_hello = encrypted_hello_;
    seen.client_alert = client_.fatal_alert;
    seen.server_alert = server_.fatal_alert;
    seen.transport = transport_;
    seen.quic_version = quic_version_;
    seen.raw_public_key = raw_public_key_;
    seen.alpn_offered = offers_;
    seen.asked = asked_;
    if (early_data_) seen.early_data = EarlyData::offered;
    copy_chain(server_.chain, seen.server_chain, seen.server_identity);
    copy_chain(client_.chain, seen.client_chain, seen.client_identity);
    if (is_tls13()) {
        if (seen.alpn.empty() && offers_.size() == 1) seen.alpn = offers_.front();
        judge_opened(seen);
    } else if (client_.key_exchange || client_.certificate_seen || server_hello_whole_) {
        judge_clear(seen);
    } else {
        judge_sizes_of(seen);
    }
    judge_acceptance(seen, over);
    return seen;
}

// Whether the client's records are those of a flight in a full handshake of TLS 1.3.
bool HandshakeFacts::has_flight() const {
    // Of a hello that was cut, early data may be what came before the answer.
    if (!client_hello_whole_ && early_records_ > 0) return false;
    if (server_hello_whole_) return version_ == tls13;
    return transport_ == TlsTransport::stream && is_cut_hello_full_ &&
           client_.sealed_handshakes == 0 && !client_.key_exchange && !client_.certificate_seen;
}

void HandshakeFacts::judge_clear(TlsSeen& seen) const {
    seen.resumed = resumed_in_clear_;
    // A renegotiation may have changed everything, out of sight.
    if (client_.sealed_handshakes > 1) return;
    if (resumed_in_clear_) return inherit(seen);
    if (!client_.key_exchange && !client_.certificate_seen) return;
    if (!client_.certificate_seen) {
        seen.client_cert = ClientCert::not_requested;
    } else if (client_.certificate_empty) {
        seen.client_cert = ClientCert::declined;
    } else if (client_.certificate_verify || client_.cut) {
        seen.client_cert = ClientCert::presented;
    } else {
        return;
    }
    seen.none_presented = seen.client_cert != ClientCert::presented;
    seen.asked = seen.asked || client_.certificate_seen;
    seen.evidence = TlsEvidence::clear;
    // The signature was not seen.
    const bool whole = client_.certificate_verify || seen.client_cert != ClientCert::presented;
    seen.confidence = whole ? Confidence::certain : Confidence::high;
}

void HandshakeFacts::inherit(TlsSeen& seen) const {
    if (!origin_ || origin_->client_cert == ClientCert::unknown) return;
    seen.client_cert = origin_->client_cert;
    seen.confidence = origin_->confidence;
    seen.evidence = TlsEvidence::resumed;
    seen.server_identity = origin_->server_identity;
    seen.client_identity = origin_->client_identity;
    seen.server_chain = origin_->server_chain;
    seen.client_chain = origin_->client_chain;
}

void HandshakeFacts::judge_opened(TlsSeen& seen) const {
    if (psk_chosen_) {
        // An external key has a name and was not made by an earlier handshake.
        const bool ticket = psk_index_ < psk_.size() && !psk_[psk_index_].is_name;
        seen.resumed = ticket;
        seen.external_psk = psk_index_ < psk_.size() && !ticket;
        if (early_data_ && is_early_data_accepted(cipher_, flight())) {
            seen.early_data = EarlyData::accepted;
        }
        if (ticket) inherit(seen);
        return;
    }
    if (early_data_ && server_hello_) seen.early_data = EarlyData::rejected;
    if (transport_ == TlsTransport::quic && !client_.finished) return judge_quic(seen);
    if (!client_.finished) return judge_sizes_of(seen);
    seen.client_cert = ClientCert::not_requested;
    if (client_.certificate_seen) {
        seen.client_cert = client_.certificate_empty ? ClientCert::declined : ClientCert::presented;
    }
    seen.none_presented = seen.client_cert != ClientCert::presented;
    seen.asked = seen.asked || client_.certificate_seen;
    seen.evidence = TlsEvidence::keylog;
    seen.confidence = Confidence::certain;
    seen.post_handshake_auth = later_certificate_;
}

void HandshakeFacts::judge_sizes_of(TlsSeen& seen) const {
    // Early data that the server did not take may still be under way after its hello.
    if (early_data_ || psk_chosen_ || !has_flight()) return;
    const Asked asked =
        asked_by_server(cipher_, std::span(server_flight_).first(server_flight_count_));
    SizeVerdict verdict = judge_sizes({server_hello_whole_ ? cipher_ : std::uint16_t{0},
                                       raw_public_key_, flight(), asked, record_limit_});
    if (verdict.client_cert == ClientCert::unknown) return;
    // A hello that was cut may have offered what changes the flight.
    if (!client_hello_whole_) verdict.confidence = Confidence::medium;
    const bool answered = verdict.client_cert != ClientCert::not_requested;
    seen.asked = seen.asked || answered;
    seen.client_cert = verdict.client_cert;
    seen.confidence = verdict.confidence;
    seen.none_presented = verdict.client_cert != ClientCert::presented;
    seen.evidence = TlsEvidence::sizes;
    seen.post_handshake_auth = later_certificate_;
    seen.client_records.assign(
        flight().begin(),
        flight().begin() + static_cast<std::ptrdiff_t>(flight_records(cipher_, flight())));
}

// The lengths of whole packets: acknowledgements among them blur what is small.
void HandshakeFacts::judge_quic(TlsSeen& seen) const {
    if (length_count_ == 0 || early_data_) return;
    const std::uint16_t longest = *std::max_element(flight().begin(), flight().end());
    if (longest > quic_certificate) {
        seen.client_cert = ClientCert::presented;
        seen.confidence = Confidence::medium;
        seen.evidence = TlsEvidence::sizes;
        seen.asked = true;
    } else if (longest < quic_no_certificate && quic_over_ && !quic_padded_) {
        seen.none_presented = true;
    } else {
        return;
    }
    seen.client_records.assign(flight().begin(), flight().end());
}

// The length of an alert's record, padded as some stacks do.
bool HandshakeFacts::is_alert_size(std::uint16_t length) const {
    if (cipher_ == 0x1305) return length == 11;
    return length == 19 || length == 32 || length == 35;
}

void HandshakeFacts::judge_acceptance(TlsSeen& seen, bool over) const {
    const bool answered =
        seen.client_cert == ClientCert::presented || seen.client_cert == ClientCert::declined;
    if (!answered || seen.resumed) return;
    if (server_.fatal_alert != 0) {
        seen.acceptance = Acceptance::refused;
        return;
    }
    if (!is_tls13()) {
        if (server_.changed_cipher) seen.acceptance = Acceptance::accepted;
        return;
    }
    if (reactions_ == 0) return;
    if (!is_alert_size(first_reaction_)) {
        seen.acceptance = Acceptance::accepted;
    } else if (reactions_ == 1 && over) {
        seen.acceptance = Acceptance::refused;
    }
}

}  // namespace nspect::capture
