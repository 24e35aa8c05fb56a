// SPDX-License-Identifier: Apache-2.0
#include "capture/targets/doctor.h"

#include <catch2/catch.hpp>

#include "tests/capture/os/temp_folder.h"

using namespace nspect;
using namespace nspect::capture;

namespace {

Probe probe(const TempFolder& machine, const std::string& subject) {
    DoctorOptions options;
    options.procfs = Procfs(machine.path() + "/proc");
    options.roots = StateRoots().below(machine.path());
    options.root = machine.path();
    options.try_link_kinds = false;
    for (const auto& each : examine(options)) {
        if (each.subject == subject) return each;
    }
    FAIL("nothing about " + subject);
    return {};
}

}  // namespace

TEST_CASE("effective capabilities are read from the status of a process", "[doctor]") {
    CHECK(parse_effective_capabilities(
              "Name:\tx\nCapPrm:\t000001ffffffffff\nCapEff:\t0000000000003000\n") == 0x3000);
    CHECK(parse_effective_capabilities("Name:\tx\n") == 0);
    CHECK(parse_effective_capabilities("CapEff:\t") == 0);
}

TEST_CASE("the version of control groups is told from a process's groups", "[doctor]") {
    CHECK(cgroup_version("0::/\n") == "v2");
    CHECK(cgroup_version("2:cpu:/\n1:name=systemd:/\n") == "v1");
    CHECK(cgroup_version("2:cpu:/\n0::/\n") == "hybrid");
    CHECK(cgroup_version("").empty());
}

TEST_CASE("kernel releases compare by number", "[doctor]") {
    CHECK(kernel_is_at_least("5.3.0", 5, 3));
    CHECK(kernel_is_at_least("5.10.0-18-amd64", 5, 3));
    CHECK(kernel_is_at_least("6.1", 5, 3));
    CHECK_FALSE(kernel_is_at_least("5.2.21", 5, 3));
    CHECK_FALSE(kernel_is_at_least("4.19.0", 5, 3));
    CHECK_FALSE(kernel_is_at_least("", 5, 3));
    CHECK_FALSE(kernel_is_at_least("linux", 5, 3));
}

TEST_CASE("a missing capability says what still works and how to get it", "[doctor]") {
    const TempFolder machine;
    machine.write("proc/self/status", "CapEff:\t0000000000002000\n");  // CAP_NET_RAW alone
    CHECK(probe(machine, "CAP_NET_RAW").state == Probe::State::ok);
    const auto missing = probe(machine, "CAP_SYS_ADMIN");
    CHECK(missing.state == Probe::State::missing);
    CHECK_FALSE(missing.consequence.empty());
    CHECK_FALSE(missing.remedy.empty());
}

TEST_CASE("a runtime is there, or is not and need not be", "[doctor]") {
    const TempFolder machine;
    machine.write("var/lib/docker/containers/x", "");
    machine.write("run/containerd/containerd.sock", "");
    CHECK(probe(machine, "docker").state == Probe::State::ok);
    CHECK(probe(machine, "docker").found == machine.path() + "/var/lib/docker");
    CHECK(probe(machine, "containerd").state == Probe::State::ok);
    CHECK(probe(machine, "podman, cri-o").state == Probe::State::absent);
}

TEST_CASE("a machine without /proc lacks what is read there", "[doctor]") {
    const TempFolder machine;
    for (const auto* subject : {"namespaces of other processes", "kernel", "control groups"}) {
        CHECK(probe(machine, subject).state == Probe::State::missing);
    }
    machine.write("proc/sys/kernel/osrelease", "6.1.0-18-amd64\n");
    machine.write("proc/self/cgroup", "0::/\n");
    machine.link("proc/1/ns/net", "net:[4026531840]");
    CHECK(probe(machine, "kernel").found == "6.1.0-18-amd64");
    CHECK(probe(machine, "control groups").found == "v2");
    CHECK(probe(machine, "namespaces of other processes").state == Probe::State::ok);
    for (const auto* pid : {"2", "3", "4"})
        machine.write("proc/" + std::string(pid) + "/comm", "x");
    CHECK(probe(machine, "namespaces of other processes").state == Probe::State::missing);
}
