#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pages.py PROGRAM: the page of every verb that writes one, opened in Chromium where there is one.

Each draws itself without a complaint or a request, shows every edge with the tip of its state, and answers a choice.
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "viz"))
import browser  # noqa: E402

SHOP = ["samples/shop/shop.nspect", "samples/shop"]
FOLDER = tempfile.TemporaryDirectory(prefix="nspect-pages.")
PAGES = pathlib.Path(FOLDER.name)
EARLIER = str(PAGES / "earlier.nspect")
MESH = str(PAGES / "mesh.nspect")
# The verb and its inputs, and the states that its page must show.
VERBS = {
    "audit": (["audit", *SHOP], {"allowed-used", "allowed-unused", "denied-blocked"}),
    "audit mesh": (["audit", MESH, "samples/mesh"], {"unprotected"}),
    "graph": (["graph", *SHOP], {"allowed-used", "denied-blocked"}),
    "graph, a part of it": (["graph", *SHOP, "--focus", "shop/pay", "--hide", "8444"], {"allowed-used"}),
    "graph of a recording alone": (["graph", SHOP[0]], {"unprotected"}),
    "connectivity": (["connectivity", "samples/shop"], {"allowed-used"}),
    "diff of policies": (["diff", "tests/golden/data/before", "tests/golden/data/after"], {"added", "removed"}),
    "diff of recordings": (["diff", EARLIER, *SHOP], {"added", "removed", "changed"}),
    "diff of the same": (["diff", "samples/shop", "samples/shop"], set()),
}
PROGRAM = os.path.abspath(sys.argv.pop(1))


def write_pages():
    def nspect(*arguments):
        ended = subprocess.run([PROGRAM, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
        assert ended.returncode in (0, 1), (arguments, ended.stderr)
    nspect("capture", "-q", "--read", "tests/golden/data/shop.pcap", "--out", EARLIER)
    nspect("capture", "-q", "--read", "samples/mesh/mesh.pcapng", "--out", MESH)
    for name, (arguments, _) in VERBS.items():
        nspect(*arguments, "-o", "html", "--file", str(PAGES / f"{name}.html"))


class Pages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not browser.program():
            if os.environ.get("NSPECT_REQUIRE_LIVE") == "1":
                raise RuntimeError("NSPECT_REQUIRE_LIVE=1, and there is no Chromium")
            print("left out: the pages in a browser (no Chromium here)")
            raise unittest.SkipTest("no Chromium")
        write_pages()
        cls.browser = browser.Browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.__exit__()

    def run_script(self, script):
        return self.browser.run(script)

    def of_every_page(self):
        for name, (_, states) in VERBS.items():
            with self.subTest(name):
                self.browser.open((PAGES / f"{name}.html").as_uri())
                yield states
                self.assertEqual(self.browser.complaints, [])
                self.assertEqual([url for url in self.browser.requests if not url.startswith(("file:", "about:"))], [])

    def test_it_is_drawn_whole(self):
        for states in self.of_every_page():
            self.assertTrue(self.run_script("ready"))
            drawn = self.run_script("[...new Set(report.edges.map((e) => e.state))]")
            self.assertLessEqual(states, set(drawn))
            self.assertEqual(self.run_script("document.querySelectorAll('.edge').length"),
                             self.run_script("report.pictures.length ? report.pictures[0].lines.length : 0"))
            self.assertEqual(self.run_script("document.querySelectorAll('#states button').length"), len(drawn))
            self.assertEqual(self.run_script("[...document.querySelectorAll('.edge .line')].filter((e) => "
                                             "!document.querySelector(e.getAttribute('marker-end').slice(4, -1))).length"), 0)
            self.assertEqual(self.run_script("[...document.querySelectorAll('marker path')].filter((e) => !e.getTotalLength()).length"), 0)

    def test_a_comparison_says_so(self):
        for states in self.of_every_page():
            compares = bool({"added", "removed", "changed"} & states)
            self.assertEqual("new, gone and changed" in self.run_script("document.getElementById('graph-title').textContent"), compares)
            titles = self.run_script("[...document.querySelectorAll('#tables h2')].map((e) => e.textContent)")
            self.assertEqual("Changes" in titles, compares)
            self.assertNotIn("rows", titles)
            self.assertEqual([each for each in titles if each[0].islower()], [])

    def test_what_is_only_declared_is_not_said_to_talk(self):
        self.browser.open((PAGES / "connectivity.html").as_uri())
        self.assertEqual(self.run_script("document.getElementById('graph-title').textContent"), "Who may talk to whom")
        self.assertIn("Who may reach whom", self.run_script("[...document.querySelectorAll('#tables h2')].map((e) => e.textContent)"))

    def test_each_state_looks_like_no_other(self):
        for states in self.of_every_page():
            looks = self.run_script("""report.states.map(({state}) => {
              const line = document.querySelector(`.edge.state-${state} .line`);
              const style = line && getComputedStyle(line);
              return line ? [style.strokeDasharray, style.stroke, document.querySelector(`#tip-${state} path`).getAttribute("d")].join() : state; })""")
            self.assertEqual(len(looks), len(set(looks)), looks)

    def test_every_rule_shows_what_its_file_says(self):
        for name in ("audit", "graph"):
            self.browser.open((PAGES / f"{name}.html").as_uri())
            shown = self.run_script("""report.edges.flatMap((edge, i) => { select("edge", i);
              return [...document.querySelectorAll("#details .rule")].map((e) => [e.textContent, (e.querySelector("pre") || {}).textContent]); })""")
            placed = [(words, text) for words, text in shown if ".yaml:" in words]
            self.assertGreater(len(placed), 5)
            for words, text in placed:
                self.assertTrue(text and "podSelector" in text or "ports" in text, words)

    def test_every_edge_can_be_chosen(self):
        for states in self.of_every_page():
            if not states:
                continue
            silent = self.run_script("""report.edges.filter((edge, i) => { select("edge", i);
              const text = document.getElementById("details").textContent;
              return !text.includes(report.nodes[edge.from].id) || !text.includes(edge.traffic); }).length""")
            self.assertEqual(silent, 0)


if __name__ == "__main__":
    unittest.main(verbosity=1)
