// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "model/recording.h"
#include "tests/analyzer/recording_parts.h"

namespace nspect::test {

class RecordingBuilder;

/// One flow, put into the recording once for each place where it is seen.
class FlowBuilder {
public:
    FlowBuilder(RecordingBuilder& owner, Protocol protocol, std::string_view from,
                std::string_view to)
        : owner_(owner) {
        sighting_.protocol = protocol;
        sighting_.ip_protocol = protocol == Protocol::tcp ? 6 : 17;
        as(from, to);
        at(1s);
        sighting_.sent = {4, 400};
        sighting_.received = {3, 300};
        sighting_.outcome = Outcome::established;
    }

    FlowBuilder& isn(std::optional<std::uint32_t> client, std::optional<std::uint32_t> server) {
        sighting_.client_isn = client;
        sighting_.server_isn = server;
        return *this;
    }
    FlowBuilder& payload(std::uint64_t fingerprint) {
        sighting_.fingerprint = fingerprint;
        return *this;
    }
    FlowBuilder& at(Duration first, Duration length = 1s) {
        sighting_.first = test::at(first);
        sighting_.last = test::at(first + length);
        return *this;
    }
    FlowBuilder& outcome(Outcome outcome) {
        sighting_.outcome = outcome;
        if (outcome == Outcome::unanswered || outcome == Outcome::one_way) sighting_.received = {};
        return *this;
    }
    FlowBuilder& answered(Counters received) { return sighting_.received = received, *this; }
    FlowBuilder& direction(DirectionEvidence evidence) {
        sighting_.direction = evidence;
        return *this;
    }
    FlowBuilder& tls(TlsSeen tls) {
        sighting_.tls = std::move(tls);
        return *this;
    }
    /// From here on it is inside a tunnel; nothing: outside again.
    FlowBuilder& tunnel(std::optional<TunnelSeen> tunnel) {
        sighting_.tunnel = tunnel;
        return *this;
    }
    /// From here on its frames are tagged; 0: no longer.
    FlowBuilder& vlan(std::uint16_t inner, std::uint16_t outer = 0) {
        return sighting_.vlan = inner, sighting_.outer_vlan = outer, *this;
    }
    FlowBuilder& to_all() { return sighting_.broadcast = true, outcome(Outcome::one_way); }
    /// The same flow after translation.
    FlowBuilder& as(std::string_view from, std::string_view to) {
        sighting_.client = socket_of(from);
        sighting_.server = socket_of(to);
        return *this;
    }

    /// Seen at the host's end of the container's veth; each place a microsecond after the one
    /// before.
    FlowBuilder& veth(const std::string& container);
    FlowBuilder& inside(const std::string& container);
    FlowBuilder& bridge();
    FlowBuilder& seen(std::uint32_t vantage);

private:
    RecordingBuilder& owner_;
    Sighting sighting_;
};

/// A scripted recording. Containers get two vantages each, both ends of their veth.
class RecordingBuilder {
public:
    RecordingBuilder() {
        recording_.info.host = "node-1";
        recording_.info.started = test::at(0s);
        recording_.info.ended = test::at(3600s);
    }

    RecordingBuilder& container(const std::string& name, std::string_view address,
                                Labels labels = {}, Timestamp from = test::at(0s),
                                Timestamp to = forever) {
        TargetInfo target;
        target.id = ++last_target_;
        target.netns = 4'026'532'000U + target.id;
        target.runtime = "docker";
        target.name = name;
        target.container = "id-of-" + name;
        target.labels = std::move(labels);
        target.from = from;
        target.to = to;
        recording_.addresses.push_back({IpAddress::parse(address).value(), target.id, from, to});
        veths_[name] = add_vantage("veth-" + name, VantageSide::host_end, target.id);
        insides_[name] = add_vantage("eth0", VantageSide::inside, target.id);
        recording_.targets.push_back(std::move(target));
        return *this;
    }

    /// A pod as a runtime tells of it: no labels, but pod name and namespace.
    RecordingBuilder& pod(const std::string& place, const std::string& name,
                          std::string_view address) {
        container(name, address);
        recording_.targets.back().pod = name;
        recording_.targets.back().namespace_name = place;
        return *this;
    }

    RecordingBuilder& host(std::string_view address) {
        TargetInfo target;
        target.id = ++last_target_;
        target.is_host = true;
        recording_.addresses.push_back(
            {*IpAddress::parse(address), target.id, test::at(0s), forever});
        recording_.targets.push_back(std::move(target));
        return *this;
    }

    RecordingBuilder& name(std::string_view asked_by, std::string_view asked,
                           std::string_view address, Duration when = 0s) {
        recording_.names.push_back({test::at(when), 0, *IpAddress::parse(asked_by),
                                    std::string(asked), *IpAddress::parse(address), 60});
        return *this;
    }

    FlowBuilder tcp(std::string_view from, std::string_view to) {
        return {*this, Protocol::tcp, from, to};
    }
    FlowBuilder udp(std::string_view from, std::string_view to) {
        return {*this, Protocol::udp, from, to};
    }

    std::uint32_t bridge_vantage() {
        if (bridge_ == 0) bridge_ = add_vantage("cni0", VantageSide::host, std::nullopt);
        return bridge_;
    }
    /// An interface that a capture file names; whose it is nobody says.
    std::uint32_t file_vantage(const std::string& name, const std::string& file) {
        const auto id = add_vantage(name, VantageSide::file, std::nullopt);
        recording_.vantages.back().source = file;
        return id;
    }
    std::uint32_t veth_of(const std::string& name) const { return veths_.at(name); }
    std::uint32_t inside_of(const std::string& name) const { return insides_.at(name); }

    Recording& recording() { return recording_; }

private:
    std::uint32_t add_vantage(const std::string& name, VantageSide side,
                              std::optional<std::uint32_t> target) {
        const auto id = static_cast<std::uint32_t>(recording_.vantages.size() + 1);
        recording_.vantages.push_back({id, name, 1, side, target, name + "@host"});
        return id;
    }

    Recording recording_;
    std::uint32_t last_target_ = 0;
    std::uint32_t bridge_ = 0;
    std::map<std::string, std::uint32_t> veths_;
    std::map<std::string, std::uint32_t> insides_;
};

inline FlowBuilder& FlowBuilder::seen(std::uint32_t vantage) {
    auto& sightings = owner_.recording().sightings;
    sighting_.vantage = vantage;
    sighting_.id = sightings.size() + 1;
    sightings.push_back(sighting_);
    sighting_.first += 1us;
    sighting_.last += 1us;
    return *this;
}
inline FlowBuilder& FlowBuilder::veth(const std::string& name) {
    return seen(owner_.veth_of(name));
}
inline FlowBuilder& FlowBuilder::inside(const std::string& name) {
    return seen(owner_.inside_of(name));
}
inline FlowBuilder& FlowBuilder::bridge() {
    return seen(owner_.bridge_vantage());
}

}  // namespace nspect::test
