// SPDX-License-Identifier: Apache-2.0
#include "analyzer/baseline.h"

#include <catch2/catch.hpp>

#include "ingest/baseline.h"

using namespace nspect;

namespace {

Finding finding(const std::string& code, const std::string& subject) {
    Finding made;
    made.code = code;
    made.subject = subject;
    return made;
}

Baseline read(const std::string& entries, Diagnostics& diagnostics) {
    return ingest::read_baseline(
        "known.yaml", "apiVersion: nspect.io/v1\nkind: FindingBaseline\nfindings:\n" + entries,
        diagnostics);
}

Baseline whole(const std::string& entries) {
    Diagnostics diagnostics;
    Baseline baseline = read(entries, diagnostics);
    REQUIRE(diagnostics.empty());
    return baseline;
}

analyzer::Compared compare(std::vector<Finding> findings, const std::string& entries,
                           const std::string& now = "2026-06-30T12:00:00Z") {
    return analyzer::compare(std::move(findings), whole(entries), *parse_timestamp(now));
}

std::vector<std::string> codes_of(const std::string& text) {
    Diagnostics diagnostics;
    (void)ingest::read_baseline("known.yaml", text, diagnostics);
    std::vector<std::string> codes;
    for (const auto& each : diagnostics.items()) codes.push_back(each.code);
    return codes;
}

std::vector<std::string> codes_of_entry(const std::string& entry) {
    return codes_of("kind: FindingBaseline\nfindings:\n- " + entry + "\n");
}

}  // namespace

TEST_CASE("a known finding is not counted, and keeps its reason") {
    const auto compared = compare({finding("weak-tls", "a -> b"), finding("weak-tls", "a -> c")},
                                  "- {code: weak-tls, subject: a -> b, reason: old client}\n");
    REQUIRE(compared.findings.size() == 1);
    CHECK(compared.findings[0].subject == "a -> c");
    REQUIRE(compared.known.size() == 1);
    CHECK(compared.known[0].reason == "old client");
    CHECK(compared.unused.empty());
}

TEST_CASE("code and subject must both agree; a star stands for any text at an end") {
    const auto all = {finding("weak-tls", "shop/web -> shop/db TCP 5432")};
    const auto known = [&](const std::string& code, const std::string& subject) {
        return compare(all, "- {code: " + code + ", subject: \"" + subject + "\", reason: r}\n")
            .known.size();
    };
    CHECK(known("weak-tls", "shop/web*") == 1);
    CHECK(known("weak-tls", "*TCP 5432") == 1);
    CHECK(known("weak-tls", "*shop/db*") == 1);
    CHECK(known("weak-tls", "*") == 1);
    CHECK(known("weak-tls", "shop/web") == 0);
    CHECK(known("weak-tls", "*shop/pay*") == 0);
    CHECK(known("mesh-bypass", "*") == 0);
}

TEST_CASE("an entry counts through its last day, then the finding is back and says why") {
    const std::string entry = "- {code: weak-tls, subject: a, reason: r, expires: 2026-06-30}\n";
    CHECK(compare({finding("weak-tls", "a")}, entry, "2026-06-30T23:59:59Z").known.size() == 1);
    const auto after = compare({finding("weak-tls", "a")}, entry, "2026-07-01T00:00:00Z");
    CHECK(after.known.empty());
    REQUIRE(after.findings.size() == 1);
    CHECK(after.findings[0].evidence == std::vector<std::string>{"was known until 2026-06-30 (r)"});
    CHECK(after.unused.empty());
}

TEST_CASE("of two entries for one finding the one that lasts longest counts") {
    const auto compared = compare({finding("weak-tls", "a")},
                                  "- {code: weak-tls, subject: a, reason: r, expires: 2020-01-01}\n"
                                  "- {code: weak-tls, subject: \"*\", reason: all}\n");
    REQUIRE(compared.known.size() == 1);
    CHECK(compared.known[0].reason == "all");
}

TEST_CASE("an entry that nothing needs is told with its place") {
    const auto compared = compare({}, "- {code: weak-tls, subject: a, reason: fixed}\n");
    REQUIRE(compared.unused.size() == 1);
    CHECK(to_string(compared.unused[0].where) == "known.yaml:4:3");
}

TEST_CASE("what is wrong with a baseline is said, and nothing of the entry counts") {
    using Codes = std::vector<std::string>;
    CHECK(codes_of("kind: Deployment\n") == Codes{"BL001"});
    CHECK(codes_of("kind: FindingBaseline\n") == Codes{"BL001"});
    CHECK(codes_of_entry("just words") == Codes{"BL001"});
    CHECK(codes_of_entry("{subject: a, reason: r}") == Codes{"BL002"});
    CHECK(codes_of_entry("{code: c, reason: r}") == Codes{"BL002"});
    CHECK(codes_of_entry("{code: c, subject: s}") == Codes{"BL003"});
    CHECK(codes_of_entry("{code: c, subject: s, reason: \" \"}") == Codes{"BL003"});
    for (const char* day : {"next year", "2026-02-30", "2026-13-01", "2026-1-1", "2026-06-30x"}) {
        CAPTURE(day);
        CHECK(codes_of_entry("{code: c, subject: s, reason: r, expires: " + std::string(day) +
                             "}") == Codes{"BL004"});
    }
}
