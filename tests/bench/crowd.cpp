// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/crowd.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include <unistd.h>

namespace nspect::bench {
namespace {

constexpr int in_one_batch = 100;

}  // namespace

Crowd::Crowd(int count, Wiring wiring)
    : count_(count), made_(count), wiring_(wiring), name_("nspectb" + std::to_string(::getpid())) {
    std::string names = "netns add " + name_ + "\n";
    for (int i = 0; i < count_; ++i) names += "netns add " + name_ + "-" + std::to_string(i) + "\n";
    ip("", names);
    if (wiring_ == Wiring::bridged) {
        ip("-n " + name_,
           "link add br0 type bridge\nlink set br0 addrgenmode none\nlink set br0 up\n"
           "addr add 10.200.255.1/16 dev br0\n");
    }
    for (int from = 0; from < count_; from += in_one_batch) {
        std::string links;
        for (int i = from; i < std::min(from + in_one_batch, count_); ++i) links += plug(i);
        ip("-n " + name_, links);
    }
    if (wiring_ != Wiring::bridged) return;
    for (int i = 0; i < count_; ++i) {
        ip("-n " + name_ + "-" + std::to_string(i), bring_up(i));
    }
}

Crowd::~Crowd() {
    std::string all = "netns del " + name_ + "\n";
    for (int i = 0; i < made_; ++i) all += "netns del " + name_ + "-" + std::to_string(i) + "\n";
    ip("", all);
}

std::string Crowd::address(int number) {
    return "10.200." + std::to_string(number / 250) + "." + std::to_string(number % 250 + 1);
}

std::string Crowd::plug(int number) const {
    const auto n = std::to_string(number);
    std::string links = "link add h" + n + " type veth peer name eth0 netns " + name_ + "-" + n;
    if (wiring_ == Wiring::bridged) {
        links += "\nlink set h" + n + " addrgenmode none\nlink set h" + n + " master br0 up";
    }
    return links + "\n";
}

void Crowd::add(int number) {
    made_ = std::max(made_, number + 1);
    ip("", "netns add " + name_ + "-" + std::to_string(number) + "\n");
}

std::string Crowd::bring_up(int number) {
    return "link set eth0 addrgenmode none\nlink set lo up\nlink set eth0 up\naddr add " +
           address(number) + "/16 dev eth0\n";
}

void Crowd::add_macvlan(int first) {
    ip("-n " + name_,
       "link add up0 type veth peer name up1\nlink set up0 addrgenmode none\nlink set up1 "
       "addrgenmode none\nlink set up0 up\nlink set up1 up\n");
    for (int number = first; number < first + 2; ++number) {
        const auto own = name_ + "-" + std::to_string(number);
        made_ = std::max(made_, number + 1);
        ip("", "netns add " + own + "\n");
        ip("-n " + name_,
           "link add link up0 name eth0 netns " + own + " type macvlan mode bridge\n");
        ip("-n " + own, bring_up(number));
    }
}

void Crowd::keep_apart(int one, int other) const {
    for (const auto& [from, to] : {std::pair{one, other}, std::pair{other, one}}) {
        const auto own = "-n " + name_ + "-" + std::to_string(from);
        const auto mac = [](int number) {
            return "02:00:00:00:00:" + std::string(number % 2 == 0 ? "02" : "03");
        };
        ip(own, "link set eth0 address " + mac(from) + "\nneigh replace " + address(to) +
                    " lladdr " + mac(to) + " dev eth0 nud permanent\n");
        ip("-n " + name_, "link set " + host_end(from) + " type bridge_slave isolated on\n");
    }
}

void Crowd::ip(const std::string& options, const std::string& batch) const {
    std::FILE* pipe = ::popen(("ip " + options + " -batch -").c_str(), "w");
    if (pipe == nullptr) return;
    std::fputs(batch.c_str(), pipe);
    if (::pclose(pipe) != 0) std::fprintf(stderr, "ip %s failed\n", options.c_str());
}

}  // namespace nspect::bench
