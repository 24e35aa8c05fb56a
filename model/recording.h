// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/ip.h"
#include "model/labels.h"
#include "model/loss_kind.h"
#include "model/sighting.h"
#include "model/socket_owner.h"
#include "model/time.h"
#include "model/traffic.h"

namespace nspect {

struct InterfaceInfo {
    std::uint32_t index = 0;
    std::string name;
    /// "veth", "bridge", "macvlan", "ipvlan", "vxlan", "loopback", "physical", ...
    std::string kind;
    std::string mac;
    bool up = false;
    std::uint32_t peer_index = 0;  ///< of a veth; 0 when there is none
    std::uint64_t peer_netns = 0;  ///< where the peer lives; 0 when not known
    std::string peer_name;         ///< may be empty
    std::vector<IpAddress> addresses;
    /// The broadcast addresses of the IPv4 networks it is in, sorted.
    std::vector<IpAddress> broadcasts;

    bool operator==(const InterfaceInfo&) const = default;
};

/// One of several containers that share a network namespace: of a pod, of `--network
/// container:NAME`, or with the host's network.
struct SharingContainer {
    std::string runtime;
    std::string container;
    std::string name;
    std::string image;
    std::string pod;
    std::string namespace_name;
    std::string pod_uid;
    Labels labels;
    bool sandbox = false;  ///< the pod's own ("pause") container
    std::vector<std::uint32_t> pids;
    std::vector<ListeningSocket> listens;  ///< its own; filled in on request

    bool operator==(const SharingContainer&) const = default;
};

/// A network namespace and what is known of the container in it, for the time it was there.
struct TargetInfo {
    std::uint32_t id = 0;     ///< unique in its recording; a later one with the same id replaces it
    std::uint64_t netns = 0;  ///< inode number: the identity of a network namespace on one boot
    bool is_host = false;
    /// "docker", "containerd", "cri-o", "podman", "lxc", "lxd", "nspawn", "netns"
    std::string runtime;
    std::string container;  ///< id as the runtime gives it; for LXC and plain namespaces the name
    std::string name;
    std::string image;
    Labels labels;
    std::string pod;
    std::string namespace_name;  ///< Kubernetes namespace, Compose project, LXC project
    std::string pod_uid;
    std::vector<InterfaceInfo> interfaces;
    std::vector<std::uint32_t> pids;  ///< a few of its processes
    /// Every container in it where that are several, the one named above among them; on the host
    /// those with its network. In a recording each is a target of its own once a socket of it was
    /// seen (SocketOwner).
    std::vector<SharingContainer> sharing;
    Timestamp from{};
    Timestamp to = forever;

    bool operator==(const TargetInfo&) const = default;
};

/// Where the vantage stands, seen from the target it belongs to.
enum class VantageSide : std::uint8_t {
    host_end,  ///< the host's interface towards the container (host end of a veth)
    inside,    ///< an interface in the container's own namespace
    host,      ///< an interface of the host itself: bridge, uplink
    file,      ///< an interface of a capture file, its place not known
};
std::string_view to_string(VantageSide side);
std::optional<VantageSide> parse_vantage_side(std::string_view text);

/// An interface where packets were seen.
struct Vantage {
    std::uint32_t id = 0;  ///< unique in its recording
    std::string interface_name;
    std::uint64_t netns = 0;  ///< the namespace the interface is in; 0 for a file
    VantageSide side = VantageSide::file;
    std::optional<std::uint32_t> target;  ///< TargetInfo::id of the container it belongs to
    std::string source;  ///< what was opened: "any@host", "eth0@4026532185", a file name

    bool operator==(const Vantage&) const = default;
};

/// An address learnt from a DNS answer.
struct NameSeen {
    Timestamp at{};
    std::uint32_t vantage = 0;
    IpAddress asked_by;
    std::string name;  ///< as asked, lower case, without the final dot
    IpAddress address;
    std::uint32_t ttl = 0;  ///< seconds

    bool operator==(const NameSeen&) const = default;
};

/// A name that a DNS server did not give an address for.
enum class NameProblem : std::uint8_t {
    no_such_name,    ///< NXDOMAIN
    server_failure,  ///< SERVFAIL
    refused,         ///< REFUSED, or another error
    unanswered,      ///< nothing came back
};
/// As tools print them: "NXDOMAIN", "SERVFAIL", "REFUSED", "no answer".
std::string_view to_string(NameProblem problem);

struct NameFailure {
    Timestamp at{};
    std::uint32_t vantage = 0;
    IpAddress asked_by;
    IpAddress server;  ///< the one that was asked
    std::string name;  ///< as in NameSeen
    NameProblem problem = NameProblem::no_such_name;

    bool operator==(const NameFailure&) const = default;
};

/// When an address was on a target: what makes identity hold over time.
struct AddressSeen {
    IpAddress address;
    std::uint32_t target = 0;
    Timestamp from{};
    Timestamp to = forever;

    bool operator==(const AddressSeen&) const = default;
};

/// Something that was not recorded although it should have been.
struct Loss {
    Timestamp from{};
    Timestamp to{};
    std::string source;  ///< Vantage::source, or "recorder"
    std::string kind;    ///< of loss_kind
    std::uint64_t count = 0;
    std::string note;

    bool operator==(const Loss&) const = default;
};

/// Packets that were counted but not understood, by kind.
struct PacketCount {
    std::string kind;  ///< "arp", "truncated", "bad-ip-length", ...
    std::uint64_t count = 0;

    bool operator==(const PacketCount&) const = default;
};

struct RecordingInfo {
    std::string host;
    std::string boot_id;
    std::string tool_version;
    std::string origin;  ///< "live", or the names of the files read
    Timestamp started{};
    std::optional<Timestamp> ended;     ///< absent: it was not closed in order
    std::optional<Duration> asked_for;  ///< the window asked for with --duration
    std::uint64_t packets = 0;

    bool operator==(const RecordingInfo&) const = default;
};

/// Everything a recording holds, in memory.
struct Recording {
    RecordingInfo info;
    std::vector<TargetInfo> targets;
    std::vector<AddressSeen> addresses;
    std::vector<SocketOwner> socket_owners;
    std::vector<Vantage> vantages;
    std::vector<Sighting> sightings;
    std::vector<NameSeen> names;
    std::vector<NameFailure> name_failures;
    std::vector<Loss> losses;
    std::vector<PacketCount> packet_counts;
};

}  // namespace nspect
