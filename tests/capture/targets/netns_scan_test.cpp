// SPDX-License-Identifier: Apache-2.0
#include "capture/targets/netns_scan.h"

#include <algorithm>
#include <filesystem>

#include <catch2/catch.hpp>

#include "tests/capture/os/temp_folder.h"

using namespace nspect;
using namespace nspect::capture;

namespace {

const std::string pause_id(64, 'a');
const std::string app_id(64, 'b');
const std::string uid = "3f8a1c52-0b7d-4e6f-9a21-d5c4b3a29180";

/// A host with processes and the state of its runtimes.
class FakeHost : public TempFolder {
public:
    void process(std::uint32_t pid, std::uint64_t netns, const std::string& cgroup,
                 const std::string& comm = "program") const {
        const auto folder = "proc/" + std::to_string(pid);
        link(folder + "/ns/net", "net:[" + std::to_string(netns) + "]");
        write(folder + "/cgroup", "0::" + cgroup + "\n");
        write(folder + "/comm", comm + "\n");
    }
    Procfs procfs() const { return Procfs(path() + "/proc"); }
    StateRoots roots() const { return StateRoots().below(path()); }
    TargetInfo target(std::uint64_t netns, bool is_host = false) const {
        const auto scan = find_netns(procfs());
        for (const auto& place : scan.places) {
            if (place.inode == netns) return describe_target(procfs(), roots(), place, is_host);
        }
        FAIL("no such namespace");
        return {};
    }
};

}  // namespace

TEST_CASE("namespaces of processes and of mounts are one list", "[scan]") {
    const FakeHost host;
    host.process(1, 10, "/init.scope");
    host.process(300, 20, "/docker/" + app_id);
    host.process(20, 20, "/docker/" + app_id);
    host.write("proc/self/mountinfo",
               "1 2 0:4 net:[20] /run/docker/netns/x rw - nsfs nsfs rw\n"
               "1 2 0:4 net:[30] /run/netns/a rw - nsfs nsfs rw\n"
               "1 3 0:4 net:[30] /run/netns/a rw - nsfs nsfs rw\n");
    const std::vector<NetnsPlace> expected{
        {10, {}, {1}}, {20, {"/run/docker/netns/x"}, {20, 300}}, {30, {"/run/netns/a"}, {}}};
    CHECK(find_netns(host.procfs()).places == expected);
}

TEST_CASE("a scan says what it could not read", "[scan]") {
    const FakeHost host;
    host.process(1, 10, "/init.scope");
    CHECK(find_netns(host.procfs()).troubles.size() == 1);  // no mountinfo
    host.write("proc/self/mountinfo", "");
    CHECK(find_netns(host.procfs()).troubles.empty());
    CHECK(find_netns(Procfs(host.path() + "/nowhere")).troubles.size() == 2);
}

TEST_CASE("init and ephemeral containers of a CRI-O pod belong to it", "[scan]") {
    const FakeHost host;
    const auto group = [](const std::string& id) {
        return "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" +
               std::string("3f8a1c52_0b7d_4e6f_9a21_d5c4b3a29180") + ".slice/crio-" + id + ".scope";
    };
    const auto bundle = [&](const std::string& id, const char* name, const char* type) {
        host.write("run/containers/storage/overlay-containers/" + id + "/userdata/config.json",
                   std::string(R"({"annotations": {"io.kubernetes.cri-o.ContainerType": ")") +
                       type + R"(", "io.kubernetes.container.name": ")" + name +
                       R"(", "io.kubernetes.pod.name": "db-0",
                       "io.kubernetes.pod.namespace": "shop", "io.kubernetes.pod.uid": ")" +
                       uid + R"(", "io.kubernetes.cri-o.Labels": "{\"app\":\"db\"}",
                       "io.kubernetes.cri-o.ImageName": "registry/)" +
                       name + R"("}})");
    };
    const std::string init_id(64, 'd');
    const std::string debug_id(64, 'e');
    bundle(pause_id, "POD", "sandbox");
    bundle(init_id, "migrate", "container");
    bundle(app_id, "app", "container");
    bundle(debug_id, "debugger-x7k2p", "container");
    host.process(50, 20, group(pause_id));
    host.process(60, 20, group(init_id));
    const auto during = host.target(20);
    CHECK(during.runtime == "cri-o");
    CHECK(during.name == "migrate");
    CHECK(during.pod == "db-0");

    std::filesystem::remove_all(host.path() + "/proc/60");
    host.process(70, 20, group(app_id));
    host.process(80, 20, group(debug_id));
    const auto after = host.target(20);
    CHECK(after.name == "app");
    CHECK(after.image == "registry/app");
    CHECK(after.namespace_name == "shop");
    CHECK(after.pod_uid == uid);
    REQUIRE(after.labels.find("app") != nullptr);
    CHECK(*after.labels.find("app") == "db");
    REQUIRE(after.sharing.size() == 3);
    CHECK(after.sharing[0].sandbox);
    CHECK(after.sharing[2].name == "debugger-x7k2p");
    for (const auto& each : after.sharing) {
        CHECK(each.pod == "db-0");
        CHECK(each.pod_uid == uid);
    }
}

