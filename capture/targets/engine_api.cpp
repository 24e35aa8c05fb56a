// SPDX-License-Identifier: Apache-2.0
#include "capture/targets/engine_api.h"

#include <cstddef>
#include <memory>
#include <utility>

#include <curl/curl.h>
#include <unistd.h>

namespace nspect::capture {
namespace {

constexpr std::size_t answer_limit = std::size_t{4} * 1024 * 1024;

struct CurlEnd {
    void operator()(CURL* handle) const noexcept { curl_easy_cleanup(handle); }
};

/// Taking less than what came makes curl give up.
std::size_t take(char* data, std::size_t one, std::size_t size, void* body) {
    auto& text = *static_cast<std::string*>(body);
    if (text.size() + one * size > answer_limit) return 0;
    text.append(data, one * size);
    return one * size;
}

}  // namespace

EngineApi::EngineApi(std::vector<std::string> sockets, std::chrono::milliseconds patience,
                     std::chrono::milliseconds respite)
    : patience_(patience), respite_(respite) {
    for (auto& path : sockets) sockets_.push_back({std::move(path), {}});
}

std::optional<std::string> EngineApi::get(const std::string& path) {
    for (auto& socket : sockets_) {
        if (auto body = ask(socket, path)) return body;
    }
    return std::nullopt;
}

void EngineApi::trouble(Socket& socket, const std::string& message) {
    socket.not_before = std::chrono::steady_clock::now() + respite_;
    troubles_.add({Error::Kind::unavailable, "does not answer as an engine does: " + message,
                   "its containers may be known by their ids only until it does", socket.path});
}

std::optional<std::string> EngineApi::ask(Socket& socket, const std::string& path) {
    if (::access(socket.path.c_str(), R_OK | W_OK) != 0) return std::nullopt;
    if (std::chrono::steady_clock::now() < socket.not_before) return std::nullopt;
    const std::unique_ptr<CURL, CurlEnd> handle(curl_easy_init());
    if (!handle) return std::nullopt;
    std::string body;
    const auto url = "http://engine" + path;
    curl_easy_setopt(handle.get(), CURLOPT_UNIX_SOCKET_PATH, socket.path.c_str());
    curl_easy_setopt(handle.get(), CURLOPT_URL, url.c_str());
    curl_easy_setopt(handle.get(), CURLOPT_PROXY, "");
    curl_easy_setopt(handle.get(), CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(patience_.count()));
    curl_easy_setopt(handle.get(), CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(handle.get(), CURLOPT_WRITEDATA, &body);
    const auto code = curl_easy_perform(handle.get());
    if (code != CURLE_OK) {
        trouble(socket, curl_easy_strerror(code));
        return std::nullopt;
    }
    long status = 0;
    curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status);
    const bool is_json = body.starts_with('{') || body.starts_with('[');
    if (status >= 500 || !is_json) {
        trouble(socket, status >= 500 ? "status " + std::to_string(status) : "this is no JSON");
        return std::nullopt;
    }
    return status == 200 ? std::optional(std::move(body)) : std::nullopt;
}

}  // namespace nspect::capture
