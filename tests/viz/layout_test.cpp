// SPDX-License-Identifier: Apache-2.0
#include "viz/layout.h"

#include <chrono>
#include <cmath>
#include <cstdint>

#include <catch2/catch.hpp>

#include "tests/viz/shop.h"
#include "viz/collapse.h"
#include "viz/drawn.h"
#include "viz/layout_blocks.h"
#include "viz/layout_labels.h"

using namespace nspect;
using viz::Point;
using viz::Positions;

namespace {

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t found = 0;
    for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size()) {
        ++found;
    }
    return found;
}

bool overlap(const Positions::Box& a, const Positions::Box& b) {
    return std::abs(a.center.x - b.center.x) * 2 < a.width + b.width - 0.01 &&
           std::abs(a.center.y - b.center.y) * 2 < a.height + b.height - 0.01;
}

double distance(const Positions::Box& box, const Point& point) {
    const double dx = std::max(0.0, std::abs(point.x - box.center.x) - box.width / 2);
    const double dy = std::max(0.0, std::abs(point.y - box.center.y) - box.height / 2);
    return std::hypot(dx, dy);
}

/// Everything stands inside, boxes apart, each line goes from its node to its node.
void check_layout(const viz::View& view, const Positions& where) {
    const auto lines = viz::drawn_edges(view.graph);
    REQUIRE(where.nodes.size() == view.graph.nodes.size());
    REQUIRE(where.lines.size() == lines.size());
    for (std::size_t i = 0; i < where.nodes.size(); ++i) {
        const Positions::Box& box = where.nodes[i];
        CHECK(box.width > 0);
        CHECK(box.center.x - box.width / 2 >= -1);
        CHECK(box.center.x + box.width / 2 <= where.width + 1);
        CHECK(box.center.y - box.height / 2 >= -1);
        CHECK(box.center.y + box.height / 2 <= where.height + 1);
        for (std::size_t k = 0; k < i; ++k) CHECK_FALSE(overlap(box, where.nodes[k]));
    }
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const auto& curve = where.lines[i].curve;
        REQUIRE(curve.size() >= 4);
        CHECK(curve.size() % 3 == 1);
        CHECK(distance(where.nodes[lines[i].from], curve.front()) < 8);
        CHECK(distance(where.nodes[lines[i].to], curve.back()) < 8);
    }
}

Positions::Box label_of(const Positions::Line& line) {
    return {line.label, line.label_width, line.label_height};
}

}  // namespace

TEST_CASE("in the shop's picture no label covers a box or another label", "[viz][layout]") {
    const auto view = test::shop_view();
    const Positions where = viz::positions(view);
    check_layout(view, where);
    for (std::size_t i = 0; i < where.lines.size(); ++i) {
        CHECK(where.lines[i].label_width > 0);
        for (const auto& box : where.nodes) CHECK_FALSE(overlap(label_of(where.lines[i]), box));
        for (std::size_t k = 0; k < i; ++k) {
            CHECK_FALSE(overlap(label_of(where.lines[i]), label_of(where.lines[k])));
        }
    }
}

TEST_CASE("the groups of the shop hold their workloads", "[viz][layout]") {
    const auto view = test::shop_view();
    const Positions where = viz::positions(view);
    const auto names = viz::groups(view.graph);
    REQUIRE(where.groups.size() == names.size());
    for (std::size_t i = 0; i < view.graph.nodes.size(); ++i) {
        for (std::size_t g = 0; g < names.size(); ++g) {
            if (names[g].empty()) continue;
            const bool inside = distance(where.groups[g], where.nodes[i].center) == 0;
            CHECK(inside == (view.graph.nodes[i].group == names[g]));
        }
    }
}

TEST_CASE("a picture has every node and every edge, whatever draws it", "[viz][layout]") {
    const auto [nodes, groups, each] = GENERATE(table<std::size_t, std::size_t, std::size_t>({
        {1, 1, 0},
        {12, 3, 2},    // dot
        {60, 6, 3},    // dot makes a strip of it
        {120, 8, 2},   // fdp
        {200, 1, 1},   // one group
        {400, 10, 2},  // blocks
    }));
    CAPTURE(nodes, groups, each);
    const auto view = test::ring_view(nodes, groups, each);
    const auto svg = viz::render(view, "svg");
    REQUIRE(svg);
    CHECK(count(*svg, "class=\"node\"") == nodes);
    CHECK(count(*svg, "class=\"edge\"") == viz::drawn_edges(view.graph).size());
    CHECK(count(*svg, "class=\"cluster\"") == groups);
    const Positions where = viz::positions(view);
    CHECK(where.width < 4 * where.height + 1700);
    CHECK(where.height < 4 * where.width + 1700);
}

TEST_CASE("a graph without nodes can be drawn", "[viz][layout]") {
    const viz::View view;
    CHECK(viz::render(view, "svg"));
    CHECK(viz::positions(view).nodes.empty());
}

