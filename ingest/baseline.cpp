// SPDX-License-Identifier: Apache-2.0
#include "ingest/baseline.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <fstream>
#include <iterator>

#include "ingest/document/fields.h"
#include "ingest/document/read.h"

namespace nspect::ingest {

namespace {

std::optional<int> number_in(std::string_view digits) {
    int value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    return value;
}

/// "2026-12-31": the midnight after that day, UTC.
std::optional<Timestamp> end_of_day(std::string_view text) {
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
    const auto year = number_in(text.substr(0, 4));
    const auto month = number_in(text.substr(5, 2));
    const auto day = number_in(text.substr(8, 2));
    if (!year || !month || !day || *year < 1970 || *year > 2200) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(*year),
                                           std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok()) return std::nullopt;
    return Timestamp(std::chrono::sys_days(date) + std::chrono::days(1));
}

std::string needed(const Node& entry, std::string_view key, std::string_view code,
                   std::string_view hint, Report& report) {
    const auto text = text_field(entry, key, report);
    if (text && text->find_first_not_of(" \t\n") != std::string::npos) return *text;
    report.error(entry, code, "an entry needs a " + std::string(key), std::string(hint));
    return {};
}

void read_entry(const Node& node, Report& report, Baseline& baseline) {
    if (!node.is_mapping()) {
        report.error(node, "BL001", "an entry must be a mapping with code, subject and reason");
        return;
    }
    check_fields(node, report, {"code", "subject", "reason", "expires"});
    const auto errors = report.errors();
    BaselineEntry entry;
    entry.where = report.location_of(node);
    entry.code = needed(node, "code", "BL002", "for example: unprotected-workload", report);
    entry.subject = needed(node, "subject", "BL002",
                           "as the finding has it; * at either end stands for any text", report);
    entry.reason = needed(node, "reason", "BL003", "why the finding is accepted", report);
    if (const Node* expires = any_field(node, "expires")) {
        entry.expires = end_of_day(expires->text);
        if (!entry.expires)
            report.error(*expires, "BL004", in_quotes(expires->text) + " is not a day",
                         "the last day it counts, for example: 2026-12-31");
    }
    if (report.errors() == errors) baseline.push_back(std::move(entry));
}

void read_document(const Node& root, Report& report, Baseline& baseline) {
    check_fields(root, report, {"apiVersion", "kind", "metadata", "findings"});
    const auto kind = text_field(root, "kind", report);
    const Node* findings = sequence_field(root, "findings", report);
    if (kind != "FindingBaseline" || findings == nullptr) {
        report.error(
            root, "BL001", "this is no list of known findings",
            "kind: FindingBaseline and findings: [...]; nspect audit -o baseline writes one");
        return;
    }
    for (const Node& each : *findings) read_entry(each, report, baseline);
}

}  // namespace

Baseline read_baseline(const std::string& name, std::string_view text, Diagnostics& diagnostics) {
    Baseline baseline;
    const SourceTextView source(name, without_byte_order_mark(text));
    Report report(source, diagnostics);
    read_documents(report,
                   [&](const FoundObject& found) { read_document(*found.root, report, baseline); });
    return baseline;
}

Result<Baseline> load_baseline(const std::string& path, Diagnostics& diagnostics) {
    constexpr std::size_t largest = std::size_t{64} << 20U;
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    if (!file) return error_from_errno(errno == 0 ? EIO : errno, "cannot open the file", path);
    std::string text;
    std::array<char, 65536> chunk{};
    while (text.size() <= largest && file) {
        file.read(chunk.data(), chunk.size());
        text.append(chunk.data(), static_cast<std::size_t>(file.gcount()));
    }
    if (file.bad()) return error_from_errno(EIO, "cannot read the file", path);
    if (text.size() > largest)
        return Error{Error::Kind::invalid, "larger than 64 MiB: this is no baseline", "", path};
    return read_baseline(path, text, diagnostics);
}

}  // namespace nspect::ingest
