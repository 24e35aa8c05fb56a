// SPDX-License-Identifier: Apache-2.0
#include "viz/layout_graphviz.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <vector>

#include <graphviz/gvc.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "viz/layout_labels.h"

namespace nspect::viz {

namespace {

constexpr double longest_strip = 1600;  // points
constexpr double widest_strip = 3.5;
constexpr double sharp = 144;  // dots an inch, as a screen of today has them
constexpr double points_an_inch = 72;

// A sanitizer reserves more address space than any limit would leave.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#elif defined(__has_feature)
constexpr bool sanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool sanitized = false;
#endif

template <class F>
void for_each_edge(Agraph_t* graph, F&& each) {
    for (Agnode_t* node = agfstnode(graph); node != nullptr; node = agnxtnode(graph, node)) {
        for (Agedge_t* edge = agfstout(graph, node); edge != nullptr;
             edge = agnxtout(graph, edge)) {
            each(edge);
        }
    }
}

bool every_edge_is_drawn(Agraph_t* graph, std::size_t expected) {
    std::size_t drawn = 0;
    for_each_edge(graph, [&](Agedge_t* edge) {
        if (ED_spl(edge) != nullptr && ED_spl(edge)->size > 0) ++drawn;
    });
    return drawn == expected;
}

std::size_t id_number(void* object) {
    char key[] = "id";
    const char* id = agget(object, key);
    return id != nullptr && *id != '\0' ? std::strtoul(id + 1, nullptr, 10) : 0;
}

Positions::Line line_of(Agedge_t* edge, double top) {
    Positions::Line line;
    const bezier& curve = ED_spl(edge)->list[0];
    for (std::size_t i = 0; i < static_cast<std::size_t>(curve.size); ++i) {
        line.curve.push_back({curve.list[i].x, top - curve.list[i].y});
    }
    if (curve.eflag != 0) {  // on to the arrow's tip
        const Point tip{curve.ep.x, top - curve.ep.y};
        const Point last = line.curve.back();
        line.curve.insert(line.curve.end(), {last, tip, tip});
        line.tip = true;
    }
    line.label = line.curve[line.curve.size() / 2];
    if (const textlabel_t* label = ED_label(edge)) {
        line.label = {label->pos.x, top - label->pos.y};
        line.label_width = label->dimen.x;
        line.label_height = label->dimen.y;
    }
    return line;
}

/// By id, since Graphviz keeps its own order.
struct Layout {
    Positions positions;
    std::vector<Positions::Box> titles;  ///< of groups, and the legend
    std::size_t covering = 0;            ///< labels that found no free place
    double legend = 0;                   ///< how far it reaches upwards
};

void note_title(const textlabel_t* label, double top, Layout& layout) {
    if (label == nullptr) return;
    layout.titles.push_back({{label->pos.x, top - label->pos.y}, label->dimen.x, label->dimen.y});
}

template <class T>
T& at(std::vector<T>& list, std::size_t index) {
    if (list.size() <= index) list.resize(index + 1);
    return list[index];
}

Layout layout_of(Agraph_t* graph) {
    Layout layout;
    const boxf box = GD_bb(graph);
    const double top = box.UR.y;
    layout.positions.width = box.UR.x;
    layout.positions.height = top;
    for (Agnode_t* node = agfstnode(graph); node != nullptr; node = agnxtnode(graph, node)) {
        at(layout.positions.nodes, id_number(node)) = {
            {ND_coord(node).x, top - ND_coord(node).y}, ND_width(node) * 72, ND_height(node) * 72};
    }
    for (Agraph_t* group = agfstsubg(graph); group != nullptr; group = agnxtsubg(group)) {
        const boxf bb = GD_bb(group);
        at(layout.positions.groups, id_number(group)) = {
            {(bb.LL.x + bb.UR.x) / 2, top - (bb.LL.y + bb.UR.y) / 2},
            bb.UR.x - bb.LL.x,
            bb.UR.y - bb.LL.y};
        note_title(GD_label(group), top, layout);
    }
    if (const textlabel_t* legend = GD_label(graph)) {
        note_title(legend, top, layout);
        layout.legend = legend->pos.y + legend->dimen.y / 2;
    }
    for_each_edge(graph, [&](Agedge_t* edge) {
        at(layout.positions.lines, id_number(edge)) = line_of(edge, top);
    });
    return layout;
}

void print_box(std::ostream& out, char kind, std::size_t index, const Positions::Box& box) {
    out << kind << ' ' << index << ' ' << box.center.x << ' ' << box.center.y << ' ' << box.width
        << ' ' << box.height << '\n';
}

/// A line for each thing: "g width height", "n index x y w h", "c index x y w h",
/// "e index tip points x y ... label-x label-y label-w label-h". The height is without the legend.
std::string print_coordinates(const Layout& layout) {
    const Positions& positions = layout.positions;
    std::ostringstream out;
    out << "g " << positions.width << ' ' << positions.height - layout.legend << '\n';
    for (std::size_t i = 0; i < positions.nodes.size(); ++i) {
        print_box(out, 'n', i, positions.nodes[i]);
    }
    for (std::size_t i = 0; i < positions.groups.size(); ++i) {
        print_box(out, 'c', i, positions.groups[i]);
    }
    for (std::size_t i = 0; i < positions.lines.size(); ++i) {
        const Positions::Line& line = positions.lines[i];
        out << "e " << i << ' ' << line.tip << ' ' << line.curve.size();
        for (const Point& each : line.curve) out << ' ' << each.x << ' ' << each.y;
        out << ' ' << line.label.x << ' ' << line.label.y << ' ' << line.label_width << ' '
            << line.label_height << '\n';
    }
    return out.str();
}

/// A strip that no screen and no page can show: dot does that to rings and to stars.
bool is_strip(const Positions& positions) {
    const double longer = std::max(positions.width, positions.height);
    const double shorter = std::min(positions.width, positions.height);
    return longer > longest_strip && longer > widest_strip * shorter;
}

/// Where labels find no room, boxes move apart: by so much, one after the other.
constexpr double spreads[] = {1, 1.4, 2};
constexpr std::size_t spread_edges = 150;  // beyond, labels are too many to keep apart

void set(Agraph_t* graph, const char* name, const std::string& value) {
    std::string key = name;
    std::string text = value;
    std::string nothing;
    agsafeset(graph, key.data(), text.data(), nothing.data());
}

void spread(Agraph_t* graph, double factor) {
    set(graph, "nodesep", std::to_string(0.4 * factor));
    set(graph, "ranksep", std::to_string(0.8 * factor));
    set(graph, "sep", "+" + std::to_string(static_cast<int>(16 * factor * factor)));
    if (factor > 1) set(graph, "K", std::to_string(0.6 * factor));
}

/// Dots an inch: less where the picture would have more pixels than can be drawn and opened.
double png_resolution(const Positions& positions, double most_pixels) {
    const double inches = positions.width * positions.height / (points_an_inch * points_an_inch);
    return std::min(sharp, std::sqrt(most_pixels / std::max(1.0, inches)));
}

/// nullptr where the engine failed, lost an edge or made a strip.
Agraph_t* try_layout(GVC_t* context, const GraphvizJob& job, double factor, Layout& layout) {
    Agraph_t* graph = agmemread(job.dot.c_str());
    if (graph == nullptr) return nullptr;
    spread(graph, factor);
    if (gvLayout(context, graph, job.engine.c_str()) != 0) return nullptr;
    if (!every_edge_is_drawn(graph, job.edges)) return nullptr;
    layout = layout_of(graph);
    if (is_strip(layout.positions)) return nullptr;
    layout.covering = place_labels(layout.positions, layout.titles);
    return graph;
}

/// The first attempt where no label covers anything, or else the one where the fewest do.
Agraph_t* best_layout(GVC_t* context, const GraphvizJob& job, int seconds, Layout& best) {
    using Clock = std::chrono::steady_clock;
    const auto begin = Clock::now();
    Agraph_t* graph = nullptr;
    for (const double factor : spreads) {
        Layout layout;
        Agraph_t* made = try_layout(context, job, factor, layout);
        if (made != nullptr && (graph == nullptr || layout.covering < best.covering)) {
            graph = made;
            best = std::move(layout);
        }
        const bool time_left = (Clock::now() - begin) * 3 < std::chrono::seconds(seconds);
        if (graph == nullptr || best.covering == 0 || job.edges > spread_edges || !time_left) break;
    }
    return graph;
}

bool lay_out(const GraphvizJob& job, int seconds, std::string& result) {
    GVC_t* context = gvContext();
    Layout layout;
    Agraph_t* graph = best_layout(context, job, seconds, layout);
    if (graph == nullptr) return false;
    if (job.format == coordinates) {
        result = print_coordinates(layout);
        return true;
    }
    if (job.format == "png") {
        GD_drawing(graph)->dpi = png_resolution(layout.positions, job.pixels);
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

/// What the program has mapped already counts too, and it may be much.
rlim_t mapped_now() {
    std::ifstream statm("/proc/self/statm");
    rlim_t pages = 0;
    statm >> pages;
    return pages * static_cast<rlim_t>(sysconf(_SC_PAGESIZE));
}

void bound(const LayoutLimits& limits) {
    const auto seconds = static_cast<rlim_t>(limits.seconds) + 1;
    const rlimit cpu{seconds, seconds};
    setrlimit(RLIMIT_CPU, &cpu);
    const rlimit no_core{0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    const rlim_t bytes = mapped_now() + limits.memory;
    const rlimit memory{bytes, bytes};
    if (!sanitized) setrlimit(RLIMIT_AS, &memory);
}

[[noreturn]] void run_child(const GraphvizJob& job, const LayoutLimits& limits, int out) {
    bound(limits);
    // Graphviz writes its complaints to stderr; the parent says what went wrong.
    if (std::freopen("/dev/null", "w", stderr) == nullptr) _exit(1);
    std::string result;
    if (!lay_out(job, limits.seconds, result)) _exit(1);
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

}  // namespace

Result<std::string> run_graphviz(const GraphvizJob& job, const LayoutLimits& limits) {
    int ends[2];
    if (pipe(ends) != 0) return error_from_errno(errno, "cannot make a pipe");
    const pid_t child = fork();
    if (child < 0) {
        const Error error = error_from_errno(errno, "cannot start the layout");
        close(ends[0]);
        close(ends[1]);
        return error;
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
    return Error{
        Error::Kind::unavailable,
        "Graphviz (" + job.engine + ") " + (in_time ? "could not draw the graph" : "took too long"),
        "narrow the graph down, or use -o html, json or dot", ""};
}

void read_coordinates(const std::string& text, Positions& into) {
    std::istringstream in(text);
    char kind = 0;
    while (in >> kind) {
        if (kind == 'g') {
            in >> into.width >> into.height;
            continue;
        }
        std::size_t index = 0;
        in >> index;
        if (kind == 'e') {
            std::size_t count = 0;
            Positions::Line line;
            in >> line.tip >> count;
            line.curve.resize(count);
            for (Point& each : line.curve) in >> each.x >> each.y;
            in >> line.label.x >> line.label.y >> line.label_width >> line.label_height;
            if (index < into.lines.size()) into.lines[index] = std::move(line);
            continue;
        }
        Positions::Box box;
        in >> box.center.x >> box.center.y >> box.width >> box.height;
        auto& boxes = kind == 'c' ? into.groups : into.nodes;
        if (index < boxes.size()) boxes[index] = box;
    }
}

}  // namespace nspect::viz
