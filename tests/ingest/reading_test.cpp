// SPDX-License-Identifier: Apache-2.0
// How documents are found: lists, JSON, anchors, folders; and that no input takes long.
#include <chrono>
#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>
#include <unistd.h>

#include "tests/ingest/helpers.h"

namespace fs = std::filesystem;
using namespace nspect;
using namespace nspect::ingest;
using test::load_named;
using test::load_yaml;

namespace {

std::string repeated(std::string_view text, std::size_t times) {
    std::string all;
    for (std::size_t i = 0; i < times; ++i) all += text;
    return all;
}

std::size_t workloads(const std::string& name, const std::string& text) {
    const auto loaded = load_named(name, text);
    INFO(loaded.words());
    CHECK(loaded.diagnostics.empty());
    return loaded.bundle.inventory.workloads().size();
}

std::string alias_bomb() {
    std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 12; ++i) {
        const std::string one = "*a" + std::to_string(i - 1);
        text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + one +
                repeated(", " + one, 8) + "]\n";
    }
    return text;
}

/// A folder that vanishes with the test.
class Folder {
public:
    Folder() : path_(fs::temp_directory_path() / ("nspect-ingest-" + std::to_string(getpid()))) {
        fs::create_directories(path_);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    std::string write(const std::string& name, const std::string& text) const {
        fs::create_directories((path_ / name).parent_path());
        std::ofstream(path_ / name) << text;
        return (path_ / name).string();
    }
    std::string path() const { return path_.string(); }

private:
    fs::path path_;
};

const std::string pod_a = R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}})";
const std::string pod_b = R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"b"}})";

}  // namespace

TEST_CASE("objects are found in every wrapping") {
    const std::string bare = R"({"metadata":{"name":"a"}},{"metadata":{"name":"b"}})";
    CHECK(workloads("a.json", pod_a + "\n" + pod_b) == 2);
    CHECK(workloads("a.json", "[" + pod_a + "," + pod_b + "]") == 2);
    CHECK(workloads("a.json", R"({"apiVersion":"v1","kind":"List","items":[)" + pod_a + "," +
                                  pod_b + "]}") == 2);
    CHECK(workloads("a.json", R"({"items":[)" + pod_a + "," + pod_b +
                                  R"(],"apiVersion":"v1","kind":"List"})") == 2);
    CHECK(workloads("a.json", R"({"apiVersion":"v1","kind":"PodList","items":[)" + bare + "]}") ==
          2);
    CHECK(workloads("a.json",
                    R"({"items":[)" + bare + R"(],"apiVersion":"v1","kind":"PodList"})") == 2);
    CHECK(workloads("a.json",
                    R"({"apiVersion":"v1","kind":"List","items":[{"kind":"List","items":[)" +
                        pod_a + "]}," + pod_b + "]}") == 2);
    CHECK(workloads("a.yaml", pod_a + "\n---\n" + pod_b + "\n") == 2);
    CHECK(workloads("a.yaml", "{apiVersion: v1, kind: Pod, metadata: {name: a}}") == 1);
    CHECK(workloads("a.yaml",
                    "\xef\xbb\xbf"
                    "apiVersion: v1\r\nkind: Pod\r\nmetadata:\r\n"
                    "  name: a\r\n") == 1);
    CHECK(workloads("a.yaml", "# only words\n---\n---\n") == 0);
    CHECK(workloads("a.yaml", "") == 0);
}

TEST_CASE("a place in JSON is a line, a column and a path") {
    const auto loaded = load_named(
        "a.json", "{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[\n" + pod_a + ",\n" +
                      R"({"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy",)"
                      R"("metadata":{"name":"p"},"spec":{"ingress":[{"ports":[{"port":0}]}]}}]})");
    REQUIRE(loaded.diagnostics.items().size() == 2);
    const Location& where = loaded.diagnostics.items()[1].location;
    CHECK(where == Location{"a.json", 3, 122, "items[1].spec.ingress[0].ports[0].port"});
    REQUIRE(loaded.bundle.inventory.endpoints().size() == 1);
    CHECK(loaded.bundle.inventory.endpoints()[0].where == Location{"a.json", 2, 1, "items[0]"});
}

