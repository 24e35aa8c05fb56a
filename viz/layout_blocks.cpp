// SPDX-License-Identifier: Apache-2.0
#include "viz/layout_blocks.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "viz/escape.h"

namespace nspect::viz {

namespace {

constexpr double letter = 7.2;  // of an average glyph at 11 points
constexpr double node_height = 36;
constexpr double widest_node = 220;
constexpr double node_gap = 26;
constexpr double block_gap = 48;
constexpr double block_edge = 16;
constexpr double block_title = 22;
constexpr double bow = 9;  // between lines of one pair of nodes
constexpr double page_shape = 1.6;

struct Block {
    std::vector<std::size_t> nodes;
    double cell = 0;  ///< width of its widest node
    std::size_t columns = 1;
    double width = 0;
    double height = 0;
};

double node_width(const GraphNode& node) {
    const auto letters =
        static_cast<double>(std::max(display_width(node.label), display_width(kind_in(node.id))));
    return std::clamp(letters * letter + 24, 54.0, widest_node);
}

std::vector<Block> blocks_of(const Graph& graph) {
    std::map<std::string, Block> by_group;
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
        Block& block = by_group[graph.nodes[i].group];
        block.nodes.push_back(i);
        block.cell = std::max(block.cell, node_width(graph.nodes[i]));
    }
    std::vector<Block> list;
    for (auto& [group, block] : by_group) {
        const auto count = static_cast<double>(block.nodes.size());
        block.columns = static_cast<std::size_t>(std::ceil(
            std::sqrt(count * page_shape * (node_height + node_gap) / (block.cell + node_gap))));
        const auto columns = static_cast<double>(block.columns);
        const double rows = std::ceil(count / columns);
        block.width = columns * (block.cell + node_gap) - node_gap + 2 * block_edge;
        block.height = rows * (node_height + node_gap) - node_gap + 2 * block_edge + block_title;
        list.push_back(std::move(block));
    }
    return list;
}

void place_nodes(const Graph& graph, const Block& block, Point corner, Positions& into) {
    for (std::size_t i = 0; i < block.nodes.size(); ++i) {
        const auto column = static_cast<double>(i % block.columns);
        const auto row = static_cast<double>(i / block.columns);
        Positions::Box& box = into.nodes[block.nodes[i]];
        box.width = node_width(graph.nodes[block.nodes[i]]);
        box.height = node_height;
        box.center.x = corner.x + block_edge + column * (block.cell + node_gap) + block.cell / 2;
        box.center.y =
            corner.y + block_edge + block_title + row * (node_height + node_gap) + node_height / 2;
    }
}

void place_blocks(const Graph& graph, const std::vector<Block>& list, Positions& into) {
    double area = 0;
    double widest = 0;
    for (const Block& each : list) {
        area += (each.width + block_gap) * (each.height + block_gap);
        widest = std::max(widest, each.width);
    }
    const double page = std::max(widest, std::sqrt(area * page_shape));
    Point corner;
    double row_height = 0;
    for (std::size_t i = 0; i < list.size(); ++i) {
        if (corner.x > 0 && corner.x + list[i].width > page) {
            corner = {0, corner.y + row_height + block_gap};
            row_height = 0;
        }
        const double middle = corner.x + list[i].width / 2;
        into.groups[i] = {{middle, corner.y + list[i].height / 2}, list[i].width, list[i].height};
        place_nodes(graph, list[i], corner, into);
        row_height = std::max(row_height, list[i].height);
        corner.x += list[i].width + block_gap;
        into.width = std::max(into.width, corner.x - block_gap);
    }
    into.height = corner.y + row_height;
}

/// Where the way from the middle of `box` to `target` leaves the box.
Point border(const Positions::Box& box, const Point& target) {
    const double dx = target.x - box.center.x;
    const double dy = target.y - box.center.y;
    const double x_share = dx == 0 ? 1e9 : box.width / 2 / std::abs(dx);
    const double y_share = dy == 0 ? 1e9 : box.height / 2 / std::abs(dy);
    const double share = std::min({x_share, y_share, 1.0});
    return {box.center.x + dx * share, box.center.y + dy * share};
}

std::vector<Point> loop(const Positions::Box& box) {
    const double right = box.center.x + box.width / 2;
    const double y = box.center.y;
    return {{right, y - 8}, {right + 22, y - 20}, {right + 22, y + 20}, {right, y + 8}};
}

/// Straight, or bowed to the side by `bend` where it would lie upon another.
std::vector<Point> curve(const Positions::Box& from, const Positions::Box& to, double bend) {
    const double dx = to.center.x - from.center.x;
    const double dy = to.center.y - from.center.y;
    const double length = std::max(1.0, std::hypot(dx, dy));
    const Point side{-dy / length * bend, dx / length * bend};
    const Point middle{(from.center.x + to.center.x) / 2 + side.x,
                       (from.center.y + to.center.y) / 2 + side.y};
    const Point start = border(from, middle);
    const Point end = border(to, middle);
    return {start, middle, middle, end};
}

void place_lines(const std::vector<DrawnEdge>& lines, Positions& into) {
    std::map<std::pair<std::size_t, std::size_t>, int> between;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const DrawnEdge& line = lines[i];
        const int earlier = between[{line.from, line.to}]++;
        const auto& from = into.nodes[line.from];
        // Both ways bow to their own left, so they never cover each other.
        into.lines[i].curve = line.from == line.to
                                  ? loop(from)
                                  : curve(from, into.nodes[line.to], bow * (1 + 2 * earlier));
        into.lines[i].label = into.lines[i].curve[1];
    }
}

}  // namespace

Positions blocks(const Graph& graph, const std::vector<DrawnEdge>& lines) {
    Positions result;
    result.nodes.resize(graph.nodes.size());
    result.lines.resize(lines.size());
    result.groups.resize(groups(graph).size());
    place_blocks(graph, blocks_of(graph), result);
    place_lines(lines, result);
    return result;
}

}  // namespace nspect::viz
