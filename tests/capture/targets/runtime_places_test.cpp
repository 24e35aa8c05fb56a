// SPDX-License-Identifier: Apache-2.0
// Runtimes whose state is where their configuration puts it, and what only their databases say.
#include <catch2/catch.hpp>
#include <sqlite3.h>

#include "capture/targets/netns_scan.h"
#include "tests/capture/os/temp_folder.h"
#include "tests/capture/targets/bolt_image.h"

using namespace nspect;
using namespace nspect::capture;
using test::BoltBucket;
using test::BoltImage;

namespace {

const std::string web(64, 'a');
const std::string side(64, 'b');

/// A host with processes; the state of its runtimes is nowhere near the usual places.
class Host : public TempFolder {
public:
    void process(int pid, int parent, const std::string& cgroup, const std::string& arguments,
                 const std::string& cwd = "/") const {
        const auto folder = "proc/" + std::to_string(pid) + "/";
        link(folder + "ns/net", parent == 1 ? "net:[1]" : "net:[20]");
        link(folder + "cwd", cwd);
        write(folder + "cgroup", "0::" + cgroup + "\n");
        write(folder + "status", "Name:\tx\nPPid:\t" + std::to_string(parent) + "\n");
        write(folder + "cmdline", arguments);
    }
    TargetInfo target() const {
        const Procfs procfs(path() + "/proc");
        const auto scan = find_netns(procfs);
        for (const auto& place : scan.places) {
            if (place.inode == 20)
                return describe_target(procfs, StateRoots().below(path()), place, false);
        }
        FAIL("no such namespace");
        return {};
    }
    std::string at(const std::string& name) const { return path() + "/" + name; }
};

std::string joined_arguments(const std::vector<std::string>& arguments) {
    std::string text;
    for (const auto& each : arguments) text += each + '\0';
    return text;
}

void podman_process(const Host& host, int pid, const std::string& id, const std::string& name) {
    host.process(
        pid - 1, 1, "/user.slice",
        joined_arguments({"/usr/bin/conmon", "-c", id, "-n", name, "-b",
                          host.at("home/storage/overlay-containers/" + id + "/userdata")}));
    host.process(pid, pid - 1, "/user.slice", "sleep");
}

}  // namespace

TEST_CASE("Docker's data folder is found by what it mounts into its containers", "[places]") {
    const Host host;
    const auto tasks = host.at("exec/io.containerd.runtime.v2.task/moby/");
    for (const auto& [pid, id] : {std::pair{11, web}, std::pair{13, side}}) {
        host.process(pid - 1, 1, "/x",
                     joined_arguments({"containerd-shim-runc-v2", "-namespace", "moby", "-id", id}),
                     tasks + id);
        host.process(pid, pid - 1, "/docker/" + id, "sleep");
        host.write("exec/io.containerd.runtime.v2.task/moby/" + id + "/config.json",
                   R"({"mounts": [{"source": "proc"}, {"source": ")" +
                       host.at("data/containers/" + web + "/hostname") + "\"}]}");
    }
    host.write("data/containers/" + web + "/config.v2.json",
               R"({"Name": "/web", "Config": {"Image": "nginx"}})");
    host.write("data/containers/" + side + "/config.v2.json",
               R"({"Name": "/side", "Config": {"Image": "envoy"}})");
    host.write("data/containers/" + web + "/hostconfig.json",
               R"({"NetworkMode": "container:)" + side + "\"}");
    const auto target = host.target();
    CHECK(target.runtime == "docker");
    CHECK(target.name == "side");  // web only joined it, though its process is older
    REQUIRE(target.sharing.size() == 2);
    CHECK(target.sharing[0].name == "web");
    CHECK(target.sharing[1].image == "envoy");
}

