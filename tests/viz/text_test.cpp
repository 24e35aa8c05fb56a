// SPDX-License-Identifier: Apache-2.0
#include "viz/text.h"

#include <catch2/catch.hpp>

#include "tests/viz/shop.h"
#include "viz/escape.h"

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

}  // namespace

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
          "Lost     seen ~ at b\n"
          "\n"
          "Source   shop/db\n"
          "Target   shop/api\n"
          "Outcome  + est~ished\n"
          "Lost     -\n");
}
