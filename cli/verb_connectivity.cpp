// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <optional>

#include <unistd.h>

#include "analyzer/connectivity.h"
#include "analyzer/exposure.h"
#include "analyzer/observed_services.h"
#include "cli/inputs.h"
#include "cli/progress.h"
#include "cli/render.h"
#include "cli/result_stream.h"
#include "cli/subject.h"
#include "cli/verb.h"
#include "viz/connectivity_json.h"
#include "viz/text.h"
#include "viz/views.h"

namespace nspect::cli {

namespace {

/// What tables and pictures hold at once; the machine format has no such bound.
constexpr std::size_t most_rows = 2'000'000;

struct Options {
    std::vector<std::string> inputs;
    std::string level = "workload";
    std::string focus;
    std::string from;
    std::string to;
    std::string port;
    bool exposure = false;
    bool summary = false;
    bool matrix = false;
    LoadOptions load;
    OutputOptions output;
};

Status read_ends(const Inventory& inventory, const std::string& text,
                 std::optional<analyzer::RowEnds>& into) {
    if (text.empty()) return done;
    auto ends = find_ends(inventory, text);
    if (!ends) return ends.error();
    into = std::move(ends->ends);
    if (!ends->service) return done;
    into->endpoints = analyzer::ServiceBackends(inventory).of(*ends->service);
    return done;
}

Result<analyzer::ConnectivityQuery> query_of(const Options& options, const Inventory& inventory) {
    analyzer::ConnectivityQuery query;
    query.level = options.level == "pod" ? analyzer::Level::pod : analyzer::Level::workload;
    if (const auto read = read_ends(inventory, options.focus, query.either); !read)
        return read.error();
    if (const auto read = read_ends(inventory, options.from, query.from); !read)
        return read.error();
    if (const auto read = read_ends(inventory, options.to, query.to); !read) return read.error();
    if (!options.port.empty()) {
        auto traffic = parse_traffic(options.port);
        if (!traffic) return traffic.error();
        query.traffic = *std::move(traffic);
        query.scope = analyzer::Scope::all_traffic;  // ICMP may be asked for
    }
    return query;
}

/// Rows come in the order of their sources, which are known: how far is told by where the latest
/// stands among them. Rows to a terminal show that by themselves.
class RowProgress {
public:
    RowProgress(const std::vector<std::string>& names, analyzer::Level level,
                const OutputOptions& output)
        : names_(names),
          progress_("following policies",
                    output.quiet || (output.file.empty() && isatty(STDOUT_FILENO) == 1 &&
                                     output.format == "json"),
                    names.size(), level == analyzer::Level::pod ? "pods" : "workloads") {}

    void row(const analyzer::ConnectivityRow& row) {
        if (++rows_ % now_and_then != 0) return;
        const auto at = std::lower_bound(names_.begin(), names_.end(), row.src);
        progress_.reach(static_cast<std::uint64_t>(at - names_.begin()));
    }
    void end() { progress_.end(); }

private:
    static constexpr std::uint64_t now_and_then = 256;

