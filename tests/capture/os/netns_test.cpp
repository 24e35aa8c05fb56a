// SPDX-License-Identifier: Apache-2.0
#include "capture/os/netns.h"

#include <catch2/catch.hpp>

#include "tests/capture/os/temp_folder.h"

using namespace nspect;
using namespace nspect::capture;

TEST_CASE("a file that is no network namespace is refused and may become one", "[netns]") {
    const TempFolder folder;
    folder.write("plain", "");
    CHECK(Netns::open(folder.path() + "/plain").error().kind == Error::Kind::invalid);
    CHECK(Netns::open("/proc/self/ns/mnt").error().kind == Error::Kind::invalid);
    CHECK(Netns::open(folder.path() + "/none").error().kind == Error::Kind::not_found);
}

TEST_CASE("a copy of a namespace's handle is the same namespace", "[netns]") {
    const auto own = Netns::of_this_thread();
    REQUIRE(own);
    const auto copy = own->duplicate();
    REQUIRE(copy);
    CHECK(copy->inode() == own->inode());
    CHECK(copy->fd() != own->fd());
}
