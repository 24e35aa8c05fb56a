// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <optional>

#include "analyzer/audit.h"
#include "analyzer/capture_quality.h"
#include "cli/inputs.h"
#include "cli/page.h"
#include "cli/progress.h"
#include "cli/render.h"
#include "cli/subject.h"
#include "cli/verb.h"
#include "viz/json.h"
#include "viz/narrow.h"
#include "viz/views.h"

namespace nspect::cli {

namespace {

struct Options {
    std::vector<std::string> inputs;
    std::string group_by = "namespace";
    std::string focus;
    std::uint64_t hops = 1;
    std::vector<std::string> hide;
    std::string width = "conversations";
    std::string outside = "name";
    LoadOptions load;
    OutputOptions output;
};

/// A state, a namespace or ports.
Status hide(const std::string& what, viz::Narrow& narrow) {
    if (what.ends_with('/')) {
        narrow.hidden_groups.insert(what.substr(0, what.size() - 1));
        return done;
    }
    for (std::size_t i = 0; i < edge_state_count; ++i) {
        const auto state = static_cast<EdgeState>(i);
        if (to_string(state) != what) continue;
        narrow.hidden_states.insert(state);
        return done;
    }
    const auto traffic = parse_traffic(what);
    if (!traffic) {
        return Error{Error::Kind::invalid, "'" + what + "' is nothing that can be hidden",
                     "a state (allowed-unused), a port (53/UDP) or a namespace (kube-system/)",
                     "--hide"};
    }
    narrow.hidden_traffic = narrow.hidden_traffic | *traffic;
    return done;
}

/// The part of the graph that is asked for, in the groups that are asked for.
Status choose(const Options& options, const Inventory& inventory, analyzer::Audit& audit) {
    viz::Narrow narrow;
    narrow.hops = options.hops;
    for (const std::string& each : options.hide) {
        if (const Status read = hide(each, narrow); !read) return read;
    }
    if (!options.focus.empty()) {
        narrow.around = viz::nodes_named(audit.graph, options.focus);
        if (narrow.around.empty()) {
            return Error{Error::Kind::not_found,
                         "nobody in the graph is called '" + options.focus + "'",
                         "nspect graph -o md lists who is", "--focus"};
        }
    }
    viz::narrow(narrow, audit);
    if (options.group_by == "namespace" || viz::regroup(audit.graph, inventory, options.group_by))
        return done;
    return Error{Error::Kind::invalid, "'" + options.group_by + "' is nothing to group by",
                 "namespace, host, community, or label:KEY", "--group-by"};
}

analyzer::OutsideBy outside_by(const Options& options) {
    using enum analyzer::OutsideBy;
    if (options.outside == "cidr") return block;
    return options.outside == "internet" ? internet : name;
}

int run(const Options& options) {
    const bool page = options.output.format == "html";  // which shows conversations, and findings
    LoadOptions load = options.load;
    load.keep_sightings = !page;
    auto loaded = load_inputs(options.inputs, load, options.output);
    if (!loaded) return fail(loaded.error());
    Progress progress("judging", options.output.quiet, 0, "conversations");
    const analyzer::PolicyEngine engine(loaded->world);
    analyzer::Audit audit =
        audit_of(engine, *loaded, {outside_by(options), page}, told_to(progress));
    progress.end();
    if (const Status chosen = choose(options, loaded->world.inventory, audit); !chosen)
        return fail(chosen.error());
    const auto warnings = analyzer::capture_warnings(loaded->context, audit.half_seen);
    if (options.output.format == "json") {
        return write_result(options.output, viz::to_json(audit.graph, warnings), exit_ok);
    }
    if (page) {
        viz::View view = viz::audit_view(audit, loaded->context, loaded->world.inventory);
        add_page(engine, *loaded, audit, options.output.quiet, view);
        return write_view(options.output, view, exit_ok);
    }
    viz::View view = viz::graph_view(audit.graph);
    view.warnings = warnings;
    view.wide_by_bytes = options.width == "bytes";
    return write_view(options.output, view, exit_ok);
}

}  // namespace

Run declare_graph(CommandLine& line) {
    auto options = std::make_shared<Options>();
    options->load.need_recording = true;
    line.inputs(options->inputs, "inputs", "recordings (*.nspect) and manifests, in any order",
                true);
    line.option(options->group_by, "--group-by",
                "what boxes stand for: namespace (or Compose project), host, community (who talk "
                "among themselves), label:KEY (default: namespace)",
                "WHAT");
    line.choice(options->outside, "--outside", {"name", "cidr", "internet"},
                "what stands for the outside: names by DNS or SNI, blocks of addresses, or one "
                "\"internet\" for all that is not private");
    line.option(options->focus, "--focus",
                "only this workload (web, shop/web) or namespace (shop/) and what is "
                "around it",
                "NAME");
    line.number(options->hops, "--hops", "with --focus: how many edges away (default: 1)");
    line.options(options->hide, "--hide",
                 "leave out a state (allowed-unused), a port (53/UDP) or a namespace "
                 "(kube-system/); may be repeated",
                 "WHAT");
    line.choice(options->width, "--width", {"conversations", "bytes"},
                "in dot, svg, png and pdf: what makes a line wider");
    declare_policy_options(line, options->load);
    declare_output(line, options->output,
                   {"dot", "svg", "png", "pdf", "html", "json", "mermaid", "md"});
    line.footer("Example: nspect graph shop.nspect samples/shop -o svg --file shop.svg");
    return [options] { return run(*options); };
}

}  // namespace nspect::cli