TEST_CASE("PNG and PDF are what they say", "[viz][layout]") {
    const auto view = test::shop_view();
    const auto png = viz::render(view, "png");
    REQUIRE(png);
    CHECK(png->starts_with("\x89PNG\r\n"));
    const auto pdf = viz::render(view, "pdf");
    REQUIRE(pdf);
    CHECK(pdf->starts_with("%PDF-"));
}

TEST_CASE("a PNG is sharp while it is small, and has a bounded number of dots", "[viz][layout]") {
    const auto dots = [](const viz::View& view) {
        const auto png =
            viz::render(view, "png", {&viz::light_theme(), {60, std::size_t{1} << 30U}});
        REQUIRE(png);
        double product = 1;
        for (const std::size_t at : {16, 20}) {
            std::uint32_t side = 0;
            for (std::size_t i = 0; i < 4; ++i)
                side = side << 8U | static_cast<unsigned char>((*png)[at + i]);
            product *= side;
        }
        return product;
    };
    const auto shop = test::shop_view();
    const Positions where = viz::positions(shop);
    CHECK(dots(shop) > 4 * where.width * where.height);  // 144 dots an inch, and a legend
    CHECK(dots(test::ring_view(700, 10, 3)) < 14e6);     // 12, and margins
}

TEST_CASE("without time for any engine the page still has a layout", "[viz][layout]") {
    const auto view = test::ring_view(90, 5, 2);
    const auto before = std::chrono::steady_clock::now();
    check_layout(view, viz::positions(view, {0, std::size_t{1} << 30U}));
    CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(2));
    const auto svg = viz::render(view, "svg", {&viz::light_theme(), {0, std::size_t{1} << 30U}});
    REQUIRE_FALSE(svg);
    CHECK(svg.error().message.find("took too long") != std::string::npos);
}

TEST_CASE("2000 workloads and 10000 edges are laid out within the deadline", "[viz][layout]") {
    const auto view = test::ring_view(2000, 40, 5);
    const auto before = std::chrono::steady_clock::now();
    const Positions where = viz::positions(view);
    CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(30));
    CHECK(where.nodes.size() == 2000);
    CHECK(where.lines.size() == 10'000);
}

TEST_CASE("2000 workloads and 10000 edges are drawn: every line, or every group", "[viz][layout]") {
    const auto view = test::ring_view(2000, 40, 5);
    const auto whole = viz::render(view, "svg");
    REQUIRE(whole);
    CHECK(count(*whole, "class=\"edge\"") == viz::drawn_edges(view.graph).size());
    const auto fewer = viz::collapsed(view);
    REQUIRE(fewer);
    const auto small = viz::render(*fewer, "svg");
    REQUIRE(small);
    CHECK(count(*small, "class=\"node\"") == 40);
    CHECK(count(*small, "class=\"edge\"") == viz::drawn_edges(fewer->graph).size());
}

TEST_CASE("labels that an engine put anywhere end where they cover nothing", "[viz][layout]") {
    // Two lines between two boxes, both labels on the border of the right box's group.
    Positions where;
    where.width = 600;
    where.height = 200;
    where.nodes = {{{50, 100}, 80, 40}, {{500, 100}, 80, 40}};
    where.groups = {{}, {{500, 100}, 120, 120}};
    for (const double bend : {-20.0, 20.0}) {
        where.lines.push_back(
            {{{90, 100}, {200, 100 + bend}, {350, 100 + bend}, {460, 100}}, {440, 100}, 90, 14});
    }
    const std::vector<Positions::Box> title{{{275, 85}, 60, 14}};
    CHECK(viz::place_labels(where, title) == 0);
    for (const auto& line : where.lines) {
        CHECK_FALSE(overlap(label_of(line), title[0]));
        CHECK(line.label.x + line.label_width / 2 < 440);
        for (const auto& box : where.nodes) CHECK_FALSE(overlap(label_of(line), box));
    }
    CHECK_FALSE(overlap(label_of(where.lines[0]), label_of(where.lines[1])));
    where.lines[0].label_width = 580;  // there is no such place
    CHECK(viz::place_labels(where, title) == 1);
}

TEST_CASE("blocks keep nodes apart and lines of one pair off each other", "[viz][layout]") {
    auto view = test::ring_view(50, 7, 3);
    GraphEdge both_ways = view.graph.edges[0];
    std::swap(both_ways.from, both_ways.to);
    GraphEdge loop = view.graph.edges[0];
    loop.to = loop.from;
    view.graph.edges.push_back(both_ways);
    view.graph.edges.push_back(loop);
    const auto lines = viz::drawn_edges(view.graph);
    const Positions where = viz::blocks(view.graph, lines);
    check_layout(view, where);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        for (std::size_t k = 0; k < i; ++k) {
            const auto& a = where.lines[i].curve;
            const auto& b = where.lines[k].curve;
            const bool same = std::hypot(a[1].x - b[1].x, a[1].y - b[1].y) < 1 &&
                              std::hypot(a[0].x - b[0].x, a[0].y - b[0].y) < 1;
            CHECK_FALSE(same);
        }
    }
}
