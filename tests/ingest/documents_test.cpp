// SPDX-License-Identifier: Apache-2.0
// What is said about documents and objects that are wrong, word for word.
#include <catch2/catch.hpp>

#include "tests/ingest/helpers.h"

using namespace nspect;
using namespace nspect::ingest;
using Catch::Matchers::StartsWith;

namespace {

const std::string pod =
    "apiVersion: v1\n"
    "kind: Pod\n"
    "metadata: {name: web}\n";

struct Case {
    std::string text;
    std::string words;
};

}  // namespace

TEST_CASE("a broken YAML document is shown with its line, and the next one is still read") {
    const auto [text, words] = GENERATE(
        Case{"a:\n"
             "\tb: 1\n",
             "a.yaml:2:1: error[DOC003]: a tab is used for indentation\n"
             "   2 | \tb: 1\n"
             "     | ^\n"
             "   hint: YAML is indented with spaces only\n"},
        Case{"a: [1, 2\n",
             "a.yaml:2:1: error[DOC004]: not valid YAML: did not find expected ',' or ']' (while "
             "parsing a flow sequence that starts in line 1)\n"
             "   2 | ---\n"
             "     | ^\n"},
        Case{"kind: {{ .Values.kind }}\n",
             "a.yaml:1:8: error[DOC011]: a key must be a plain text, not a list or a mapping\n"
             "   1 | kind: {{ .Values.kind }}\n"
             "     |        ^\n"
             "   hint: this looks like a template: render it first\n"},
        Case{"name: a\n"
             "kind: {{ x }} y\n",
             "a.yaml:2:8: error[DOC011]: a key must be a plain text, not a list or a mapping\n"
             "   2 | kind: {{ x }} y\n"
             "     |        ^\n"
             "   hint: this looks like a template: render it first\n"},
        Case{"a: *nowhere\n",
             "a.yaml:1:4: error[DOC008]: no value before this one has the anchor &nowhere\n"
             "   1 | a: *nowhere\n"
             "     |    ^\n"},
        Case{"a: &a [*a]\n",
             "a.yaml:1:8: error[DOC008]: no value before this one has the anchor &a\n"
             "   1 | a: &a [*a]\n"
             "     |        ^\n"},
        Case{"a: 1\n"
             "b: 2\n"
             "a: 3\n",
             "a.yaml:3:1: error[DOC007]: the key \"a\" is given twice\n"
             "   3 | a: 3\n"
             "     | ^\n"
             "   hint: the first is in line 1\n"},
        Case{"? [a]\n"
             ": 1\n",
             "a.yaml:1:3: error[DOC011]: a key must be a plain text, not a list or a mapping\n"
             "   1 | ? [a]\n"
             "     |   ^\n"},
        Case{"<<: [1]\n",
             "a.yaml:1:6: error[DOC012]: a merge key takes a mapping or a list of mappings\n"
             "   1 | <<: [1]\n"
             "     |      ^\n"},
        Case{"just words\n",
             "a.yaml:1:1: error[DOC015]: a manifest is a mapping with apiVersion and kind, this is "
             "text\n"
             "   1 | just words\n"
             "     | ^~~~~~~~~~\n"},
        Case{"a: \"b\n",
             "a.yaml:2:1: error[DOC004]: not valid YAML: found unexpected document indicator "
             "(while scanning a quoted scalar that starts in line 1)\n"
             "   2 | ---\n"
             "     | ^\n"});
    const auto loaded = test::load_yaml(text + "---\n" + pod);
    INFO(text);
    CHECK(loaded.words() == words);
    CHECK(loaded.bundle.inventory.workloads().size() == 1);
}

TEST_CASE("what is no text is said to be none") {
    const auto [text, words] = GENERATE(
        Case{std::string("a: \000b\n", 6), "a.yaml: error[DOC001]: this is not a text file\n"},
        Case{std::string("\377\376a\000", 4),
             "a.yaml: error[DOC001]: this is not a text file\n"
             "   hint: save it as UTF-8\n"},
        Case{"a: b\n"
             "c: \351\n",
             "a.yaml:2:4: error[DOC002]: the text is not valid UTF-8 here\n"
             "   2 | c: \\xE9\n"
             "     |    ^~~~\n"
             "   hint: save the file as UTF-8\n"},
        Case{"a: b\n"
             "c: \355\240\200\n",
             "a.yaml:2:4: error[DOC002]: the text is not valid UTF-8 here\n"
             "   2 | c: \\xED\\xA0\\x80\n"
             "     |    ^~~~\n"
             "   hint: save the file as UTF-8\n"},
        Case{"a: b\n"
             "c: \303\251\001\n",
             "a.yaml:2:5: error[DOC004]: not valid YAML: control characters are not allowed\n"
             "   2 | c: \303\251\\x01\n"
             "     |     ^~~~\n"});
    const auto loaded = test::load_yaml(text);
    CHECK(loaded.words() == words);
}

