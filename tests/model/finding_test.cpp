// SPDX-License-Identifier: Apache-2.0
#include "model/finding.h"

#include <catch2/catch.hpp>

using namespace nspect;

namespace {

Finding finding(Severity severity, std::string code, std::string subject) {
    Finding made;
    made.severity = severity;
    made.code = std::move(code);
    made.subject = std::move(subject);
    return made;
}

}  // namespace

TEST_CASE("findings are sorted by severity, then code, then subject", "[finding]") {
    const std::vector<Finding> sorted{
        finding(Severity::high, "b", "x"),   finding(Severity::medium, "a", "x"),
        finding(Severity::medium, "a", "y"), finding(Severity::medium, "c", "a"),
        finding(Severity::low, "a", "a"),    finding(Severity::info, "a", "a"),
    };
    auto shuffled = sorted;
    std::reverse(shuffled.begin(), shuffled.end());
    sort_findings(shuffled);
    CHECK(shuffled == sorted);
    std::swap(shuffled[1], shuffled[4]);
    sort_findings(shuffled);
    CHECK(shuffled == sorted);
}

TEST_CASE("findings equal in code and subject still have one order", "[finding]") {
    auto one = finding(Severity::low, "a", "x");
    auto two = one;
    one.message = "first";
    two.message = "second";
    std::vector<Finding> ab{one, two};
    std::vector<Finding> ba{two, one};
    sort_findings(ab);
    sort_findings(ba);
    CHECK(ab == ba);
}

TEST_CASE("severities read back from their names", "[finding]") {
    for (const auto severity : {Severity::info, Severity::low, Severity::medium, Severity::high}) {
        CHECK(parse_severity(to_string(severity)) == severity);
    }
    CHECK(to_string(Severity::high) == "high");
    CHECK(Severity::info < Severity::high);
    CHECK_FALSE(parse_severity("HIGH").has_value());
    CHECK_FALSE(parse_severity("").has_value());
}
