// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <iostream>
#include <memory>
#include <system_error>

#include "analyzer/generate.h"
#include "cli/inputs.h"
#include "cli/render.h"
#include "cli/verb.h"
#include "viz/json.h"
#include "viz/policy_yaml.h"
#include "viz/views.h"

namespace nspect::cli {

namespace {

struct Options {
    std::vector<std::string> inputs;
    std::vector<std::string> namespaces;
    std::string out;
    bool no_default_deny = false;
    LoadOptions load;
    OutputOptions output;
};

Status write_folder(const std::string& folder, const analyzer::Generated& generated) {
    std::error_code failed;
    std::filesystem::create_directories(folder, failed);
    if (failed) return error_from_errno(failed.value(), "cannot make the folder", folder);
    for (const auto& each : generated.policies) {
        const std::string name = each.policy.namespace_name + "-" + each.policy.name + ".yaml";
        const Status written =
            write_file((std::filesystem::path(folder) / name).string(), viz::to_yaml(each));
        if (!written) return written.error();
    }
    return done;
}

/// The proof goes to stderr beside YAML on stdout, so that the YAML can be piped into kubectl.
int run(const Options& options) {
    auto loaded = load_inputs(options.inputs, options.load, options.output);
    if (!loaded) return fail(loaded.error());
    const analyzer::PolicyEngine engine(loaded->world);
    analyzer::GenerateOptions how;
    how.namespaces = options.namespaces;
    how.default_deny = !options.no_default_deny;
    const analyzer::Generated generated = analyzer::generate(engine, loaded->conversations, how);
    const int code = generated.proof.sound ? exit_ok : exit_findings;
    if (options.output.format == "json") {
        return write_result(options.output, viz::to_json(generated), code);
    }
    if (!options.output.quiet) {
        std::cerr << viz::to_text(viz::generated_view(generated), text_style(options.output));
    }
    if (options.out.empty()) {
        return write_result(options.output, viz::to_yaml(generated.policies), code);
    }
    const Status written = write_folder(options.out, generated);
    return written ? code : fail(written.error());
}

}  // namespace

Run declare_generate(CommandLine& line) {
    auto options = std::make_shared<Options>();
    options->load.need_recording = true;
    line.inputs(options->inputs, "inputs",
                "recordings (*.nspect) and the manifests in force, in any order", true);
    line.options(options->namespaces, "-n,--namespace", "only for this namespace; may be repeated",
                 "NAME");
    line.option(options->out, "--out", "write one file per policy into this folder", "FOLDER");
    line.flag(options->no_default_deny, "--no-default-deny",
              "leave out the policy that isolates what has no rule");
    declare_policy_options(line, options->load);
    declare_output(line, options->output, {"yaml", "json"});
    line.footer("Example: nspect generate shop.nspect samples/shop/cluster.yaml --out policies/");
    return [options] { return run(*options); };
}

}  // namespace nspect::cli