TEST_CASE("broken JSON is shown with its place") {
    const auto [text, words] = GENERATE(
        Case{"{\n"
             "  \"kind\": Pod\n"
             "}",
             "a.json:2:11: error[DOC005]: not valid JSON: this was not expected here\n"
             "   2 |   \"kind\": Pod\n"
             "     |           ^\n"},
        Case{"{\"kind\": \"Pod\"",
             "a.json:1:15: error[DOC005]: not valid JSON: it ends too early\n"
             "   1 | {\"kind\": \"Pod\"\n"
             "     |               ^\n"},
        Case{"{\"a\": 1,\n"
             " \"a\": 2}",
             "a.json:2:2: error[DOC007]: the key \"a\" is given twice\n"
             "   2 |  \"a\": 2}\n"
             "     |  ^\n"
             "   hint: the first is in line 1\n"},
        Case{"{} x",
             "a.json:1:4: error[DOC005]: not valid JSON: unexpected text after the last value\n"
             "   1 | {} x\n"
             "     |    ^\n"},
        Case{"[1e999]",
             "a.json:1:7: error[DOC005]: not valid JSON: a number is too large\n"
             "   1 | [1e999]\n"
             "     |       ^\n"},
        Case{"{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[{},{\"apiVersion\":\"v1\","
             "\"kind\":\"Pod\",\"metadata\":{\"name\":\"\303\251\",\"labels\":{\"a\":true}}}]}",
             "a.json:1:97: note[DOC018]: Pod default/\303\251 is left out: it has 2 errors\n"
             "   1 | "
             "...d\":\"List\",\"items\":[{},{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{"
             "\"name\":\"\303\251\",\"labels\":{\"a\":true}}}]}\n"
             "     |                                                                             "
             "^~~\n"
             "a.json:1:97: error[INV009]: \"\303\251\" is not a name for a Pod\n"
             "   1 | "
             "...d\":\"List\",\"items\":[{},{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{"
             "\"name\":\"\303\251\",\"labels\":{\"a\":true}}}]}\n"
             "     |                                                                             "
             "^~~\n"
             "   hint: names consist of lower case letters, digits, \"-\" and \".\", with a letter "
             "or digit at both ends\n"
             "a.json:1:115: error[INV005]: a label value must be text, this is true or false\n"
             "   1 | "
             "...d\":\"List\",\"items\":[{},{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{"
             "\"name\":\"\303\251\",\"labels\":{\"a\":true}}}]}\n"
             "     |                                                                               "
             "                ^~~~\n"
             "   hint: write it in quotes: \"true\"\n"});
    const auto loaded = test::load_named("a.json", text);
    INFO(text);
    CHECK(loaded.words() == words);
}

