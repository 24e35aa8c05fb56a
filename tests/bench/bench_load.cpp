// SPDX-License-Identifier: Apache-2.0
// Loading a cluster's objects against the bare SAX parser of the JSON library we use: time, memory
// and their ratio. `bench_load [PODS POLICIES]`; each line runs in a process of its own.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <nlohmann/json.hpp>
#include <sys/wait.h>
#include <unistd.h>

#include "ingest/load.h"
#include "tests/bench/big_world.h"

using namespace nspect;
using namespace nspect::bench;
using nlohmann::json;

namespace {

/// Takes every event and keeps nothing.
struct Nothing : nlohmann::json_sax<json> {
    bool null() override { return true; }
    bool boolean(bool) override { return true; }
    bool number_integer(number_integer_t) override { return true; }
    bool number_unsigned(number_unsigned_t) override { return true; }
    bool number_float(number_float_t, const string_t&) override { return true; }
    bool string(string_t&) override { return true; }
    bool binary(binary_t&) override { return true; }
    bool start_object(std::size_t) override { return true; }
    bool key(string_t&) override { return true; }
    bool end_object() override { return true; }
    bool start_array(std::size_t) override { return true; }
    bool end_array() override { return true; }
    bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
        return false;
    }
};

/// About as long as what `kubectl get -o json` prints of a small pod.
json pod_json(std::size_t i, const Size& size) {
    const auto spec = pod_number(i, size);
    json labels;
    for (const auto& [key, value] : spec.labels.entries()) labels[key] = value;
    json env = json::array();
    for (int k = 0; k < 8; ++k) {
        env.push_back({{"name", "SETTING_" + std::to_string(k)}, {"value", "value of it"}});
    }
    json container{{"name", "main"},
                   {"image", "registry.example/team/app:1.2.3"},
                   {"env", env},
                   {"ports", {{{"name", "http"}, {"containerPort", 8080}, {"protocol", "TCP"}}}},
                   {"resources", {{"limits", {{"cpu", "500m"}, {"memory", "512Mi"}}}}},
                   {"terminationMessagePath", "/dev/termination-log"}};
    json conditions = json::array();
    for (const char* type : {"Initialized", "Ready", "ContainersReady", "PodScheduled"}) {
        conditions.push_back(
            {{"type", type}, {"status", "True"}, {"lastTransitionTime", "2026-01-01T00:00:00Z"}});
    }
    return {
        {"apiVersion", "v1"},
        {"kind", "Pod"},
        {"metadata",
         {{"name", spec.name},
          {"namespace", spec.space},
          {"uid", "00000000-0000-0000-0000-" + std::to_string(100000000000 + i)},
          {"labels", labels}}},
        {"spec", {{"containers", {container}}, {"nodeName", "node-" + std::to_string(i % 500)}}},
        {"status",
         {{"phase", "Running"},
          {"conditions", conditions},
          {"podIP", spec.addresses.front()},
          {"podIPs", {{{"ip", spec.addresses.front()}}}}}}};
}

json policy_json(std::size_t i, const Size& size) {
    const std::string app = "app-" + std::to_string(i % 10);
    const json peer{{"podSelector", {{"matchLabels", {{"app", app}}}}}};
    return {{"apiVersion", "networking.k8s.io/v1"},
            {"kind", "NetworkPolicy"},
            {"metadata",
             {{"name", "np-" + std::to_string(i)},
              {"namespace", "ns-" + std::to_string(i % size.namespaces)}}},
            {"spec",
             {{"podSelector", {{"matchLabels", {{"app", app}}}}},
              {"policyTypes", {"Ingress"}},
              {"ingress", {{{"from", {peer}}, {"ports", {{{"port", 8080}}}}}}}}}};
}

void write_file(const std::string& path, const Size& size) {
    std::ofstream file(path);
    file << R"({"apiVersion":"v1","kind":"List","items":[)";
    for (std::size_t i = 0; i < size.pods; ++i) {
        file << (i == 0 ? "" : ",") << pod_json(i, size).dump(1);
    }
    for (std::size_t i = 0; i < size.policies; ++i) file << "," << policy_json(i, size).dump(1);
    file << "]}\n";
}

template <class Work>
double in_child(const char* name, const Work& work) {
    int ends[2];
    if (pipe(ends) != 0) return 0;
    if (fork() == 0) {
        const auto start = std::chrono::steady_clock::now();
        work();
        const double took =
            std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        std::printf("  %-28s %7.2f s  %7.0f MiB at most\n", name, took, peak_mib());
        std::fflush(stdout);
        _exit(write(ends[1], &took, sizeof took) == sizeof took ? 0 : 1);
    }
    double took = 0;
    if (read(ends[0], &took, sizeof took) != sizeof took) took = 0;
    wait(nullptr);
    close(ends[0]);
    close(ends[1]);
    return took;
}

void measure(const Size& size) {
    const std::string path = std::filesystem::temp_directory_path() /
                             ("bench_load-" + std::to_string(getpid()) + ".json");
    write_file(path, size);
    std::printf("%zu pods, %zu policies, %.0f MB of JSON\n", size.pods, size.policies,
                static_cast<double>(std::filesystem::file_size(path)) / 1e6);
    std::fflush(stdout);
    const double bare = in_child("bare SAX parser", [&] {
        std::ifstream file(path);
        const std::string text{std::istreambuf_iterator<char>(file), {}};
        Nothing nothing;
        json::sax_parse(text, &nothing);
    });
    const double ours = in_child("nspect load", [&] {
        Diagnostics diagnostics;
        const auto bundle = ingest::load({path}, diagnostics);
        if (!bundle || bundle->inventory.endpoints().size() != size.pods) std::abort();
    });
    std::printf("  ratio %.2f\n", ours / bare);
    std::filesystem::remove(path);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc == 3) {
        const std::size_t pods = std::stoul(argv[1]);
        measure({pods, std::stoul(argv[2]), std::max<std::size_t>(1, pods / 100), "typical"});
        return 0;
    }
    for (const std::size_t pods : {1000U, 10000U, 100000U}) {
        measure({pods, pods / 10, pods / 100, "typical"});
    }
    return 0;
}
