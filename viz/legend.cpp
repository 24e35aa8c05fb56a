// SPDX-License-Identifier: Apache-2.0
#include "viz/legend.h"

#include <algorithm>
#include <array>
#include <map>

namespace nspect::viz {

namespace {

class Legend {
public:
    Legend(const View& view, const std::vector<DrawnEdge>& lines) : view_(view), lines_(lines) {
        add_states();
        add_wires();
        add_labels();
        add_width();
        add_boxes();
    }
    std::vector<LegendEntry> take() { return std::move(entries_); }

private:
    void add(std::string_view mark, std::string_view words, Lock lock = Lock::none) {
        entries_.push_back({std::string(mark), std::string(words), {}, {}, lock});
    }

    void add_states() {
        std::array<std::string_view, edge_state_count> words{};
        for (const DrawnEdge& line : lines_) {
            if (line.wire) continue;
            words[static_cast<std::size_t>(line.state)] =
                state_words(view_.graph.edges[line.edges.front()]);
        }
        for (std::size_t i = 0; i < words.size(); ++i) {
            if (words[i].empty()) continue;
            const auto state = static_cast<EdgeState>(i);
            add(edge_style(state).symbol, words[i]);
            entries_.back().state = state;
        }
    }

    void add_wires() {
        using enum Wire::Kind;
        for (const auto kind : {pair, port, upon}) {
            const bool drawn =
                std::any_of(lines_.begin(), lines_.end(),
                            [&](const DrawnEdge& line) { return line.wire == kind; });
            if (!drawn) continue;
            add(wire_style(kind).symbol, wire_style(kind).words);
            entries_.back().wire = kind;
        }
    }

    /// Locks, shares of conversations, losses, ports that had no room.
    void add_labels() {
        std::array<bool, lock_count> locks{};
        std::map<std::string_view, std::string_view> losses;
        bool shares = false;
        bool more = false;
        for (const DrawnEdge& line : lines_) {
            for (const LabelPart& part : line.parts) {
                locks[static_cast<std::size_t>(part.lock)] = true;
                shares = shares || part.word.find('/') != std::string::npos;
                more = more || part.text.find(" +") != std::string::npos;
            }
            for (const LossMark& each : line.losses) losses[each.symbol] = each.meaning;
        }
        constexpr std::array<std::string_view, lock_count> words{"", "mTLS", "TLS", "TLS ?",
                                                                 "plain"};
        for (std::size_t i = 1; i < locks.size(); ++i) {
            const auto lock = static_cast<Lock>(i);
            if (locks[i]) add(words[i], lock_words(lock), lock);
        }
        if (shares) add("1/2", "of so many conversations");
        for (const auto& [symbol, meaning] : losses) add(symbol, meaning);
        if (more) add("+2", "and so many ports more");
    }

    void add_width() {
        double least = 0;
        double most = 0;
        for (const DrawnEdge& line : lines_) {
            if (line.wire) continue;
            const double width = line_width(line, view_.wide_by_bytes);
            least = least == 0 ? width : std::min(least, width);
            most = std::max(most, width);
        }
        if (most > least) {
            add("\u2501", view_.wide_by_bytes ? "wider lines: more bytes"
                                              : "wider lines: more conversations");
        }
    }

    void add_boxes() {
        std::array<bool, 4> kinds{};
        bool open = false;
        for (const GraphNode& node : view_.graph.nodes) {
            kinds[static_cast<std::size_t>(node.kind)] = true;
            open = open || is_open(node);
        }
        const auto has = [&](GraphNode::Kind kind) {
            return kinds[static_cast<std::size_t>(kind)];
        };
        if (open) add("\u25A1", "no policy selects it (dashed box)");
        if (has(GraphNode::Kind::external)) {
            add("\u25EF", view_.wires.empty() ? "outside, or not a workload (ellipse)"
                                              : "bridge, bond or other that has ports (ellipse)");
        }
        if (has(GraphNode::Kind::node)) {
            add("\u25A3", view_.wires.empty() ? "a node itself (box with depth)"
                                              : "container (box with depth)");
        }
        if (has(GraphNode::Kind::group)) add("\u25A4", "several workloads (folder)");
    }

    const View& view_;
    const std::vector<DrawnEdge>& lines_;
    std::vector<LegendEntry> entries_;
};

}  // namespace

std::vector<LegendEntry> legend(const View& view, const std::vector<DrawnEdge>& lines) {
    return Legend(view, lines).take();
}

bool is_open(const GraphNode& node) {
    return node.kind == GraphNode::Kind::workload && node.judged && !node.isolated_ingress &&
           !node.isolated_egress;
}

}  // namespace nspect::viz
