// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace nspect::bench {

/// Network namespaces, each with a veth ("eth0" inside) to one that plays the host; they go with
/// it. Needs root.
class Crowd {
public:
    enum class Wiring { loose, bridged };  ///< `bridged`: addresses, all up, one bridge joins them

    explicit Crowd(int count, Wiring wiring = Wiring::loose);
    Crowd(const Crowd&) = delete;
    Crowd& operator=(const Crowd&) = delete;
    ~Crowd();

    int count() const noexcept { return count_; }
    /// What the names of its namespaces begin with.
    const std::string& name() const noexcept { return name_; }
    std::string host() const { return "/run/netns/" + name_; }
    std::string path(int number) const { return host() + "-" + std::to_string(number); }
    static std::string address(int number);
    /// "h7": the host's end of the veth of one of them.
    static std::string host_end(int number) { return "h" + std::to_string(number); }

    /// The namespace of one more, without an interface; numbers go on from count().
    void add(int number);
    /// What plugs it into the bridge: lines for two `ip -batch -`, in the host and in it.
    std::string plug(int number) const;
    static std::string bring_up(int number);
    /// Two more, with a macvlan each on one device of the host, and no host's end.
    void add_macvlan(int first);
    /// The bridge passes nothing on between these two, an even and an odd one; they know each
    /// other's hardware address.
    void keep_apart(int one, int other) const;

private:
    void ip(const std::string& options, const std::string& batch) const;

    int count_;
    int made_;
    Wiring wiring_;
    std::string name_;
};

}  // namespace nspect::bench
