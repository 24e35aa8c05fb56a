// SPDX-License-Identifier: Apache-2.0
#include "viz/layout_labels.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace nspect::viz {

namespace {

constexpr std::size_t samples = 32;     // along a whole curve
constexpr std::size_t end_samples = 4;  // at each end, where a label would hide the arrow
constexpr double gap = 2;               // around what must not be covered
constexpr double covers = 1000;         // a box, a border, a title, another label
constexpr double covers_point = 1;      // for each sample of another line
constexpr double away = 0.05;           // for each point of distance from the wish
constexpr double beside = 0.3;          // for each point of distance from the own line
constexpr int most_steps = 5;           // beside the own line

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

/// The four sides of a box.
void add_border(const Positions::Box& box, std::vector<Positions::Box>& boxes) {
    const double x = box.width / 2;
    const double y = box.height / 2;
    for (const double side : {-1.0, 1.0}) {
        boxes.push_back({{box.center.x + side * x, box.center.y}, 0, box.height});
        boxes.push_back({{box.center.x, box.center.y + side * y}, box.width, 0});
    }
}

/// A place for a label, and what it costs to stand so far from where it belongs.
struct Candidate {
    Point center;
    double cost = 0;
};

class Placement {
public:
    Placement(Positions& positions, const std::vector<Positions::Box>& taken)
        : positions_(positions), boxes_(positions.nodes) {
        boxes_.insert(boxes_.end(), taken.begin(), taken.end());
        for (const auto& group : positions.groups) {
            if (group.width > 0) add_border(group, boxes_);
        }
        for (auto& box : boxes_) {
            box.width += 2 * gap;
            box.height += 2 * gap;
        }
        for (const auto& line : positions.lines) curves_.push_back(along(line.curve));
    }

    /// Whether it covers nothing where it stands now.
    bool place(std::size_t index) {
        Positions::Line& line = positions_.lines[index];
        if (line.label_width == 0 || curves_[index].size() < 2 * end_samples + 1) return true;
        double least = std::numeric_limits<double>::max();
        for (const Candidate& each : candidates(index)) {
            if (each.cost >= least) break;
            double cost = each.cost + covered(index, each.center) * covers;
            if (cost < least) cost += crossed(index, each.center) * covers_point;
            if (cost >= least) continue;
            least = cost;
            line.label = each.center;
        }
        return least < covers;
    }

private:
    /// On the curve and beside it, the best first.
    std::vector<Candidate> candidates(std::size_t index) const {
        const Positions::Line& line = positions_.lines[index];
        const auto& curve = curves_[index];
        std::vector<Candidate> list;
        for (std::size_t i = end_samples; i + end_samples < curve.size(); ++i) {
            const Point along{curve[i + 1].x - curve[i - 1].x, curve[i + 1].y - curve[i - 1].y};
            const double length = std::max(1e-9, std::hypot(along.x, along.y));
            const Point across{-along.y / length, along.x / length};
            // So far that the label just touches the line: half of it, in that direction.
            const double half =
                (std::abs(across.x) * line.label_width + std::abs(across.y) * line.label_height) /
                2;
            for (int step = -most_steps; step <= most_steps; ++step) {
                const double distance_off = step * half / 2;
                const Point center{curve[i].x + across.x * distance_off,
                                   curve[i].y + across.y * distance_off};
                if (!inside(line, center)) continue;
                list.push_back({center, away * distance(center, line.label) +
                                            beside * std::abs(distance_off)});
            }
        }
        std::sort(list.begin(), list.end(),
                  [](const Candidate& a, const Candidate& b) { return a.cost < b.cost; });
        return list;
    }
    bool inside(const Positions::Line& line, const Point& center) const {
        return center.x >= line.label_width / 2 && center.y >= line.label_height / 2 &&
               center.x + line.label_width / 2 <= positions_.width &&
               center.y + line.label_height / 2 <= positions_.height;
    }
    double covered(std::size_t index, const Point& center) const {
        const auto& lines = positions_.lines;
        auto label = label_box(lines[index], center);
        double count = 0;
        for (const auto& box : boxes_) count += overlap(label, box) ? 1 : 0;
        label.width += 2 * gap;
        label.height += 2 * gap;
        for (std::size_t i = 0; i < lines.size(); ++i) {
            if (i == index || lines[i].label_width == 0) continue;
            count += overlap(label, label_box(lines[i], lines[i].label)) ? 1 : 0;
        }
        return count;
    }
    double crossed(std::size_t index, const Point& center) const {
        const auto label = label_box(positions_.lines[index], center);
        double count = 0;
        for (std::size_t i = 0; i < curves_.size(); ++i) {
            if (i == index) continue;
            for (const Point& point : curves_[i]) count += holds(label, point) ? 1 : 0;
        }
        return count;
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

std::size_t place_labels(Positions& positions, const std::vector<Positions::Box>& taken) {
    Placement placement(positions, taken);
    std::size_t covering = 0;
    // Again: the next time every other label stands where it may stay.
    for (int round = 0; round < 3; ++round) {
        covering = 0;
        for (std::size_t i = 0; i < positions.lines.size(); ++i) {
            if (!placement.place(i)) ++covering;
        }
    }
    return covering;
}

}  // namespace nspect::viz
