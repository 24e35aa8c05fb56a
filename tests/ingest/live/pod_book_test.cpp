// SPDX-License-Identifier: Apache-2.0
#include "ingest/live/pod_book.h"

#include <catch2/catch.hpp>

#include "model/workload.h"

using namespace nspect;
using namespace nspect::ingest;

namespace {

Timestamp at(int seconds) {
    return Timestamp(std::chrono::seconds(1'700'000'000 + seconds));
}

std::string pod(const std::string& uid, const std::string& ip, const std::string& more = "",
                const std::string& status = "") {
    return R"({"metadata":{"name":"web-5d9-x","namespace":"shop","uid":")" + uid +
           R"(","labels":{"app":"web","pod-template-hash":"5d9"},"ownerReferences":[)" +
           R"({"kind":"ReplicaSet","name":"web-5d9","controller":true}]},)" +
           R"("spec":{"nodeName":"n1")" + more + R"(},"status":{"podIP":")" + ip + "\"" + status +
           "}}";
}

std::string owner_in(const Batch& batch) {
    return batch.targets.empty() ? "-" : *batch.targets.back().labels.find(owner_key);
}

}  // namespace

TEST_CASE("a pod is recorded with its labels, node, owner and addresses", "[pods]") {
    PodBook book;
    book.take("Pod", "shop/web-5d9-x", pod("u1", "10.0.0.1"), at(0));
    const auto batch = book.take_changes();
    REQUIRE(batch.targets.size() == 1);
    const auto& target = batch.targets[0];
    CHECK(target.pod == "web-5d9-x");
    CHECK(target.namespace_name == "shop");
    CHECK(target.pod_uid == "u1");
    CHECK(*target.labels.find("app") == "web");
    CHECK(*target.labels.find(node_key) == "n1");
    CHECK(owner_in(batch) == "Deployment/web");
    REQUIRE(batch.addresses.size() == 1);
    CHECK(batch.addresses[0] ==
          AddressSeen{*IpAddress::parse("10.0.0.1"), target.id, at(0), forever});
    CHECK(book.take_changes().empty());
}

TEST_CASE("an address belongs to a pod until the pod goes, ends, or has another one", "[pods]") {
    PodBook book;
    book.take("Pod", "shop/a", pod("u1", "10.0.0.1"), at(0));
    const auto id = book.take_changes().targets.at(0).id;
    const auto later = GENERATE(values<std::string>({"", "ended", "made anew", "another address"}));
    INFO(later);
    book.take("Pod", "shop/a",
              later == "ended"       ? pod("u1", "10.0.0.1", "", R"(,"phase":"Succeeded")")
              : later == "made anew" ? pod("u2", "10.0.0.2")
              : later.empty()        ? ""
                                     : pod("u1", "10.0.0.2"),
              at(10));
    const auto batch = book.take_changes();
    REQUIRE_FALSE(batch.addresses.empty());
    CHECK(batch.addresses[0] == AddressSeen{*IpAddress::parse("10.0.0.1"), id, at(0), at(10)});
    CHECK(batch.addresses.size() == (later.empty() || later == "ended" ? 1 : 2));
    CHECK(book.pods() == (later.empty() || later == "ended" ? 0 : 1));
}

TEST_CASE("a pod has its address from its start, but not while another one still had it",
          "[pods]") {
    const std::string started = R"(,"startTime":"2023-11-14T22:13:21Z")";  // at(1)
    PodBook book;
    book.take("Pod", "shop/a", pod("u1", "10.0.0.1"), at(0));
    book.take("Pod", "shop/b", pod("u2", "10.0.0.2", "", started), at(20));
    book.take("Pod", "shop/a", "", at(10));
    book.take("Pod", "shop/c", pod("u3", "10.0.0.1", "", started), at(20));
    const auto addresses = book.take_changes().addresses;
    REQUIRE(addresses.size() == 4);
    CHECK(addresses[1].from == at(1));
    CHECK(addresses[3].from == at(10));
}

TEST_CASE("a pod on its node's network has no address of its own", "[pods]") {
    PodBook book;
    book.take("Pod", "shop/a", pod("u1", "192.0.2.1", R"(,"hostNetwork":true)"), at(0));
    const auto batch = book.take_changes();
    CHECK(batch.targets.size() == 1);
    CHECK(batch.addresses.empty());
}

TEST_CASE("an owner is named by what controls it, also when that is heard of later", "[pods]") {
    PodBook book;
    const std::string job =
        R"({"metadata":{"name":"tidy-1-x","namespace":"shop","uid":"u1","ownerReferences":)"
        R"([{"kind":"Job","name":"tidy-1","controller":true}]}})";
    book.take("Pod", "shop/tidy-1-x", job, at(0));
    CHECK(owner_in(book.take_changes()) == "Job/tidy-1");
    book.take(
        "Job", "shop/tidy-1",
        R"({"metadata":{"ownerReferences":[{"kind":"CronJob","name":"tidy","controller":true}]}})",
        at(1));
    CHECK(owner_in(book.take_changes()) == "CronJob/tidy");
}

TEST_CASE("nonsense about a pod is no pod", "[pods]") {
    PodBook book;
    for (const auto* text : {"[1]", "{", "7"}) book.take("Pod", "shop/a", text, at(0));
    book.take("Pod", "shop/b", R"({"metadata":7,"spec":[],"status":{"podIP":5,"podIPs":"x"}})",
              at(0));
    CHECK(book.take_changes().addresses.empty());
}
