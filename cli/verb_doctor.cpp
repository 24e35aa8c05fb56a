// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>

#include "capture/targets/doctor.h"
#include "cli/render.h"
#include "cli/verb.h"
#include "viz/json.h"

namespace nspect::cli {

namespace {

struct Options {
    bool all = false;
    OutputOptions output;
};

viz::Table probe_table(const std::vector<capture::Probe>& probes, bool all) {
    viz::Table table{"probes", "", {"Subject", "State", "Found", "Consequence", "Remedy"}, {}, {}};
    for (const capture::Probe& each : probes) {
        if (!all && each.state == capture::Probe::State::absent) continue;
        table.rows.push_back({each.subject, std::string(to_string(each.state)), each.found,
                              each.consequence, each.remedy});
    }
    return table;
}

/// One line for what is there; for what is missing also what follows and what to do, said once for
/// neighbours with the same remedy.
std::string probe_words(const std::vector<capture::Probe>& probes, bool all) {
    viz::View view;
    viz::Table table{"probes", "", {"", "", ""}, {}, {}};
    std::string missing;
    std::string remedy;
    for (const capture::Probe& each : probes) {
        if (!all && each.state == capture::Probe::State::absent) continue;
        table.rows.push_back({std::string(to_string(each.state)), each.subject, each.found});
        if (each.state != capture::Probe::State::missing) continue;
        if (!remedy.empty() && remedy != each.remedy) missing += "    remedy: " + remedy + "\n";
        remedy = each.remedy;
        missing += "  " + each.subject + ": " + each.consequence + "\n";
    }
    if (!missing.empty()) missing = "\nMissing:\n" + missing + "    remedy: " + remedy + "\n";
    std::string text = viz::to_text(table, {});
    text.erase(0, text.find('\n') + 1);  // this table needs no header
    return text +
           (missing.empty() ? "\nNothing is missing: everything can be captured here.\n" : missing);
}

int run(const Options& options) {
    const auto probes = capture::examine({});
    const bool missing = std::any_of(probes.begin(), probes.end(), [](const capture::Probe& each) {
        return each.state == capture::Probe::State::missing;
    });
    const int code = missing ? exit_findings : exit_ok;
    if (options.output.format == "json") {
        return write_result(options.output, viz::to_json(probe_table(probes, true)), code);
    }
    return write_result(options.output, probe_words(probes, options.all), code);
}

}  // namespace

Run declare_doctor(CommandLine& line) {
    auto options = std::make_shared<Options>();
    line.flag(options->all, "--all", "also what is not on this machine and need not be");
    declare_output(line, options->output, {"text", "json"});
    line.footer("Exit 1 when something is missing that capturing needs.");
    return [options] { return run(*options); };
}

}  // namespace nspect::cli
