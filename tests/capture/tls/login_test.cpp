// SPDX-License-Identifier: Apache-2.0
#include "capture/tls/login.h"

#include <catch2/catch.hpp>

#include "capture/tls/tls_tracker.h"
#include "tls_bytes.h"

using namespace nspect;
using namespace nspect::capture;
using namespace nspect::test;

namespace {

Login client(const std::string& text) {
    return login_in(bytes_of(text), true);
}

std::string app_after(const std::string& text, const std::string& app) {
    TlsTracker tracker;
    Stream(1, [&](const FlowPayload& payload) {
        return tracker.see(payload);
    }).client(bytes_of(text));
    Sighting sighting;
    sighting.id = 1;
    sighting.app = app;
    tracker.describe(sighting);
    return sighting.app;
}

const std::string basic = "GET / HTTP/1.1\r\nHost: a\r\nauthorization: Basic dTpw\r\n\r\n";
const std::string redis = "*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n";

}  // namespace

TEST_CASE("a login with a password is told from a request without", "[tls]") {
    CHECK(client(basic) == Login::http_basic);
    CHECK(client("GET / HTTP/1.1\r\nAuthorization: Bearer x\r\n\r\n") == Login::none);
    CHECK(client("say\r\nAuthorization: Basic dTpw\r\n") == Login::none);
    CHECK(client(redis) == Login::redis_auth);
    CHECK(client("*5\r\n$5\r\nHELLO\r\n$1\r\n3\r\n$4\r\nAUTH\r\n") == Login::redis_auth);
    CHECK(client("AUTH secret\r\n") == Login::redis_auth);
    CHECK(client("AUTH TLS\r\n") == Login::none);
    CHECK(client("*1\r\n$4\r\nPING\r\n") == Login::none);
    CHECK(client("") == Login::none);
}

TEST_CASE("PostgreSQL's server says which password it wants", "[tls]") {
    const auto server = [](const std::string& text) { return login_in(bytes_of(text), false); };
    const auto asked = [&](char length, char method, const std::string& more = "") {
        return server(std::string("R\0\0\0", 4) + length + std::string("\0\0\0", 3) + method +
                      more);
    };
    CHECK(asked(8, 3) == Login::postgres_password);
    CHECK(asked(12, 5, "salt") == Login::postgres_password);
    CHECK(asked(23, 10, "SCRAM-SHA-256") == Login::none);
    CHECK(asked(8, 0) == Login::none);
    CHECK(server("R") == Login::none);
}

TEST_CASE("a sighting names the login where the protocol is its own", "[tls]") {
    CHECK(app_after(basic, "http") == "http-basic");
    CHECK(app_after(redis, "redis") == "redis-auth");
    CHECK(app_after("AUTH PLAIN\r\n", "pop3") == "pop3");
    CHECK(app_after(basic, "") == "");
    CHECK(app_after("GET / HTTP/1.1\r\n\r\n", "http") == "http");
}
