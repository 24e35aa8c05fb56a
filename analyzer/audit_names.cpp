// SPDX-License-Identifier: Apache-2.0
#include "analyzer/audit_names.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace nspect::analyzer {
namespace {

/// Answers and failures are recorded once a minute each.
constexpr Duration same_lookup = std::chrono::seconds{90};
constexpr std::size_t most_names = 10;

struct Words {
    const char* code;
    Severity severity;
    const char* message;
};

Words words_of(NameProblem problem) {
    switch (problem) {
        case NameProblem::no_such_name:
            return {"dns-no-such-name", Severity::low,
                    "asked for names that do not exist (NXDOMAIN)"};
        case NameProblem::server_failure:
            return {"dns-server-failure", Severity::medium,
                    "its DNS server failed to find an answer (SERVFAIL)"};
        case NameProblem::refused:
            return {"dns-refused", Severity::medium, "its DNS server refused to answer (REFUSED)"};
        case NameProblem::unanswered:
            break;
    }
    return {"dns-unanswered", Severity::medium, "its DNS server did not answer within 5 s"};
}

std::string_view first_label(std::string_view name) {
    return name.substr(0, name.find('.'));
}

bool extends(std::string_view longer, std::string_view shorter) {
    return longer.size() > shorter.size() && longer.starts_with(shorter) &&
           longer[shorter.size()] == '.';
}

/// What went wrong with one name, for one asker.
struct Case {
    std::uint64_t times = 0;  ///< at the vantage that saw most
    std::map<std::uint32_t, std::uint64_t> at_vantage;
    std::set<std::string> servers;
    Timestamp first = forever;
    Timestamp last = Timestamp::min();
};

using Names = std::map<std::string, Case>;

class NameFindings {
public:
    NameFindings(const Recording& context, const Inventory& inventory) : inventory_(inventory) {
        for (const auto& name : context.names) answered_[name.asked_by].push_back(&name);
        for (const auto& failure : context.name_failures) add(failure);
    }

    std::vector<Finding> findings() const {
        std::vector<Finding> all;
        for (const auto& [key, names] : cases_)
            all.push_back(finding(key.second, key.first, names));
        return all;
    }

private:
    void add(const NameFailure& failure) {
        const bool no_name = failure.problem == NameProblem::no_such_name;
        if (no_name && found_nearby(failure)) return;
        auto& found = cases_[{who(failure), failure.problem}][failure.name];
        found.times = std::max(found.times, ++found.at_vantage[failure.vantage]);
        found.servers.insert(to_string(failure.server));
        found.first = std::min(found.first, failure.at);
        found.last = std::max(found.last, failure.at);
    }

    bool found_nearby(const NameFailure& failure) const {
        const auto own = answered_.find(failure.asked_by);
        if (own == answered_.end()) return false;
        return std::any_of(own->second.begin(), own->second.end(), [&](const NameSeen* answer) {
            const bool near = std::chrono::abs(answer->at - failure.at) <= same_lookup;
            return near && first_label(answer->name) == first_label(failure.name);
        });
    }

    std::string who(const NameFailure& failure) const {
        const auto owner = inventory_.owner_of(failure.asked_by, failure.at);
        if (!owner) return to_string(failure.asked_by);
        return to_string(inventory_.workload_of(inventory_.endpoints()[*owner]));
    }

    static Finding finding(NameProblem problem, const std::string& subject, const Names& names) {
        const Words words = words_of(problem);
        Finding finding;
        finding.code = words.code;
        finding.severity = words.severity;
        finding.subject = subject;
        finding.message = words.message;
        std::size_t left_out = 0;
        const std::string* shorter = nullptr;
        for (const auto& [name, found] : names) {
            // The search list of a name that failed as it was written, too.
            if (shorter != nullptr && extends(name, *shorter)) continue;
            shorter = &name;
            if (finding.evidence.size() >= most_names) {
                ++left_out;
                continue;
            }
            finding.evidence.push_back(evidence(name, found));
        }
        if (left_out > 0) finding.evidence.push_back(std::to_string(left_out) + " more names");
        return finding;
    }

    static std::string evidence(const std::string& name, const Case& found) {
        std::string servers;
        for (const auto& each : found.servers) servers += (servers.empty() ? "" : ", ") + each;
        const std::string when =
            found.times == 1 ? ", at " + to_seconds(found.first)
                             : ", in " + std::to_string(found.times) + " minutes between " +
                                   to_seconds(found.first) + " and " + to_seconds(found.last);
        return name + " of " + servers + when;
    }

    const Inventory& inventory_;
    std::unordered_map<IpAddress, std::vector<const NameSeen*>> answered_;
    std::map<std::pair<std::string, NameProblem>, Names> cases_;
};

}  // namespace

std::vector<Finding> name_findings(const Recording& context, const Inventory& inventory) {
    return NameFindings(context, inventory).findings();
}

}  // namespace nspect::analyzer
