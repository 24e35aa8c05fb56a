// SPDX-License-Identifier: Apache-2.0
#include "capture/os/procfs.h"

#include <catch2/catch.hpp>

#include "tests/capture/os/temp_folder.h"

using namespace nspect;
using namespace nspect::capture;

TEST_CASE("mounts of network namespaces are found among all mounts", "[procfs]") {
    const auto mounts = parse_netns_mounts(
        "22 26 0:21 / /proc rw,nosuid shared:12 - proc proc rw\n"
        "341 25 0:4 net:[4026532281] /run/netns/web rw shared:170 - nsfs nsfs rw\n"
        "342 25 0:4 net:[4026532340] /run/docker/netns/a\\040b rw - nsfs nsfs rw\n"
        "343 25 0:4 mnt:[4026532341] /run/snapd/ns/lxd.mnt rw - nsfs nsfs rw\n"
        "344 25 0:4 net:[x] /run/netns/bad rw - nsfs nsfs rw\n"
        "345 25 0:4 net:[4026532342]\n"
        "\n"
        "346 25 0:4 net:[4026532343] /run/netns/back\\134slash rw shared:1 master:2 - nsfs nsfs "
        "rw");
    const std::vector<NetnsMount> expected{{4026532281, "/run/netns/web"},
                                           {4026532340, "/run/docker/netns/a b"},
                                           {4026532343, "/run/netns/back\\slash"}};
    CHECK(mounts == expected);
}

TEST_CASE("only a link to a network namespace names one", "[procfs]") {
    CHECK(parse_netns_link("net:[4026531840]") == 4026531840);
    for (const auto* wrong :
         {"", "net:[]", "net:[12", "mnt:[12]", "net:[-1]", "net:[99999999999999999999]"}) {
        CHECK_FALSE(parse_netns_link(wrong));
    }
}

TEST_CASE("processes are read below any root", "[procfs]") {
    const TempFolder folder;
    folder.write("12/cgroup", "0::/docker/x\n");
    folder.link("12/ns/net", "net:[77]");
    folder.write("7/comm", "bash\n");
    folder.write("self/mountinfo", "1 2 0:4 net:[77] /run/netns/a rw - nsfs nsfs rw\n");
    folder.write("version", "Linux");
    const Procfs procfs(folder.path());
    CHECK(*procfs.pids() == std::vector<std::uint32_t>{7, 12});
    CHECK(*procfs.netns_of(12) == 77);
    CHECK_FALSE(procfs.netns_of(7));
    CHECK(procfs.netns_of(13).error().kind == Error::Kind::not_found);
    CHECK(procfs.text(12, "cgroup") == "0::/docker/x\n");
    CHECK(procfs.text(12, "comm").empty());
    CHECK(*procfs.netns_mounts() == std::vector<NetnsMount>{{77, "/run/netns/a"}});
    CHECK_FALSE(Procfs(folder.path() + "/nowhere").pids());
    CHECK_FALSE(Procfs(folder.path() + "/nowhere").netns_mounts());
}

TEST_CASE("mounts that only process 1 sees are reached through its root", "[procfs]") {
    const TempFolder folder;
    folder.write("self/mountinfo", "");
    folder.link("self/ns/mnt", "mnt:[1]");
    folder.link("1/ns/mnt", "mnt:[2]");
    folder.write("1/mountinfo", "1 2 0:4 net:[77] /run/netns/a rw - nsfs nsfs rw\n");
    const Procfs procfs(folder.path());
    CHECK(*procfs.netns_mounts() ==
          std::vector<NetnsMount>{{77, folder.path() + "/1/root/run/netns/a"}});
}

TEST_CASE("a file longer than the limit is refused", "[procfs]") {
    const TempFolder folder;
    folder.write("long", std::string(100, 'x'));
    CHECK(read_file(folder.path() + "/long", 100));
    const auto refused = read_file(folder.path() + "/long", 99);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == Error::Kind::invalid);
    CHECK(read_file(folder.path() + "/none", 99).error().kind == Error::Kind::not_found);
}
