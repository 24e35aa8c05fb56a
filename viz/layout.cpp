// SPDX-License-Identifier: Apache-2.0
#include "viz/layout.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <sstream>

#include <graphviz/gvc.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "viz/drawn.h"
#include "viz/formats.h"

namespace nspect::viz {

namespace {

constexpr std::size_t dot_nodes = 100;  // beyond, dot with clusters fails or takes minutes
constexpr std::size_t fdp_nodes = 800;
constexpr std::string_view coordinates = "coordinates";

struct Job {
    std::string dot;
    std::string format;
    std::string engine;
    std::size_t edges = 0;
};

bool every_edge_is_drawn(Agraph_t* graph, std::size_t expected) {
    std::size_t drawn = 0;
    for (Agnode_t* node = agfstnode(graph); node != nullptr; node = agnxtnode(graph, node)) {
        for (Agedge_t* edge = agfstout(graph, node); edge != nullptr;
             edge = agnxtout(graph, edge)) {
            if (ED_spl(edge) != nullptr && ED_spl(edge)->size > 0) ++drawn;
        }
    }
    return drawn == expected;
}

std::size_t id_number(void* object) {
    char key[] = "id";
    const char* id = agget(object, key);
    return id != nullptr && *id != '\0' ? std::strtoul(id + 1, nullptr, 10) : 0;
}

void print_edge(std::ostream& out, Agedge_t* edge, double top) {
    const bezier& curve = ED_spl(edge)->list[0];
    out << "e " << id_number(edge) << ' ' << curve.size;
    for (std::size_t i = 0; i < static_cast<std::size_t>(curve.size); ++i) {
        out << ' ' << curve.list[i].x << ' ' << top - curve.list[i].y;
    }
    const textlabel_t* label = ED_label(edge);
    const pointf middle = curve.list[static_cast<std::size_t>(curve.size) / 2];
    out << ' ' << (label != nullptr ? label->pos.x : middle.x) << ' '
        << top - (label != nullptr ? label->pos.y : middle.y) << '\n';
}

/// A line for each thing: "g width height", "n index x y w h", "c index x y w h", "e index k x y
/// ... lx ly".
std::string print_coordinates(Agraph_t* graph) {
    std::ostringstream out;
    const boxf box = GD_bb(graph);
    const double top = box.UR.y;
    out << "g " << box.UR.x << ' ' << box.UR.y << '\n';
    for (Agnode_t* node = agfstnode(graph); node != nullptr; node = agnxtnode(graph, node)) {
        out << "n " << id_number(node) << ' ' << ND_coord(node).x << ' ' << top - ND_coord(node).y
            << ' ' << ND_width(node) * 72 << ' ' << ND_height(node) * 72 << '\n';
        for (Agedge_t* edge = agfstout(graph, node); edge != nullptr;
             edge = agnxtout(graph, edge)) {
            print_edge(out, edge, top);
        }
    }
    for (Agraph_t* group = agfstsubg(graph); group != nullptr; group = agnxtsubg(group)) {
        const boxf bb = GD_bb(group);
        out << "c " << id_number(group) << ' ' << (bb.LL.x + bb.UR.x) / 2 << ' '
            << top - (bb.LL.y + bb.UR.y) / 2 << ' ' << bb.UR.x - bb.LL.x << ' ' << bb.UR.y - bb.LL.y
            << '\n';
    }
    return out.str();
}

/// What the child does: nothing of its memory outlives it, so Graphviz's leaks and crashes stay
/// there.
bool lay_out(const Job& job, std::string& result) {
    GVC_t* context = gvContext();
    Agraph_t* graph = agmemread(job.dot.c_str());
    if (graph == nullptr || gvLayout(context, graph, job.engine.c_str()) != 0) return false;
    if (!every_edge_is_drawn(graph, job.edges)) return false;
    if (job.format == coordinates) {
        result = print_coordinates(graph);
        return true;
    }
    char* data = nullptr;
    unsigned length = 0;
    if (gvRenderData(context, graph, job.format.c_str(), &data, &length) != 0 || data == nullptr)
        return false;
    result.assign(data, length);
    return !result.empty();
}

void write_all(int fd, const std::string& bytes) {
    std::size_t written = 0;
    while (written < bytes.size()) {
        const ssize_t n = write(fd, bytes.data() + written, bytes.size() - written);
        if (n <= 0 && errno != EINTR) return;
        if (n > 0) written += static_cast<std::size_t>(n);
    }
}

[[noreturn]] void run_child(const Job& job, const LayoutLimits& limits, int out) {
    const rlimit memory{limits.memory, limits.memory};
    setrlimit(RLIMIT_AS, &memory);
    const auto seconds = static_cast<rlim_t>(limits.seconds) + 1;
    const rlimit cpu{seconds, seconds};
    setrlimit(RLIMIT_CPU, &cpu);
    const rlimit no_core{0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    // Graphviz writes its complaints to stderr; the parent says what went wrong.
    if (std::freopen("/dev/null", "w", stderr) == nullptr) _exit(1);
    std::string result;
    if (!lay_out(job, result)) _exit(1);
    write_all(out, result);
    _exit(0);
}

/// Reads until the end or the deadline; false at the deadline.
bool read_until(int fd, std::chrono::steady_clock::time_point deadline, std::string& into) {
    while (true) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        pollfd ready{fd, POLLIN, 0};
        if (left.count() <= 0 || poll(&ready, 1, static_cast<int>(left.count())) == 0) return false;
        char buffer[65536];
        const ssize_t n = read(fd, buffer, sizeof buffer);
        if (n == 0) return true;
        if (n > 0) into.append(buffer, static_cast<std::size_t>(n));
        if (n < 0 && errno != EINTR) return false;
    }
}

Result<std::string> run(const Job& job, const LayoutLimits& limits) {
    int ends[2];
    if (pipe(ends) != 0) return error_from_errno(errno, "cannot make a pipe");
    const pid_t child = fork();
    if (child < 0) {
        close(ends[0]);
        close(ends[1]);
        return error_from_errno(errno, "cannot start the layout");
    }
    if (child == 0) {
        close(ends[0]);
        run_child(job, limits, ends[1]);
    }
    close(ends[1]);
    std::string result;
    const bool in_time = read_until(
        ends[0], std::chrono::steady_clock::now() + std::chrono::seconds(limits.seconds), result);
    close(ends[0]);
    if (!in_time) kill(child, SIGKILL);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (in_time && WIFEXITED(status) && WEXITSTATUS(status) == 0) return result;
    return Error{Error::Kind::unavailable,
                 "Graphviz (" + job.engine + ") " +
                     (in_time ? "could not lay out the graph" : "took too long"),
                 "narrow the graph down, or use -o html, json or dot", ""};
}

Result<std::string> run_engines(const View& view, std::string_view format,
                                const LayoutLimits& limits) {
    const std::size_t nodes = view.graph.nodes.size();
    std::vector<std::string> engines{"sfdp"};
    if (nodes <= fdp_nodes) engines.insert(engines.begin(), "fdp");
    if (nodes <= dot_nodes) engines.insert(engines.begin(), "dot");
    Job job{to_dot(view), std::string(format), "", drawn_edges(view.graph).size()};
    Error last;
    for (const std::string& engine : engines) {
        job.engine = engine;
        auto result = run(job, limits);
        if (result) return result;
        last = result.error();
    }
    return last;
}

void read_line(std::istringstream& line, Positions& into) {
    char kind = 0;
    line >> kind;
    if (kind == 'g') {
        line >> into.width >> into.height;
        return;
    }
    std::size_t index = 0;
    line >> index;
    auto& boxes = kind == 'c' ? into.groups : into.nodes;
    if ((kind == 'n' || kind == 'c') && index < boxes.size()) {
        line >> boxes[index].center.x >> boxes[index].center.y >> boxes[index].width >>
            boxes[index].height;
    }
    if (kind == 'e' && index < into.lines.size()) {
        std::size_t count = 0;
        line >> count;
        into.lines[index].curve.resize(count);
        for (Point& each : into.lines[index].curve) line >> each.x >> each.y;
        line >> into.lines[index].label.x >> into.lines[index].label.y;
    }
}

}  // namespace

Result<std::string> render(const View& view, std::string_view format, const LayoutLimits& limits) {
    return run_engines(view, format, limits);
}

Result<Positions> positions(const View& view, const LayoutLimits& limits) {
    auto text = run_engines(view, coordinates, limits);
    if (!text) return text.error();
    Positions result;
    result.nodes.resize(view.graph.nodes.size());
    result.lines.resize(drawn_edges(view.graph).size());
    result.groups.resize(groups(view.graph).size());
    std::istringstream lines(*text);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream fields(line);
        read_line(fields, result);
    }
    return result;
}

}  // namespace nspect::viz
