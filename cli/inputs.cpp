// SPDX-License-Identifier: Apache-2.0
#include "cli/inputs.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "analyzer/clock_skew.h"
#include "analyzer/cni.h"
#include "analyzer/identity.h"
#include "analyzer/stitch.h"
#include "cli/live_inputs.h"
#include "cli/progress.h"
#include "ingest/load.h"
#include "ingest/staged.h"
#include "store/recording_file.h"

namespace nspect::cli {

namespace {

/// Whether the file begins as a pcap or pcapng file does.
bool looks_like_capture(const std::string& path) {
    using namespace std::string_view_literals;
    std::ifstream file(path, std::ios::binary);
    std::array<char, 4> head{};
    if (!file.read(head.data(), head.size())) return false;
    const std::string_view begin(head.data(), head.size());
    return begin == "\xd4\xc3\xb2\xa1"sv || begin == "\xa1\xb2\xc3\xd4"sv ||
           begin == "\x4d\x3c\xb2\xa1"sv || begin == "\xa1\xb2\x3c\x4d"sv ||
           begin == "\x0a\x0d\x0d\x0a"sv;
}

Error capture_file_error(const std::string& input) {
    return {Error::Kind::invalid, "this is a capture file, not a recording",
            "make one of it: nspect capture --read " + input + " --out FILE.nspect", input};
}

/// Ids are unique in one recording only: moves those of `from` behind those of `into`.
void append(Recording& into, Recording from, bool first) {
    if (first) {
        into = std::move(from);
        return;
    }
    std::uint32_t targets = 0;
    std::uint32_t vantages = 0;
    std::uint64_t sightings = 0;
    for (const auto& each : into.targets) targets = std::max(targets, each.id + 1);
    for (const auto& each : into.vantages) vantages = std::max(vantages, each.id + 1);
    for (const auto& each : into.sightings) sightings = std::max(sightings, each.id + 1);
    for (auto& each : from.targets) {
        each.id += targets;
        into.targets.push_back(std::move(each));
    }
    for (auto& each : from.addresses) {
        each.target += targets;
        into.addresses.push_back(each);
    }
    for (auto& each : from.socket_owners) {
        each.target += targets;
        each.network += targets;
        into.socket_owners.push_back(each);
    }
    for (auto& each : from.vantages) {
        each.id += vantages;
        if (each.target) *each.target += targets;
        into.vantages.push_back(std::move(each));
    }
    for (auto& each : from.sightings) {
        each.id += sightings;
        each.vantage += vantages;
        into.sightings.push_back(std::move(each));
    }
    for (auto& each : from.names) {
        each.vantage += vantages;
        into.names.push_back(std::move(each));
    }
    for (auto& each : from.name_failures) {
        each.vantage += vantages;
        into.name_failures.push_back(std::move(each));
    }
    std::move(from.losses.begin(), from.losses.end(), std::back_inserter(into.losses));
    if (!into.info.host.empty() && !from.info.host.empty()) into.info.host += ", ";
    into.info.host += from.info.host;
    into.info.started = std::min(into.info.started, from.info.started);
    if (into.info.ended && from.info.ended)
        into.info.ended = std::max(*into.info.ended, *from.info.ended);
    if (!from.info.ended) into.info.ended.reset();
    into.info.packets += from.info.packets;
}

/// Two hosts' clocks differ; by more than this it is told and corrected.
constexpr Duration same_time = std::chrono::milliseconds{1};

void correct_clock(const std::string& path, const OutputOptions& output, const Loaded& loaded,
                   Recording& recording) {
    if (loaded.recordings == 0) return;
    const auto skew = analyzer::clock_skew(loaded.context, recording);
    if (!skew || std::chrono::abs(skew->behind) <= same_time) return;
    analyzer::shift(recording, skew->behind);
    const bool ahead = skew->behind < Duration::zero();
    say(output, "nspect: " + path + ": its clock is " + to_words(std::chrono::abs(skew->behind)) +
                    (ahead ? " ahead" : " behind") + ", by " + std::to_string(skew->witnesses) +
                    " connections that the recordings before it saw as well; corrected");
}

Status read_recording(const std::string& path, Timestamp since, const OutputOptions& output,
                      Loaded& loaded) {
    auto opened = store::open_recording(path);
    if (!opened) {
        Error error = std::move(opened).error();
        if (error.hint.empty() && error.kind == Error::Kind::invalid)
            error.hint = "it is damaged where its tables are described: nothing of it can be read";
        return error;
    }
    Progress progress("reading " + printable(path), output.quiet,
                      since == Timestamp{} ? (*opened)->about_how_many() : 0, "sightings");
    auto recording = (*opened)->read_all(since, [&](std::size_t done) { progress.reach(done); });
    progress.end();
    if (!recording) return std::move(recording).error();
    for (const auto& warning : (*opened)->warnings())
        say(output, "nspect: " + path + ": " + warning);
    correct_clock(path, output, loaded, *recording);
    append(loaded.context, std::move(*recording), loaded.recordings == 0);
    ++loaded.recordings;
    return done;
}

Result<ingest::Bundle> load_manifests(const std::vector<std::string>& manifests,
                                      const std::vector<ingest::NamedText>& live,
                                      Diagnostics& diagnostics, const OutputOptions& output) {
    const Progress progress("reading manifests", output.quiet);
    return ingest::load(manifests, live, diagnostics);
}

Status read_manifests(const std::vector<std::string>& manifests,
                      const std::vector<ingest::NamedText>& live, const LoadOptions& options,
                      const OutputOptions& output, Loaded& loaded) {
    Diagnostics diagnostics;
    auto bundle = load_manifests(manifests, live, diagnostics, output);
    diagnostics.sort();
    if (options.diagnostics == nullptr) print(output, diagnostics);
    if (!bundle) return std::move(bundle).error();
    const bool wrong = !diagnostics.empty();
    if (options.diagnostics != nullptr) {
        *options.diagnostics = std::move(diagnostics);
    } else if (diagnostics.has_errors()) {
        return Error{Error::Kind::invalid, "the documents have errors (see above)", "", ""};
    }
    if (options.staged) ingest::enforce_staged(*bundle);
    loaded.world.inventory = std::move(bundle->inventory);
    loaded.world.policies = std::move(bundle->policies);
    loaded.world.expectations = std::move(bundle->expectations);
    const bool nothing =
        loaded.world.inventory.workloads().empty() && loaded.world.policies.empty();
    if (nothing && !(wrong && options.diagnostics != nullptr)) {
        return Error{Error::Kind::invalid, "the manifests declare nothing: no workload, no policy",
                     "nspect reads what kubectl get ns,deploy,pods,svc,netpol -A -o yaml prints",
                     manifests == std::vector<std::string>{"-"} ? "standard input"
                     : manifests.size() == 1                    ? manifests.front()
                                                                : ""};
    }
    loaded.has_manifests = true;
    return done;
}

std::map<std::string, IpSet> domains_of(const Recording& recording) {
    std::map<std::string, IpSet> domains;
    for (const NameSeen& seen : recording.names) {
        domains[seen.name].insert({seen.address, seen.address});
    }
    return domains;
}

analyzer::EngineOptions engine_options(const LoadOptions& options) {
    analyzer::EngineOptions engine;
    if (const auto* profile = analyzer::find_cni_profile(options.cni)) {
        engine = analyzer::settled(engine, *profile);
    }
    if (!options.ip_block_pods.empty()) {
        engine.ip_block_pods = options.ip_block_pods == "no" ? analyzer::IpBlockPods::never
                                                             : analyzer::IpBlockPods::where_known;
        engine.ip_block_pods_settled = true;
    }
    return engine;
}

/// By its name when it is too damaged to be recognised: the reason is worth reading.
bool is_recording(const std::string& input) {
    return input.ends_with(".nspect") || (input != "-" && store::looks_like_recording(input));
}

/// The inputs, and where none of them is a recording but one is wanted, those that lie in the
/// folders among them, by name.
std::vector<std::string> with_recordings(const std::vector<std::string>& inputs) {
    namespace fs = std::filesystem;
    std::vector<std::string> all = inputs;
    for (const std::string& input : inputs) {
        if (is_recording(input)) return inputs;
        std::error_code error;
        std::vector<std::string> found;
        for (fs::directory_iterator at(input, error), end; !error && at != end;
             at.increment(error)) {
            const fs::path& path = at->path();
            if (path.extension() == ".nspect") found.push_back(path.string());
        }
        std::sort(found.begin(), found.end());
        all.insert(all.end(), found.begin(), found.end());
    }
    return all;
}

}  // namespace

void declare_policy_options(CommandLine& line, LoadOptions& options) {
    std::vector<std::string> plugins;
    for (const auto& profile : analyzer::cni_profiles()) plugins.emplace_back(profile.name);
    line.choice(options.cni, "--cni", plugins,
                "the network plugin: settles what Kubernetes leaves to it");
    line.choice(options.ip_block_pods, "--ipblock-matches-pods", {"yes", "no"},
                "whether an ipBlock reaches pods by their address (else as the plugin does)");
}

void declare_staged_option(CommandLine& line, LoadOptions& options) {
    line.flag(options.staged, "--staged", "judge as if staged policies (Calico) were enforced");
}

bool name_a_recording(const std::vector<std::string>& inputs) {
    const auto all = with_recordings(inputs);
    return std::any_of(all.begin(), all.end(), is_recording);
}

Result<Loaded> load_inputs(const std::vector<std::string>& inputs, const LoadOptions& options,
                           const OutputOptions& output) {
    Loaded loaded;
    loaded.world.options = engine_options(options);
    std::vector<std::string> manifests;
    std::vector<std::string> servers;
    for (const std::string& input : options.need_recording ? with_recordings(inputs) : inputs) {
        if (is_live(input)) {
            servers.push_back(input);
            continue;
        }
        if (input != "-" && looks_like_capture(input)) return capture_file_error(input);
        if (is_recording(input)) {
            if (const Status read = read_recording(input, options.since, output, loaded); !read)
                return read.error();
        } else {
            manifests.push_back(input);
        }
    }
    if (options.need_recording && loaded.recordings == 0) {
        const bool one = inputs.size() == 1;
        return Error{Error::Kind::invalid,
                     one ? "this is no recording" : "no recording among the inputs",
                     "make one with: nspect capture --out FILE.nspect",
                     one && servers.empty() ? inputs.front() : ""};
    }
    std::vector<ingest::NamedText> live;
    for (const std::string& server : servers) {
        if (const Status read = read_live(server, output, live); !read) return read.error();
    }
    if (!manifests.empty() || !live.empty()) {
        if (const Status read = read_manifests(manifests, live, options, output, loaded); !read)
            return read.error();
    }
    if (options.need_manifests && !loaded.has_manifests) {
        return Error{Error::Kind::invalid, "no manifests among the inputs",
                     "name the files or folders that declare workloads and policies", ""};
    }
    if (loaded.recordings > 0) {
        Progress progress("joining what was seen", output.quiet, 0, "conversations");
        join_recordings(loaded, options.keep_sightings, told_to(progress));
    }
    return loaded;
}

void join_recordings(Loaded& loaded, bool keep_sightings, const analyzer::HowFar& how_far) {
    loaded.world.inventory =
        analyzer::with_recording(std::move(loaded.world.inventory), loaded.context);
    loaded.world.domains = domains_of(loaded.context);
    if (keep_sightings) return;
    loaded.conversations = analyzer::stitch(loaded.context, loaded.world.inventory, how_far);
    loaded.context.sightings = {};
}

analyzer::Audit audit_of(const analyzer::PolicyEngine& engine, Loaded& loaded,
                         const analyzer::AuditOptions& options, const analyzer::HowFar& how_far) {
    if (loaded.context.sightings.empty())
        return analyzer::audit(engine, loaded.conversations, loaded.context, how_far, options);
    analyzer::Auditor auditor(engine, loaded.context, options);
    const auto take = [&](const Conversation& each) {
        auditor.take(each);
        return true;
    };
    analyzer::stitch_each(loaded.context, loaded.world.inventory, take, how_far);
    loaded.context.sightings = {};
    return auditor.finish();
}

}  // namespace nspect::cli
