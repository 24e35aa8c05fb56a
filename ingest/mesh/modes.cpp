// SPDX-License-Identifier: Apache-2.0
#include "ingest/mesh/modes.h"

#include <array>

#include "ingest/document/fields.h"

namespace nspect::ingest {

TlsMode read_mode(const Node& parent, std::initializer_list<ModeWord> words, TlsMode missing,
                  Report& report) {
    const Node* node = any_field(parent, "mode");
    if (node == nullptr) return missing;
    for (const auto& [word, mode] : words) {
        if (node->text == word) return mode;
    }
    std::string known;
    for (const auto& [word, mode] : words) known += (known.empty() ? "" : ", ") + std::string(word);
    report.error(*node, "MX001", "unknown TLS mode " + in_quotes(node->text), "known are " + known);
    return TlsMode::unset;
}

std::optional<std::uint16_t> read_least_version(const Node& parent, std::string_view key,
                                                Report& report) {
    using Word = std::pair<std::string_view, std::uint16_t>;
    constexpr std::array<Word, 4> words{
        {{"TLSV1_0", 0x0301}, {"TLSV1_1", 0x0302}, {"TLSV1_2", 0x0303}, {"TLSV1_3", 0x0304}}};
    const Node* node = any_field(parent, key);
    if (node == nullptr || node->text == "TLS_AUTO") return std::nullopt;
    for (const auto& [word, version] : words) {
        if (node->text == word) return version;
    }
    report.error(*node, "MX001", "unknown " + std::string(key) + " " + in_quotes(node->text),
                 "known are TLS_AUTO, TLSV1_0, TLSV1_1, TLSV1_2, TLSV1_3");
    return std::nullopt;
}

std::string created_at(const Object& object) {
    const Node* metadata = any_field(object.root, "metadata");
    const Node* created = metadata == nullptr ? nullptr : any_field(*metadata, "creationTimestamp");
    return created != nullptr && created->is_scalar() ? std::string(created->text) : std::string();
}

}  // namespace nspect::ingest
