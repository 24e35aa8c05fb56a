// SPDX-License-Identifier: Apache-2.0
#include "capture/targets/container_identity.h"

#include <string>

#include <catch2/catch.hpp>

using namespace nspect::capture;

namespace {

const std::string id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const std::string inner = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210";
const std::string uid = "3f8a1c52-0b7d-4e6f-9a21-d5c4b3a29180";
const std::string uid_ = "3f8a1c52_0b7d_4e6f_9a21_d5c4b3a29180";
const std::string static_uid = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";

struct Case {
    std::string path;
    ContainerIdentity expected;
};

}  // namespace

TEST_CASE("a control group path tells runtime, container and pod", "[identity]") {
    const Case test = GENERATE(
        // Docker
        Case{"/docker/" + id, {"docker", id, ""}},
        Case{"/system.slice/docker-" + id + ".scope", {"docker", id, ""}},
        Case{"/user.slice/user-1000.slice/user@1000.service/user.slice/docker-" + id + ".scope",
             {"docker", id, ""}},
        Case{"/system.slice:docker:" + id, {"docker", id, ""}},
        Case{"/docker/" + id + "/system.slice/nginx.service", {"docker", id, ""}},
        Case{"/my-parent/" + id, {"docker", id, ""}},
        Case{"/system.slice/nerdctl-" + id + ".scope", {"nerdctl", id, ""}},
        Case{"/libpod_parent/" + std::string(64, 'c') + "/libpod-" + id, {"podman", id, ""}},
        // Kubernetes, systemd driver
        Case{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + uid_ +
                 ".slice/cri-containerd-" + id + ".scope",
             {"containerd", id, uid}},
        Case{"/kubepods.slice/kubepods-pod" + uid_ + ".slice/cri-containerd-" + id + ".scope",
             {"containerd", id, uid}},
        Case{"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" + uid_ +
                 ".slice/crio-" + id + ".scope",
             {"cri-o", id, uid}},
        Case{"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" + uid_ +
                 ".slice/docker-" + id + ".scope",
             {"docker", id, uid}},
        Case{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + static_uid +
                 ".slice/cri-containerd-" + id + ".scope",
             {"containerd", id, static_uid}},
        // Kubernetes, cgroupfs driver
        Case{"/kubepods/burstable/pod" + uid + "/" + id, {"containerd", id, uid}},
        Case{"/kubepods/besteffort/pod" + uid + "/" + id, {"containerd", id, uid}},
        Case{"/kubepods/pod" + uid + "/" + id, {"containerd", id, uid}},
        Case{"/kubepods/pod" + uid + "/crio-" + id, {"cri-o", id, uid}},
        // containerd with systemd groups and the cgroupfs driver
        Case{"/system.slice/containerd.service/kubepods-burstable-pod" + uid_ +
                 ".slice:cri-containerd:" + id,
             {"containerd", id, uid}},
        Case{"/k8s.io/" + id, {"containerd", id, ""}},
        Case{"/default/web", {"containerd", "web", ""}},
        // Podman
        Case{"/libpod_parent/libpod-" + id, {"podman", id, ""}},
        Case{"/machine.slice/libpod-" + id + ".scope", {"podman", id, ""}},
        Case{"/machine.slice/libpod-" + id + ".scope/container", {"podman", id, ""}},
        Case{"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" + id +
                 ".scope/container",
             {"podman", id, ""}},
        Case{"/machine.slice/machine-libpod_pod_" + inner + ".slice/libpod-" + id + ".scope",
             {"podman", id, ""}},
        Case{"/system.slice/web.service/libpod-payload-" + id, {"podman", id, ""}},
        // LXC, LXD, Incus
        Case{"/lxc.payload.web", {"lxc", "web", ""}},
        Case{"/lxc.payload.web/system.slice/cron.service", {"lxc", "web", ""}},
        Case{"/lxc.payload.shop_web/.lxc", {"lxc", "shop_web", ""}},
        Case{"/lxc/web/init.scope", {"lxc", "web", ""}},
        Case{"/lxc.payload/web", {"lxc", "web", ""}},
        Case{"/lxc.payload.outer/lxc.payload.inner", {"lxc", "inner", ""}},
        // systemd-nspawn
        Case{"/machine.slice/systemd-nspawn@web.service/payload", {"nspawn", "web", ""}},
        Case{"/machine.slice/systemd-nspawn@my\\x2dweb.service/payload", {"nspawn", "my-web", ""}},
        Case{"/machine.slice/machine-my\\x2dweb.scope", {"nspawn", "my-web", ""}},
        // nested: kind, Talos, docker in LXC, a cgroup namespace
        Case{"/docker/" + id + "/kubelet/kubepods/burstable/pod" + uid + "/" + inner,
             {"containerd", inner, uid}},
        Case{"/docker/" + id +
                 "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/"
                 "kubelet-kubepods-burstable-pod" +
                 uid_ + ".slice/cri-containerd-" + inner + ".scope",
             {"containerd", inner, uid}},
        Case{"/docker/" + id + "/init.scope", {"docker", id, ""}},
        Case{"/docker/" + id + "/system.slice/containerd.service", {"docker", id, ""}},
        Case{"/lxc.payload.build/docker/" + id, {"docker", id, ""}},
        Case{"/lxc.payload.build/lxc.monitor.inner", {"lxc", "build", ""}},
        Case{"/../../kubepods/burstable/pod" + uid + "/" + id, {"containerd", id, uid}});
    INFO(test.path);
    const auto found = container_of_path(test.path);
    REQUIRE(found);
    CHECK(found->runtime == test.expected.runtime);
    CHECK(found->container == test.expected.container);
    CHECK(found->pod_uid == test.expected.pod_uid);
}

