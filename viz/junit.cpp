// SPDX-License-Identifier: Apache-2.0
#include <set>

#include "viz/escape.h"
#include "viz/formats.h"

namespace nspect::viz {

namespace {

std::string attribute(const char* name, std::string_view value) {
    return std::string(" ") + name + "=\"" + for_html(value) + "\"";
}

/// Lines of text; what a line holds cannot end it.
std::string lines(const std::vector<std::string>& texts) {
    std::string out;
    for (const auto& each : texts) out += for_html(each) + "\n";
    return out;
}

class Suite {
public:
    explicit Suite(const JunitOptions& options) : options_(options) {}

    void add(const Finding& finding) {
        const bool fails = options_.fail_on && finding.severity >= *options_.fail_on;
        std::vector<std::string> body{finding.message};
        body.insert(body.end(), finding.evidence.begin(), finding.evidence.end());
        if (finding.location) body.push_back("at " + to_string(*finding.location));
        begin(finding.code, finding.subject, place(finding));
        if (fails) {
            ++failures_;
            text_ += "      <failure" + attribute("type", finding.code) +
                     attribute("message",
                               std::string(to_string(finding.severity)) + ": " + finding.message) +
                     ">" + lines(body) + "</failure>\n";
        } else {
            text_ += "      <system-out>" + lines(body) + "</system-out>\n";
        }
        end();
    }
    void add(const KnownFinding& known) {
        begin(known.finding.code, known.finding.subject, place(known.finding));
        skip("known: " + known.reason);
        end();
    }
    void add(const Check& check) {
        begin(check.group, check.name, {});
        if (check.status == Check::Status::not_observable) skip("not observable: " + check.message);
        if (check.status == Check::Status::fail) {
            ++failures_;
            text_ += "      <failure" + attribute("type", check.group) +
                     attribute("message", check.message) + ">" + lines(check.evidence) +
                     "</failure>\n";
        }
        end();
    }
    void add(const analyzer::FindingKind& kind) {
        begin(kind.code, "none: " + std::string(kind.says), {});
        end();
    }

    std::string whole() const {
        const std::string counts = attribute("tests", std::to_string(tests_)) +
                                   attribute("failures", std::to_string(failures_)) +
                                   attribute("skipped", std::to_string(skipped_));
        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites" +
               attribute("name", "nspect") + counts + attribute("errors", "0") + ">\n  <testsuite" +
               attribute("name", options_.suite) + counts + attribute("errors", "0") + ">\n" +
               text_ + "  </testsuite>\n</testsuites>\n";
    }

private:
    static std::string place(const Finding& finding) {
        if (!finding.location || finding.location->file.empty()) return {};
        return attribute("file", finding.location->file) +
               (finding.location->line > 0
                    ? attribute("line", std::to_string(finding.location->line))
                    : std::string());
    }
    void begin(std::string_view kind, const std::string& name, const std::string& more) {
        ++tests_;
        text_ += "    <testcase" +
                 attribute("classname", options_.suite + "." + std::string(kind)) +
                 attribute("name", name) + more + ">\n";
    }
    void end() { text_ += "    </testcase>\n"; }
    void skip(const std::string& why) {
        ++skipped_;
        text_ += "      <skipped" + attribute("message", why) + "/>\n";
    }

    const JunitOptions& options_;
    std::string text_;
    std::size_t tests_ = 0;
    std::size_t failures_ = 0;
    std::size_t skipped_ = 0;
};

}  // namespace

std::string to_junit(const View& view, const JunitOptions& options) {
    Suite suite(options);
    std::set<std::string_view> occurred;
    for (const Finding& each : view.findings) {
        suite.add(each);
        occurred.insert(each.code);
    }
    for (const KnownFinding& each : view.known) {
        suite.add(each);
        occurred.insert(each.finding.code);
    }
    for (const auto& each : view.kinds) {
        if (!occurred.contains(each.code)) suite.add(each);
    }
    for (const Check& each : view.checks) suite.add(each);
    return suite.whole();
}

}  // namespace nspect::viz
