// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <system_error>

#include "analyzer/audit.h"
#include "analyzer/capture_quality.h"
#include "analyzer/connectivity.h"
#include "analyzer/diff.h"
#include "analyzer/generate.h"
#include "analyzer/generate_check.h"
#include "analyzer/generate_hosts.h"
#include "cli/inputs.h"
#include "cli/policy_folder.h"
#include "cli/progress.h"
#include "cli/render.h"
#include "cli/verb.h"
#include "ingest/load.h"
#include "viz/json.h"
#include "viz/policy_yaml.h"
#include "viz/policy_yaml_hosts.h"
#include "viz/views.h"

namespace nspect::cli {

namespace {

struct Options {
    std::vector<std::string> inputs;
    std::vector<std::string> namespaces;
    std::vector<std::string> default_deny;
    std::vector<std::string> keep;
    std::vector<std::string> exclude;
    std::string out;
    std::string check;
    std::string granularity = "workload";
    std::string dialect = "kubernetes";
    std::string by = "address";
    bool fqdn = false;
    std::uint64_t min_count = 1;
    std::uint64_t external_budget = 16;
    bool no_default_deny = false;
    bool diff = false;
    LoadOptions load;
    OutputOptions output;
};

std::vector<PolicyFile> files_of(const Options& options, const Loaded& loaded,
                                 const analyzer::Generated& generated) {
    std::vector<PolicyFile> files;
    if (options.dialect != "compose" && options.dialect != "nftables") {
        for (const auto& each : generated.policies) {
            files.push_back({viz::file_name(each.policy), each.place, viz::to_yaml(each)});
        }
        return files;
    }
    const analyzer::World world{loaded.world.inventory, generated.proposed, loaded.world.options,
                                loaded.world.domains};
    const analyzer::PolicyEngine engine(world);
    if (options.dialect == "nftables") {
        auto rules = analyzer::host_rules(engine);
        if (options.by == "veth") analyzer::add_veths(loaded.context, rules);
        return {{"nspect.nft", "", viz::to_nftables(rules)}};
    }
    for (const auto& split : analyzer::split_networks(engine)) {
        files.push_back({split.project + ".override.yaml", split.project, viz::to_compose(split)});
    }
    return files;
}

std::string joined(const std::vector<PolicyFile>& files) {
    std::string text;
    for (const auto& each : files) text += (text.empty() ? "" : "---\n") + each.text;
    return text;
}

/// "a,b" and "a" "b" are the same.
std::vector<std::string> split(const std::vector<std::string>& lists) {
    std::vector<std::string> all;
    for (const auto& list : lists) {
        for (std::size_t from = 0; from <= list.size();) {
            const auto comma = std::min(list.find(',', from), list.size());
            if (comma > from) all.push_back(list.substr(from, comma - from));
            from = comma + 1;
        }
    }
    return all;
}

/// The policies of files that are not part of the world.
Result<std::vector<Policy>> read_policies(const std::vector<std::string>& inputs,
                                          const OutputOptions& output) {
    Diagnostics diagnostics;
    auto bundle = ingest::load(inputs, diagnostics);
    diagnostics.sort();
    print(output, diagnostics);
    if (!bundle) return std::move(bundle).error();
    if (diagnostics.has_errors()) {
        return Error{Error::Kind::invalid, "the documents have errors (see above)", "", ""};
    }
    return std::move(bundle->policies);
}

Result<analyzer::GenerateOptions> generate_options(const Options& options) {
    analyzer::GenerateOptions how;
    how.namespaces = split(options.namespaces);
    how.default_deny = !options.no_default_deny;
    how.default_deny_namespaces = split(options.default_deny);
    how.min_count = options.min_count;
    how.external_budget = options.external_budget;
    if (options.granularity == "namespace") {
        how.granularity = analyzer::Granularity::whole_namespace;
    }
    static const std::map<std::string, analyzer::Dialect> dialects{
        {"kubernetes", analyzer::Dialect::kubernetes}, {"admin", analyzer::Dialect::admin},
        {"cilium", analyzer::Dialect::cilium},         {"calico", analyzer::Dialect::calico},
        {"compose", analyzer::Dialect::kubernetes},    {"nftables", analyzer::Dialect::kubernetes}};
    how.dialect = dialects.at(options.dialect);
    how.fqdn = options.fqdn;
    if (how.fqdn && how.dialect == analyzer::Dialect::kubernetes) {
        return Error{Error::Kind::invalid, "a NetworkPolicy cannot name domains",
                     "--fqdn goes with --dialect cilium, calico or admin", ""};
    }
    if (options.by == "veth" && options.dialect != "nftables") {
        return Error{Error::Kind::invalid, "--by veth is about packet filters of hosts",
                     "it goes with --dialect nftables", ""};
    }
    if (options.diff && (!options.check.empty() || options.dialect == "compose")) {
        return Error{Error::Kind::invalid, "--diff is about policies that are generated",
                     options.check.empty()
                         ? "a Compose override moves services between networks: nspect diff of "
                           "the project before and after"
                         : "nspect diff compares two sets of policies",
                     ""};
    }
    if (how.external_budget == 0) {
        return Error{Error::Kind::invalid, "--external-budget must be at least 1", "", ""};
    }
    for (const auto& text : options.exclude) {
        auto exclusion = analyzer::parse_exclusion(text);
        if (!exclusion) return std::move(exclusion).error();
        how.exclude.push_back(std::move(*exclusion));
    }
    if (!options.keep.empty()) {
        auto keep = read_policies(options.keep, options.output);
        if (!keep) return std::move(keep).error();
        how.keep = std::move(*keep);
    }
    return how;
}

/// Findings, when an exclusion asks for one.
void add_findings(const analyzer::PolicyEngine& engine, const Loaded& loaded,
                  analyzer::GenerateOptions& how) {
    const bool asked = std::any_of(how.exclude.begin(), how.exclude.end(), [](const auto& each) {
        return std::any_of(each.conditions.begin(), each.conditions.end(),
                           [](const auto& condition) { return condition.first == "finding"; });
    });
    if (asked) {
        how.findings = analyzer::audit(engine, loaded.conversations, loaded.context).findings;
    }
}

/// What a verb says beside its YAML goes to stderr, so that the YAML can be piped into kubectl.
int write_yaml(const Options& options, const viz::View& view, const std::string& yaml, int code) {
    if (!options.output.quiet) {
        std::cerr << viz::to_text(view, text_style(options.output));
    }
    return write_result(options.output, yaml, code);
}

/// What the proposal opens and closes, workload by workload.
analyzer::ConnectivityDiff changes(const analyzer::PolicyEngine& in_force,
                                   const analyzer::Generated& generated) {
    const auto& world = in_force.world();
    const analyzer::World proposed{world.inventory, generated.proposed, world.options,
                                   world.domains};
    return analyzer::diff(
        analyzer::connectivity(in_force, analyzer::Level::workload),
        analyzer::connectivity(analyzer::PolicyEngine(proposed), analyzer::Level::workload));
}

std::vector<std::string> quality_of(const Loaded& loaded) {
    return analyzer::capture_warnings(loaded.context, analyzer::HalfSeen(loaded.conversations));
}

/// What was not recorded is neither allowed nor replayed: said first.
void warn_of_losses(viz::View& view, const Loaded& loaded) {
    auto warnings = quality_of(loaded);
    view.warnings.insert(view.warnings.begin(), std::make_move_iterator(warnings.begin()),
                         std::make_move_iterator(warnings.end()));
}

int generate(const Options& options, const Loaded& loaded, analyzer::GenerateOptions how) {
    Progress progress("generating, and proving it", options.output.quiet, 0, "conversations");
    const analyzer::PolicyEngine engine(loaded.world);
    add_findings(engine, loaded, how);
    const analyzer::Generated generated =
        analyzer::generate(engine, loaded.conversations, how, told_to(progress));
    std::optional<analyzer::ConnectivityDiff> diff;
    if (options.diff) diff = changes(engine, generated);
    progress.end();
    const bool opened = diff && std::any_of(diff->rows.begin(), diff->rows.end(),
                                            [](const auto& row) { return viz::opens(row); });
    const int code = generated.proof.sound && !opened ? exit_ok : exit_findings;
    const auto files = files_of(options, loaded, generated);
    if (!options.out.empty()) {
        const auto written = write_policy_folder(
            options.out, files, {generated.namespaces.begin(), generated.namespaces.end()});
        if (!written) return fail(written.error());
        say(options.output, to_words(options.out, *written));
    }
    if (options.output.format == "json") {
        return write_result(options.output,
                            viz::to_json(generated, quality_of(loaded), diff ? &*diff : nullptr),
                            code);
    }
    auto view = viz::generated_view(generated);
    if (diff) viz::add_proposal(*diff, view);
    warn_of_losses(view, loaded);
    if (options.dialect == "compose" && files.empty()) {
        view.warnings.push_back(
            "No container of Docker or Podman is covered: there are no networks to divide.");
    }
    if (options.output.format == "text" || options.output.format == "md") {
        return write_view(options.output, view, code);
    }
    if (options.output.format == "junit") {
        return write_view(options.output, view, code, {"nspect generate", std::nullopt});
    }
    const bool to_stdout = options.out.empty();
    return write_yaml(options, view, to_stdout ? joined(files) : "", code);
}

int check(const Options& options, Loaded loaded, analyzer::GenerateOptions how) {
    analyzer::World proposed = loaded.world;
    if (loaded.has_manifests) {
        auto policies = read_policies({options.check}, options.output);
        if (!policies) return fail(policies.error());
        proposed.policies = std::move(*policies);
    } else {
        // The folder is all there is to know the workloads by; nothing is in force.
        std::vector<std::string> inputs = options.inputs;
        inputs.push_back(options.check);
        auto all = load_inputs(inputs, options.load, options.output);
        if (!all) return fail(all.error());
        loaded = std::move(*all);
        proposed = loaded.world;
        loaded.world.policies.clear();
    }
    Progress progress("replaying what was seen", options.output.quiet, 0, "conversations");
    const analyzer::PolicyEngine in_force(loaded.world);
    const analyzer::PolicyEngine after(proposed);
    add_findings(in_force, loaded, how);
    const auto replay =
        analyzer::replay(in_force, after, loaded.conversations, how, told_to(progress));
    progress.end();
    const int code = replay.broken.empty() ? exit_ok : exit_findings;
    if (options.output.format == "json") {
        return write_result(options.output, viz::to_json(replay, quality_of(loaded)), code);
    }
    auto view = viz::replay_view(replay);
    warn_of_losses(view, loaded);
    if (options.output.format == "text" || options.output.format == "md") {
        return write_view(options.output, view, code);
    }
    if (options.output.format == "junit") {
        return write_view(options.output, view, code, {"nspect generate --check", std::nullopt});
    }
    return write_yaml(options, view, viz::remedies_yaml(replay), code);
}

int run(const Options& options) {
    auto how = generate_options(options);
    if (!how) return fail(how.error());
    auto loaded = load_inputs(options.inputs, options.load, options.output);
    if (!loaded) return fail(loaded.error());
    if (!options.check.empty()) return check(options, std::move(*loaded), std::move(*how));
    return generate(options, *loaded, std::move(*how));
}

}  // namespace

Run declare_generate(CommandLine& line) {
    auto options = std::make_shared<Options>();
    options->load.need_recording = true;
    line.inputs(options->inputs, "inputs",
                "recordings (*.nspect) and the manifests in force, in any order", true);
    line.options(options->namespaces, "-n,--namespace,--namespaces",
                 "only for this namespace; may be repeated", "NAME");
    line.option(options->check, "--check",
                "hold the recordings against the policies of this file or folder instead: what "
                "would break, and the smallest rule that allows it",
                "PATH");
    line.flag(options->diff, "--diff",
              "also what the proposal opens and closes against what is in force; exit 1 when it "
              "opens something");
    line.options(options->keep, "--keep", "policies written by hand that stay; may be repeated",
                 "FILE");
    line.options(options->exclude, "--exclude",
                 "leave out conversations: workload=, label=, port=, outcome=, address= or "
                 "finding=, joined by commas; may be repeated",
                 "KEY=VALUE");
    line.number(options->min_count, "--min-count", "leave out what was seen fewer times");
    line.choice(options->dialect, "--dialect",
                {"kubernetes", "admin", "cilium", "calico", "compose", "nftables"},
                "the language of the policies; admin: ClusterNetworkPolicy; compose and nftables: "
                "for hosts of containers");
    line.choice(options->by, "--by", {"address", "veth"},
                "with nftables: tell containers apart by address, or by the host's end of their "
                "veth, too");
    line.flag(options->fqdn, "--fqdn", "names instead of addresses, where DNS was recorded");
    line.choice(options->granularity, "--granularity", {"workload", "namespace"},
                "how finely subjects and peers are told apart");
    line.number(options->external_budget, "--external-budget",
                "address blocks a rule may list before neighbours share one (default: 16)");
    line.option(options->out, "--out",
                "one file per workload in this folder, under names that stay; what an earlier run "
                "wrote and is not needed any more is removed",
                "FOLDER");
    line.options(options->default_deny, "--default-deny",
                 "isolate only this namespace as a whole (default: each that is covered); may be "
                 "repeated",
                 "NAME");
    line.flag(options->no_default_deny, "--no-default-deny",
              "leave out the policy that isolates what has no rule");
    declare_policy_options(line, options->load);
    declare_staged_option(line, options->load);
    declare_output(line, options->output, {"yaml", "text", "json", "md", "junit"});
    line.footer("Example: nspect generate shop.nspect samples/shop/cluster.yaml --out policies/");
    return [options] { return run(*options); };
}

}  // namespace nspect::cli
