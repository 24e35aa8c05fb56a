// SPDX-License-Identifier: Apache-2.0
#include "capture/targets/container_state.h"

#include <catch2/catch.hpp>

#include "tests/capture/os/temp_folder.h"

using namespace nspect;
using namespace nspect::capture;

namespace {

const std::string id(64, 'a');
const std::string uid = "3f8a1c52-0b7d-4e6f-9a21-d5c4b3a29180";

/// A host's disk with the state of its runtimes at their usual places.
class Disk : public TempFolder {
public:
    StateRoots roots() const { return StateRoots().below(path()); }
    ContainerFacts facts(const std::string& runtime, const std::string& container = id,
                         const std::string& pod_uid = {}) const {
        return container_facts(roots(), {runtime, container, pod_uid});
    }
};

}  // namespace

TEST_CASE("Docker's state gives name, image, labels and the Compose project", "[state]") {
    const Disk disk;
    disk.write("var/lib/docker/containers/" + id + "/config.v2.json", R"({
        "Name": "/shop-web-1", "State": {"Pid": 12},
        "Config": {"Image": "nginx:1.25", "Labels": {"com.docker.compose.project": "shop", "tier": "front"}},
        "NetworkSettings": {"SandboxKey": "/var/run/docker/netns/5f"}})");
    const auto facts = disk.facts("docker");
    CHECK(facts.runtime == "docker");
    CHECK(facts.name == "shop-web-1");
    CHECK(facts.image == "nginx:1.25");
    CHECK(facts.namespace_name == "shop");
    CHECK(*facts.labels.find("tier") == "front");
    CHECK(facts.netns_paths == std::vector<std::string>{"/var/run/docker/netns/5f"});
}

TEST_CASE("a pod that runs on Docker is named by its labels", "[state]") {
    const Disk disk;
    disk.write("var/lib/docker/containers/" + id + "/config.v2.json", R"({
        "Name": "/k8s_POD_web-0_shop_x_0", "Config": {"Image": "pause", "Labels": {
            "io.kubernetes.docker.type": "podsandbox", "io.kubernetes.pod.name": "web-0",
            "io.kubernetes.pod.namespace": "shop", "io.kubernetes.container.name": "POD"}}})");
    const auto facts = disk.facts("containerd", id, uid);  // as the cgroup path alone would say
    CHECK(facts.runtime == "docker");
    CHECK(facts.name == "POD");
    CHECK(facts.pod == "web-0");
    CHECK(facts.namespace_name == "shop");
    CHECK(facts.pod_uid == uid);
    CHECK(facts.sandbox);
}

TEST_CASE("containerd's bundle names the pod and its container", "[state]") {
    const std::string root = GENERATE(values<std::string>(
        {"run/containerd/io.containerd.runtime.v2.task",
         "run/k3s/containerd/io.containerd.runtime.v2.task",
         "var/snap/microk8s/common/run/containerd/io.containerd.runtime.v2.task"}));
    const Disk disk;
    disk.write(root + "/k8s.io/" + id + "/config.json", R"({"annotations": {
        "io.kubernetes.cri.container-type": "container", "io.kubernetes.cri.container-name": "app",
        "io.kubernetes.cri.image-name": "docker.io/library/redis:7", "io.kubernetes.cri.sandbox-name": "db-0",
        "io.kubernetes.cri.sandbox-namespace": "shop", "io.kubernetes.cri.sandbox-uid": "u-1"},
        "linux": {"namespaces": [{"type": "pid"}, {"type": "network", "path": "/var/run/netns/cni-1"}]}})");
    const auto facts = disk.facts("containerd");
    CHECK(facts.name == "app");
    CHECK(facts.image == "docker.io/library/redis:7");
    CHECK(facts.pod == "db-0");
    CHECK(facts.namespace_name == "shop");
    CHECK(facts.pod_uid == "u-1");
    CHECK_FALSE(facts.sandbox);
    CHECK(facts.netns_paths == std::vector<std::string>{"/var/run/netns/cni-1"});
}

TEST_CASE("a container of ctr is called by its id", "[state]") {
    const Disk disk;
    disk.write("run/containerd/io.containerd.runtime.v2.task/default/web/config.json", "{}");
    CHECK(disk.facts("containerd", "web").name == "web");
}

TEST_CASE("CRI-O's bundle has the pod's labels too", "[state]") {
    const Disk disk;
    disk.write("run/containers/storage/overlay-containers/" + id + "/userdata/config.json",
               R"({"annotations": {
        "io.kubernetes.cri-o.ContainerType": "sandbox", "io.kubernetes.cri-o.Labels": "{\"app\":\"db\"}",
        "io.kubernetes.container.name": "POD", "io.kubernetes.pod.name": "db-0",
        "io.kubernetes.pod.namespace": "shop", "io.kubernetes.pod.uid": "u-1"}})");
    const auto facts = disk.facts("cri-o");
    CHECK(facts.runtime == "cri-o");
    CHECK(facts.pod == "db-0");
    CHECK(facts.namespace_name == "shop");
    CHECK(facts.sandbox);
    CHECK(*facts.labels.find("app") == "db");
}

TEST_CASE("Podman's list of containers has name and image", "[state]") {
    const Disk disk;
    const std::string driver = GENERATE(values<std::string>({"overlay", "vfs"}));
    disk.write("var/lib/containers/storage/" + driver + "-containers/containers.json",
               R"([{"id": "other", "names": ["x"]}, {"id": ")" + id + R"(", "names": ["web"],
                  "metadata": "{\"image-name\":\"docker.io/library/nginx:1\",\"name\":\"web\"}"}])");
    const auto facts = disk.facts("podman");
    CHECK(facts.runtime == "podman");
    CHECK(facts.name == "web");
    CHECK(facts.image == "docker.io/library/nginx:1");
}

