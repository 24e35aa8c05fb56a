// SPDX-License-Identifier: Apache-2.0
#include "viz/layout_labels.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace nspect::viz {

namespace {

constexpr std::size_t samples = 32;     // along a whole curve
constexpr std::size_t end_samples = 4;  // at each end, where a label would hide the arrow
constexpr double title_height = 18;     // of a group, at its upper edge
constexpr double covers_box = 100;
constexpr double covers_label = 100;
constexpr double covers_point = 1;  // for each sample of another line
constexpr double away = 0.05;       // for each point of distance from the wish

Point bezier(const Point* p, double t) {
    const double u = 1 - t;
    const double a = u * u * u;
    const double b = 3 * u * u * t;
    const double c = 3 * u * t * t;
    const double d = t * t * t;
    return {a * p[0].x + b * p[1].x + c * p[2].x + d * p[3].x,
            a * p[0].y + b * p[1].y + c * p[2].y + d * p[3].y};
}

double distance(const Point& a, const Point& b) {
    return std::hypot(a.x - b.x, a.y - b.y);
}

bool overlap(const Positions::Box& a, const Positions::Box& b) {
    return std::abs(a.center.x - b.center.x) * 2 < a.width + b.width &&
           std::abs(a.center.y - b.center.y) * 2 < a.height + b.height;
}

bool holds(const Positions::Box& box, const Point& point) {
    return std::abs(box.center.x - point.x) * 2 < box.width &&
           std::abs(box.center.y - point.y) * 2 < box.height;
}

Positions::Box label_box(const Positions::Line& line, const Point& center) {
    return {center, line.label_width, line.label_height};
}

class Placement {
public:
    explicit Placement(Positions& positions) : positions_(positions), boxes_(positions.nodes) {
        for (const auto& group : positions.groups) {
            if (group.width == 0) continue;
            boxes_.push_back(
                {{group.center.x, group.center.y - group.height / 2 + title_height / 2},
                 group.width,
                 title_height});
        }
        for (const auto& line : positions.lines) curves_.push_back(along(line.curve));
    }

    void place(std::size_t index) {
        Positions::Line& line = positions_.lines[index];
        const auto& curve = curves_[index];
        if (line.label_width == 0 || curve.size() < 2 * end_samples + 1) return;
        const Point wish = line.label;
        double least = std::numeric_limits<double>::max();
        for (std::size_t i = end_samples; i + end_samples < curve.size(); ++i) {
            const double cost = cost_of(index, curve[i]) + away * distance(curve[i], wish);
            if (cost >= least) continue;
            least = cost;
            line.label = curve[i];
        }
    }

private:
    double cost_of(std::size_t index, const Point& center) const {
        const auto& lines = positions_.lines;
        const auto label = label_box(lines[index], center);
        double cost = 0;
        for (const auto& box : boxes_) cost += overlap(label, box) ? covers_box : 0;
        for (std::size_t i = 0; i < lines.size(); ++i) {
            if (i == index) continue;
            if (overlap(label, label_box(lines[i], lines[i].label))) cost += covers_label;
            for (const Point& point : curves_[i]) cost += holds(label, point) ? covers_point : 0;
        }
        return cost;
    }

    Positions& positions_;
    std::vector<Positions::Box> boxes_;
    std::vector<std::vector<Point>> curves_;
};

}  // namespace

std::vector<Point> along(const std::vector<Point>& curve) {
    std::vector<Point> points;
    if (curve.size() < 4) return curve;
    const std::size_t pieces = (curve.size() - 1) / 3;
    const std::size_t each = std::max<std::size_t>(4, samples / pieces);
    for (std::size_t piece = 0; piece < pieces; ++piece) {
        for (std::size_t i = 0; i < each; ++i) {
            points.push_back(
                bezier(&curve[piece * 3], static_cast<double>(i) / static_cast<double>(each)));
        }
    }
    points.push_back(curve[pieces * 3]);
    return points;
}

void place_labels(Positions& positions) {
    Placement placement(positions);
    // Twice: the second time every other label stands where it may stay.
    for (int round = 0; round < 2; ++round) {
        for (std::size_t i = 0; i < positions.lines.size(); ++i) placement.place(i);
    }
}

}  // namespace nspect::viz