    const std::vector<std::string>& names_;
    Progress progress_;
    std::uint64_t rows_ = 0;
};

int stream_json(const Options& options, const analyzer::PolicyEngine& engine,
                const analyzer::ConnectivityQuery& query, const analyzer::Exposure* exposure) {
    ResultStream stream(options.output);
    const auto names = analyzer::unit_names(engine, query.level);
    viz::ConnectivityJson json([&](std::string_view text) { stream.write(text); }, names);
    RowProgress progress(names, query.level, options.output);
    analyzer::connectivity(engine, query, [&](const analyzer::ConnectivityRow& row) {
        progress.row(row);
        json.row(row);
        return stream.good();
    });
    progress.end();
    json.finish(exposure);
    return stream.finish(exit_ok);
}

int write_matrix(const Options& options, const analyzer::Connectivity& result) {
    const auto matrix = viz::to_matrix(result, text_style(options.output));
    if (matrix) return write_result(options.output, *matrix, exit_ok);
    return fail({Error::Kind::unsupported,
                 std::to_string(result.peers.size()) + " workloads do not fit into a matrix",
                 "ask for some of the rows with --from, --to or --focus, or leave out --matrix",
                 ""});
}

int write_tables(const Options& options, const analyzer::PolicyEngine& engine,
                 const analyzer::ConnectivityQuery& query, const analyzer::Exposure* exposure) {
    analyzer::Connectivity result{analyzer::unit_names(engine, query.level), {}};
    RowProgress progress(result.peers, query.level, options.output);
    analyzer::connectivity(engine, query, [&](const analyzer::ConnectivityRow& row) {
        progress.row(row);
        result.rows.push_back(row);
        return result.rows.size() <= most_rows;
    });
    progress.end();
    if (result.rows.size() > most_rows) {
        return fail({Error::Kind::unsupported,
                     "more than " + std::to_string(most_rows) + " rows are too many for " +
                         options.output.format,
                     "count them with --summary, ask for some with --from, --to, --focus or "
                     "--port, or take -o json, which has no bound",
                     ""});
    }
    if (options.matrix) return write_matrix(options, result);
    return write_view(options.output, viz::connectivity_view(result, exposure), exit_ok);
}

int run(const Options& options) {
    if (options.matrix &&
        (options.output.format != "text" || options.summary || options.exposure)) {
        return fail({Error::Kind::invalid, "--matrix is a way to show rows as text",
                     "it goes with -o text, without --summary and --exposure", ""});
    }
    auto loaded = load_inputs(options.inputs, options.load, options.output);
    if (!loaded) return fail(loaded.error());
    const auto query = query_of(options, loaded->world.inventory);
    if (!query) return fail(query.error());
    Progress progress("compiling policies", options.output.quiet);
    const analyzer::PolicyEngine engine(loaded->world);
    const bool json = options.output.format == "json";
    if (options.summary) {
        const auto summary = analyzer::summarize(engine, *query);
        progress.end();
        if (json) return write_result(options.output, viz::to_json(summary), exit_ok);
        return write_view(options.output, viz::summary_view(summary, query->level), exit_ok);
    }
    std::optional<analyzer::Exposure> exposure;
    if (options.exposure) exposure = analyzer::exposure(engine);
    progress.end();
    const analyzer::Exposure* shown = exposure ? &*exposure : nullptr;
    return json ? stream_json(options, engine, *query, shown)
                : write_tables(options, engine, *query, shown);
}

}  // namespace

Run declare_connectivity(CommandLine& line) {
    auto options = std::make_shared<Options>();
    options->load.need_manifests = true;
    line.inputs(options->inputs, "inputs", "manifests: files, folders, or - for standard input",
                true);
    line.choice(options->level, "--level", {"workload", "pod"}, "what a row is about");
    line.option(options->focus, "--focus",
                "rows with this end: a workload, pod, NAMESPACE/ or CIDR", "END");
    line.option(options->from, "--from", "rows from it; also internet and ingress-controller",
                "END");
    line.option(options->to, "--to", "rows to it", "END");
    line.option(options->port, "--port", "that part of the traffic: 5432, 8000-8080, 53/UDP, ICMP",
                "PORTS");
    line.flag(options->exposure, "--exposure", "also what pods that do not exist yet would meet");
    line.flag(options->summary, "--summary", "counts instead of rows");
    line.flag(options->matrix, "--matrix", "as a square of symbols, in text, for small worlds");
    declare_policy_options(line, options->load);
    declare_staged_option(line, options->load);
    declare_output(line, options->output,
                   {"text", "json", "csv", "md", "dot", "svg", "png", "pdf", "mermaid", "html"});
    line.footer(
        "Examples: nspect connectivity samples/shop -o svg --file shop.svg\n"
        "nspect connectivity samples/shop --from internet --port 443");
    return [options] { return run(*options); };
}

}  // namespace nspect::cli
