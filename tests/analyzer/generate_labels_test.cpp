// SPDX-License-Identifier: Apache-2.0
#include "analyzer/generate_labels.h"

#include <catch2/catch.hpp>

#include "model/own_selector.h"

using namespace nspect;
using namespace nspect::analyzer;

namespace {

/// Workloads of one namespace, each with its own selector and the labels of its pods.
struct Place {
    Inventory inventory;

    std::size_t add(const std::string& name, const Labels& selector,
                    const std::vector<Labels>& pods) {
        const auto workload = inventory.ensure_workload({"shop", name, "Deployment"});
        for (const auto& labels : pods) {
            Endpoint pod;
            pod.workload = workload;
            pod.labels = labels;
            if (&labels == &pods.back()) set_own_selector(pod, selector);
            inventory.add_endpoint(std::move(pod));
        }
        return workload;
    }
    std::string chosen(std::size_t workload) const {
        return to_string(WorkloadSelectors(inventory).of(workload).labels);
    }
};

}  // namespace

TEST_CASE("a workload's own selector is taken before labels that are recommended") {
    Place place;
    const Labels pod{{"app.kubernetes.io/name", "web"}, {"team", "x"}, {"unit", "7"}};
    const auto web = place.add("web", {{"team", "x"}, {"unit", "7"}}, {pod});
    place.add("db", {{"app.kubernetes.io/name", "db"}}, {{{"app.kubernetes.io/name", "db"}}});
    CHECK(place.chosen(web) == "team=x,unit=7");
}

TEST_CASE("without a selector of its own a workload goes by the recommended labels") {
    Place place;
    const Labels pod{{"app.kubernetes.io/name", "web"}, {"aaa", "x"}, {"app", "web"}};
    const auto web = place.add("web", {}, {pod});
    place.add("db", {}, {{{"app.kubernetes.io/name", "db"}, {"app", "db"}}});
    CHECK(place.chosen(web) == "app.kubernetes.io/name=web");
}

TEST_CASE("an own selector that takes in others' pods gives way to labels that do not") {
    Place place;
    const auto web = place.add("web", {{"app", "web"}}, {{{"app", "web"}, {"track", "stable"}}});
    const auto canary =
        place.add("canary", {{"app", "web"}}, {{{"app", "web"}, {"track", "canary"}}});
    CHECK(place.chosen(web) == "track=stable");
    CHECK(place.chosen(canary) == "track=canary");
}

TEST_CASE("an own selector that a pod does not carry any more gives way to labels that all do") {
    Place place;
    const auto web = place.add("web", {{"tier", "front"}},
                               {{{"app", "web"}, {"tier", "front"}}, {{"app", "web"}}});
    CHECK(place.chosen(web) == "app=web");
}

TEST_CASE("a version tells workloads apart only where their own selectors ask for it") {
    const auto* const key = GENERATE("version", "app.kubernetes.io/version", "helm.sh/chart",
                                     "service.istio.io/canonical-revision");
    CAPTURE(key);
    const Labels first{{"app", "reviews"}, {key, "v1"}};
    const Labels second{{"app", "reviews"}, {key, "v2"}};
    SECTION("they do") {
        Place place;
        const auto v1 = place.add("reviews-v1", first, {first});
        const auto v2 = place.add("reviews-v2", second, {second});
        CHECK(WorkloadSelectors(place.inventory).of(v1).labels == first);
        CHECK(WorkloadSelectors(place.inventory).of(v2).labels == second);
    }
    SECTION("they do not: the next version of the same workload has another") {
        Place place;
        const auto v1 = place.add("reviews-v1", {{"app", "reviews"}}, {first});
        const auto v2 = place.add("reviews-v2", {{"app", "reviews"}}, {second});
        WorkloadSelectors selectors(place.inventory);
        CHECK(selectors.of(v1).labels == Labels{{"app", "reviews"}});
        CHECK(selectors.of(v1).also == std::vector<std::size_t>{v2});
    }
    SECTION("one that a selector asks for may help a label that alone tells too little") {
        Place place;
        const Labels pod{{"app", "reviews"}, {"team", "a"}, {key, "v1"}};
        const auto v1 = place.add("reviews-v1", {{key, "v1"}}, {pod});
        place.add("ratings", {{key, "v1"}}, {{{"app", "ratings"}, {"team", "a"}, {key, "v1"}}});
        place.add("old", {{key, "v0"}}, {{{"app", "reviews"}, {"team", "a"}, {key, "v0"}}});
        CHECK(WorkloadSelectors(place.inventory).of(v1).labels ==
              Labels{{"app", "reviews"}, {key, "v1"}});
    }
}

TEST_CASE("what a rollout, a run or a single pod sets is left out of an own selector, too") {
    const auto* const key = GENERATE(
        "pod-template-hash", "controller-revision-hash", "pod-template-generation",
        "controller-uid", "batch.kubernetes.io/controller-uid", "job-name",
        "batch.kubernetes.io/job-name", "batch.kubernetes.io/job-completion-index",
        "statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index", "deployment");
    CAPTURE(key);
    CHECK(use_of_label(key) == LabelUse::never);
    Place place;
    const Labels pod{{"app", "web"}, {key, "5d4f7"}};
    const auto web = place.add("web", pod, {pod});
    CHECK(place.chosen(web) == "app=web");
    // And where nothing else tells them apart, nothing does.
    const Labels other{{"app", "web"}, {key, "6e5a8"}};
    const auto next = place.add("next", other, {other});
    WorkloadSelectors selectors(place.inventory);
    CHECK(selectors.of(web).labels == Labels{{"app", "web"}});
    CHECK(selectors.of(web).also == std::vector<std::size_t>{next});
}