TEST_CASE("what is wrong with an object is said at its place") {
    const auto [text, words] = GENERATE(
        Case{"apiVersion: v1\n"
             "kind: Pod\n"
             "metadata: {namespace: shop}\n",
             "a.yaml:1:1: note[DOC018]: a Pod without a usable name is left out: it has 1 error\n"
             "   1 | apiVersion: v1\n"
             "     | ^\n"
             "a.yaml:3:11: error[DOC020]: this Pod has no metadata.name\n"
             "   3 | metadata: {namespace: shop}\n"
             "     |           ^\n"},
        Case{"apiVersion: v1\n"
             "kind: Pod\n"
             "metadata: {name: 8}\n",
             "a.yaml:3:18: note[DOC018]: a Pod without a usable name is left out: it has 1 error\n"
             "   3 | metadata: {name: 8}\n"
             "     |                  ^\n"
             "a.yaml:3:18: error[DOC019]: \"name\" must be text, it is a number\n"
             "   3 | metadata: {name: 8}\n"
             "     |                  ^\n"
             "   hint: write it in quotes: \"8\"\n"},
        Case{"apiVersion: v1\n"
             "kind: Pod\n"
             "metadata: {name: My_Pod}\n",
             "a.yaml:3:18: note[DOC018]: Pod default/My_Pod is left out: it has 1 error\n"
             "   3 | metadata: {name: My_Pod}\n"
             "     |                  ^~~~~~\n"
             "a.yaml:3:18: error[INV009]: \"My_Pod\" is not a name for a Pod\n"
             "   3 | metadata: {name: My_Pod}\n"
             "     |                  ^~~~~~\n"
             "   hint: names consist of lower case letters, digits, \"-\" and \".\", with a letter "
             "or digit at both ends\n"},
        Case{"apiVersion: v1\n"
             "kind: Pod\n"
             "metadata: {name: a, namespace: a.b}\n",
             "a.yaml:3:18: note[DOC018]: Pod a.b/a is left out: it has 1 error\n"
             "   3 | metadata: {name: a, namespace: a.b}\n"
             "     |                  ^\n"
             "a.yaml:3:32: error[INV009]: \"a.b\" is not a name for a Namespace\n"
             "   3 | metadata: {name: a, namespace: a.b}\n"
             "     |                                ^~~\n"
             "   hint: names consist of lower case letters, digits and \"-\", at most 63, with a "
             "letter or digit at both ends\n"},
        Case{"apiVersion: v1\n"
             "kind: Pod\n"
             "metadata: [name]\n",
             "a.yaml:1:1: note[DOC018]: a Pod without a usable name is left out: it has 1 error\n"
             "   1 | apiVersion: v1\n"
             "     | ^\n"
             "a.yaml:3:11: error[DOC019]: \"metadata\" must be a mapping, it is a list\n"
             "   3 | metadata: [name]\n"
             "     |           ^\n"},
        Case{"apiVersion: v1\n"
             "metadata: {name: a}\n",
             "a.yaml:1:1: warning[DOC016]: this object has no kind; it is passed over\n"
             "   1 | apiVersion: v1\n"
             "     | ^\n"},
        Case{"apiVersion: networking.k8s.io/v1\n"
             "kind: NetworkPolcy\n"
             "metadata: {name: a}\n",
             "a.yaml:2:7: warning[DOC017]: unknown kind \"NetworkPolcy\" is passed over\n"
             "   2 | kind: NetworkPolcy\n"
             "     |       ^~~~~~~~~~~~\n"
             "   hint: did you mean \"NetworkPolicy\"?\n"},
        Case{"apiVersion: v1\n"
             "kind: Namespace\n"
             "metadata: {name: a}\n"
             "---\n"
             "apiVersion: v1\n"
             "kind: Namespace\n"
             "metadata: {name: a}\n",
             "a.yaml:7:18: note[DOC018]: Namespace a is left out: it has 1 error\n"
             "   7 | metadata: {name: a}\n"
             "     |                  ^\n"
             "a.yaml:7:18: error[INV001]: Namespace a is declared twice\n"
             "   7 | metadata: {name: a}\n"
             "     |                  ^\n"
             "   hint: the first is at a.yaml:1:1\n"},
        Case{"apiVersion: v1\n"
             "kind: Pod\n"
             "metadata: {name: a}\n"
             "---\n"
             "apiVersion: v1\n"
             "kind: Pod\n"
             "metadata: {name: a}\n",
             "a.yaml:7:18: note[DOC018]: Pod default/a is left out: it has 1 error\n"
             "   7 | metadata: {name: a}\n"
             "     |                  ^\n"
             "a.yaml:7:18: error[INV002]: Pod default/a is declared twice\n"
             "   7 | metadata: {name: a}\n"
             "     |                  ^\n"
             "   hint: the first is at a.yaml:1:1\n"},
        Case{"apiVersion: v1\n"
             "kind: Pod\n"
             "metadata: {name: a, labels: {a b: c}}\n",
             "a.yaml:3:18: note[DOC018]: Pod default/a is left out: it has 1 error\n"
             "   3 | metadata: {name: a, labels: {a b: c}}\n"
             "     |                  ^\n"
             "a.yaml:3:30: error[INV003]: \"a b\" is not a label key\n"
             "   3 | metadata: {name: a, labels: {a b: c}}\n"
             "     |                              ^~~\n"
             "   hint: a name as in \"app\" or \"example.com/app\"\n"},
        Case{"apiVersion: v1\n"
             "kind: Pod\n"
             "metadata: {name: a, labels: {a: b c}}\n",
             "a.yaml:3:18: note[DOC018]: Pod default/a is left out: it has 1 error\n"
             "   3 | metadata: {name: a, labels: {a: b c}}\n"
             "     |                  ^\n"
             "a.yaml:3:33: error[INV004]: \"b c\" is not a label value\n"
             "   3 | metadata: {name: a, labels: {a: b c}}\n"
             "     |                                 ^~~\n"
             "   hint: at most 63 letters, digits, \"-\", \"_\" and \".\", with a letter or digit "
             "at both ends\n"},
        Case{"apiVersion: v1\n"
             "kind: Pod\n"
             "metadata: {name: a, labels: {a: 1}}\n",
             "a.yaml:3:18: note[DOC018]: Pod default/a is left out: it has 1 error\n"
             "   3 | metadata: {name: a, labels: {a: 1}}\n"
             "     |                  ^\n"
             "a.yaml:3:33: error[INV005]: a label value must be text, this is a number\n"
             "   3 | metadata: {name: a, labels: {a: 1}}\n"
             "     |                                 ^\n"
             "   hint: write it in quotes: \"1\"\n"},
        Case{"apiVersion: v1\n"
             "kind: Pod\n"
             "metadata: {name: a}\n"
             "spec:\n"
             "  containers:\n"
             "  - ports:\n"
             "    - containerPort: 0x50\n",
             "a.yaml:3:18: note[DOC018]: Pod default/a is left out: it has 1 error\n"
             "   3 | metadata: {name: a}\n"
             "     |                  ^\n"
             "a.yaml:7:22: error[INV006]: 0x50 is not a port number\n"
             "   7 |     - containerPort: 0x50\n"
             "     |                      ^~~~\n"
             "   hint: ports are whole numbers from 1 to 65535\n"},
        Case{"apiVersion: v1\n"
             "kind: Pod\n"
             "metadata: {name: a}\n"
             "spec:\n"
             "  containers:\n"
             "  - ports:\n"
             "    - name: http\n",
             "a.yaml:7:7: warning[INV007]: this container port has no containerPort; passed over\n"
             "   7 |     - name: http\n"
             "     |       ^\n"},
        Case{"apiVersion: v1\n"
             "kind: Service\n"
             "metadata: {name: a}\n"
             "spec:\n"
             "  ports:\n"
             "  - {port: 80, protocol: HTTP}\n",
             "a.yaml:3:18: note[DOC018]: Service default/a is left out: it has 1 error\n"
             "   3 | metadata: {name: a}\n"
             "     |                  ^\n"
             "a.yaml:6:26: error[INV011]: unknown protocol \"HTTP\"\n"
             "   6 |   - {port: 80, protocol: HTTP}\n"
             "     |                          ^~~~\n"
             "   hint: known are TCP, UDP and SCTP\n"},
        Case{"apiVersion: v1\n"
             "kind: Pod\n"
             "metadata: {name: a}\n"
             "status: {podIP: 10.0.0.300}\n",
             "a.yaml:4:17: warning[INV008]: not an IP address; passed over\n"
             "   4 | status: {podIP: 10.0.0.300}\n"
             "     |                 ^~~~~~~~~~\n"},
        Case{"apiVersion: apps/v1\n"
             "kind: Deployment\n"
             "metadata: {name: a}\n"
             "spec: {}\n",
             "a.yaml:1:1: warning[INV010]: Deployment default/a has no pod template: it has no "
             "labels\n"
             "   1 | apiVersion: apps/v1\n"
             "     | ^\n"
             "   hint: its pods get theirs from spec.template.metadata.labels\n"});
    const auto loaded = test::load_yaml(text);
    INFO(text);
    CHECK(loaded.words() == words);
}

TEST_CASE("twenty broken documents are enough of one file") {
    std::string text;
    for (int i = 0; i < 25; ++i) text += "---\na: [\n";
    const auto loaded = test::load_yaml(text);
    REQUIRE(loaded.diagnostics.items().size() == 21);
    CHECK_THAT(to_string(loaded.diagnostics.items().back()),
               StartsWith("a.yaml:41:1: error[DOC014]: more than 20 documents of this file are "
                          "broken; the rest was not read\n"));
}
