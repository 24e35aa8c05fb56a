// SPDX-License-Identifier: Apache-2.0
#include "capture/targets/limitations.h"

#include <catch2/catch.hpp>

#include "capture/targets/missed_places.h"

using namespace nspect;
using namespace nspect::capture;

namespace {

Error hidden(const std::string& where, const std::string& message = "may not be entered") {
    return {Error::Kind::permission, message, {}, where};
}

}  // namespace

TEST_CASE("limitations with the same words are one, and counted", "[limitations]") {
    Limitations limitations;
    limitations.add(hidden("netns 7"));
    limitations.add(hidden("netns 8"));
    limitations.add(hidden("x", "is something else"), 3);
    REQUIRE(limitations.all().size() == 2);
    CHECK(to_string(limitations.all()[0]) == "netns 7: may not be entered (2 times)");
    CHECK(limitations.all()[1].count == 3);
}

TEST_CASE("what is counted anew at each look counts as at the worst one", "[limitations]") {
    Limitations limitations;
    for (const std::uint64_t count : {0U, 5U, 2U, 7U}) limitations.at_worst(hidden("a"), count);
    REQUIRE(limitations.all().size() == 1);
    CHECK(limitations.all()[0].count == 7);
    Limitations none;
    none.at_worst(hidden("a"), 0);
    CHECK(none.all().empty());
}

TEST_CASE("news of limitations are what there is more of", "[limitations]") {
    Limitations limitations;
    limitations.add(hidden("a"));
    CHECK(limitations.take_news() == std::vector<Limitation>{{hidden("a"), 1}});
    CHECK(limitations.take_news().empty());
    limitations.add(hidden("b"), 2);
    CHECK(limitations.take_news() == std::vector<Limitation>{{hidden("a"), 2}});
}

TEST_CASE("there is an end to kinds of limitations, and none to their number", "[limitations]") {
    Limitations limitations;
    for (int i = 0; i < 100; ++i) limitations.add(hidden("a", "words " + std::to_string(i)));
    std::uint64_t count = 0;
    for (const auto& each : limitations.all()) count += each.count;
    CHECK(limitations.all().size() == 16);
    CHECK(limitations.all().back().error.message == "something else, not listed");
    CHECK(count == 100);
}

TEST_CASE("a namespace that came and went lacks its name alone", "[limitations]") {
    Limitations all;
    MissedPlaces missed(all);
    const Error gone{Error::Kind::not_found, "no such file", {}, {}};
    missed.add({1, {"/run/netns/a"}, {}}, gone);
    missed.add({2, {"/run/netns/b"}, {}}, gone);
    CHECK(missed.is_unsure());
    CHECK(all.all().empty());
    missed.keep({2});  // the other one is not there any more
    missed.add({2, {"/run/netns/b"}, {}}, gone);
    missed.add({2, {"/run/netns/b"}, {}}, gone);
    CHECK_FALSE(missed.is_unsure());
    missed.keep({});
    REQUIRE(all.all().size() == 2);
    CHECK(all.all()[0].lack == Lack::name);
    CHECK(all.all()[0].count == 1);
    CHECK(all.all()[0].error.where == "netns 1");
    CHECK(all.all()[1].lack == Lack::packets);
    CHECK(all.all()[1].count == 1);
    CHECK(all.all()[1].error.where == "netns 2");
}

TEST_CASE("a namespace that may not be entered is told at once and tried again", "[limitations]") {
    Limitations all;
    MissedPlaces missed(all);
    missed.add({1, {}, {10}}, {Error::Kind::permission, "no", {}, {}});
    CHECK(all.all().size() == 1);
    CHECK_FALSE(missed.is_unsure());
    CHECK_FALSE(missed.want_room());
    missed.add({2, {}, {11}}, {Error::Kind::unavailable, "full", {}, {}});
    CHECK(missed.want_room());
    CHECK(missed.all().size() == 2);
    missed.opened(2);
    missed.begin_look();
    CHECK_FALSE(missed.want_room());
    CHECK(missed.all().size() == 1);
}