TEST_CASE("a rootless Podman container is known by the process that watches it", "[places]") {
    const Host host;
    podman_process(host, 31, web, "web");
    const auto before = host.target();
    CHECK(before.runtime == "podman");
    CHECK(before.container == web);
    CHECK(before.name == "web");

    const std::string config =
        R"({"name": "web", "rootfsImageName": "nginx", "labels": {"tier": "front"}})";
    SECTION("and has image and labels from a Bolt database") {
        BoltBucket root;
        root.buckets["ctr"].buckets[web].values["config"] = config;
        host.write("home/storage/overlay-containers/containers.json", "[]");
        host.write("home/storage/libpod/bolt_state.db", BoltImage::of(root));
    }
    SECTION("and has image and labels from an SQLite database") {
        host.write("home/storage/overlay-containers/containers.json", "[]");
        sqlite3* database = nullptr;
        REQUIRE(sqlite3_open(host.at("home/storage/db.sql").c_str(), &database) == SQLITE_OK);
        const auto insert =
            "CREATE TABLE ContainerConfig(ID TEXT, JSON TEXT);"
            "INSERT INTO ContainerConfig VALUES('" +
            web + "', '" + config + "')";
        REQUIRE(sqlite3_exec(database, insert.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
        sqlite3_close(database);
    }
    const auto target = host.target();
    CHECK(target.image == "nginx");
    REQUIRE(target.labels.find("tier") != nullptr);
}

TEST_CASE("an LXC container has the name its monitor says, whatever its group is called",
          "[places]") {
    const Host host;
    host.process(70, 1, "/x", "[lxc monitor] " + host.at("boxes") + " web");
    host.process(71, 70, "/lxc.payload.web-1", "init");
    host.write("boxes/web/config",
               "# Template used to create this container: /usr/share/lxc/templates/lxc-debian\n");
    const auto target = host.target();
    CHECK(target.runtime == "lxc");
    CHECK(target.name == "web");
    CHECK(target.container == "web");
    CHECK(target.image == "debian");
}

TEST_CASE("LXD and Incus are known wherever their state is; a folder of LXC's is neither",
          "[places]") {
    const auto [mark, runtime, name] = GENERATE(table<std::string, std::string, std::string>(
        {{"devlxd/sock", "lxd", "db"}, {"guestapi/sock", "incus", "db"}, {"x", "lxc", "shop_db"}}));
    const Host host;
    host.process(70, 1, "/x", "[lxc monitor] " + host.at("srv/containers") + " shop_db");
    host.process(71, 70, "/lxc.payload.shop_db", "init");
    host.write("srv/" + mark, "");
    host.write("srv/containers/shop_db/backup.yaml",
               "container:\n  config:\n    image.os: box\n    user.tier: back\n");
    const auto target = host.target();
    CHECK(target.runtime == runtime);
    CHECK(target.name == name);
    CHECK(target.namespace_name == (runtime == "lxc" ? "" : "shop"));
    CHECK(target.image == (runtime == "lxc" ? "" : "box"));
}

TEST_CASE("a Podman pod gives its containers name and labels", "[places]") {
    const Host host;
    podman_process(host, 31, web, "infra");
    podman_process(host, 33, side, "app");
    BoltBucket root;
    root.buckets["ctr"].buckets[web].values["config"] =
        R"({"name": "infra", "pause": true, "pod": "p1"})";
    root.buckets["ctr"].buckets[side].values["config"] =
        R"({"name": "app", "netNsCtr": "x", "pod": "p1", "labels": {"a": "b"}})";
    root.buckets["pod"].buckets["p1"].values["config"] =
        R"({"name": "shop", "labels": {"tier": "front"}})";
    host.write("home/storage/libpod/bolt_state.db", BoltImage::of(root));
    host.write("home/storage/overlay-containers/containers.json", "[]");
    const auto target = host.target();
    CHECK(target.name == "app");
    CHECK(target.pod == "shop");
    CHECK(target.labels.find("tier") != nullptr);
    REQUIRE(target.sharing.size() == 2);
    CHECK(target.sharing[0].sandbox);
}

TEST_CASE("containerd's database names image and labels, and the pod's by its sandbox",
          "[places]") {
    const Host host;
    const std::string tasks = "state/io.containerd.runtime.v2.task/k8s.io/";
    const auto shim =
        joined_arguments({"containerd-shim-runc-v2", "-namespace", "k8s.io", "-id", web});
    host.process(40, 1, "/x", shim, host.at(tasks + web));
    host.process(41, 40, "/kubepods/pod" + std::string(32, '1') + "/" + web, "pause");
    host.process(42, 40, "/kubepods/pod" + std::string(32, '1') + "/" + side, "app");
    host.write(tasks + web + "/config.json", R"({"annotations": {
        "io.kubernetes.cri.container-type": "sandbox", "io.kubernetes.cri.sandbox-name": "web-0",
        "io.kubernetes.cri.sandbox-namespace": "shop"}})");
    host.write(tasks + side + "/config.json", R"({"annotations": {
        "io.kubernetes.cri.container-type": "container", "io.kubernetes.cri.container-name": "app"}})");
    for (const auto& id : {web, side}) {
        host.link(tasks + id + "/work", host.at("root/io.containerd.runtime.v2.task/k8s.io/" + id));
    }
    BoltBucket root;
    auto& containers = root.buckets["v1"].buckets["k8s.io"].buckets["containers"];
    containers.buckets[web].buckets["labels"].values = {{"app", "web"},
                                                        {"io.cri-containerd.kind", "x"}};
    containers.buckets[side].values["image"] = "nginx:1";
    host.write("root/io.containerd.metadata.v1.bolt/meta.db", BoltImage::of(root));
    const auto target = host.target();
    CHECK(target.name == "app");
    CHECK(target.image == "nginx:1");
    CHECK(target.pod == "web-0");
    CHECK(target.namespace_name == "shop");
    CHECK(*target.labels.find("app") == "web");
    CHECK(target.labels.find("io.cri-containerd.kind") == nullptr);
}

TEST_CASE("containers with the host's network are listed, and go with their last process",
          "[places]") {
    const Host host;
    const Procfs procfs(host.path() + "/proc");
    const StateRoots roots = StateRoots().below(host.path());
    host.process(5, 1, "/docker/" + web, "sleep");
    NetnsPlace before{1, {}, {5}};
    auto target = describe_target(procfs, roots, before, true);
    REQUIRE(target.sharing.size() == 1);
    CHECK(target.name == "host");
    host.process(6, 1, "/docker/" + side, "sleep");
    const NetnsPlace both{1, {}, {5, 6}};
    update_host(target, procfs, roots, before, both);
    REQUIRE(target.sharing.size() == 2);
    update_host(target, procfs, roots, both, {1, {}, {6}});
    REQUIRE(target.sharing.size() == 1);
    CHECK(target.sharing[0].container == side);
}

TEST_CASE("a process on its way into a container is not a container with the host's network") {
    TargetInfo host;
    host.is_host = true;
    for (const auto* name : {"own", "shared", "hosts"}) {
        host.sharing.emplace_back();
        host.sharing.back().container = name;
    }
    TargetInfo pod;
    pod.container = "own";
    pod.sharing.emplace_back();
    pod.sharing.back().container = "shared";
    drop_guests(host, {host, pod});
    REQUIRE(host.sharing.size() == 1);
    CHECK(host.sharing[0].container == "hosts");
}
