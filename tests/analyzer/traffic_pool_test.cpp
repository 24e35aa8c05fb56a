// SPDX-License-Identifier: Apache-2.0
#include "analyzer/traffic_pool.h"

#include <catch2/catch.hpp>

using namespace nspect;
using namespace nspect::analyzer;

TEST_CASE("equal traffic sets share one number", "[traffic_pool]") {
    TrafficPool pool;
    const auto web = pool.intern(TrafficSet::of(Protocol::tcp, {Port{80}, Port{80}}));
    const auto secure = pool.intern(TrafficSet::of(Protocol::tcp, {Port{81}, Port{81}}));
    const auto both = pool.intern(TrafficSet::of(Protocol::tcp, {Port{80}, Port{81}}));

    CHECK(pool.unite(web, secure) == both);
    CHECK(pool.unite(secure, web) == both);
    CHECK(pool.intersect(both, web) == web);
    CHECK(pool.subtract(both, web) == secure);
    CHECK(pool.subtract(web, both) == TrafficPool::none);
}

TEST_CASE("everything and nothing are the neutral elements of traffic", "[traffic_pool]") {
    TrafficPool pool;
    const auto dns = pool.intern(TrafficSet::of(Protocol::udp, {Port{53}, Port{53}}));

    CHECK(pool.unite(dns, TrafficPool::none) == dns);
    CHECK(pool.unite(dns, TrafficPool::all) == TrafficPool::all);
    CHECK(pool.intersect(dns, TrafficPool::all) == dns);
    CHECK(pool.intersect(TrafficPool::none, dns) == TrafficPool::none);
    CHECK(pool.subtract(dns, TrafficPool::none) == dns);
    CHECK(pool.subtract(dns, TrafficPool::all) == TrafficPool::none);
    CHECK(pool.intern(TrafficSet::all()) == TrafficPool::all);
}
