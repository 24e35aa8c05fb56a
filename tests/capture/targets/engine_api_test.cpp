// SPDX-License-Identifier: Apache-2.0
#include "capture/targets/engine_api.h"

#include <atomic>
#include <cstring>
#include <thread>

#include <catch2/catch.hpp>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "capture/os/fd.h"
#include "capture/targets/container_state.h"
#include "tests/capture/os/temp_folder.h"

using namespace nspect;
using namespace nspect::capture;

namespace {

constexpr std::chrono::milliseconds brief{60};
const std::string id(64, 'a');

std::string answer(const std::string& status, const std::string& body) {
    return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\nConnection: close\r\n\r\n" + body;
}

/// Answers every request with the same bytes; "" lets the client wait.
class FakeEngine {
public:
    FakeEngine(const std::string& path, std::string bytes) : bytes_(std::move(bytes)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
        socket_ = Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
                0 ||
            ::listen(socket_.get(), 8) != 0) {
            throw std::runtime_error("cannot listen on " + path);
        }
        thread_ = std::thread([this] { serve(); });
    }
    FakeEngine(const FakeEngine&) = delete;
    FakeEngine& operator=(const FakeEngine&) = delete;
    ~FakeEngine() {
        stop_ = true;
        thread_.join();
    }
    int requests() const { return requests_; }

private:
    void serve() {
        std::vector<Fd> kept;
        while (!stop_) {
            pollfd waiting{socket_.get(), POLLIN, 0};
            if (::poll(&waiting, 1, 10) <= 0) continue;
            Fd client(::accept(socket_.get(), nullptr, nullptr));
            ++requests_;
            char request[4096];
            [[maybe_unused]] const auto got = ::recv(client.get(), request, sizeof request, 0);
            [[maybe_unused]] const auto sent =
                ::send(client.get(), bytes_.data(), bytes_.size(), MSG_NOSIGNAL);
            if (bytes_.empty()) kept.push_back(std::move(client));
        }
    }

    std::string bytes_;
    Fd socket_;
    std::atomic<bool> stop_{false};
    std::atomic<int> requests_{0};
    std::thread thread_;
};

}  // namespace

TEST_CASE("the engine names a container whose files cannot be read", "[engine]") {
    const TempFolder disk;
    disk.write("run/x", "");
    const FakeEngine server(disk.path() + "/run/docker.sock", answer("200 OK", R"({
        "Name": "/web", "Config": {"Image": "nginx", "Labels": {"com.docker.compose.project": "shop"}},
        "HostConfig": {"NetworkMode": "container:b"}})"));
    const auto roots = StateRoots().below(disk.path());
    EngineApi engine(roots.sockets, std::chrono::seconds{5});
    const auto facts = container_facts(roots, {"docker", id, ""}, &engine);
    CHECK(facts.name == "web");
    CHECK(facts.image == "nginx");
    CHECK(facts.namespace_name == "shop");
    CHECK(facts.joined);
    CHECK(engine.take_troubles().empty());
}

TEST_CASE("an engine that is not there, or does not know a container, is no trouble", "[engine]") {
    const TempFolder disk;
    const auto path = disk.path() + "/docker.sock";
    EngineApi engine({path}, std::chrono::seconds{5});
    CHECK_FALSE(engine.get("/containers/x/json"));
    const FakeEngine server(path, answer("404 Not Found", R"({"message": "No such container"})"));
    CHECK_FALSE(engine.get("/containers/x/json"));
    CHECK(server.requests() == 1);
    CHECK(engine.take_troubles().empty());
}

TEST_CASE("an engine that answers nonsense is left alone for a while, and that is counted",
          "[engine]") {
    const auto bytes =
        GENERATE(std::string("SSH-2.0-OpenSSH\r\n"), std::string(), answer("200 OK", "<html>"),
                 answer("500 Internal Server Error", "{}"), std::string("HTTP/1.1 200 OK\r\n"));
    const TempFolder disk;
    const auto path = disk.path() + "/docker.sock";
    const FakeEngine server(path, bytes);
    EngineApi engine({path}, brief, brief);
    CHECK_FALSE(engine.get("/containers/x/json"));
    CHECK_FALSE(engine.get("/containers/x/json"));
    CHECK(server.requests() == 1);
    std::this_thread::sleep_for(2 * brief);
    CHECK_FALSE(engine.get("/containers/x/json"));
    CHECK(server.requests() == 2);
    const auto troubles = engine.take_troubles();
    REQUIRE(troubles.size() == 1);
    CHECK(troubles[0].error.where == path);
    CHECK(troubles[0].count == 2);
    CHECK(engine.take_troubles().empty());
}
