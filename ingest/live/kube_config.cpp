// SPDX-License-Identifier: Apache-2.0
#include "ingest/live/kube_config.h"

#include <fstream>
#include <iterator>
#include <utility>

#include "ingest/document/read.h"

namespace nspect::ingest {
namespace {

Error bad(std::string message, const std::string& called, std::string hint = {}) {
    return {Error::Kind::invalid, std::move(message), std::move(hint), called};
}

Result<std::string> text_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return error_from_errno(errno, "cannot open the file", path);
    return std::string(std::istreambuf_iterator<char>(file), {});
}

std::string value(const Node* mapping, std::string_view key) {
    const Node* found = mapping != nullptr ? mapping->find(key) : nullptr;
    return found != nullptr && found->is_scalar() && !found->is_null() ? std::string(found->text)
                                                                       : std::string{};
}

/// `root`.`list`[name=NAME].`inner`
const Node* named(const Node& root, std::string_view list, const std::string& name,
                  std::string_view inner) {
    const Node* all = root.find(list);
    if (all == nullptr || !all->is_sequence()) return nullptr;
    for (const Node& each : *all) {
        if (value(&each, "name") == name) return each.find(inner);
    }
    return nullptr;
}

std::string from_base64(std::string_view text) {
    std::string bytes;
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const char c : text) {
        const auto at = std::string_view(
                            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                            "0123456789+/")
                            .find(c);
        if (at == std::string_view::npos) continue;
        bits = bits << 6U | static_cast<std::uint32_t>(at);
        count += 6;
        if (count < 8) continue;
        count -= 8;
        bytes += static_cast<char>(bits >> count & 0xffU);
    }
    return bytes;
}

/// Reads one context of a kubeconfig.
class Reader {
public:
    Reader(const Node& root, std::string folder, std::string called)
        : root_(root), folder_(std::move(folder)), called_(std::move(called)) {}

    Result<HttpEndpoint> read(std::string context) {
        if (context.empty()) context = value(&root_, "current-context");
        if (context.empty())
            return bad("names no current context", called_, "name one: kube:CONTEXT");
        const Node* chosen = named(root_, "contexts", context, "context");
        if (chosen == nullptr) return bad("has no context '" + context + "'", called_);
        const Node* cluster = named(root_, "clusters", value(chosen, "cluster"), "cluster");
        if (cluster == nullptr) return bad("has no cluster for context '" + context + "'", called_);
        endpoint_.called = "kube:" + context;
        if (auto read = read_cluster(*cluster); !read) return std::move(read).error();
        const Node* user = named(root_, "users", value(chosen, "user"), "user");
        if (user == nullptr) return endpoint_;
        if (auto read = read_user(*user); !read) return std::move(read).error();
        return endpoint_;
    }

private:
    Status read_cluster(const Node& cluster) {
        endpoint_.base = value(&cluster, "server");
        while (endpoint_.base.ends_with('/')) endpoint_.base.pop_back();
        if (endpoint_.base.empty()) return bad("names no server", called_);
        endpoint_.server_name = value(&cluster, "tls-server-name");
        endpoint_.verify = value(&cluster, "insecure-skip-tls-verify") != "true";
        return data(cluster, "certificate-authority", endpoint_.ca);
    }

    Status read_user(const Node& user) {
        if (user.find("exec") != nullptr || user.find("auth-provider") != nullptr) {
            return Error{Error::Kind::unsupported,
                         "gets its credentials by running a program, which nspect does not do",
                         "save the objects with kubectl get ... -A -o json, or use a token",
                         called_};
        }
        endpoint_.token = value(&user, "token");
        endpoint_.user = value(&user, "username");
        endpoint_.password = value(&user, "password");
        const auto token_file = value(&user, "tokenFile");
        if (endpoint_.token.empty() && !token_file.empty()) {
            auto token = text_of(absolute(token_file));
            if (!token) return std::move(token).error();
            endpoint_.token = token->substr(0, token->find_last_not_of(" \n\r\t") + 1);
        }
        if (auto read = data(user, "client-certificate", endpoint_.certificate); !read) return read;
        return data(user, "client-key", endpoint_.key);
    }

    /// "NAME-data" in base64, or "NAME", a file.
    Status data(const Node& from, const std::string& name, std::string& into) {
        into = from_base64(value(&from, name + "-data"));
        const auto file = value(&from, name);
        if (!into.empty() || file.empty()) return done;
        auto text = text_of(absolute(file));
        if (!text) return std::move(text).error();
        into = std::move(*text);
        return done;
    }

    std::string absolute(const std::string& path) const {
        return path.starts_with('/') || folder_.empty() ? path : folder_ + "/" + path;
    }

    const Node& root_;
    std::string folder_;
    std::string called_;
    HttpEndpoint endpoint_;
};

Result<HttpEndpoint> in_cluster(const KubePlaces& places) {
    const auto host = places.environment("KUBERNETES_SERVICE_HOST");
    const auto port = places.environment("KUBERNETES_SERVICE_PORT");
    if (host.empty() || port.empty()) {
        return Error{Error::Kind::not_found, "no kubeconfig, and this is no pod of a cluster",
                     "set KUBECONFIG, or save the objects: kubectl get ... -A -o json", "kube"};
    }
    HttpEndpoint endpoint;
    const bool six = host.find(':') != std::string::npos;
    endpoint.base = "https://" + (six ? "[" + host + "]" : host) + ":" + port;
    endpoint.called = "kube:";
    auto token = text_of(places.service_account + "/token");
    if (!token) return std::move(token).error();
    endpoint.token = token->substr(0, token->find_last_not_of(" \n\r\t") + 1);
    auto ca = text_of(places.service_account + "/ca.crt");
    if (!ca) return std::move(ca).error();
    endpoint.ca = std::move(*ca);
    return endpoint;
}

}  // namespace

Result<HttpEndpoint> kube_endpoint_of(const std::string& config, const std::string& context,
                                      const std::string& folder, const std::string& called) {
    Diagnostics diagnostics;
    const SourceTextView source(called, without_byte_order_mark(config));
    Report report(source, diagnostics);
    Result<HttpEndpoint> endpoint = bad("is no kubeconfig", called);
    read_documents(report, [&](const FoundObject& found) {
        if (found.root->is_mapping() && found.root->find("clusters") != nullptr)
            endpoint = Reader(*found.root, folder, called).read(context);
    });
    return endpoint;
}

Result<HttpEndpoint> kube_endpoint(const std::string& context, const KubePlaces& places) {
    auto path = places.environment("KUBECONFIG");
    path.resize(std::min(path.find(':'), path.size()));
    const bool named_by_user = !path.empty();
    if (!named_by_user) path = places.environment("HOME") + "/.kube/config";
    auto config = text_of(path);
    if (!config && !named_by_user && context.empty()) return in_cluster(places);
    if (!config) return std::move(config).error();
    const auto slash = path.rfind('/');
    return kube_endpoint_of(*config, context,
                            slash == std::string::npos ? "" : path.substr(0, slash), path);
}

}  // namespace nspect::ingest
