// SPDX-License-Identifier: Apache-2.0
#include "ingest/live/kube_mirror.h"

#include <algorithm>
#include <array>
#include <utility>

#include <nlohmann/json.hpp>

namespace nspect::ingest {
namespace {

using Json = nlohmann::json;

struct Listed {
    std::string_view path;
    std::string_view kind;
};
constexpr std::array listed{
    Listed{"/api/v1/namespaces", "Namespace"},
    Listed{"/api/v1/nodes", "Node"},
    Listed{"/api/v1/pods", "Pod"},
    Listed{"/api/v1/services", "Service"},
    Listed{"/api/v1/replicationcontrollers", "ReplicationController"},
    Listed{"/apis/apps/v1/deployments", "Deployment"},
    Listed{"/apis/apps/v1/replicasets", "ReplicaSet"},
    Listed{"/apis/apps/v1/statefulsets", "StatefulSet"},
    Listed{"/apis/apps/v1/daemonsets", "DaemonSet"},
    Listed{"/apis/batch/v1/jobs", "Job"},
    Listed{"/apis/batch/v1/cronjobs", "CronJob"},
    Listed{"/apis/discovery.k8s.io/v1/endpointslices", "EndpointSlice"},
    Listed{"/apis/networking.k8s.io/v1/ingresses", "Ingress"},
    Listed{"/apis/networking.k8s.io/v1/networkpolicies", "NetworkPolicy"},
    Listed{"/apis/policy.networking.k8s.io/v1alpha1/adminnetworkpolicies", "AdminNetworkPolicy"},
    Listed{"/apis/policy.networking.k8s.io/v1alpha1/baselineadminnetworkpolicies",
           "BaselineAdminNetworkPolicy"},
    Listed{"/apis/policy.networking.k8s.io/v1alpha2/clusternetworkpolicies",
           "ClusterNetworkPolicy"},
    Listed{"/apis/cilium.io/v2/ciliumnetworkpolicies", "CiliumNetworkPolicy"},
    Listed{"/apis/cilium.io/v2/ciliumclusterwidenetworkpolicies", "CiliumClusterwideNetworkPolicy"},
    Listed{"/apis/cilium.io/v2/ciliumcidrgroups", "CiliumCIDRGroup"},
    Listed{"/apis/crd.projectcalico.org/v1/tiers", "Tier"},
    Listed{"/apis/crd.projectcalico.org/v1/networkpolicies", "NetworkPolicy"},
    Listed{"/apis/crd.projectcalico.org/v1/globalnetworkpolicies", "GlobalNetworkPolicy"},
    Listed{"/apis/crd.projectcalico.org/v1/networksets", "NetworkSet"},
    Listed{"/apis/crd.projectcalico.org/v1/globalnetworksets", "GlobalNetworkSet"},
    Listed{"/apis/security.istio.io/v1/authorizationpolicies", "AuthorizationPolicy"},
    Listed{"/apis/security.istio.io/v1/peerauthentications", "PeerAuthentication"},
    Listed{"/apis/networking.istio.io/v1/destinationrules", "DestinationRule"},
};

/// "v1" from "/api/v1/pods", "apps/v1" from "/apis/apps/v1/deployments".
std::string api_version_of(std::string_view path) {
    path.remove_prefix(path.starts_with("/apis/") ? 6 : 5);
    return std::string(path.substr(0, path.rfind('/')));
}

const Json& member(const Json& object, const char* key) {
    static const Json nothing;
    const auto found = object.is_object() ? object.find(key) : object.end();
    return found != object.end() ? *found : nothing;
}

std::string text(const Json& object, const char* key) {
    const auto& value = member(object, key);
    return value.is_string() ? value.get<std::string>() : std::string{};
}

std::string key_of(const Json& object) {
    const auto& metadata = member(object, "metadata");
    return text(metadata, "namespace") + "/" + text(metadata, "name");
}

std::string dumped(const Json& object) {
    return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// Only what the alphabet of a URL allows stays as it is.
std::string escaped(const std::string& value) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string all;
    for (const char c : value) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                           (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.';
        if (plain) {
            all += c;
        } else {
            all += '%';
            all += digits[byte >> 4U];
            all += digits[byte & 15U];
        }
    }
    return all;
}

constexpr long http_ok = 200, http_unauthorized = 401, http_forbidden = 403, http_not_found = 404,
               http_gone = 410;

}  // namespace

KubeMirror::KubeMirror(HttpEndpoint endpoint) : KubeMirror(std::move(endpoint), Options{}) {}

KubeMirror::KubeMirror(HttpEndpoint endpoint, Options options)
    : endpoint_(std::move(endpoint)), options_(std::move(options)) {
    for (const auto& each : listed) {
        if (options_.wants && !options_.wants(each.kind)) continue;
        Resource resource;
        resource.path = each.path;
        resource.kind = each.kind;
        resource.api_version = api_version_of(each.path);
        resource.retry = options_.retry_first;
        resources_.push_back(std::move(resource));
    }
}

Status KubeMirror::list() {
    for (auto& resource : resources_) {
        if (auto read = list(resource); !read) return read;
    }
    const bool any = std::any_of(resources_.begin(), resources_.end(),
                                 [](const Resource& each) { return each.present; });
    if (any) return done;
    return Error{Error::Kind::permission, "the server lets us read nothing that matters here",
                 "bind the user to the ClusterRole 'view', and let it list nodes",
                 endpoint_.called};
}

/// What is known already is replaced by a whole list only.
Status KubeMirror::list(Resource& resource) {
    Resource fresh;
    std::string next;
    do {
        std::string from = std::exchange(next, {});
        if (auto read = list_page(resource, from, next, fresh); !read) return read;
    } while (!next.empty());
    tell_difference(resource, fresh);
    resource.present = fresh.present;
    resource.objects = std::move(fresh.objects);
    resource.version = std::move(fresh.version);
    resource.gone = false;
    return done;
}

Status KubeMirror::list_page(const Resource& resource, const std::string& from, std::string& next,
                             Resource& fresh) {
    auto path = std::string(resource.path) + "?limit=" + std::to_string(options_.page);
    if (!from.empty()) path += "&continue=" + escaped(from);
    auto answer = http_get(endpoint_, path);
    if (!answer) return std::move(answer).error();
    if (answer->status == http_gone && !from.empty()) {
        fresh.objects.clear();  // the snapshot that the pages are of has expired
        ++counts_.relists;
        return list_page(resource, {}, next, fresh);
    }
    if (answer->status == http_not_found) return done;
    if (answer->status == http_forbidden) {
        notes_.push_back({Error::Kind::permission,
                          "may not list " + std::string(resource.path) + "; they are not seen",
                          "bind the user to the ClusterRole 'view'", endpoint_.called});
        return done;
    }
    if (answer->status == http_unauthorized) {
        return Error{Error::Kind::permission, "the server does not accept our credentials",
                     "try: kubectl get pods", endpoint_.called};
    }
    const auto document = Json::parse(answer->body, nullptr, false);
    const auto& items = member(document, "items");
    if (answer->status != http_ok || !items.is_array()) {
        return Error{Error::Kind::unavailable,
                     "is no Kubernetes API: status " + std::to_string(answer->status) + " for " +
                         std::string(resource.path),
                     "", endpoint_.called};
    }
    for (const auto& item : items) fresh.objects.insert_or_assign(key_of(item), dumped(item));
    fresh.present = true;
    fresh.version = text(member(document, "metadata"), "resourceVersion");
    next = text(member(document, "metadata"), "continue");
    return done;
}

void KubeMirror::tell_difference(const Resource& before, const Resource& now) const {
    if (!options_.on_change) return;
    for (const auto& [key, object] : before.objects) {
        if (!now.objects.contains(key)) options_.on_change(before.kind, key, {});
    }
    for (const auto& [key, object] : now.objects) {
        const auto known = before.objects.find(key);
        if (known == before.objects.end() || known->second != object)
            options_.on_change(before.kind, key, object);
    }
}

/// Empty: it is gone.
void KubeMirror::set_object(Resource& resource, std::string key, std::string json) const {
    if (options_.on_change) options_.on_change(resource.kind, key, json);
    if (json.empty()) {
        resource.objects.erase(key);
    } else {
        resource.objects.insert_or_assign(std::move(key), std::move(json));
    }
}

void KubeMirror::watch(std::size_t index) {
    auto& resource = resources_[index];
    resource.watched = true;
    streams_.open(index, endpoint_,
                  std::string(resource.path) +
                      "?watch=1&allowWatchBookmarks=true&timeoutSeconds=300&resourceVersion=" +
                      escaped(resource.version),
                  [this, index](std::string_view line) { take_event(resources_[index], line); });
}

void KubeMirror::take_event(Resource& resource, std::string_view line) {
    const auto event = Json::parse(line, nullptr, false);
    const auto type = text(event, "type");
    const auto& object = member(event, "object");
    if (type == "ERROR") {
        const auto& code = member(object, "code");
        resource.gone =
            resource.gone || (code.is_number_integer() && code.get<long>() == http_gone);
        return;
    }
    if (!object.is_object()) return;  // a line cut off; the stream ends after it
    const auto version = text(member(object, "metadata"), "resourceVersion");
    if (!version.empty()) resource.version = version;
    resource.retry = options_.retry_first;
    recovered();
    if (type == "BOOKMARK") {
        ++counts_.bookmarks;
    } else if (type == "DELETED") {
        ++counts_.events;
        set_object(resource, key_of(object), {});
    } else if (type == "ADDED" || type == "MODIFIED") {
        ++counts_.events;
        set_object(resource, key_of(object), dumped(object));
    }
}

void KubeMirror::take_end(const HttpStreams::End& end) {
    auto& resource = resources_[end.id];
    resource.watched = false;
    if (end.status == http_gone) resource.gone = true;
    if (resource.gone || (end.status == http_ok && end.error.empty())) return;
    ++counts_.disconnects;
    back_off(resource, end.error.empty() ? "status " + std::to_string(end.status) : end.error);
}

void KubeMirror::back_off(Resource& resource, const std::string& why) {
    resource.not_before = Clock::now() + resource.retry;
    resource.retry = std::min(2 * resource.retry, options_.retry_most);
    if (std::exchange(in_trouble_, true)) return;
    notes_.push_back({Error::Kind::unavailable, "changes are not heard: " + why,
                      "what was known stays; it is tried again", endpoint_.called});
}

void KubeMirror::recovered() {
    if (std::exchange(in_trouble_, false))
        notes_.push_back(
            {Error::Kind::unavailable, "changes are heard again", "", endpoint_.called});
}

void KubeMirror::follow(std::chrono::milliseconds how_long) {
    const auto end = Clock::now() + how_long;
    for (auto now = Clock::now(); now < end; now = Clock::now()) {
        for (std::size_t i = 0; i < resources_.size(); ++i) {
            auto& resource = resources_[i];
            if (!resource.present || resource.watched || now < resource.not_before) continue;
            if (resource.gone) {
                ++counts_.relists;
                if (auto read = list(resource); !read) back_off(resource, read.error().message);
            }
            if (!resource.gone && resource.present) watch(i);
        }
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - now);
        for (const auto& each : streams_.wait(std::min(left, options_.retry_first))) take_end(each);
    }
}

std::vector<NamedText> KubeMirror::documents() const {
    std::vector<NamedText> documents;
    for (const auto& resource : resources_) {
        if (resource.objects.empty()) continue;
        // Items of a list name no kind of their own: that of the list tells it.
        std::string text = R"({"apiVersion":")" + resource.api_version + R"(","kind":")" +
                           std::string(resource.kind) + R"(List","items":[)";
        bool first = true;
        for (const auto& [key, object] : resource.objects) {
            if (!std::exchange(first, false)) text += ",\n";
            text += object;
        }
        documents.push_back({endpoint_.called + std::string(resource.path), text + "]}\n"});
    }
    return documents;
}

std::vector<Error> KubeMirror::take_notes() {
    return std::exchange(notes_, {});
}

}  // namespace nspect::ingest
