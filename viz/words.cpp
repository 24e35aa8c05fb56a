// SPDX-License-Identifier: Apache-2.0
#include "viz/words.h"

#include <array>
#include <charconv>

namespace nspect::viz {

std::string counted(std::uint64_t count, std::string_view one, std::string_view many) {
    const std::string plural = many.empty() ? std::string(one) + "s" : std::string(many);
    if (count == 1) return "1 " + std::string(one);
    return (count == 0 ? "no" : std::to_string(count)) + " " + plural;
}

std::string byte_words(std::uint64_t bytes) {
    if (bytes < 1000) return std::to_string(bytes) + " B";
    static constexpr const char* units[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
    double value = static_cast<double>(bytes) / 1000;
    std::size_t unit = 0;
    while (value >= 999.95 && unit + 1 < std::size(units)) {
        value /= 1000;
        ++unit;
    }
    std::array<char, 32> text{};
    const auto written =
        std::to_chars(text.begin(), text.end(), value, std::chars_format::fixed, 1);
    return std::string(text.begin(), written.ptr) + ' ' + units[unit];
}

std::string short_number(std::uint64_t number) {
    if (number < 1000) return std::to_string(number);
    std::string text = byte_words(number);  // "12.3 kB"
    text.pop_back();
    return text;
}

std::string clock(Timestamp time) {
    const std::string full = to_string(time);  // 2026-01-01T10:04:05.123456789Z
    return full.size() >= 23 ? full.substr(11, 12) : full;
}

std::string short_name(const WorkloadId& id) {
    return id.namespace_name.empty() ? id.name : id.namespace_name + "/" + id.name;
}

std::string party_words(const Party& party, const Inventory& inventory) {
    if (party.endpoint)
        return short_name(inventory.workload_of(inventory.endpoints()[*party.endpoint]));
    if (party.node) return "node " + inventory.nodes()[*party.node].name;
    const std::string address = to_string(party.socket.ip);
    return party.name.empty() ? address : party.name + " (" + address + ")";
}

std::string tls_words(const Conversation& conversation) {
    if (!conversation.tls) return "-";
    const TlsSeen& tls = *conversation.tls;
    std::string text = tls_version_name(tls.version);
    if (text.starts_with("TLSv")) text.erase(0, 4);  // the column says TLS
    if (text.empty()) text = "yes";
    if (tls.client_cert == ClientCert::presented) text += " mutual";
    if (tls.client_cert == ClientCert::unknown) text += " ?";
    return text;
}

}  // namespace nspect::viz
