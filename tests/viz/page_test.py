#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""page_test.py WRITE_PAGE: the report page alone in its file, and in Chromium where there is one."""
import base64
import hashlib
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import browser  # noqa: E402

FOLDER = tempfile.TemporaryDirectory(prefix="nspect-page.")
PAGES = pathlib.Path(FOLDER.name)
SHOWN = "document.querySelectorAll('.edge:not(.faded)').length"


def text_of(name):
    return (PAGES / name).read_text(encoding="utf-8")


class OneFile(unittest.TestCase):
    def test_nothing_is_loaded(self):
        page = text_of("shop.html").replace(re.search(r'id="data">(.*?)</script>', text_of("shop.html"), re.S)[1], "")
        markup = re.sub(r"<script>.*?</script>", "", page, flags=re.S)
        self.assertIsNone(re.search(r"""src=|@import|url\(|<link|href="(?!#)""", markup))
        self.assertIn("default-src 'none'", markup)

    def test_only_our_scripts_and_style_may_run(self):
        page = text_of("shop.html")
        policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
        self.assertNotIn("unsafe", policy)
        allowed = set(re.findall(r"'sha256-[^']+'", policy))
        made = set()
        for text in re.findall(r"<script>(.*?)</script>|<style>(.*?)</style>", page, re.S):
            digest = hashlib.sha256("".join(text).encode()).digest()
            made.add(f"'sha256-{base64.b64encode(digest).decode()}'")
        self.assertEqual(made, allowed)
        self.assertEqual(len(made), 7)

    def test_the_large_page_is_small_enough(self):
        self.assertLess((PAGES / "large.html").stat().st_size, 10_000_000)


