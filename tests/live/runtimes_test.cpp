// SPDX-License-Identifier: Apache-2.0
// Real container engines, each on a host of its own: every container is named, and its traffic is
// its.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <optional>
#include <stdexcept>
#include <thread>

#include <catch2/catch.hpp>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "capture/live_world.h"
#include "tests/live/runtime_host.h"
#include "tests/live/traffic.h"

using namespace nspect;
using namespace nspect::capture;
using namespace nspect::test;

namespace {

constexpr std::uint16_t port = 8080;
constexpr int patience_ms = 10000;

WatcherOptions watching(const RuntimeHost& host) {
    WatcherOptions options;
    options.host_netns = host.netns_path();
    return options;
}

/// LXC says that a container runs, which then may not have its address yet.
void wait_for_address(const std::string& netns) {
    const auto inside = "nsenter --net=" + netns + " ip -4 addr show dev eth0";
    const auto command = "for i in $(seq 100); do " + inside +
                         " | grep -q inet && exit 0; sleep 0.1; done; " + inside + "; exit 1";
    if (std::system(command.c_str()) != 0) throw std::runtime_error("no address in " + netns);
}

/// What `nspect targets` lists of this host.
class Targets {
public:
    explicit Targets(const RuntimeHost& host) {
        auto found = find_targets(watching(host));
        if (!found) FAIL(to_string(found.error()));
        all_ = std::move(*found);
    }
    const TargetInfo& named(const std::string& name) const {
        std::string names;
        for (const auto& target : all_) {
            if (target.name == name) return target;
            names += " " + target.runtime + ":" + target.name;
        }
        throw std::runtime_error("no container " + name + " among" + names);
    }
    const TargetInfo& host() const { return all_.front(); }

private:
    std::vector<TargetInfo> all_;
};

std::string netns_of(const TargetInfo& target) {
    return "/proc/" + std::to_string(target.pids.at(0)) + "/ns/net";
}

std::string address_of(const TargetInfo& target) {
    for (const auto& interface : target.interfaces) {
        for (const auto& address : interface.addresses) {
            if (address.is_v4() && !address.is_loopback()) return to_string(address);
        }
    }
    throw std::runtime_error(target.name + " has no address");
}

const SharingContainer* shared_with(const TargetInfo& target, const std::string& name) {
    for (const auto& each : target.sharing) {
        if (each.name == name) return &each;
    }
    return nullptr;
}

bool listens(const SharingContainer* container, std::uint16_t on) {
    return container != nullptr &&
           std::any_of(container->listens.begin(), container->listens.end(),
                       [&](const ListeningSocket& each) { return each.port == Port{on}; });
}

/// A recording in progress, and afterwards which containers saw which connections.
class Recorded {
public:
    Recorded(const RuntimeHost& host, std::vector<std::string> names) {
        LiveWorldOptions live;
        live.watcher = watching(host);
        live.source.ring_bytes = std::size_t{4} << 20U;
        live.now = [] { return std::chrono::system_clock::now(); };
        live.stop_fd = stop_.get();
        auto world = live_world(std::move(live));
        if (!world) FAIL(to_string(world.error()));
        RecorderOptions options;
        options.wants = [names = std::move(names)](const TargetInfo& target) {
            return names.empty() ||
                   std::find(names.begin(), names.end(), target.name) != names.end();
        };
        thread_ = std::thread([this, options, moved = std::move(*world)]() mutable {
            outcome_ =
                record(options, std::move(moved), [this](const Batch& b) { return keep(b); });
        });
        while (!begun_) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    Recorded(const Recorded&) = delete;
    Recorded& operator=(const Recorded&) = delete;
    ~Recorded() { stop(); }

    void stop() {
        if (!thread_.joinable()) return;
        const std::uint64_t one = 1;
        [[maybe_unused]] const auto written = ::write(stop_.get(), &one, sizeof one);
        thread_.join();
    }
    /// The outcomes of connections to a port, as the vantages of one container saw them.
    std::string outcomes(const std::string& name, std::uint16_t to = port) const {
        std::string all;
        for (const auto& [id, sighting] : sightings_) {
            const auto of = vantages_.at(sighting.vantage).target;
            if (!of || targets_.at(*of).name != name || sighting.server.port != Port{to}) continue;
            all += (all.empty() ? "" : " ") + std::string(to_string(sighting.outcome));
        }
        return all;
    }

    /// Who saw what, for a test that fails.
    std::string everything() const {
        std::string all;
        for (const auto& [id, sighting] : sightings_) {
            const auto& vantage = vantages_.at(sighting.vantage);
            const auto who = vantage.target ? targets_.at(*vantage.target).name : "-";
            all += vantage.interface_name + " of '" + who + "': " + to_string(sighting.client.ip) +
                   " to " + to_string(sighting.server.ip) + " " +
                   std::to_string(sighting.server.port.number) + "\n";
        }
        return all;
    }

private:
    Status keep(const Batch& batch) {
        for (const auto& s : batch.sightings) sightings_[s.id] = s;
        for (const auto& v : batch.vantages) vantages_[v.id] = v;
        for (const auto& t : batch.targets) targets_[t.id] = t;
        begun_ = true;
        return done;
    }

    Fd stop_{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
    std::thread thread_;
    std::atomic<bool> begun_{false};
    std::optional<Result<RecordingSummary>> outcome_;
    std::map<std::uint64_t, Sighting> sightings_;
    std::map<std::uint32_t, Vantage> vantages_;
    std::map<std::uint32_t, TargetInfo> targets_;
};

/// By its events alone, in which nothing but the name is another.
bool comes_to_be_called(TargetWatcher& watcher, const std::string& container,
                        const std::string& name) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(patience_ms);
    while (std::chrono::steady_clock::now() < end) {
        pollfd waiting{watcher.poll_fd(), POLLIN, 0};
        ::poll(&waiting, 1, 100);
        const auto events = watcher.read();
        if (!events) return false;
        for (const auto& event : *events) {
            if (event.target.container == container && event.target.name == name)
                return event.kind == TargetEvent::Kind::target_changed;
        }
    }
    return false;
}

/// One connection from a container to another is seen at both, by name.
void check_attributed(const RuntimeHost& host, const std::string& client,
                      const std::string& server) {
    const Targets targets(host);
    const auto from = netns_of(targets.named(client));
    const auto to = address_of(targets.named(server));
    Recorded recorded(host, {client, server});
    CHECK(connect_from(from, to, port, patience_ms) == 0);
    recorded.stop();
    CHECK(recorded.outcomes(client) == "established");
    CHECK(recorded.outcomes(server) == "established");
}

}  // namespace

TEST_CASE("Docker's containers are named on every kind of network, and their traffic is theirs",
          "[live]") {
    if (!live_tests_run() || !have_programs("Docker", {"dockerd", "docker", "busybox", "iptables"}))
        return;
    RuntimeHost host;
    const auto image = host.image();
    const auto socket = "unix://" + host.folder() + "/docker.sock";
    const auto docker = "docker -H " + socket + " ";
    host.start("dockerd --data-root " + host.folder() + "/data --exec-root " + host.folder() +
                   "/exec --pidfile docker.pid -H " + socket,
               docker + "info");
    host.run(docker + "import " + image + " box:1");
    host.run(docker + "network create front");
    host.run("ip link add up0 type veth peer name up1; ip link set up0 up; ip link set up1 up");
    host.run(docker + "network create -d macvlan -o parent=up0 flat");
    const auto start = [&](const std::string& options, const std::string& what = "sleep 600") {
        host.run(docker + "run -d " + options + " box:1 " + what);
    };
    const std::string compose =
        " --label com.docker.compose.project=shop --label com.docker.compose.service=";
    const std::string serve = "httpd -f -p 8080";
    start("--name shop-web-1 --network front" + compose + "web");
    start("--name shop-api-1 --network front" + compose + "api", serve);
    start("--name side --network container:shop-api-1", "httpd -f -p 9090");
    start("--name open --network host", "httpd -f -p 7070");
    start("--name published -p 18080:8080", serve);
    start("--name flat1 --network flat");
    start("--name lonely --network none");

    const Targets targets(host);
    const auto& api = targets.named("shop-api-1");
    CHECK(api.runtime == "docker");
    CHECK(api.image == "box:1");
    CHECK(api.namespace_name == "shop");
    CHECK(*api.labels.find("com.docker.compose.service") == "api");
    CHECK(listens(shared_with(api, "shop-api-1"), port));
    CHECK(listens(shared_with(api, "side"), 9090));
    CHECK_FALSE(listens(shared_with(api, "side"), port));
    CHECK(listens(shared_with(targets.host(), "open"), 7070));
    CHECK(targets.named("lonely").runtime == "docker");
    const auto& flat = targets.named("flat1").interfaces;
    CHECK(std::any_of(flat.begin(), flat.end(),
                      [](const InterfaceInfo& each) { return each.kind == "macvlan"; }));
    check_attributed(host, "shop-web-1", "shop-api-1");

    Recorded recorded(host, {"published"});
    CHECK(connect_from(host.netns_path(), "172.17.0.1", 18080, patience_ms) == 0);
    recorded.stop();
    CHECK(recorded.outcomes("published") == "established");

    // They have no name yet when their namespaces appear, and none to ask for when they are gone.
    Recorded brief(host, {});
    for (const std::string name : {"brief1", "brief2", "brief3"}) {
        host.run(docker + "run --rm --name " + name +
                 " --network front box:1 wget -q -O /dev/null http://" + address_of(api) +
                 ":8080/etc/hostname");
    }
    brief.stop();
    INFO(brief.everything());
    int named = 0;
    for (const auto* name : {"brief1", "brief2", "brief3"}) {
        named += brief.outcomes(name) == "established" ? 1 : 0;
    }
    CHECK(named == 3);
    host.run(docker + "rm -f $(" + docker + "ps -aq)");
}

TEST_CASE("Podman's containers and pods are named, and their traffic is theirs", "[live]") {
    if (!live_tests_run() || !have_programs("Podman", {"podman", "runc", "conmon", "busybox"}))
        return;
    RuntimeHost host;
    const auto image = host.image();
    host.run(
        "printf '[containers]\\ndefault_ulimits = [\"nofile=1024:1024\", \"nproc=1000:1000\"]\\n' "
        "> containers.conf");
    const auto podman = "CONTAINERS_CONF=" + host.folder() + "/containers.conf podman --root " +
                        host.folder() + "/storage --runroot " + host.folder() +
                        "/run --cgroup-manager=cgroupfs --runtime runc ";
    host.run(podman + "import " + image + " box:1");
    host.run(podman + "run -d --name pm-web --label tier=front box:1 sleep 600");
    host.run(podman + "run -d --name pm-api box:1 httpd -f -p 8080");
    host.run(podman + "pod create --name shop --share net --label team=blue --infra-image " +
             "localhost/box:1 --infra-command 'sleep 600'");
    host.run(podman + "run -d --pod shop --name app box:1 httpd -f -p 8080");

    const Targets targets(host);
    const auto& web = targets.named("pm-web");
    CHECK(web.runtime == "podman");
    CHECK(web.image == "localhost/box:1");
    REQUIRE(web.labels.find("tier") != nullptr);
    CHECK(*web.labels.find("tier") == "front");
    const auto& app = targets.named("app");
    CHECK(app.pod == "shop");
    CHECK(app.labels.find("team") != nullptr);
    REQUIRE(app.sharing.size() == 2);
    CHECK(app.sharing[0].sandbox);
    CHECK(listens(shared_with(app, "app"), port));
    check_attributed(host, "pm-web", "pm-api");

    auto watcher = TargetWatcher::open(watching(host));
    REQUIRE(watcher);
    const auto id = Targets(host).named("pm-web").container;
    host.run(podman + "rename pm-web pm-front");
    CHECK(comes_to_be_called(*watcher, id, "pm-front"));
    host.run(podman + "rename pm-front pm-site");
    CHECK(comes_to_be_called(*watcher, id, "pm-site"));
    check_attributed(host, "pm-site", "pm-api");
    host.run(podman + "rm -t 0 -f --all; " + podman + "pod rm -t 0 -f --all");
}

TEST_CASE("LXC's containers are named, and their traffic is theirs", "[live]") {
    if (!live_tests_run() || !have_programs("LXC", {"lxc-create", "lxc-start", "busybox"})) return;
    RuntimeHost host;
    host.run("ip link add br0 type bridge; ip addr add 10.88.7.1/24 dev br0; ip link set br0 up");
    const auto at = "-P " + host.folder() + "/lxc ";
    host.run("mkdir lxc");
    for (const std::string number : {"2", "3"}) {
        const auto name = "box" + number;
        host.run(
            "printf 'lxc.net.0.type=veth\\nlxc.net.0.link=br0\\nlxc.net.0.flags=up\\n"
            "lxc.net.0.ipv4.address=10.88.7." +
            number +
            "/24\\n"
            "lxc.init.cmd=/bin/sleep 600\\n"  // the template's own asks for another address
            "lxc.apparmor.profile=unconfined\\n' > lxc.conf");
        host.run("lxc-create " + at + "-n " + name + " -t busybox -f lxc.conf");
        host.run("lxc-start " + at + "-n " + name + " -d");
    }
    const Targets targets(host);
    CHECK(targets.named("box2").runtime == "lxc");
    CHECK(targets.named("box2").image == "busybox");
    for (const auto* name : {"box2", "box3"}) wait_for_address(netns_of(targets.named(name)));
    const auto listener = listen_in(netns_of(targets.named("box3")), port);
    check_attributed(host, "box2", "box3");
    for (const auto* name : {"box2", "box3"}) host.run("lxc-stop -k " + at + "-n " + name);
}

TEST_CASE("containerd's containers are named, and their traffic is theirs", "[live]") {
    if (!live_tests_run() || !have_programs("containerd", {"containerd", "ctr", "runc", "busybox"}))
        return;
    RuntimeHost host;
    const auto image = host.image();
    host.run(
        "printf 'version = 2\\nroot = \"%s/root\"\\nstate = \"%s/state\"\\n[grpc]\\naddress = "
        "\"%s/ctr.sock\"\\n' \"$PWD\" \"$PWD\" \"$PWD\" > config.toml");
    const auto ctr = "ctr -a " + host.folder() + "/ctr.sock ";
    host.start("containerd -c config.toml", ctr + "version");
    for (const std::string realm : {"default", "prod"}) {
        const auto name = "box-" + realm;
        host.run(ctr + "-n " + realm + " run -d --rootfs --label tier=" + realm + " " +
                 host.folder() + "/rootfs " + name + " /bin/httpd -f -p 8080");
    }
    const Targets before(host);
    CHECK(before.named("box-default").runtime == "containerd");
    CHECK(before.named("box-prod").namespace_name == "prod");
    REQUIRE(before.named("box-prod").labels.find("tier") != nullptr);
    CHECK(*before.named("box-prod").labels.find("tier") == "prod");

    host.run("ip link add br0 type bridge; ip link set br0 up");
    int number = 1;
    for (const auto* name : {"box-default", "box-prod"}) {
        const auto pid = std::to_string(before.named(name).pids.at(0));
        const auto n = std::to_string(number++);
        host.lab.ip("host", "link add v" + n + " type veth peer name eth0 netns " + pid);
        host.run("ip link set v" + n + " master br0 up");
        const auto inside = "nsenter --net=/proc/" + pid + "/ns/net ip ";
        const auto plugged =
            inside + "addr add 10.88.8." + n + "/24 dev eth0 && " + inside + "link set eth0 up";
        REQUIRE(std::system(plugged.c_str()) == 0);
    }
    check_attributed(host, "box-default", "box-prod");
    for (const std::string realm : {"default", "prod"})
        host.run(ctr + "-n " + realm + " task rm -f box-" + realm);
}

TEST_CASE("a pod of containerd's is its sandbox, and its containers are told apart", "[live]") {
    if (!live_tests_run() || !have_programs("containerd", {"containerd", "ctr", "runc", "busybox"}))
        return;
    RuntimeHost host;
    host.image();
    host.run(
        "printf 'version = 2\\nroot = \"%s/root\"\\nstate = \"%s/state\"\\n[grpc]\\naddress = "
        "\"%s/ctr.sock\"\\n' \"$PWD\" \"$PWD\" \"$PWD\" > config.toml");
    const auto ctr = "ctr -a " + host.folder() + "/ctr.sock -n k8s.io ";
    host.start("containerd -c config.toml", ctr + "version");
    const std::string uid = "0b1c2d3e-1111-2222-3333-444455556666";
    const auto start = [&](char digit, const std::string& name, const std::string& options,
                           const std::string& command) {
        const std::string id(64, digit);
        const auto note = " --annotation io.kubernetes.cri.";
        host.run(ctr + "run -d --rootfs --cgroup /kubepods/burstable/pod" + uid + "/" + id + note +
                 "sandbox-name=web-5d9c-x1" + note + "sandbox-namespace=shop" + note +
                 "sandbox-uid=" + uid + note + "container-type=" +
                 (name.empty() ? "sandbox" : "container" + (note + ("container-name=" + name))) +
                 " " + options + host.folder() + "/rootfs " + id + " " + command);
        return id;
    };
    const auto sandbox = start('a', "", "--label app=web ", "/bin/sleep 600");
    const auto pid = host.run(ctr + "task ls | awk '$1 ~ /^a+$/ {printf \"%s\", $2}'");
    const auto joins = "--with-ns network:/proc/" + pid + "/ns/net ";
    start('b', "prepare", joins, "/bin/sh -c :");  // an init container, ended by now
    start('c', "app", joins, "/bin/httpd -f -p 8080");
    start('d', "proxy", joins, "/bin/httpd -f -p 9090");
    start('e', "debugger", joins, "/bin/sleep 600");  // an ephemeral one

    const Targets targets(host);
    const auto& pod = targets.named("app");
    CHECK(pod.runtime == "containerd");
    CHECK(pod.pod == "web-5d9c-x1");
    CHECK(pod.namespace_name == "shop");
    CHECK(pod.pod_uid == uid);
    REQUIRE(pod.labels.find("app") != nullptr);
    CHECK(*pod.labels.find("app") == "web");
    REQUIRE(pod.sharing.size() == 4);
    for (const auto& each : pod.sharing) {
        CHECK(each.pod == "web-5d9c-x1");
        CHECK(each.sandbox == (each.container == sandbox));
    }
    CHECK(listens(shared_with(pod, "app"), port));
    CHECK(listens(shared_with(pod, "proxy"), 9090));
    CHECK_FALSE(listens(shared_with(pod, "proxy"), port));
    REQUIRE(shared_with(pod, "debugger") != nullptr);
    CHECK(shared_with(pod, "debugger")->listens.empty());
    host.run("for id in $(" + ctr + "task ls -q); do " + ctr + "task rm -f $id; done");
}

TEST_CASE("systemd-nspawn's machines are named, and their traffic is theirs", "[live]") {
    if (!live_tests_run() || !have_programs("systemd-nspawn", {"systemd-nspawn", "busybox"}))
        return;
    RuntimeHost host;
    host.image();
    host.run("mkdir -p rootfs/usr; echo ID=busybox > rootfs/etc/os-release; cp -a rootfs other");
    host.run("ip link add br0 type bridge; ip link set br0 up");
    int number = 1;
    for (const auto* name : {"rootfs", "other"}) {
        host.start("systemd-nspawn --quiet --register=no --keep-unit --network-bridge=br0 " +
                       std::string("--machine=box-") + name + " --directory=" + host.folder() +
                       "/" + name + " --as-pid2 /bin/httpd -f -p 8080",
                   "pgrep -f -- 'box-" + std::string(name) + "' && ip link show vb-box-" + name);
        const Targets now(host);
        const auto netns = netns_of(now.named("box-" + std::string(name)));
        const auto inside = "nsenter --net=" + netns + " ip ";
        const auto plugged = inside + "addr add 10.88.9." + std::to_string(number++) +
                             "/24 dev host0 && " + inside + "link set host0 up";
        REQUIRE(std::system(plugged.c_str()) == 0);
    }
    const Targets targets(host);
    CHECK(targets.named("box-rootfs").runtime == "nspawn");
    check_attributed(host, "box-rootfs", "box-other");
}
