// SPDX-License-Identifier: Apache-2.0
#include "model/result.h"

#include <cerrno>
#include <memory>

#include <catch2/catch.hpp>

using namespace nspect;

namespace {

Result<int> half(int value) {
    if (value % 2 != 0) return Error{Error::Kind::invalid, "odd", {}, {}};
    return value / 2;
}

}  // namespace

TEST_CASE("a result holds a value or the reason there is none", "[result]") {
    const auto good = half(8);
    REQUIRE(good.has_value());
    CHECK(*good == 4);
    const auto bad = half(7);
    REQUIRE_FALSE(bad);
    CHECK(bad.error().message == "odd");
    const Status fine = done;
    CHECK(fine.has_value());
}

TEST_CASE("the first error ends a chain", "[result]") {
    CHECK(*half(8).and_then(half) == 2);
    CHECK(half(6).and_then(half).error().message == "odd");
    CHECK(half(7).and_then(half).error().message == "odd");
}

TEST_CASE("a result gives out a value that can only be moved", "[result]") {
    Result<std::unique_ptr<int>> result(std::make_unique<int>(5));
    const std::unique_ptr<int> value = *std::move(result);
    CHECK(*value == 5);
}

TEST_CASE("an error says where, what, and on a line of its own what to do", "[result]") {
    CHECK(to_string(Error{Error::Kind::io, "disk full", {}, {}}) == "disk full");
    CHECK(to_string(Error{Error::Kind::permission, "may not be opened", "run as root", "eth0"}) ==
          "eth0: may not be opened\n   hint: run as root");
    CHECK(to_string(Error{Error::Kind::io, "gone", {}, "a\x1b[31m\nb"}) ==
          "a\\x1B[31m\\x0Ab: gone");
}

TEST_CASE("errno values become the kinds that callers tell apart", "[result]") {
    const auto [number, kind] = GENERATE(table<int, Error::Kind>({
        {ENOENT, Error::Kind::not_found},
        {ENODEV, Error::Kind::not_found},
        {EPERM, Error::Kind::permission},
        {EACCES, Error::Kind::permission},
        {EINVAL, Error::Kind::invalid},
        {ECONNREFUSED, Error::Kind::unavailable},
        {EBUSY, Error::Kind::unavailable},
        {EOPNOTSUPP, Error::Kind::unsupported},
        {EIO, Error::Kind::io},
        {ENOSPC, Error::Kind::io},
        {99999, Error::Kind::io},
    }));
    const auto error = error_from_errno(number, "open", "x");
    CHECK(error.kind == kind);
    CHECK(error.where == "x");
    CHECK(error.hint.empty());
}

TEST_CASE("an errno value is explained in words", "[result]") {
    CHECK(error_from_errno(ENOENT, "open").message == "open: No such file or directory");
}