class InBrowser(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not browser.program():
            if os.environ.get("NSPECT_REQUIRE_LIVE") == "1":
                raise RuntimeError("NSPECT_REQUIRE_LIVE=1, and there is no Chromium")
            print("left out: the report page in a browser (no Chromium here)")
            raise unittest.SkipTest("no Chromium")
        cls.browser = browser.Browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.__exit__()

    def open(self, name):
        self.browser.open(f"file://{PAGES}/{name}")

    def run_script(self, script):
        return self.browser.run(script)

    def details(self):
        return self.run_script("document.getElementById('details').textContent")

    def tearDown(self):
        self.assertEqual(self.browser.complaints, [])
        self.assertEqual([url for url in self.browser.requests if not url.startswith(("file:", "about:"))], [])

    def set(self, name, value):
        self.run_script(f"{{const e = document.getElementById('{name}'); e.value = '{value}';"
                        "e.dispatchEvent(new Event('input')); e.dispatchEvent(new Event('change'));}")

    def test_everything_is_drawn(self):
        self.open("shop.html")
        self.assertEqual(self.run_script("document.querySelectorAll('.node').length"), 8)
        self.assertEqual(self.run_script(SHOWN), 11)  # two ports of one pair are one line
        self.assertEqual(self.run_script("document.querySelectorAll('.finding').length"), 4)
        self.assertEqual(self.run_script("document.querySelectorAll('#table-edges tbody tr').length"), 12)
        self.assertIn("Audit of node-1", self.run_script("document.title"))

    def test_labels_do_not_overlap(self):
        self.open("shop.html")
        pairs = self.run_script("""{
          const boxes = [...document.querySelectorAll('.edge text, .node')].map((e) => e.getBoundingClientRect());
          boxes.flatMap((a, i) => boxes.slice(0, i).filter((b) =>
            a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)).length}""")
        self.assertEqual(pairs, 0)

    def test_a_link_opens_its_edge(self):
        self.open("shop.html#edge=7")
        self.assertIn("shop/api[Deployment] → shop/pay[Pod]", self.details())
        self.assertEqual(self.run_script("document.querySelector('.rule .place').textContent"), "policies.yaml:88:7")
        self.assertIn("rule 1 allows it", self.details())
        self.assertIn("6 of 6 encrypted, 6 mutual", self.details())
        self.assertEqual(self.run_script("document.querySelectorAll('.edge.selected').length"), 1)

    def test_links_to_nowhere_do_nothing(self):
        for link in ("#edge=999", "#node=-1", "#edge=x", "#<script>"):
            self.open("shop.html" + link)
            self.assertIn("Choose a line or a box", self.details())

    def test_a_click_and_a_key_choose(self):
        self.open("shop.html")
        self.run_script("document.querySelector('.node[aria-label^=\"shop/db\"] rect').dispatchEvent("
                        "new MouseEvent('click', {bubbles: true}))")
        self.assertIn("shop/db[StatefulSet]", self.details())
        self.assertIn("Incoming (4)", self.details())
        self.assertEqual(self.run_script("location.hash"), "#node=5")
        self.run_script("document.querySelector('.edge').focus()")
        self.browser.press("Enter")
        self.assertIn("→", self.details())
        self.browser.press("Escape")
        self.assertIn("Choose a line or a box", self.details())

    def test_filters(self):
        self.open("shop.html")
        for name, value, lines in (("search", "pay", 1), ("group", "ops", 3), ("port", "UDP 53", 2), ("tls", "mutual", 1),
                                   ("search", "policies.yaml:75", 1), ("search", "nothing like that", 0)):
            self.set(name, value)
            self.assertEqual(self.run_script(SHOWN), lines, (name, value))
            self.run_script("document.getElementById('clear').click()")
            self.assertEqual(self.run_script(SHOWN), 11)
        self.run_script("document.querySelector('#states .state-allowed-used').click()")
        self.assertEqual(self.run_script(SHOWN), 5)
        self.assertEqual(self.run_script("document.querySelector('#states button').getAttribute('aria-pressed')"), "false")
        self.assertIn("5 of 12", self.run_script("document.getElementById('shown').textContent"))

    def test_neighbours(self):
        self.open("shop.html#node=6")
        self.run_script("document.querySelector('.tools button').click()")
        self.assertEqual(self.run_script(SHOWN), 1)
        self.assertEqual(self.run_script("document.querySelectorAll('.node:not(.faded)').length"), 2)
        self.run_script("document.getElementById('focus').click()")
        self.assertEqual(self.run_script(SHOWN), 11)

    def test_findings_by_severity(self):
        self.open("shop.html")
        self.run_script("document.querySelector('#severities .high').click()")
        self.assertEqual(self.run_script("document.querySelectorAll('.finding').length"), 3)
        self.assertEqual(self.run_script("document.querySelectorAll('.finding.high').length"), 0)

    def test_tables_sort_filter_and_export(self):
        self.open("shop.html")
        cells = "[...document.querySelectorAll('#table-edges tbody tr')].map((r) => r.cells[5].textContent)"
        bytes_column = "document.querySelectorAll('#table-edges th button')[5].click()"
        self.run_script(bytes_column)
        self.assertEqual(self.run_script(cells)[:4], ["-", "60 B", "180 B", "1.2 kB"])
        self.run_script(bytes_column)
        self.assertEqual(self.run_script(cells)[0], "81.2 kB")
        self.run_script("{const e = document.querySelector('#table-edges input'); e.value = 'dns';"
                        "e.dispatchEvent(new Event('input'));}")
        self.assertEqual(len(self.run_script(cells)), 3)
        csv = self.run_script("csvText({id: 'a', columns: ['x'], rows: [['=1+1'], ['a\"b'], ['-']]})")
        self.assertEqual(csv, '"x"\r\n"\'=1+1"\r\n"a""b"\r\n"-"\r\n')

    def test_everything_has_a_name(self):
        self.open("shop.html")
        nameless = self.run_script("""[...document.querySelectorAll('button, input, select, [role=button], a[href]')]
          .filter((e) => !e.hidden && !(e.getAttribute('aria-label') || e.textContent.trim())).length""")
        self.assertEqual(nameless, 0)

    def test_text_has_contrast_in_light_and_dark(self):
        for scheme in ("light", "dark"):
            self.browser.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
            self.open("shop.html")
            poor = self.run_script("""{
              const color = (name) => { const d = document.createElement('div'); d.style.color = `var(${name})`;
                document.body.append(d); const c = getComputedStyle(d).color.match(/[0-9.]+/g).slice(0, 3); d.remove(); return c; };
              const light = (c) => c.map((v) => v / 255).map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
                .reduce((s, v, i) => s + v * [0.2126, 0.7152, 0.0722][i], 0);
              const ratio = (a, b) => { const [x, y] = [light(color(a)), light(color(b))]; return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05); };
              const texts = ['text', 'soft', 'accent', 'allowed-used', 'allowed-unused', 'denied-blocked', 'denied-flowed', 'unprotected', 'undecided'];
              texts.flatMap((t) => ['bg', 'panel', 'group'].map((g) => [t, g, ratio('--' + t, '--' + g)])).concat([['warn', 'warn-bg', ratio('--warn', '--warn-bg')]])
                .filter(([, , r]) => r < 4.5)}""")
            self.assertEqual(poor, [], scheme)
        self.browser.send("Emulation.setEmulatedMedia", features=[])

    def test_colours_are_those_asked_for_else_the_readers(self):
        theme = "document.documentElement.dataset.theme"
        for scheme in ("light", "dark"):
            self.browser.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
            self.open("shop.html")
            self.assertEqual(self.run_script(theme), scheme)
            self.open("dark.html")
            self.assertEqual(self.run_script(theme), "dark")
            self.assertEqual(self.run_script("getComputedStyle(document.body).backgroundColor"), "rgb(17, 20, 25)")
            for chosen, shown in (("light", "light"), ("dark", "dark"), ("", scheme)):
                self.run_script(f"{{const e = document.getElementById('theme'); e.value = '{chosen}'; e.dispatchEvent(new Event('change'));}}")
                self.assertEqual(self.run_script(theme), shown)
        self.browser.send("Emulation.setEmulatedMedia", features=[])

    def test_a_narrow_window_has_all_of_it(self):
        self.browser.send("Emulation.setDeviceMetricsOverride", width=390, height=844, deviceScaleFactor=1, mobile=False)
        self.open("shop.html")
        self.assertLessEqual(self.run_script("document.documentElement.scrollWidth - document.documentElement.clientWidth"), 0)
        # What stands at the top all the time leaves room, and headings that are jumped to are not below it.
        self.assertLess(self.run_script("document.getElementById('nav').getBoundingClientRect().height"), 56)
        self.browser.send("Emulation.clearDeviceMetricsOverride")

    def test_hostile_names_are_text(self):
        for path in sorted(PAGES.glob("hostile*.html")):
            with self.subTest(path.name):
                self.open(path.name + "#edge=0")
                self.assertEqual(self.run_script("document.querySelectorAll('script').length"), 7)
                self.assertEqual(self.run_script("document.querySelectorAll('img, iframe, [onerror], [onload]').length"), 0)
                self.assertEqual(self.run_script("document.querySelectorAll('.node').length"), 2)
                self.assertEqual(self.run_script("document.querySelectorAll('#table-edges tbody td').length"), 2)

    def test_a_large_graph_opens_with_its_namespaces(self):
        self.open("large.html")
        self.assertEqual(self.run_script("document.querySelectorAll('.node').length"), 40)
        self.run_script("document.querySelector('.node rect').dispatchEvent(new MouseEvent('click', {bubbles: true}))")
        self.assertIn("50 inside", self.details())
        self.run_script("document.querySelector('.tools button').click()")
        self.assertEqual(self.run_script("document.querySelectorAll('.node').length"), 2000)
        self.assertEqual(self.run_script("document.getElementById('group').value"), "ns0")
        self.assertIn("of 10\u202f000 edges shown", self.run_script("document.getElementById('shown').textContent"))

    def test_an_edge_shows_its_conversations_and_what_its_rule_says(self):
        self.open("shop.html#edge=7")
        self.assertEqual(self.run_script("document.querySelectorAll('#details .talks tbody tr').length"), 6)
        self.assertEqual(self.run_script("document.querySelector('#details .talks td:nth-child(5)').textContent"), "1.3 mutual")
        written = "document.querySelector('#details .rule details')"
        self.assertFalse(self.run_script(f"{written}.open"))
        self.run_script(f"{written}.querySelector('summary').focus()")
        self.browser.press("Enter")
        self.assertTrue(self.run_script(f"{written}.open"))
        self.assertEqual(self.run_script(f"{written}.querySelector('pre').textContent"),
                         "- from:\n    - podSelector:\n        matchLabels: {app: api}")

    def test_an_edge_says_where_packets_were_lost_and_what_was_found(self):
        self.open("shop.html")
        self.set("search", "policies.yaml:23")
        self.run_script("document.querySelector('.edge:not(.faded) .hit').dispatchEvent(new MouseEvent('click', {bubbles: true}))")
        self.assertRegex(self.details(), r"the answer was lost between .* and .*\. \(3 times\)")
        self.assertEqual(self.run_script("document.querySelectorAll('#details .about .severity').length"), 1)

    def test_the_time_slider(self):
        self.open("shop.html")
        all_of_it = self.run_script("document.querySelector('#time output').textContent")
        self.assertEqual(all_of_it, "00:00:01.000 – 00:00:58.000 UTC")
        self.run_script("document.querySelectorAll('#time input')[1].focus()")
        for _ in range(30):
            self.browser.press("ArrowLeft")
        self.assertEqual(self.run_script("document.querySelectorAll('#time input')[1].value"), "30")
        self.assertIn("time=0-30", self.run_script("location.hash"))
        self.assertEqual(self.run_script(SHOWN), 4)  # those of which a conversation began then
        self.run_script("{const e = document.querySelectorAll('#time input')[0]; e.value = 55; e.dispatchEvent(new Event('input'));}")
        self.assertIn("time=29-30", self.run_script("location.hash"))  # it stops before the other
        self.run_script("document.querySelector('#time button').click()")
        self.assertEqual(self.run_script(SHOWN), 11)
        self.assertEqual(self.run_script("location.hash"), "")

    def test_a_link_brings_the_filters_too(self):
        self.open("shop.html")
        self.set("search", "pay & co")
        self.assertIn("search=pay%20%26%20co", self.run_script("location.hash"))
        self.open("shop.html#edge=7&group=shop&port=TCP&hide=denied-blocked&time=0-30")
        self.assertIn("shop/api[Deployment] → shop/pay[Pod]", self.details())
        self.assertEqual(self.run_script("document.getElementById('group').value"), "shop")
        self.assertEqual(self.run_script("document.querySelectorAll('#time rect.out').length"), 30)
        self.assertIn("in the chosen time", self.details())
        self.assertEqual(self.run_script(SHOWN), 3)
        self.assertEqual(self.run_script("location.hash"), "#edge=7&group=shop&port=TCP&hide=denied-blocked&time=0-30")

    def test_protocols(self):
        self.open("shop.html")
        self.set("port", "UDP")
        self.assertEqual(self.run_script(SHOWN), 2)

    def test_the_tab_key_reaches_everything_in_order(self):
        self.open("shop.html")
        seen = []
        for _ in range(45):
            self.browser.press("Tab")
            seen.append(self.run_script("(({id, className, tagName}) => id || className.baseVal || tagName)(document.activeElement)"))
        places = [seen.index(each) for each in ("A", "search", "group", "port", "tls", "zoom-in", "INPUT", "picture", "details")]
        self.assertEqual(places, sorted(places))
        self.assertGreater(sum(each.startswith(("edge", "node")) for each in seen), 15)

    def test_keys_move_the_picture(self):
        self.open("shop.html")
        self.run_script("document.getElementById('picture').focus()")
        where = "document.querySelector('#picture svg > g').getAttribute('transform')"
        before = self.run_script(where)
        self.browser.press("ArrowLeft")
        self.assertRegex(self.run_script(where), r"translate\([1-9]")
        self.assertNotEqual(self.run_script(where), before)

    def test_what_is_chosen_is_told(self):
        self.open("shop.html#edge=7")
        self.assertEqual(self.run_script("document.querySelector('[aria-live]#said').textContent"),
                         "Details: shop/api[Deployment] to shop/pay[Pod], 2 edges")

    def test_csv_is_saved(self):
        self.open("shop.html")
        saved = """new Promise((done) => {
          URL.createObjectURL = (blob) => { blob.text().then((text) => done(text)); return "data:,"; };
          HTMLAnchorElement.prototype.click = function() { window.savedAs = this.download; };
          [...document.querySelectorAll("#table-unused button")].find((e) => e.textContent === "Save as CSV").click(); })"""
        rows = self.run_script(saved).split("\r\n")
        self.assertEqual(rows[0], '"From","To","Port","Rule"')
        self.assertIn('"ops/monitor', rows[1])
        self.assertEqual(self.run_script("savedAs"), "unused.csv")

    def test_policies_stand_beside_each_other(self):
        self.open("shop.html")
        columns = "[...document.querySelectorAll('.beside > div')].map((e) => e.querySelector('summary').textContent)"
        self.assertEqual(self.run_script(columns), ["NetworkPolicy shop/pay policies.yaml:80:1", "NetworkPolicy shop/db"])
        lefts = "[...document.querySelectorAll('.beside > div')].map((e) => e.getBoundingClientRect())"
        self.assertTrue(self.run_script(f"(([a, b]) => a.right < b.left && a.top === b.top)({lefts})"))

    def test_a_large_report_answers_within_two_seconds(self):
        self.browser.send("Performance.enable", timeDomain="threadTicks")  # other work of this machine is not the page's
        self.open("large.html")
        self.run_script("""{
          const search = document.getElementById("search");
          search.value = "ns7/";
          search.dispatchEvent(new Event("input"));
          document.body.getBoundingClientRect().width}""")
        metrics = {each["name"]: each["value"] for each in self.browser.send("Performance.getMetrics")["metrics"]}
        self.browser.send("Performance.disable")
        print(f"2 000 workloads, 10 000 edges: drawn and searched in {metrics['TaskDuration'] * 1000:.0f} ms of the page's thread")
        self.assertGreater(metrics["TaskDuration"], 0)
        self.assertLess(metrics["TaskDuration"], 2)

    def test_printing_gives_a_document(self):
        self.open("shop.html")
        data = base64.b64decode(self.browser.send("Page.printToPDF", printBackground=True)["data"])
        self.assertTrue(data.startswith(b"%PDF-"))
        self.assertGreater(data.count(b"/Type /Page\n"), 2)
        self.assertFalse(self.run_script("document.querySelector('.beside details').open"))  # afterwards as before

    def test_paper_has_all_rows_and_texts_and_no_controls(self):
        self.open("large.html")
        rows = "document.querySelectorAll('#table-edges tbody tr').length"
        self.assertEqual(self.run_script(rows), 50)
        self.run_script("window.dispatchEvent(new Event('beforeprint'))")
        self.assertEqual(self.run_script(rows), 1000)
        self.run_script("window.dispatchEvent(new Event('afterprint'))")
        self.assertEqual(self.run_script(rows), 50)
        self.browser.send("Emulation.setEmulatedMedia", media="print")
        for part in ("nav", "#search", ".zoom", "#time input"):
            self.assertEqual(self.run_script(f"document.querySelector('{part}').getClientRects().length"), 0, part)
        self.browser.send("Emulation.setEmulatedMedia", media="")

    def test_tables_fit_on_paper_and_keep_their_heads(self):
        self.browser.send("Emulation.setDeviceMetricsOverride", width=718, height=1000, deviceScaleFactor=1, mobile=False)
        self.browser.send("Emulation.setEmulatedMedia", media="print")
        self.open("shop.html")
        self.assertEqual(self.run_script("[...document.querySelectorAll('table')].filter((e) => e.scrollWidth > e.closest('section').clientWidth).length"), 0)
        # Of a head that is repeated on the next sheet, only what is no control is drawn.
        self.assertEqual(self.run_script("document.querySelectorAll('th button')[0].getClientRects().length"), 0)
        self.assertEqual(self.run_script("getComputedStyle(document.querySelector('#table-edges th'), '::after').content"), '"From"')
        self.browser.send("Emulation.setEmulatedMedia", media="")
        self.browser.send("Emulation.clearDeviceMetricsOverride")


if __name__ == "__main__":
    subprocess.run([sys.argv.pop(1), FOLDER.name], check=True)
    unittest.main(verbosity=1)