TEST_CASE("a path without a container, or of one that only watches it, tells nothing",
          "[identity]") {
    const std::string path = GENERATE_COPY(values<std::string>({
        "",
        "/",
        "/init.scope",
        "/system.slice/ssh.service",
        "/system.slice/docker.service",
        "/user.slice/user-1000.slice/session-2.scope",
        "/podruntime/runtime",
        "/process_api/063c1c942b0117f244115a9070b1f355",
        "/lxc.monitor.web",
        "/lxc.monitor/web",
        "/lxc",
        "/machine.slice/libpod-conmon-" + id + ".scope",
        "/kubepods.slice/kubepods-pod" + uid_ + ".slice/crio-conmon-" + id + ".scope",
        "/kubepods.slice/kubepods-pod" + uid_ + ".slice",
        "/machine.slice/systemd-nspawn@web.service/supervisor",
        "/machine.slice/machine-qemu\\x2d1\\x2ddebian.scope",
        "/docker/" + id.substr(1),
        "/docker/" + id + "0",
        "/docker/G" + id.substr(1),
        "/default/x.service",
        "/docker/../..",
        "/libpod_parent/" + id,
    }));
    INFO(path);
    CHECK_FALSE(container_of_path(path));
}

TEST_CASE("every version of control groups is read", "[identity]") {
    const ContainerIdentity docker{"docker", id, ""};
    SECTION("version 2") {
        CHECK(container_identity("0::/system.slice/docker-" + id + ".scope\n") == docker);
    }
    SECTION("version 1") {
        CHECK(container_identity("12:cpu,cpuacct:/docker/" + id + "\n11:memory:/docker/" + id +
                                 "\n1:name=systemd:/docker/" + id + "\n") == docker);
    }
    SECTION("hybrid, where some hierarchies are empty") {
        CHECK(container_identity("9:name=systemd:/\n8:pids:/\n4:memory:/docker/" + id +
                                 "\n1:cpu:/\n0::/\n") == docker);
    }
    SECTION("hybrid, where a longer path is the host's") {
        CHECK(container_identity("4:memory:/docker/" + id + "\n0::/" + std::string(200, 'a') +
                                 "\n") == docker);
    }
    SECTION("a controller's name may hold the separator of nothing") {
        CHECK_FALSE(container_identity("no colon at all\n::\n:\n"));
    }
}

TEST_CASE("a process of the host is known by its service", "[identity]") {
    CHECK(service_of("0::/system.slice/cron.service\n") == "cron.service");
    CHECK(service_of("1:name=systemd:/system.slice/my\\x2djob.service\n0::/\n") ==
          "my-job.service");
    CHECK(service_of("0::/system.slice/a.service/b.service\n") == "b.service");
    CHECK(service_of("0::/user.slice\n").empty());
}
