// SPDX-License-Identifier: Apache-2.0
#include "ingest/live/docker_engine.h"

#include <utility>

#include <nlohmann/json.hpp>

namespace nspect::ingest {
namespace {

using Json = nlohmann::json;

constexpr long http_ok = 200, http_not_found = 404;

/// Discarded: it went in the meantime.
Result<Json> ask(const HttpEndpoint& endpoint, const std::string& path) {
    auto answer = http_get(endpoint, path);
    if (!answer) return std::move(answer).error();
    if (answer->status == http_not_found) return Json(Json::value_t::discarded);
    auto document = Json::parse(answer->body, nullptr, false);
    if (answer->status != http_ok || document.is_discarded()) {
        return Error{Error::Kind::unavailable,
                     "does not answer as Docker does: status " + std::to_string(answer->status),
                     "see that it is the socket of an engine: docker -H unix://PATH info",
                     endpoint.called};
    }
    return document;
}

Result<std::string> inspected(const HttpEndpoint& endpoint, const std::string& list,
                              const std::string& before, const std::string& after) {
    auto all = ask(endpoint, list);
    if (!all) return std::move(all).error();
    Json found = Json::array();
    if (!all->is_array()) return found.dump();
    for (const auto& each : *all) {
        const auto id = each.is_object() ? each.find("Id") : each.end();
        if (!each.is_object() || id == each.end() || !id->is_string()) continue;
        auto one = ask(endpoint, before + id->get<std::string>() + after);
        if (!one) return std::move(one).error();
        if (one->is_object()) found.push_back(std::move(*one));
    }
    return found.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

Result<HttpEndpoint> docker_endpoint(const std::string& path, const std::string& docker_host) {
    constexpr std::string_view scheme = "unix://";
    HttpEndpoint endpoint;
    endpoint.base = "http://docker";
    endpoint.unix_socket = path;
    if (path.empty() && docker_host.starts_with(scheme)) {
        endpoint.unix_socket = docker_host.substr(scheme.size());
    } else if (path.empty() && !docker_host.empty()) {
        return Error{Error::Kind::unsupported,
                     "DOCKER_HOST is " + docker_host + ": only unix sockets are asked",
                     "on that machine: docker inspect $(docker ps -q) > containers.json",
                     "docker:"};
    }
    if (endpoint.unix_socket.empty()) endpoint.unix_socket = "/var/run/docker.sock";
    endpoint.called = "docker:" + endpoint.unix_socket;
    return endpoint;
}

Result<std::vector<NamedText>> docker_documents(const HttpEndpoint& endpoint) {
    auto containers = inspected(endpoint, "/containers/json?all=1", "/containers/", "/json");
    if (!containers) return std::move(containers).error();
    auto networks = inspected(endpoint, "/networks", "/networks/", "");
    if (!networks) return std::move(networks).error();
    return std::vector<NamedText>{{endpoint.called + "/networks", std::move(*networks)},
                                  {endpoint.called + "/containers", std::move(*containers)}};
}

}  // namespace nspect::ingest