TEST_CASE("anchors, aliases and merge keys mean what they say") {
    const auto loaded = load_yaml(R"(
apiVersion: v1
kind: Pod
metadata:
  name: a
  labels: &common {app: web, tier: front}
---
apiVersion: v1
kind: List
base: &base {app: web, tier: front}
items:
- apiVersion: v1
  kind: Pod
  metadata: {name: b, labels: {<<: *base, tier: back}}
- apiVersion: v1
  kind: Pod
  metadata: {name: c, labels: *base}
- apiVersion: v1
  kind: Pod
  metadata: {name: d, labels: {<<: [{x: "1"}, *base], app: "yes"}}
)");
    INFO(loaded.words());
    REQUIRE(loaded.diagnostics.empty());
    const auto& pods = loaded.bundle.inventory.endpoints();
    REQUIRE(pods.size() == 4);
    CHECK(to_string(pods[1].labels) == "app=web,tier=back");
    CHECK(to_string(pods[2].labels) == "app=web,tier=front");
    CHECK(to_string(pods[3].labels) == "app=yes,tier=front,x=1");
}

TEST_CASE("hostile documents are refused in bounded time") {
    struct Case {
        std::string name;
        std::string text;
        std::string code;
    };
    const auto [name, text, code] = GENERATE(
        Case{"a.yaml", alias_bomb(), "DOC009"},
        Case{"a.yaml", "a: " + repeated("[", 10'000), "DOC006"},
        Case{"a.yaml", "a:\n" + repeated("- ", 10'000), "DOC006"},
        Case{"a.json", repeated("[", 10'000), "DOC006"},
        Case{"a.json", repeated("{\"a\":", 1'000'000), "DOC006"},
        Case{"a.yaml", repeated("? ", 10'000), "DOC011"},
        Case{"a.json", "{\"a\":[" + repeated("1,", 4'100'000) + "1]}", "DOC010"},
        Case{"a.yaml", repeated("---\n\t\n", 100'000), "DOC014"},
        Case{"a.yaml", "a: &a {" + repeated("b: [1,", 150) + repeated("]", 150) + "}", "DOC006"});
    const auto start = std::chrono::steady_clock::now();
    const auto loaded = load_named(name, text);
    const auto codes = loaded.codes();
    INFO(text.substr(0, 40));
    CHECK(std::find(codes.begin(), codes.end(), code) != codes.end());
    CHECK(codes.size() < 50);
    // Generous: sanitizers and busy machines are slow, but nothing here is quadratic.
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(20));
}

TEST_CASE("many keys take no longer than their number") {
    std::string text = "{";
    for (int i = 0; i < 200'000; ++i) text += "\"k" + std::to_string(i) + "\":1,";
    const auto loaded = load_named("a.json", text + "\"k7\":2}");
    CHECK(loaded.codes() == std::vector<std::string>{"DOC007"});
}

TEST_CASE("folders are read in sorted order, all the way down") {
    const Folder folder;
    folder.write("b.yaml", pod_b);
    folder.write("a/x.json", pod_a);
    folder.write("notes.txt", "not: [read");
    Diagnostics diagnostics;
    const auto bundle = load({folder.path()}, diagnostics);
    REQUIRE(bundle);
    CHECK(diagnostics.empty());
    REQUIRE(bundle->inventory.endpoints().size() == 2);
    CHECK(bundle->inventory.endpoints()[0].name == "a");
}

TEST_CASE("a folder without manifests and a file that is not there are errors") {
    const Folder folder;
    folder.write("notes.txt", "x");
    Diagnostics diagnostics;
    const auto empty = load({folder.path()}, diagnostics);
    REQUIRE_FALSE(empty);
    CHECK(to_string(empty.error()) ==
          folder.path() +
              ": no manifest in this folder\n   hint: manifests are files named .yaml, "
              ".yml or .json");
    const auto missing = load({folder.path() + "/none.yaml"}, diagnostics);
    REQUIRE_FALSE(missing);
    CHECK(missing.error().kind == Error::Kind::not_found);
}
