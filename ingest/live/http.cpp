// SPDX-License-Identifier: Apache-2.0
#include "ingest/live/http.h"

#include <map>
#include <string_view>
#include <utility>

#include <curl/curl.h>

namespace nspect::ingest {
namespace {

constexpr std::size_t answer_limit = std::size_t{1} << 30U;
constexpr std::size_t line_limit = std::size_t{64} << 20U;
constexpr long connect_seconds = 10;

struct EasyEnd {
    void operator()(CURL* handle) const noexcept { curl_easy_cleanup(handle); }
};
using Easy = std::unique_ptr<CURL, EasyEnd>;

struct ListEnd {
    void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};
using Headers = std::unique_ptr<curl_slist, ListEnd>;

void set_blob(CURL* handle, CURLoption option, const std::string& text) {
    if (text.empty()) return;
    // COPY: curl keeps its own, and does not write to ours.
    curl_blob blob{const_cast<char*>(text.data()), text.size(), CURL_BLOB_COPY};
    curl_easy_setopt(handle, option, &blob);
}

Headers headers_for(const HttpEndpoint& endpoint) {
    curl_slist* list = curl_slist_append(nullptr, "Accept: application/json");
    if (!endpoint.token.empty()) {
        list = curl_slist_append(list, ("Authorization: Bearer " + endpoint.token).c_str());
    }
    return Headers(list);
}

void set_up(CURL* handle, const HttpEndpoint& endpoint, const std::string& path,
            const Headers& headers) {
    curl_easy_setopt(handle, CURLOPT_URL, (endpoint.base + path).c_str());
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT, connect_seconds);
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(handle, CURLOPT_ACCEPT_ENCODING, "");
    if (!endpoint.unix_socket.empty()) {
        curl_easy_setopt(handle, CURLOPT_UNIX_SOCKET_PATH, endpoint.unix_socket.c_str());
        curl_easy_setopt(handle, CURLOPT_PROXY, "");
    }
    if (!endpoint.user.empty()) {
        curl_easy_setopt(handle, CURLOPT_USERNAME, endpoint.user.c_str());
        curl_easy_setopt(handle, CURLOPT_PASSWORD, endpoint.password.c_str());
    }
    set_blob(handle, CURLOPT_CAINFO_BLOB, endpoint.ca);
    set_blob(handle, CURLOPT_SSLCERT_BLOB, endpoint.certificate);
    set_blob(handle, CURLOPT_SSLKEY_BLOB, endpoint.key);
    if (!endpoint.certificate.empty()) curl_easy_setopt(handle, CURLOPT_SSLCERTTYPE, "PEM");
    if (!endpoint.verify) {
        curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 0L);
    }
}

/// Connects to the host of `base` under the name that its certificate is for.
Headers named(CURL* handle, const HttpEndpoint& endpoint, const std::string& path) {
    if (endpoint.server_name.empty()) return {};
    const auto start = endpoint.base.find("://");
    if (start == std::string::npos) return {};
    auto host = endpoint.base.substr(start + 3);
    const auto bracket = host.find(']');
    const auto colon = host.find(':', bracket == std::string::npos ? 0 : bracket);
    const auto port = colon == std::string::npos ? ":443" : host.substr(colon);
    host.resize(std::min(colon, host.size()));
    const auto url = endpoint.base.substr(0, start + 3) + endpoint.server_name + port + path;
    curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
    Headers route(curl_slist_append(nullptr, ("::" + host + port).c_str()));
    curl_easy_setopt(handle, CURLOPT_CONNECT_TO, route.get());
    return route;
}

std::size_t append(char* data, std::size_t one, std::size_t size, void* to) {
    auto& body = *static_cast<std::string*>(to);
    if (body.size() + one * size > answer_limit) return 0;
    body.append(data, one * size);
    return one * size;
}

std::string hint_for(CURLcode code) {
    switch (code) {
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CACERT_BADFILE:
            return "its certificate is not one that the configuration trusts; nothing was sent to "
                   "it";
        case CURLE_SSL_CERTPROBLEM:
            return "the client certificate or key of the configuration cannot be used";
        case CURLE_COULDNT_CONNECT:
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_OPERATION_TIMEDOUT:
            return "see that the address is right and the server runs";
        default:
            return {};
    }
}

}  // namespace

