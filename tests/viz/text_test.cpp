// SPDX-License-Identifier: Apache-2.0
#include "viz/text.h"

#include <algorithm>
#include <string>

#include <catch2/catch.hpp>

#include "tests/viz/shop.h"
#include "viz/escape.h"
#include "viz/wrapped.h"

using namespace nspect;

namespace {

std::size_t widest(const std::string& text) {
    std::size_t most = 0;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find('\n', at), text.size());
        most = std::max(most, viz::display_width(std::string_view(text).substr(at, end - at)));
        at = end + 1;
    }
    return most;
}

viz::Table wide_names() {
    viz::Table table{"t",
                     "",
                     {"Time", "Source", "Destination", "Port", "Service", "Outcome", "Packets",
                      "Bytes", "TLS", "Lost"},
                     {},
                     {6, 7},
                     {5}};
    const std::string han =
        "\u540d\u524d\u7a7a\u9593/"
        "\u5009\u5eab\u7ba1\u7406\u30b5\u30fc\u30d3\u30b9\u540d\u524d\u7a7a\u9593";
    const std::string hangul = "\uc774\ub984/\ub370\uc774\ud130\ubca0\uc774\uc2a4";
    for (const std::string& name : {std::string("shop/web"), han, hangul, std::string(80, 'x'),
                                    std::string("e\u0301") + std::string("\U0001F600")}) {
        table.rows.push_back({"10:00:00.123", name, name + "-2", "TCP 5432 postgres", name,
                              "established", "12", "1.2 kB", "1.3 mutual",
                              "seen at veth12ab (web), never at veth98cd (db)"});
        table.rows.push_back(
            {"10:00:00.124", name, "10.0.0.1", "UDP 53", "-", "unanswered", "1", "60 B", "-", "-"});
    }
    return table;
}

/// What is left when it does not matter where lines end.
std::string without_space(std::string text) {
    text.erase(
        std::remove_if(text.begin(), text.end(), [](char c) { return c == ' ' || c == '\n'; }),
        text.end());
    return text;
}

}  // namespace

TEST_CASE("lines end between words, or where parts of a word end, or else anywhere",
          "[viz][text]") {
    CHECK(viz::wrapped("a bc def", 2, 0) == "  a bc def");
    CHECK(viz::wrapped("a bc def", 2, 6) == "  a bc\n  def");
    CHECK(viz::wrapped("at samples/shop/policies.yaml:61:1", 0, 18) ==
          "at\nsamples/shop/\npolicies.yaml:61:1");
    CHECK(viz::wrapped("abcdefgh", 1, 4) == " abc\n def\n gh");
    CHECK(viz::wrapped("\u540d\u524d\u7a7a", 0, 5) == "\u540d\u524d\n\u7a7a");
    CHECK(viz::wrapped("e\u0301e\u0301", 3, 1) == "   e\u0301\n   e\u0301");
}

TEST_CASE("findings fit the terminal and lose nothing", "[viz][text]") {
    Finding finding;
    finding.code = "denied-but-flowed";
    finding.severity = Severity::high;
    finding.subject = std::string(70, 'n') + "/web[Deployment] -> shop/db[StatefulSet] TCP 6379";
    finding.message = "policy denies this, and it passed all the same";
    finding.evidence = {"NetworkPolicy shop/" + std::string(90, 'p') + " isolates for ingress"};
    finding.location = Location{"a/" + std::string(60, 'f') + "/policies.yaml", 61, 1, ""};
    viz::View view;
    view.findings = {finding};
    view.tables = {{"t", "A title that is longer than the terminal is wide", {"A"}, {{"b"}}, {}}};
    for (const std::size_t width : {40U, 60U, 80U, 120U}) {
        CAPTURE(width);
        const std::string text = viz::to_text(view, {width, false, false});
        CHECK(widest(text) <= width);
        for (const auto& each :
             {finding.subject, finding.message, finding.evidence[0], to_string(*finding.location)})
            CHECK(without_space(text).find(without_space(each)) != std::string::npos);
    }
    finding.subject = "shop/web";
    view.findings = {finding};
    CHECK(viz::to_text(view, {80, false, false}).find("denied-but-flowed  shop/web\n") !=
          std::string::npos);
}

TEST_CASE("a matrix fits the terminal: columns without room stand below", "[viz][text]") {
    analyzer::Connectivity connectivity;
    for (int i = 10; i < 40; ++i)
        connectivity.peers.push_back("namespace-with-a-long-name/workload-" + std::to_string(i) +
                                     "[Deployment]");
    TrafficSet some;
    for (std::uint16_t port = 8000; port < 8020; port += 2)
        some = some | TrafficSet::of(Protocol::tcp, {{port}, {port}});
    connectivity.rows.push_back({connectivity.peers[0], connectivity.peers[29], some});
    for (const std::size_t width : {20U, 40U, 60U, 80U, 400U}) {
        CAPTURE(width);
        const auto text = viz::to_matrix(connectivity, {width, false, false});
        REQUIRE(text);
        CHECK(widest(*text) <= width);
        CHECK(std::count(text->begin(), text->end(), '\\') == 30);
        CHECK(std::count(text->begin(), text->end(), '+') == 2);  // it, and the legend
    }
}

TEST_CASE("tables fit the terminal, whatever the names", "[viz][text]") {
    for (const std::size_t width : {20U, 40U, 60U, 80U, 120U, 200U, 400U}) {
        for (const bool unicode : {true, false}) {
            CAPTURE(width, unicode);
            const viz::TextStyle style{width, false, unicode};
            const std::string text = viz::to_text(wide_names(), style);
            CHECK(widest(text) <= width);
            if (width >= 80) CHECK(text.find("Source") == text.rfind("Source"));  // a heading
            if (width < 40) continue;
            CHECK(text.find(unicode ? "\u2713 e" : "+ e") != std::string::npos);
            for (const auto& table : test::shop_view().tables)
                CHECK(widest(viz::to_text(table, style)) <= width);
        }
    }
}

TEST_CASE("a table that goes on fits the terminal too", "[viz][text]") {
    for (const std::size_t width : {40U, 80U, 200U}) {
        CAPTURE(width);
        viz::GrowingTable growing({width, false, true});
        const std::string first = growing.add(wide_names());
        const std::string more = growing.add(wide_names());
        CHECK(widest(first + more) <= width);
        CHECK(first.find("Source") != std::string::npos);
    }
}

TEST_CASE("cells have lines of their own where columns do not fit", "[viz][text]") {
    const viz::Table table{"t",
                           "",
                           {"Source", "Target", "Outcome", "Lost"},
                           {{"shop/web", "shop/db", "refused", "seen at a, never at b"},
                            {"shop/db", "shop/api", "established", "-"}},
                           {},
                           {2}};
    CHECK(viz::to_text(table, {20, false, false}) ==
          "Source   shop/web\n"
          "Target   shop/db\n"
          "Outcome  x refused\n"
          "Lost     seen at a,\n"
          "         never at b\n"
          "\n"
          "Source   shop/db\n"
          "Target   shop/api\n"
          "Outcome  +\n"
          "         established\n"
          "Lost     -\n");
}
