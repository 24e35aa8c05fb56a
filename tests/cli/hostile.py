#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""hostile.py PROGRAM: names from strangers through every verb and every output format.

Pods, namespaces, containers, labels, images, interfaces, server names, DNS names, certificates, policies, services and files
are named by whoever wants to steer a terminal, a browser, a spreadsheet, Graphviz, Mermaid, a code review, a shell or YAML. For
each format there is a check that knows what is inert in it; the check is itself shown to complain of the names as they are.
"""
import csv
import io
import json
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as xml

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "viz"))
import browser  # noqa: E402

PROGRAM = os.path.abspath(sys.argv.pop(1))
SCRATCH = pathlib.Path(tempfile.mkdtemp(prefix="nspect-hostile-"))
NAMES = [
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "</script><svg onload=alert(1)>",
    "\x1b[31mred\x1b]0;title\x07", "\x9b31mred", "a\" -> b; subgraph { \"", "back\\slash\\N\\G\\", "=cmd|' /C calc'!A0", "+1+2", "@SUM(1)",
    "-2+3", "web\u202egnp.exe", "\u2066hidden\u200b\ufeff", "two\nlines\r\nand\ttab", "nul\0inside", "| a | b |",
    "[click](javascript:alert(1)) `code` ![x](y)", "\"]; click n0 href \"javascript:alert(1)\"", "%%{init: {'theme': 'x'}}%%",
    "key: value\n- item: {a: [b]} # c", "'; flush ruleset; #", "$(touch pwned) `touch pwned`", "&lt;b&gt;&amp;", "]]>--><!--",
    "@DATA@ @SCRIPT@", "../../../outside", 
]
# Files cannot have all of them.
FILES = [each.replace("/", "|").replace("\0", "") for each in NAMES]
DECEIVING = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u2028\u2029\ufffe]")
CALM = {"LC_ALL": "C.UTF-8", "TZ": "UTC", "PATH": "/usr/bin:/bin", "HOME": str(SCRATCH)}


# --- what is inert where: each returns what is wrong -------------------------------------------------------------

def plain(text, line_ends="\n"):
    """Nothing moves a cursor, changes a colour, hides, or turns text around."""
    return [f"{found[0]!r} at {found.start()}" for found in DECEIVING.finditer(text) if found[0] not in line_ends]


def in_text(text):
    return plain(text) + (["a tab"] if "\t" in text else [])


def in_json(text):
    """One document, and ASCII or calm: whoever shows it in a terminal is not steered."""
    try:
        json.loads(text)
    except ValueError as error:
        return [str(error)]
    return []


def in_json_lines(text):
    return [wrong for line in text.split("\n")[:-1] for wrong in in_json(line)]


def in_csv(text):
    rows = list(csv.reader(io.StringIO(text, newline="")))
    wrong = plain(text, "\r\n")
    wrong += [f"a row of {len(row)}" for row in rows if len(row) != len(rows[0])]
    return wrong + [f"a formula: {cell!r}" for row in rows for cell in row if len(cell) > 1 and cell[0] in "=+-@\t\r"]


def in_markdown(text):
    """Code blocks aside, no tag, no link, no mention; every row of a table has the cells of its head."""
    wrong = plain(text)
    prose = re.sub(r"^(`{3,}|~{3,}).*?^\1", "", text, flags=re.S | re.M).replace("<!-- -->", "")
    wrong += [f"a tag: {each}" for each in re.findall(r"(?<!\\)<[a-zA-Z/!?][^>]*", prose)]
    wrong += [f"a link: {each}" for each in re.findall(r"(?<!\\)\]\(.{,20}", prose)]
    head = 0
    for line in prose.split("\n"):
        cells = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0
        if head and cells and cells != head:
            wrong.append(f"{cells} cells under {head}: {line}")
        head = cells
    return wrong


# An HTML-like label: the tags are ours, and no name brings another.
LABEL = r"<(?:[^<>]|</?(?:table|tr|td|font|b|i|br)\b[^<>]*>)*>"
DOT_TOKEN = re.compile(LABEL + r'|"(?:[^"\\]|\\.)*"|[A-Za-z0-9_.#]+|->|[\[\]{}=;,]|\s+', re.S)


def in_dot(text):
    """Only nodes that are called n and a number: what strangers wrote is inside quotation marks."""
    wrong, at = plain(text), 0
    while at < len(text):
        token = DOT_TOKEN.match(text, at)
        if not token:
            return [*wrong, f"not DOT at: {text[at:at + 40]!r}"]
        word, at = token[0], token.end()
        if word[0] == '"' and re.search(r"\\[NGEHTL]", re.sub(r"\\\\", "", word)):
            wrong.append(f"an escape of Graphviz: {word}")
    bare = re.sub(LABEL + r'|"(?:[^"\\]|\\.)*"', "Q", text, flags=re.S)
    wrong += [f"a link: {each}" for each in re.findall(r"\b(?:URL|href)\s*=\s*\S+", bare)]
    if bare.count("{") != bare.count("}") or not bare.rstrip().endswith("}"):
        wrong.append("braces do not match")
    return wrong


SVG = "{http://www.w3.org/2000/svg}"
DRAWN = {"svg", "g", "path", "polygon", "polyline", "ellipse", "rect", "text", "tspan", "title", "desc", "defs", "marker", "style", "line",
         "circle", "a", "linearGradient", "stop", "clipPath", "use", "symbol"}


def in_svg(text):
    try:
        root = xml.fromstring(text)
    except xml.ParseError as error:
        return [str(error)]
    wrong = plain(text)
    for each in root.iter():
        if each.tag.removeprefix(SVG) not in DRAWN:
            wrong.append(f"an element: {each.tag}")
        for name, value in each.attrib.items():
            if name.lower().startswith("on") or (name.endswith("href") and not value.startswith("#")):
                wrong.append(f"{name}={value}")
    return wrong


def in_mermaid(text):
    wrong = plain(text)
    for line in text.split("\n"):
        outside = re.sub(r'"[^"]*"', "Q", line)
        if not re.fullmatch(r"[\w\s#:,.()\[\]{}|<>=&;/-]*", outside) or outside.count("Q") > 1 or "click" in outside or "%%" in line:
            wrong.append(f"not a line of a diagram: {line}")
    return wrong


def in_html(text):
    """The browser says the rest: see Browser."""
    wrong = [f"{each} scripts" for each in [text.count("<script")] if each != text.count("</script") or each != 7]
    data = re.search(r'id="data">(.*?)</script>', text, re.S)
    return wrong + (["no data"] if not data else in_json(data[1]) + ["a tag in it"] * ("<" in data[1]))


def in_junit(text):
    try:
        root = xml.fromstring(text)
    except xml.ParseError as error:
        return [str(error)]
    known = {"testsuites", "testsuite", "testcase", "failure", "skipped", "system-out", "properties", "property"}
    return plain(text) + [f"an element: {each.tag}" for each in root.iter() if each.tag not in known]


def in_sarif(text):
    wrong = in_json(text)
    if wrong:
        return wrong
    for result in json.loads(text)["runs"][0]["results"]:
        wrong += plain(result["message"]["text"]) + ["a link"] * bool(re.search(r"(?<!\\)\]\(", result["message"]["text"]))
        for place in result["locations"]:
            uri = place.get("physicalLocation", {}).get("artifactLocation", {}).get("uri", "")
            wrong += [f"no URI: {uri}"] * bool(re.search(r"[^\w./~:%-]", uri))
    return wrong


POLICY_KEYS = {"apiVersion", "kind", "metadata", "spec", "findings", "services", "networks", "x-nspect"}


def in_yaml(text):
    """Whole documents of known kinds; no name became a key at the top."""
    try:
        documents = [each for each in yaml.load_all(text, yaml.BaseLoader) if each]
    except yaml.YAMLError as error:
        return [str(error)]
    return plain(text) + [f"a key: {key}" for each in documents for key in each if key not in POLICY_KEYS]


def in_ruleset(text):
    """nftables: outside of comments and quotation marks only words of rules; one table, nothing flushed but it."""
    bare = "\n".join(re.sub(r'"[^"]*"', "Q", line).split("#")[0] for line in text.split("\n"))
    return plain(text, "\n\t") + [f"{each!r}" for each in re.findall(r"flush ruleset|[`$'\\]|touch", bare)]


def in_picture(data):
    return [] if data.startswith((b"\x89PNG\r\n\x1a\n", b"%PDF-")) else ["neither PNG nor PDF"]


CHECKS = {"text": in_text, "json": in_json, "json lines": in_json_lines, "csv": in_csv, "md": in_markdown, "dot": in_dot, "svg": in_svg, "mermaid": in_mermaid, "html": in_html,
          "junit": in_junit, "sarif": in_sarif, "yaml": in_yaml, "baseline": in_yaml, "png": in_picture, "pdf": in_picture}


# --- the world --------------------------------------------------------------------------------------------------

HOSTILE_COLUMNS = {
    "recording": ["host", "origin"], "target": ["name", "image", "pod", "namespace", "container"], "target_label": ["key", "value"],
    "vantage": ["interface", "source"], "tls": ["sni", "alpn"], "tls_identity": ["name"], "certificate": ["subject", "issuer"],
    "certificate_name": ["name"], "name": ["name"], "name_failure": ["name"], "sighting": ["app"], "app": ["name"], "interface": ["name", "peer_name"],
    "loss": ["source", "note"], "packet_count": ["kind"],
}


def hostile_recording(path, source):
    """A recording whose every text is hostile; each row another."""
    if source != path:
        shutil.copy(source, path)
    with sqlite3.connect(path) as file:
        file.execute("INSERT INTO loss (from_ns, to_ns, source, kind, count, note) VALUES (1, 2, 's', 'queue', 1, 'n')")
        there = {name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}  # the sample is of an earlier version
        for table, columns in HOSTILE_COLUMNS.items():
            if table not in there:
                continue
            rows = [row for (row,) in file.execute(f"SELECT rowid FROM {table}")]
            for i, row in enumerate(rows):
                values = [NAMES[(i * 3 + j) % len(NAMES)] + (f" {i}" if column in ("key", "kind") else "") for j, column in enumerate(columns)]
                file.execute(f"UPDATE OR IGNORE {table} SET {', '.join(f'{each} = ?' for each in columns)} WHERE rowid = ?", [*values, row])
    file.close()
    return path


def manifest(i, name, text):
    """One workload with its policy, called `name`; `text` stands where any text may."""
    labels = {"app": name if name == text else f"p{i}"}
    pod = {"metadata": {"labels": labels, "annotations": {"note": text}},
           "spec": {"containers": [{"name": "c", "image": text, "ports": [{"containerPort": 80}]}]}}
    place = {"namespace": f"ns{i % 3}", "annotations": {"note": text}}
    return [
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, **place},
         "spec": {"selector": {"matchLabels": labels}, "template": pod}},
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, **place}, "spec": {"selector": labels, "ports": [{"port": 80}]}},
        {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": name, **place},
         "spec": {"podSelector": {"matchLabels": labels}, "policyTypes": ["Ingress"],
                  "ingress": [{"from": [{"podSelector": {}}], "ports": [{"port": 80}]}]}},
    ]


def write_manifests(folder, name_of, left_out=0):
    folder.mkdir()
    for i, (text, file) in enumerate(zip(NAMES, FILES)):
        items = manifest(i, name_of(i), text)[:3 - (left_out and i % 2)]
        comment = "# " + re.sub(r"[^ -~]", " ", text) + "\n"
        (folder / f"{file} {i}.yaml").write_text(comment + json.dumps({"apiVersion": "v1", "kind": "List", "items": items}, indent=1), encoding="utf-8")


def write_inspected(path):
    """docker inspect: names as Docker would never give them."""
    containers = [{"Id": f"{i:064x}", "Name": "/" + name, "Config": {"Image": name, "Hostname": name, "Labels": {name: name}},
                   "State": {"Running": True, "Pid": 1000 + i},
                   "NetworkSettings": {"Networks": {name: {"NetworkID": f"{i % 2:064x}", "IPAddress": f"10.9.1.{i + 1}", "IPPrefixLen": 24}}}}
                  for i, name in enumerate(NAMES)]
    path.write_text(json.dumps(containers, indent=1), encoding="utf-8")


def naive(form, name):
    """What a writer that thinks no ill would have made of a name."""
    return {
        "text": f"Pod  {name}\n", "json": f'{{"name": "{name}"}}\n', "csv": f"Name,Other\r\n{name},x\r\n",
        "md": f"| Name | Other |\n| --- | --- |\n| {name} | x |\n", "dot": f'digraph g {{ n0 [label="{name}"]; }}\n',
        "svg": f'<svg xmlns="http://www.w3.org/2000/svg"><text>{name}</text></svg>', "mermaid": f'flowchart LR\n  n0["{name}"]\n',
        "html": "<script></script>" * 6 + f'<script id="data">"{name}"</script>', "junit": f'<testsuites><testsuite name="{name}"/></testsuites>',
        "sarif": '{"runs":[{"results":[{"locations":[],"message":{"text":"' + name + '"}}]}]}', "yaml": f"metadata: {name}\n",
        "baseline": f"metadata: {name}\n",
    }[form]


# The names that a check must complain of, by their places in NAMES, when they stand in a format as they are.
STEERING = {
    "text": [3, 4, 11, 12, 13, 14], "json": [1, 3, 5, 6, 13, 14], "csv": [3, 7, 8, 9, 10, 13], "md": [0, 1, 2, 3, 11, 13, 15, 16],
    "dot": [3, 5, 6], "svg": [0, 2, 3, 14], "mermaid": [3, 5, 13, 17, 18], "html": [0, 2], "junit": [0, 1, 2], "sarif": [3, 11, 13, 16],
    "yaml": [3, 9, 11, 14, 16, 18, 24], "baseline": [3, 9, 11],
}

FOLDER = SCRATCH / "=1+1 <img src=x onerror=alert(1)>\x1b[31m\u202e"
RECORDING, EARLIER = FOLDER / "\"><svg onload=alert(1)>.nspect", FOLDER / "=SUM(1).nspect"
BY_DOCKER = FOLDER / "docker.nspect"  # Compose divides what Docker or Podman runs, and nothing else
MANIFESTS, CHANGED, BROKEN = FOLDER / "[a](javascript:alert(1))", FOLDER / "two\nlines", FOLDER / "-broken <b>"
INSPECTED = FOLDER / "inspect <svg onload=alert(1)>.json"
SHOP = "samples/shop"
FORMATS = {
    "flows": ["text", "json", "csv"], "connectivity": ["text", "json", "csv", "md", "dot", "svg", "png", "pdf", "mermaid", "html"],
    "audit": ["text", "json", "md", "sarif", "junit", "html", "csv", "baseline"], "explain": ["text", "json"],
    "generate": ["yaml", "text", "json", "md", "junit"], "lint": ["text", "json", "md", "sarif", "junit", "baseline"],
    "diff": ["text", "json", "csv", "md", "junit", "dot", "svg", "png", "pdf", "mermaid", "html"],
    "graph": ["dot", "svg", "png", "pdf", "html", "json", "mermaid", "md"],
}
# The verb, its arguments, and whether names must be in what it prints.
RUNS = [
    ("flows", [RECORDING, MANIFESTS]), ("flows", [RECORDING]), ("connectivity", [MANIFESTS]), ("connectivity", [MANIFESTS, "--exposure", "--level", "pod"]),
    ("connectivity", [INSPECTED]), ("audit", [RECORDING, MANIFESTS, "--compliance"]), ("audit", [RECORDING, SHOP]), ("audit", [RECORDING, INSPECTED]),
    ("explain", ["@first", "@last", RECORDING]), ("explain", ["internet", "ns1/p1", MANIFESTS]), ("generate", [RECORDING]),
    ("generate", [RECORDING, MANIFESTS, "--diff"]), ("lint", [MANIFESTS]), ("lint", [RECORDING, MANIFESTS]), ("lint", [BROKEN]),
    ("diff", [MANIFESTS, CHANGED]), ("diff", [EARLIER, RECORDING, SHOP]), ("diff", [EARLIER, RECORDING]), ("graph", [RECORDING, MANIFESTS]), ("graph", [RECORDING]),
    ("graph", [RECORDING, INSPECTED]), ("graph", [RECORDING, "--outside", "name", "--collapse", "never"]),
]
# Of a name or a file's, however it is written; where all names are valid, and in generate's JUnit, there is none.
SEEN = re.compile("alert|SUM|gnp|calc|hidden|touch|DATA|init|flush|item|click|red|nul|img|lines|unnamed|slash")


def nspect(*arguments):
    return subprocess.run([PROGRAM, *map(str, arguments)], cwd=ROOT, capture_output=True, timeout=300, check=False, stdin=subprocess.DEVNULL,
                          env={**CALM, "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "")})


def wrong_with(form, output):
    return CHECKS[form](output if form in ("png", "pdf") else output.decode("utf-8"))


class Checks(unittest.TestCase):
    def test_each_complains_of_names_as_they_are(self):
        for form, places in STEERING.items():
            for place in places:
                self.assertTrue(CHECKS[form](naive(form, NAMES[place])), (form, NAMES[place]))

    def test_none_complains_of_calm_names(self):
        for form in STEERING:
            self.assertEqual(CHECKS[form](naive(form, "web-1")), [], form)


class EveryVerb(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        FOLDER.mkdir()
        hostile_recording(RECORDING, ROOT / "samples/shop/shop.nspect")
        shutil.copy(RECORDING, BY_DOCKER)
        with sqlite3.connect(BY_DOCKER) as file:
            file.execute("UPDATE target SET runtime = 'docker' WHERE runtime <> ''")
        file.close()
        made = nspect("capture", "--read", "tests/golden/data/shop.pcap", "--out", EARLIER)
        assert made.returncode == 0 and not in_text(made.stderr.decode()), made.stderr
        hostile_recording(EARLIER, EARLIER)
        write_manifests(MANIFESTS, lambda i: f"p{i}")
        write_manifests(CHANGED, lambda i: f"p{i}", left_out=1)
        write_manifests(BROKEN, lambda i: NAMES[i])
        write_inspected(INSPECTED)
        nodes = [node["id"] for node in json.loads(nspect("graph", RECORDING, "-o", "json").stdout)["nodes"]]
        named = [re.sub(r"\[\w+\]$", "", each) for each in nodes if each.endswith("]") and "\0" not in each]
        cls.ends = {"@first": named[0], "@last": named[-1]}
        assert all(any(each in named for each in NAMES) or "/" in each for each in cls.ends.values()), named

    def check(self, form, arguments):
        ended = nspect(*[self.ends.get(each, each) for each in arguments])
        self.assertIn(ended.returncode, (0, 1), ended.stderr.decode())
        self.assertEqual(in_text(ended.stderr.decode()), [])
        wrong = wrong_with(form, ended.stdout)
        self.assertEqual(wrong[:5], [], f"{len(wrong)} complaints")
        unnamed = form in ("png", "pdf") or (arguments[0], form) == ("generate", "junit") or arguments[1:-2] in ([MANIFESTS], [MANIFESTS, CHANGED])
        if not unnamed and arguments[:2] != ["connectivity", MANIFESTS]:
            self.assertRegex(ended.stdout.decode(), SEEN)

    def test_the_formats_are_those_of_help(self):
        for verb, formats in FORMATS.items():
            told = re.search(r"--output (\S+)", nspect(verb, "--help").stdout.decode())[1]
            self.assertEqual(told.split("|"), formats, verb)

    def test_every_format(self):
        for verb, arguments in RUNS:
            for form in FORMATS[verb]:
                with self.subTest(verb=verb, form=form, arguments=[str(each)[-30:] for each in arguments]):
                    self.check("json lines" if (verb, form) == ("flows", "json") else form, [verb, *arguments, "-o", form])

    def test_every_dialect(self):
        for dialect in ("kubernetes", "admin", "cilium", "calico", "compose", "nftables"):
            with self.subTest(dialect):
                ended = nspect("generate", BY_DOCKER if dialect == "compose" else RECORDING, "--dialect", dialect, "-q")
                self.assertIn(ended.returncode, (0, 1), ended.stderr.decode())
                check = in_ruleset if dialect == "nftables" else in_yaml
                self.assertEqual(check(ended.stdout.decode())[:5], [])
                self.assertRegex(ended.stdout.decode(), SEEN)

    def test_policies_stay_in_their_folder(self):
        out = SCRATCH / "policies"
        before = {each for each in SCRATCH.rglob("*") if out not in each.parents}
        ended = nspect("generate", RECORDING, "--out", out)
        self.assertIn(ended.returncode, (0, 1), ended.stderr.decode())
        self.assertEqual({each for each in SCRATCH.rglob("*") if out not in each.parents and each != out}, before)
        for each in out.rglob("*"):
            self.assertRegex(str(each.relative_to(out)), r"\A[A-Za-z0-9._-]+\Z")
            self.assertEqual(in_yaml(each.read_text(encoding="utf-8")), [])
        again = nspect("generate", RECORDING, "--out", out)
        self.assertIn(" 0 added, 0 changed, ", again.stderr.decode())
        self.assertIn(" 0 removed", again.stderr.decode())

    def test_in_a_terminal_without_unicode(self):
        for verb, arguments in RUNS:
            if "text" in FORMATS[verb]:
                ended = nspect(verb, *[self.ends.get(each, each) for each in arguments], "-o", "text", "--ascii")
                self.assertTrue(ended.stdout.isascii(), verb)
                self.assertEqual(in_text(ended.stdout.decode()), [], verb)

    def test_errors_name_files_and_words_calmly(self):
        for arguments in ([*NAMES[5:6]], ["audit", FOLDER / NAMES[7].replace("/", "")], ["lint", FOLDER / "\x1b[31m\u202e.yaml"],
                          ["explain", "\x1b[31m", "\u202e", MANIFESTS], ["connectivity", BROKEN], ["audit", RECORDING, BROKEN], ["flows", RECORDING, "--to", "\x1b]0;x\x07"],
                          ["graph", RECORDING, "--hide", "\x1b[1m"], ["audit", "-o", "\x1b[1m\n"], ["capture", "--read", FOLDER / "\x1b[2J", "--out", FOLDER / "x"],
                          ["\x1b[31mverb"], ["generate", RECORDING, "--exclude", "\u202e=1"], ["capture", "--target", "\x1b[31m", "--read", "x", "--out", "\x1b[1m"]):
            ended = nspect(*arguments)
            self.assertEqual(ended.returncode, 2, arguments)
            self.assertEqual(in_text(ended.stderr.decode()) + in_text(ended.stdout.decode()), [], arguments)

    def test_targets_of_this_host(self):
        if os.geteuid() != 0:
            return print("left out: targets with hostile names (network namespaces need root)")
        names = [each for each in FILES if each not in (".", "..")]
        script = "mount -t tmpfs none /run\nmkdir /run/netns\n" + 'for each; do ip netns add "$each"; done\n'
        for form, check in {"text": in_text, "json": in_json, "csv": in_csv, "dot": in_dot, "svg": in_svg}.items():
            with self.subTest(form):
                ended = subprocess.run(["unshare", "--mount", "sh", "-ec", script + f'exec "$0" targets -o {form}', PROGRAM, *names], check=False,
                                       capture_output=True, env={**CALM, "PATH": os.environ["PATH"]}, timeout=120)
                self.assertEqual(ended.returncode, 0, ended.stderr.decode())
                self.assertEqual(check(ended.stdout.decode())[:5], [])
                self.assertRegex(ended.stdout.decode(), SEEN)
        return None

    def test_the_browser_runs_and_loads_nothing_of_it(self):
        if not browser.program():
            self.assertNotEqual(os.environ.get("NSPECT_REQUIRE_LIVE"), "1", "there is no Chromium")
            return print("left out: hostile names in a browser (no Chromium here)")
        with browser.Browser() as chromium:
            for verb, arguments in RUNS:
                if "html" not in FORMATS[verb]:
                    continue
                page = SCRATCH / "page.html"
                page.write_bytes(nspect(verb, *arguments, "-o", "html").stdout)
                chromium.open(page.as_uri())
                self.assertTrue(chromium.run("ready"))
                chromium.run("report.edges.forEach((_, i) => { if (i < 50) select('edge', i); })")
                chromium.run("report.nodes.forEach((_, i) => { if (i < 50) select('node', i); })")
                made = "[...document.querySelectorAll('img, iframe, object, embed, link, base, form, [onerror], [onload], [onclick]')].length"
                self.assertEqual(chromium.run(made), 0)
                self.assertEqual(chromium.run("document.querySelectorAll('script').length"), 7)
                self.assertEqual(chromium.run("[...document.querySelectorAll('a')].filter((e) => !e.getAttribute('href').startsWith('#')).length"), 0)
                self.assertEqual(chromium.complaints, [], verb)
                self.assertEqual([url for url in chromium.requests if not url.startswith(("file:", "about:"))], [])
        return None


if __name__ == "__main__":
    try:
        sys.exit(not unittest.main(verbosity=1, exit=False).result.wasSuccessful())
    finally:
        shutil.rmtree(SCRATCH, ignore_errors=True)