Result<HttpAnswer> http_get(const HttpEndpoint& endpoint, const std::string& path,
                            std::chrono::milliseconds patience) {
    const Easy handle(curl_easy_init());
    if (!handle) return Error{Error::Kind::unavailable, "out of memory", {}, endpoint.called};
    HttpAnswer answer;
    const auto headers = headers_for(endpoint);
    set_up(handle.get(), endpoint, path, headers);
    const auto route = named(handle.get(), endpoint, path);
    curl_easy_setopt(handle.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(patience.count()));
    curl_easy_setopt(handle.get(), CURLOPT_WRITEFUNCTION, append);
    curl_easy_setopt(handle.get(), CURLOPT_WRITEDATA, &answer.body);
    const auto code = curl_easy_perform(handle.get());
    if (code != CURLE_OK) {
        return Error{Error::Kind::unavailable,
                     std::string("no answer: ") + curl_easy_strerror(code), hint_for(code),
                     endpoint.called};
    }
    curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &answer.status);
    return answer;
}

struct HttpStreams::Impl {
    struct Stream {
        std::size_t id = 0;
        Easy handle;
        Headers headers;
        Headers route;
        OnLine on_line;
        std::string rest;  ///< a line that has not ended yet
    };
    struct MultiEnd {
        void operator()(CURLM* handle) const noexcept { curl_multi_cleanup(handle); }
    };

    static std::size_t take(char* data, std::size_t one, std::size_t size, void* to) {
        auto& stream = *static_cast<Stream*>(to);
        stream.rest.append(data, one * size);
        std::size_t start = 0;
        for (auto end = stream.rest.find('\n'); end != std::string::npos;
             end = stream.rest.find('\n', start)) {
            stream.on_line(std::string_view(stream.rest).substr(start, end - start));
            start = end + 1;
        }
        stream.rest.erase(0, start);
        return stream.rest.size() > line_limit ? 0 : one * size;
    }

    void close(std::size_t id) {
        const auto stream = streams.find(id);
        if (stream == streams.end()) return;
        curl_multi_remove_handle(multi.get(), stream->second->handle.get());
        streams.erase(stream);
    }

    std::unique_ptr<CURLM, MultiEnd> multi{curl_multi_init()};
    std::map<std::size_t, std::unique_ptr<Stream>> streams;
};

HttpStreams::HttpStreams() : impl_(std::make_unique<Impl>()) {}
HttpStreams::~HttpStreams() {
    while (!impl_->streams.empty()) impl_->close(impl_->streams.begin()->first);
}

void HttpStreams::open(std::size_t id, const HttpEndpoint& endpoint, const std::string& path,
                       OnLine on_line) {
    impl_->close(id);
    auto stream = std::make_unique<Impl::Stream>();
    stream->id = id;
    stream->handle.reset(curl_easy_init());
    stream->on_line = std::move(on_line);
    stream->headers = headers_for(endpoint);
    auto* handle = stream->handle.get();
    set_up(handle, endpoint, path, stream->headers);
    stream->route = named(handle, endpoint, path);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, Impl::take);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, stream.get());
    curl_easy_setopt(handle, CURLOPT_PRIVATE, stream.get());
    curl_easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_multi_add_handle(impl_->multi.get(), handle);
    impl_->streams.emplace(id, std::move(stream));
}

std::vector<HttpStreams::End> HttpStreams::wait(std::chrono::milliseconds how_long) {
    int running = 0;
    curl_multi_perform(impl_->multi.get(), &running);
    curl_multi_poll(impl_->multi.get(), nullptr, 0, static_cast<int>(how_long.count()), nullptr);
    curl_multi_perform(impl_->multi.get(), &running);
    std::vector<End> ends;
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(impl_->multi.get(), &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        char* of = nullptr;
        End end;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &of);
        curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &end.status);
        if (message->data.result != CURLE_OK) end.error = curl_easy_strerror(message->data.result);
        end.id = reinterpret_cast<Impl::Stream*>(of)->id;
        ends.push_back(end);
    }
    for (const auto& end : ends) impl_->close(end.id);
    return ends;
}

}  // namespace nspect::ingest
