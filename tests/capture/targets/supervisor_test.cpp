// SPDX-License-Identifier: Apache-2.0
#include "capture/targets/supervisor.h"

#include <catch2/catch.hpp>

#include "tests/capture/os/temp_folder.h"

using namespace nspect;
using namespace nspect::capture;

namespace {

const std::string id(64, 'a');

std::optional<Supervisor> parsed(const std::vector<std::string>& arguments,
                                 const std::string& folder = "/") {
    return parse_supervisor(arguments, folder);
}

}  // namespace

TEST_CASE("a containerd shim says which container and where its bundles are", "[supervisor]") {
    const auto found =
        parsed({"/usr/bin/containerd-shim-runc-v2", "-namespace", "prod", "-id", "web"},
               "/data/state/io.containerd.runtime.v2.task/prod/web");
    REQUIRE(found);
    CHECK(found->identity == ContainerIdentity{"containerd", "web", ""});
    CHECK(found->roots.containerd ==
          std::vector<std::string>{"/data/state/io.containerd.runtime.v2.task"});
    CHECK(found->roots.docker.empty());
    CHECK(parsed({"containerd-shim", "-namespace", "moby", "-id", id})->identity.runtime ==
          "docker");
}

TEST_CASE("conmon says id, name and storage of a container", "[supervisor]") {
    const auto found =
        parsed({"/usr/bin/conmon", "-c", id, "-n", "web", "-b",
                "/home/u/.local/share/containers/storage/overlay-containers/" + id + "/userdata"});
    REQUIRE(found);
    CHECK(found->identity == ContainerIdentity{"podman", id, ""});
    CHECK(found->name == "web");
    CHECK(found->roots.storage ==
          std::vector<std::string>{"/home/u/.local/share/containers/storage"});
}

TEST_CASE("LXC's monitor and nspawn say their container", "[supervisor]") {
    const auto lxc = parsed({"[lxc monitor] /srv/my lxc web"});
    REQUIRE(lxc);
    CHECK(lxc->identity == ContainerIdentity{"lxc", "web", ""});
    CHECK(lxc->roots.lxc == std::vector<std::string>{"/srv/my lxc"});
    CHECK(lxc->roots.lxd.empty());
    const auto instance = parsed({"[lxc monitor] /srv/lxd/containers shop_db"});
    REQUIRE(instance);
    CHECK(instance->roots.lxd == std::vector<std::string>{"/srv/lxd"});
    CHECK(instance->roots.incus == std::vector<std::string>{"/srv/lxd"});
    const auto machine = parsed({"systemd-nspawn", "-D", "/srv/debian", "-M", "build"});
    REQUIRE(machine);
    CHECK(machine->identity == ContainerIdentity{"nspawn", "build", ""});
    CHECK(machine->image == "/srv/debian");
    CHECK(parsed({"systemd-nspawn", "--directory=/srv/debian"})->name == "debian");
}

TEST_CASE("a process that supervises nothing is no supervisor", "[supervisor]") {
    const auto arguments = GENERATE(
        std::vector<std::string>{}, std::vector<std::string>{""}, std::vector<std::string>{"bash"},
        std::vector<std::string>{"containerd-shim-runc-v2"},
        std::vector<std::string>{"conmon", "-c"}, std::vector<std::string>{"[lxc monitor] "},
        std::vector<std::string>{"systemd-nspawn"});
    CHECK_FALSE(parsed(arguments));
}

TEST_CASE("the nearest supervisor among the parents is found", "[supervisor]") {
    const TempFolder host;
    auto process = [&](int pid, int parent, const std::string& arguments) {
        const auto folder = "proc/" + std::to_string(pid) + "/";
        host.write(folder + "status",
                   "Name:\tx\nPPid:\t" + std::to_string(parent) + "\nTracerPid:\t0\n");
        host.write(folder + "cmdline", arguments);
    };
    process(40, 30, "worker");
    process(30, 20, "master");
    process(20, 1, std::string("conmon\0-c\0", 10) + id);
    process(50, 51, "a");
    process(51, 50, "goes round");
    const Procfs procfs(host.path() + "/proc");
    REQUIRE(supervisor_of(procfs, 40));
    CHECK(supervisor_of(procfs, 40)->identity.container == id);
    CHECK_FALSE(supervisor_of(procfs, 20));
    CHECK_FALSE(supervisor_of(procfs, 50));
    CHECK_FALSE(supervisor_of(procfs, 99));
}
