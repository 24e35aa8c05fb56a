// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

#include <catch2/catch.hpp>

#include "ingest/live/docker_engine.h"
#include "ingest/live/kube_config.h"
#include "ingest/live/kube_mirror.h"

using namespace nspect;
using namespace nspect::ingest;

namespace {

std::string text_of(const std::string& path) {
    std::ifstream file(path);
    return std::string(std::istreambuf_iterator<char>(file), {});
}

/// tests/ingest/live/fake_api.py with certificates of its own.
class FakeApi {
public:
    FakeApi() {
        std::string pattern = (std::filesystem::temp_directory_path() / "nspect-XXXXXX").native();
        if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
        folder = pattern;
        must("cd " + folder + R"sh( && exec >/dev/null 2>&1
for ca in ca other; do
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=$ca -keyout $ca.key -out $ca.pem || exit 1
done
for name in server client; do
    openssl req -newkey rsa:2048 -nodes -subj /CN=$name -keyout $name.key -out $name.csr || exit 1
    printf 'subjectAltName=DNS:api.test\n' > ext
    openssl x509 -req -days 2 -in $name.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile ext -out $name.pem || exit 1
done)sh");
        server_ = ::popen(("exec python3 tests/ingest/live/fake_api.py " + folder).c_str(), "w");
        for (int i = 0; i < 1000 && !std::filesystem::exists(folder + "/port"); ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    FakeApi(const FakeApi&) = delete;
    FakeApi& operator=(const FakeApi&) = delete;
    ~FakeApi() {
        if (server_ != nullptr) ::pclose(server_);
        std::error_code ignored;
        std::filesystem::remove_all(folder, ignored);
    }

    /// A kubeconfig whose certificate authority and user are as given.
    std::string config(const std::string& ca, const std::string& user) const {
        return "apiVersion: v1\nkind: Config\ncurrent-context: test\n"
               "contexts: [{name: test, context: {cluster: c, user: u}}]\n"
               "clusters: [{name: c, cluster: {server: 'https://127.0.0.1:" +
               text_of(folder + "/port") +
               "', tls-server-name: api.test, certificate-authority: " + ca +
               "}}]\nusers: [{name: u, user: " + user + "}]\n";
    }
    HttpEndpoint endpoint(const std::string& ca = "ca.pem",
                          const std::string& user = "{token: good}") const {
        auto found = kube_endpoint_of(config(ca, user), "", folder, "kubeconfig");
        if (!found) throw std::runtime_error(to_string(found.error()));
        return *found;
    }

    std::string folder;

private:
    static void must(const std::string& command) {
        if (std::system(command.c_str()) != 0) throw std::runtime_error("failed: " + command);
    }
    std::FILE* server_ = nullptr;
};

std::string pods_of(const KubeMirror& mirror) {
    Diagnostics diagnostics;
    const auto bundle = load_texts(mirror.documents(), diagnostics);
    CHECK_FALSE(diagnostics.has_errors());
    std::string names;
    for (const auto& pod : bundle.inventory.endpoints()) names += pod.name;
    return names;
}

KubeMirror::Options quick() {
    KubeMirror::Options options;
    options.retry_first = std::chrono::milliseconds(20);
    return options;
}

}  // namespace

TEST_CASE("a cluster is listed in pages, and kept current over disconnects and 410 Gone",
          "[kube]") {
    const FakeApi api;
    KubeMirror mirror(api.endpoint(), quick());
    const auto listed = mirror.list();
    if (!listed) FAIL(to_string(listed.error()));
    CHECK(pods_of(mirror) == "ab");
    const auto notes = mirror.take_notes();
    REQUIRE(notes.size() == 1);
    CHECK(notes[0].message.find("may not list /api/v1/nodes") == 0);

    std::string log;
    for (int i = 0; i < 100 && mirror.counts().events < 3; ++i)
        mirror.follow(std::chrono::milliseconds(100));
    CHECK(pods_of(mirror) == "d");
    CHECK(mirror.counts() == KubeMirror::Counts{3, 1, 1, 1});
    CHECK(mirror.documents().at(0).text.find("10.0.0.9") != std::string::npos);
    log = text_of(api.folder + "/log");
    CHECK(log.find("continue=a%2Fb%3D%3D") != std::string::npos);
    for (const auto* version : {"10", "15", "30"})  // each from where it was
        CHECK(log.find(std::string("resourceVersion=") + version + "\n") != std::string::npos);
    CHECK(mirror.take_notes().size() == 2);  // that changes were not heard, and that they are again
}

TEST_CASE("a client certificate is as good as a token", "[kube]") {
    const FakeApi api;
    KubeMirror mirror(
        api.endpoint("ca.pem", "{client-certificate: client.pem, client-key: client.key}"));
    CHECK(mirror.list());
}

TEST_CASE("a server that is not trusted gets no request, and one that does not trust us says so",
          "[kube]") {
    const FakeApi api;
    const auto untrusted = KubeMirror(api.endpoint("other.pem")).list();
    REQUIRE_FALSE(untrusted);
    CHECK(untrusted.error().hint.find("certificate") != std::string::npos);
    CHECK(text_of(api.folder + "/log").empty());
    auto misnamed = api.endpoint();
    misnamed.server_name = "somebody.else";
    CHECK_FALSE(KubeMirror(misnamed).list());
    const auto stranger = KubeMirror(api.endpoint("ca.pem", "{token: bad}")).list();
    REQUIRE_FALSE(stranger);
    CHECK(stranger.error().kind == Error::Kind::permission);
}

TEST_CASE("a server that is not there is an error, later a note", "[kube]") {
    HttpEndpoint nobody;
    nobody.base = "https://127.0.0.1:1";
    const auto listed = KubeMirror(nobody).list();
    REQUIRE_FALSE(listed);
    CHECK(listed.error().kind == Error::Kind::unavailable);
}

TEST_CASE("a kubeconfig that cannot be used says why", "[kube]") {
    const std::string whole =
        "current-context: a\ncontexts: [{name: a, context: {cluster: c, user: u}}]\n"
        "clusters: [{name: c, cluster: {server: 'https://x/'}}]\n";
    CHECK(kube_endpoint_of(whole, "", "", "f")->base == "https://x");
    CHECK(kube_endpoint_of(whole, "", "", "f")->verify);
    CHECK_FALSE(kube_endpoint_of(whole, "b", "", "f"));
    CHECK_FALSE(kube_endpoint_of("a: b\n", "", "", "f"));
    CHECK_FALSE(kube_endpoint_of("clusters: []\n", "", "", "f"));
    const auto program =
        kube_endpoint_of(whole + "users: [{name: u, user: {exec: {command: x}}}]\n", "", "", "f");
    REQUIRE_FALSE(program);
    CHECK(program.error().kind == Error::Kind::unsupported);
    const auto user = whole + "users: [{name: u, user: {client-key-data: 'aGVs bG8='}}]\n";
    CHECK(kube_endpoint_of(user, "", "", "f")->key == "hello");
}

TEST_CASE("in a pod the service account is used", "[kube]") {
    const auto folder = std::filesystem::temp_directory_path() / "nspect-service-account";
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "token") << "secret\n";
    std::ofstream(folder / "ca.crt") << "PEM";
    KubePlaces places;
    places.service_account = folder.native();
    places.environment = [](const char* name) {
        const std::string key = name;
        return key == "KUBERNETES_SERVICE_HOST"   ? "fd00::1"
               : key == "KUBERNETES_SERVICE_PORT" ? "443"
                                                  : "";
    };
    const auto endpoint = kube_endpoint("", places);
    REQUIRE(endpoint);
    CHECK(endpoint->base == "https://[fd00::1]:443");
    CHECK(endpoint->token == "secret");
    CHECK(endpoint->ca == "PEM");
    std::filesystem::remove_all(folder);
    places.environment = [](const char*) { return std::string(); };
    CHECK_FALSE(kube_endpoint("", places));
}

TEST_CASE("the Docker engine is where DOCKER_HOST says, if that is a socket", "[docker]") {
    CHECK(docker_endpoint("", "")->unix_socket == "/var/run/docker.sock");
    CHECK(docker_endpoint("", "unix:///x")->unix_socket == "/x");
    CHECK(docker_endpoint("/y", "tcp://z")->unix_socket == "/y");
    CHECK_FALSE(docker_endpoint("", "tcp://z"));
    CHECK_FALSE(docker_documents(*docker_endpoint("/nowhere", "")));
}