TEST_CASE("a pod is described by its application and not by its pause container", "[scan]") {
    const FakeHost host;
    const std::string pod = "/kubepods/burstable/pod" + uid + "/";
    host.process(50, 20, pod + pause_id);
    host.process(60, 20, pod + app_id);
    host.process(70, 20, pod + std::string(64, 'c'));
    const std::string tasks = "run/containerd/io.containerd.runtime.v2.task/k8s.io/";
    host.write(tasks + pause_id + "/config.json", R"({"annotations": {
        "io.kubernetes.cri.container-type": "sandbox", "io.kubernetes.cri.sandbox-name": "web-0",
        "io.kubernetes.cri.sandbox-namespace": "shop"}})");
    host.write(tasks + app_id + "/config.json", R"({"annotations": {
        "io.kubernetes.cri.container-type": "container", "io.kubernetes.cri.container-name": "app",
        "nothing": 1}})");
    const auto target = host.target(20);
    CHECK(target.runtime == "containerd");
    CHECK(target.container == app_id);
    CHECK(target.name == "app");
    CHECK(target.pod == "web-0");
    CHECK(target.namespace_name == "shop");
    CHECK(target.pod_uid == uid);
    CHECK(target.pids == std::vector<std::uint32_t>{50, 60, 70});
}

TEST_CASE("the host is the host, whatever runs with its network", "[scan]") {
    const FakeHost host;
    host.process(1, 10, "/init.scope");
    host.process(5, 10, "/docker/" + app_id);
    const auto target = host.target(10, true);
    CHECK(target.is_host);
    CHECK(target.name == "host");
    CHECK(target.runtime.empty());
    CHECK(target.container.empty());
}

TEST_CASE("a namespace without a container is called by its mount, service or program", "[scan]") {
    const FakeHost host;
    host.write("proc/self/mountinfo", "1 2 0:4 net:[20] /run/netns/blue rw - nsfs nsfs rw\n");
    host.process(5, 20, "/user.slice");
    host.process(6, 30, "/system.slice/private.service");
    host.process(7, 40, "/user.slice", "sandboxed");
    CHECK(host.target(20).runtime == "netns");
    CHECK(host.target(20).name == "blue");
    CHECK(host.target(30).runtime == "process");
    CHECK(host.target(30).name == "private.service");
    CHECK(host.target(40).name == "sandboxed");
}

TEST_CASE("a process that only watches a container does not name a namespace", "[scan]") {
    const FakeHost host;
    host.process(5, 20, "/machine.slice/libpod-conmon-" + app_id + ".scope", "conmon");
    CHECK(host.target(20).runtime == "process");
}

TEST_CASE("of many processes only some are told", "[scan]") {
    const FakeHost host;
    for (std::uint32_t pid = 100; pid < 200; ++pid) host.process(pid, 20, "/docker/" + app_id);
    const auto target = host.target(20);
    CHECK(target.pids.size() == 8);
    CHECK(target.pids.front() == 100);
}
