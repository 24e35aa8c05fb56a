// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/live/http.h"
#include "ingest/load.h"
#include "model/result.h"

namespace nspect::ingest {

/// The objects of a cluster that matter here, as its API server has them: listed, then kept current
/// by watching. What a server does not have (no Cilium, say) is not missed; what may not be read is
/// noted once.
class KubeMirror {
public:
    struct Options {
        std::chrono::milliseconds retry_first = std::chrono::milliseconds{250};
        std::chrono::milliseconds retry_most = std::chrono::seconds{30};
        std::size_t page = 500;  ///< objects of one answer to a list
        /// Kinds that are asked for; empty: all that matter to the analyzer.
        std::function<bool(std::string_view kind)> wants = {};
        /// Hears of every object that came or changed (its JSON), and of those that went ("").
        /// `key` is "namespace/name".
        std::function<void(std::string_view kind, const std::string& key, std::string_view json)>
            on_change = {};
    };
    struct Counts {
        std::uint64_t events = 0;  ///< objects that came, changed or went
        std::uint64_t bookmarks = 0;
        std::uint64_t relists = 0;      ///< after 410 Gone
        std::uint64_t disconnects = 0;  ///< watches that ended with an error, or could not begin

        bool operator==(const Counts&) const = default;
    };

    explicit KubeMirror(HttpEndpoint endpoint);
    KubeMirror(HttpEndpoint endpoint, Options options);

    /// Asks for everything. An Error when the server cannot be reached, cannot be trusted, or lets
    /// us read nothing.
    Status list();
    /// Watches for so long. Never fails: what broke is tried again, ever more slowly, from where it
    /// was; after 410 Gone by a list.
    void follow(std::chrono::milliseconds how_long);

    /// What `kubectl get ... -A -o json` would print of each kind.
    std::vector<NamedText> documents() const;
    const Counts& counts() const noexcept { return counts_; }
    /// Each thing once: kinds that may not be read, trouble with the server and its end.
    std::vector<Error> take_notes();

private:
    using Clock = std::chrono::steady_clock;
    struct Resource {
        std::string_view path;
        std::string_view kind;
        std::string api_version;
        bool present = false;
        bool gone = false;  ///< what we know is too old to watch from
        std::string version;
        std::map<std::string, std::string> objects;  ///< JSON text by namespace and name
        bool watched = false;
        Clock::time_point not_before{};
        std::chrono::milliseconds retry{};
    };

    Status list(Resource& resource);
    Status list_page(const Resource& resource, const std::string& from, std::string& next,
                     Resource& fresh);
    void tell_difference(const Resource& before, const Resource& now) const;
    void set_object(Resource& resource, std::string key, std::string json) const;
    void watch(std::size_t index);
    void take_event(Resource& resource, std::string_view line);
    void take_end(const HttpStreams::End& end);
    void back_off(Resource& resource, const std::string& why);
    void recovered();

    HttpEndpoint endpoint_;
    Options options_;
    std::vector<Resource> resources_;
    Counts counts_;
    bool in_trouble_ = false;
    std::vector<Error> notes_;
    HttpStreams streams_;  ///< last: its lines go to the members above
};

}  // namespace nspect::ingest
