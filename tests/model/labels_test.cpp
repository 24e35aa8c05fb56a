// SPDX-License-Identifier: Apache-2.0
#include "model/labels.h"

#include <catch2/catch.hpp>

using namespace nspect;
using Op = Requirement::Op;

TEST_CASE("labels are sorted, and the last value of a key stays", "[labels]") {
    Labels labels{{"tier", "front"}, {"app", "web"}, {"tier", "back"}};
    CHECK(to_string(labels) == "app=web,tier=back");
    labels.set("app", "");
    CHECK(to_string(labels) == "app=,tier=back");
    labels.erase("tier");
    labels.erase("absent");
    CHECK(labels == Labels{{"app", ""}});
    CHECK(labels.find("tier") == nullptr);
    REQUIRE(labels.find("app") != nullptr);
    CHECK(labels.find("app")->empty());
    CHECK_FALSE(labels.empty());
    CHECK(Labels{}.empty());
}

TEST_CASE("each operator decides for an object with the key and for one without it", "[labels]") {
    struct Row {
        Op op;
        std::vector<std::string> values;
        bool web;     // app=web
        bool empty;   // app=
        bool absent;  // no app
    };
    const auto row = GENERATE(values<Row>({
        {Op::in, {"web"}, true, false, false},
        {Op::in, {"api", "web"}, true, false, false},
        {Op::in, {"api"}, false, false, false},
        {Op::in, {"we"}, false, false, false},
        {Op::in, {""}, false, true, false},
        {Op::in, {}, false, false, false},
        {Op::not_in, {"web"}, false, true, true},
        {Op::not_in, {"api", "web"}, false, true, true},
        {Op::not_in, {"api"}, true, true, true},
        {Op::not_in, {""}, true, false, true},
        {Op::exists, {}, true, true, false},
        {Op::does_not_exist, {}, false, false, true},
        {Op::contains, {"e"}, true, false, false},
        {Op::contains, {"x", "eb"}, true, false, false},
        {Op::contains, {"x"}, false, false, false},
        {Op::contains, {""}, true, true, false},
        {Op::starts_with, {"we"}, true, false, false},
        {Op::starts_with, {"eb"}, false, false, false},
        {Op::ends_with, {"eb"}, true, false, false},
        {Op::ends_with, {"we"}, false, false, false},
    }));
    const Requirement requirement{"app", row.op, row.values};
    CAPTURE(to_string(Selector({requirement})));
    CHECK(requirement.matches({{"a", "b"}, {"app", "web"}}) == row.web);
    CHECK(requirement.matches({{"app", ""}}) == row.empty);
    CHECK(requirement.matches({{"a", "web"}, {"apple", "web"}}) == row.absent);
}

TEST_CASE("a selector holds when all of its requirements do", "[labels]") {
    const Selector selector({{"app", Op::in, {"web"}}, {"debug", Op::does_not_exist, {}}});
    CHECK(selector.matches({{"app", "web"}, {"tier", "front"}}));
    CHECK_FALSE(selector.matches({{"app", "web"}, {"debug", ""}}));
    CHECK_FALSE(selector.matches({{"tier", "front"}}));
    CHECK_FALSE(selector.matches_everything());
}

TEST_CASE("a selector without requirements matches everything", "[labels]") {
    CHECK(Selector{}.matches_everything());
    CHECK(Selector{}.matches({}));
    CHECK(Selector::matching({}).matches({{"app", "web"}}));
    CHECK(to_string(Selector{}) == "everything");
}

TEST_CASE("equal selectors compare equal however they were put together", "[labels]") {
    Selector added;
    added.add({"tier", Op::in, {"b", "a", "b"}});
    added.add({"app", Op::in, {"web"}});
    added.add({"app", Op::in, {"web"}});
    const Selector at_once({{"app", Op::in, {"web"}}, {"tier", Op::in, {"a", "b"}}});
    CHECK(added == at_once);
    CHECK(Selector::matching({{"app", "web"}}) == Selector({{"app", Op::in, {"web"}}}));
    CHECK(added != Selector::matching({{"app", "web"}}));
}

TEST_CASE("selectors print as people write them", "[labels]") {
    const auto [requirement, expected] = GENERATE(table<Requirement, std::string>({
        {{"app", Op::in, {"web"}}, "app=web"},
        {{"tier", Op::in, {"b", "a"}}, "tier in (a, b)"},
        {{"tier", Op::in, {}}, "tier in ()"},
        {{"app", Op::not_in, {"web"}}, "app!=web"},
        {{"app", Op::not_in, {"web", "api"}}, "app notin (api, web)"},
        {{"app", Op::exists, {}}, "app"},
        {{"debug", Op::does_not_exist, {}}, "!debug"},
        {{"app", Op::contains, {"we"}}, "app contains we"},
        {{"app", Op::starts_with, {"we"}}, "app starts with we"},
        {{"app", Op::ends_with, {"eb"}}, "app ends with eb"},
    }));
    CHECK(to_string(Selector({requirement})) == expected);
    const Selector several({{"tier", Op::in, {"a", "b"}}, {"app", Op::in, {"web"}}});
    CHECK(to_string(several) == "app=web,tier in (a, b)");
}
