// SPDX-License-Identifier: Apache-2.0
#include "cli/flow_filter.h"

#include <algorithm>
#include <optional>
#include <set>

#include "cli/subject.h"

namespace nspect::cli {

namespace {

/// One end that was named: nobody in particular when it was not.
struct WantedEnd {
    std::optional<NamedEnds> ends;

    bool is(const Conversation& conversation, const Party& party) const {
        if (!ends) return true;
        if (ends->service) return conversation.service == ends->service;
        const auto& some = ends->ends.endpoints;
        if (party.endpoint) return std::binary_search(some.begin(), some.end(), *party.endpoint);
        return ends->ends.addresses.contains(party.socket.ip);
    }
};

struct Wanted {
    WantedEnd focus;
    WantedEnd from;
    WantedEnd to;
    std::optional<TrafficSet> traffic;
    std::set<Outcome> outcomes;

    bool operator()(const Conversation& each) const {
        if (!from.is(each, each.client) || !to.is(each, each.server)) return false;
        if (!focus.is(each, each.client) && !focus.is(each, each.server)) return false;
        if (!outcomes.empty() && outcomes.count(each.outcome) == 0) return false;
        return !traffic || traffic->contains({each.protocol, each.server.socket.port});
    }
};

Status read_end(const Inventory& inventory, const std::string& text, WantedEnd& into) {
    if (text.empty()) return done;
    auto ends = find_ends(inventory, text);
    if (!ends) return ends.error();
    into.ends = std::move(*ends);
    return done;
}

Status read_outcomes(const std::vector<std::string>& names, std::set<Outcome>& into) {
    for (const std::string& name : names) {
        const auto outcome = parse_outcome(name);
        if (!outcome) {
            return Error{Error::Kind::invalid, "'" + name + "' is no outcome",
                         "established, refused, rejected, unanswered, one-way or mid-stream",
                         "--outcome"};
        }
        into.insert(*outcome);
    }
    return done;
}

}  // namespace

void declare_flow_filter(CommandLine& line, FlowFilterOptions& options) {
    line.option(options.focus, "--focus", "with this end: a workload, pod, NAMESPACE/ or CIDR",
                "END");
    line.option(options.from, "--from", "begun by it; also internet", "END");
    line.option(options.to, "--to", "that go to it; also service/NAMESPACE/NAME", "END");
    line.option(options.port, "--port", "to these ports: 5432, 8000-8080, 53/UDP, ICMP", "PORTS");
    line.options(options.outcomes, "--outcome",
                 "that ended so: established, refused, rejected, unanswered, one-way, mid-stream; "
                 "may be repeated",
                 "NAME");
}

Result<FlowFilter> flow_filter(const FlowFilterOptions& options, const Inventory& inventory) {
    Wanted wanted;
    if (const auto read = read_end(inventory, options.focus, wanted.focus); !read)
        return read.error();
    if (const auto read = read_end(inventory, options.from, wanted.from); !read)
        return read.error();
    if (const auto read = read_end(inventory, options.to, wanted.to); !read) return read.error();
    if (const auto read = read_outcomes(options.outcomes, wanted.outcomes); !read)
        return read.error();
    if (!options.port.empty()) {
        auto traffic = parse_traffic(options.port);
        if (!traffic) return traffic.error();
        wanted.traffic = *std::move(traffic);
    }
    return FlowFilter(std::move(wanted));
}

}  // namespace nspect::cli
