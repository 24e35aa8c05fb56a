// SPDX-License-Identifier: Apache-2.0
#include "model/shared.h"

#include <string>

#include <catch2/catch.hpp>

using namespace nspect;

TEST_CASE("copies share a value until one of them is changed", "[model]") {
    Shared<std::string> a(std::string("one"));
    Shared<std::string> b = a;
    const auto& seen_a = a;
    const auto& seen_b = b;
    CHECK(seen_a.get() == seen_b.get());
    *b += " more";
    CHECK(*seen_a == "one");
    CHECK(*seen_b == "one more");
    CHECK(seen_a.get() != seen_b.get());

    const auto* own = seen_b.get();
    b->push_back('!');  // nobody else has it
    CHECK(seen_b.get() == own);
    CHECK(*seen_b == "one more!");
}

TEST_CASE("nothing, and a value that is equal", "[model]") {
    Shared<int> none;
    CHECK(!none);
    CHECK(none.get() == nullptr);
    CHECK(none.value_or(7) == 7);
    CHECK(none == Shared<int>(std::nullopt));
    CHECK(none == Shared<int>(std::optional<int>()));

    const Shared<int> one(1);
    CHECK(one.value_or(7) == 1);
    CHECK(one == Shared<int>(std::optional<int>(1)));
    CHECK(!(one == Shared<int>(2)));
    CHECK(!(one == none));

    Shared<int> changed = one;
    changed.emplace() = 3;
    CHECK(*one == 1);
    changed.reset();
    CHECK(changed == none);
}