TEST_CASE("Podman's list has the name of now, its metadata the one a container was made with",
          "[state]") {
    const Disk disk;
    const std::string folder = "var/lib/containers/storage/overlay-containers";
    disk.write(folder + "/containers.json", R"([{"id": "other", "names": []}, 7, {"id": ")" + id +
                                                R"(", "names": ["new"],
                  "metadata": "{\"image-name\":\"nginx:1\",\"name\":\"old\"}"}])");
    const auto facts = disk.facts("podman");
    CHECK(facts.name == "new");
    REQUIRE(facts.state_folder.ends_with(folder));
    using Names = std::map<std::string, std::string>;
    CHECK(listed_names(facts.state_folder) == Names{{id, "new"}});
    CHECK(listed_names(facts.state_folder + "/none") == std::nullopt);
}

TEST_CASE("CRI-O's list has longer names than its containers, and is not followed", "[state]") {
    const Disk disk;
    disk.write("var/lib/containers/storage/overlay-containers/containers.json",
               R"([{"id": ")" + id + R"(", "names": ["k8s_app_db-0_shop_u-1_0"],
                  "metadata": "{\"pod-name\":\"db-0\",\"name\":\"app\"}"}])");
    const auto facts = disk.facts("cri-o");
    CHECK(facts.name == "app");
    CHECK(facts.state_folder.empty());
}

TEST_CASE("Incus and LXD are told apart from LXC by their folders", "[state]") {
    const Disk disk;
    disk.write("var/lib/incus/containers/web/metadata.yaml", "");
    disk.write("var/snap/lxd/common/lxd/containers/shop_db/metadata.yaml", "");
    CHECK(disk.facts("lxc", "web").runtime == "incus");
    CHECK(disk.facts("lxc", "web").name == "web");
    CHECK(disk.facts("lxc", "shop_db").runtime == "lxd");
    CHECK(disk.facts("lxc", "shop_db").name == "db");
    CHECK(disk.facts("lxc", "shop_db").namespace_name == "shop");
    CHECK(disk.facts("lxc", "plain_one").runtime == "lxc");
    CHECK(disk.facts("lxc", "plain_one").name == "plain_one");
}

TEST_CASE("LXD's backup file has image and labels", "[state]") {
    const Disk disk;
    const std::string folder = "var/lib/lxd/containers/shop_db/";
    disk.write(folder + "backup.yaml", R"(container:
  architecture: x86_64
  config:
    image.description: Debian bookworm
    image.os: debian
    user.note: 'it''s: "so"'
    user.on: "true"
    user.path: "a\nb"
    user.: nameless
    user.user-data: |
      user.hidden: inside
    user.tier: back
    volatile.base_image: 3c24
  devices: {}
  expanded_config:
    user.tier: other
    user.late: x
)");
    const auto facts = disk.facts("lxc", "shop_db");
    CHECK(facts.runtime == "lxd");
    CHECK(facts.image == "Debian bookworm");
    CHECK(facts.labels.entries().size() == 3);
    CHECK(*facts.labels.find("note") == "it's: \"so\"");
    CHECK(*facts.labels.find("on") == "true");
    CHECK(*facts.labels.find("tier") == "back");
    const std::string cut = GENERATE(values<std::string>(
        {"", "instance:\n  config:", "instance:\n  config:\n    user.a: '", "  config:\n    : x\n",
         "  config:\n    user.a: \"x\n    user.b: {c: d}\n    user.c: [\n"}));
    disk.write(folder + "backup.yaml", cut);
    CHECK(disk.facts("lxc", "shop_db").labels.empty());
    CHECK(disk.facts("lxc", "shop_db").image.empty());
    disk.write(folder + "backup.yaml",
               "instance:\n  config:\n    image.os: alpine\n    image.release: \"3\"");
    CHECK(disk.facts("lxc", "shop_db").image == "alpine 3");
}

TEST_CASE("the kubelet's log folders name a pod whose runtime cannot be read", "[state]") {
    const Disk disk;
    disk.write("var/log/pods/shop_web-7d_" + uid + "/app/0.log", "");
    disk.write("var/log/pods/odd_" + uid + "/0.log", "");
    const auto facts = disk.facts("containerd", id, uid);
    CHECK(facts.pod == "web-7d");
    CHECK(facts.namespace_name == "shop");
}

TEST_CASE("state that is broken, huge or hostile adds nothing", "[state]") {
    const Disk disk;
    const std::string file = "var/lib/docker/containers/" + id + "/config.v2.json";
    const std::string content = GENERATE(values<std::string>(
        {"", "{", "[]", "null", "\"text\"", "{\"Name\": 7, \"Config\": []}",
         "{\"Config\": {\"Labels\": [1], \"Image\": {}}}", "\xff\xfe", std::string(100000, '['),
         "{\"Name\":\"" + std::string(5 << 20, 'x') + "\"}"}));
    disk.write(file, content);
    disk.write("var/lib/containers/storage/overlay-containers/containers.json", content);
    const auto facts = disk.facts("docker");
    CHECK(facts.runtime == "docker");
    CHECK(facts.name.empty());
    CHECK(facts.image.empty());
    CHECK(facts.labels.empty());
}

TEST_CASE("an id that is a path is not looked up", "[state]") {
    const Disk disk;
    disk.write("var/lib/docker/secret/config.v2.json", R"({"Name": "/found"})");
    CHECK(disk.facts("docker", "../secret").name.empty());
    CHECK(disk.facts("docker", "..").name.empty());
    CHECK(disk.facts("docker", "").name.empty());
}
