// SPDX-License-Identifier: Apache-2.0
#include "cli/live_inputs.h"

#include <cstdlib>
#include <iterator>
#include <string_view>
#include <utility>

#include "ingest/live/docker_engine.h"
#include "ingest/live/kube_config.h"
#include "ingest/live/kube_mirror.h"

namespace nspect::cli {
namespace {

constexpr std::string_view kube = "kube:";
constexpr std::string_view docker = "docker:";

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
}

Result<std::vector<ingest::NamedText>> from_kube(const std::string& input,
                                                 const OutputOptions& output) {
    auto endpoint = kube_server(input, [&](const std::string& words) { say(output, words); });
    if (!endpoint) return std::move(endpoint).error();
    ingest::KubeMirror mirror(std::move(*endpoint));
    if (auto listed = mirror.list(); !listed) return std::move(listed).error();
    for (const auto& note : mirror.take_notes()) say(output, "nspect: " + to_string(note));
    return mirror.documents();
}

Result<std::vector<ingest::NamedText>> from_docker(const std::string& path) {
    auto endpoint = ingest::docker_endpoint(path, environment("DOCKER_HOST"));
    if (!endpoint) return std::move(endpoint).error();
    return ingest::docker_documents(*endpoint);
}

}  // namespace

Result<ingest::HttpEndpoint> kube_server(const std::string& input,
                                         const std::function<void(const std::string&)>& say) {
    auto endpoint = ingest::kube_endpoint(input.substr(kube.size()), {.environment = environment});
    if (endpoint && !endpoint->verify) {
        say("nspect: " + endpoint->called +
            ": the kubeconfig turns off that the server is verified: what it says may be "
            "anybody's");
    }
    return endpoint;
}

bool is_kube(const std::string& input) {
    return input.starts_with(kube);
}

bool is_live(const std::string& input) {
    return input.starts_with(kube) || input.starts_with(docker);
}

Status read_live(const std::string& input, const OutputOptions& output,
                 std::vector<ingest::NamedText>& documents) {
    auto found = input.starts_with(kube) ? from_kube(input, output)
                                         : from_docker(input.substr(docker.size()));
    if (!found) return std::move(found).error();
    std::move(found->begin(), found->end(), std::back_inserter(documents));
    return done;
}

}  // namespace nspect::cli
