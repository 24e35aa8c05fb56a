#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What other programs read: JSON against docs/schemas, SARIF against what its specification requires, JUnit as its readers
take it, and the pipelines of samples/ci, whose nspect commands are run.

    tests/cli/machine_formats.py PROGRAM

The published schema of SARIF 2.1.0 is not part of Debian: tests/cli/sarif.schema.json states what the specification
requires of the properties nspect writes, and refuses others."""
import copy
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as xml

import jsonschema
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMAS = ROOT / "docs" / "schemas"
PROGRAM = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "nspect").resolve()
SHOP = ["samples/shop/shop.nspect", "samples/shop"]
BEFORE, AFTER = "tests/golden/data/before", "tests/golden/data/after"
SCRATCH = pathlib.Path(tempfile.mkdtemp(prefix="nspect-formats-"))
MESH = str(SCRATCH / "mesh.nspect")

# Every verb with a machine format, and the ways it can look.
JSON = {
    "audit": [SHOP, [*SHOP, "--baseline", "tests/golden/data/known.yaml", "--scope", "shop/db"], [MESH, "samples/mesh"],
              [MESH]],
    "lint": [["samples/shop"], SHOP, ["samples/broken/lint-deny-shadowed.yaml"],
             ["samples/shop", "--baseline", "tests/golden/data/known.yaml"], ["samples/broken/np001-unknown-field.yaml"]],
    "graph": [SHOP, [MESH]],
    "flows": [SHOP, [MESH, "samples/mesh"]],
    "connectivity": [["samples/shop"], ["samples/shop", "--exposure"], ["samples/shop", "--summary"],
                     ["samples/cilium", "--level", "pod"], ["samples/compose"]],
    "diff": [[BEFORE, AFTER], [BEFORE, BEFORE], [MESH, *SHOP], [MESH, MESH]],
    "generate": [SHOP, [*SHOP, "--diff"], [*SHOP, "--dialect", "cilium"], [*SHOP, "--check", "samples/shop/policies.yaml"]],
    "targets": [[]],
    "doctor": [[]],
    "explain": [["shop/web", "shop/db:6379", *SHOP], ["shop/web", "shop/api:9000", "samples/shop"],
                ["internet", "shop/", "samples/shop"], ["shop/job", "shop/db:6379", "samples/mesh"]],
}


def nspect(*arguments):
    ended = subprocess.run([PROGRAM, *arguments], cwd=ROOT, capture_output=True, timeout=120, check=False,
                           stdin=subprocess.DEVNULL, env={**os.environ, "LC_ALL": "C.UTF-8"})
    if ended.returncode not in (0, 1):
        raise AssertionError(f"nspect {' '.join(arguments)}: {ended.returncode} {ended.stderr.decode()}")
    return ended.stdout.decode("utf-8")


def validator(path):
    schema = json.loads(path.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def documents(verb, text):
    return [json.loads(line) for line in text.splitlines()] if verb == "flows" else [json.loads(text)]


class Json(unittest.TestCase):
    def test_every_verb_prints_what_its_schema_says(self):
        self.assertEqual({each.name.split(".")[0] for each in SCHEMAS.iterdir()}, set(JSON))
        for verb, ways in JSON.items():
            schema = validator(SCHEMAS / f"{verb}.schema.json")
            for arguments in ways:
                with self.subTest(verb=verb, arguments=arguments):
                    found = documents(verb, nspect(verb, *arguments, "-o", "json"))
                    self.assertTrue(found)
                    for each in found:
                        schema.validate(each)
                        self.assertEqual(each["schema"], 1)

    def test_edges_count_what_was_lost_and_sent_again(self):
        for verb in ("graph", "audit"):
            schema = validator(SCHEMAS / f"{verb}.schema.json")
            whole = documents(verb, nspect(verb, *SHOP, "-o", "json"))[0]
            lossy = [each for each in whole["edges"] if "lost" in each]
            with self.subTest(verb=verb):
                self.assertEqual([(each["src"], each["dst"]) for each in lossy], [("ops/monitor[Pod]", "shop/db[StatefulSet]")])
                self.assertEqual(lossy[0]["lost"]["conversations"], 1)
                self.assertGreater(lossy[0]["retransmits"]["packets"], 0)
                for key, value in (("lost", {"conversations": 1}), ("lost", {"conversations": 0, "between": ["a", "b"]}),
                                   ("lost", {"conversations": 1, "between": ["a"]}), ("retransmits", {"conversations": 1})):
                    spoilt = {**whole, "edges": [{**lossy[0], key: value}]}
                    self.assertFalse(schema.is_valid(spoilt), (key, value))

    def test_schemas_refuse_what_is_not_written_down(self):
        for verb, ways in JSON.items():
            schema = validator(SCHEMAS / f"{verb}.schema.json")
            whole = documents(verb, nspect(verb, *ways[0], "-o", "json"))[0]
            with self.subTest(verb=verb):
                self.assertFalse(schema.is_valid({**whole, "surprise": 1}))
                self.assertFalse(schema.is_valid({**whole, "schema": 2}))
                for key in whole:
                    less = copy.deepcopy(whole)
                    del less[key]
                    required = key not in ("compliance", "certificates", "rules", "recorded", "app", "tls", "handshake_ns",
                                           "think_ns", "reordered", "client_mss", "server_mss", "path_mtu")
                    self.assertEqual(schema.is_valid(less), not required, key)


class Sarif(unittest.TestCase):
    schema = validator(ROOT / "tests" / "cli" / "sarif.schema.json")

    def check(self, log):
        self.schema.validate(log)
        run = log["runs"][0]
        rules = run["tool"]["driver"]["rules"]
        self.assertEqual(len({each["id"] for each in rules}), len(rules))
        for each in rules:
            for text in (each["shortDescription"], each["help"]):
                self.assertGreater(len(text["text"]), 10, each["id"])
        for each in run["results"]:
            self.assertEqual(rules[each["ruleIndex"]]["id"], each["ruleId"])
            for place in each["locations"]:
                self.check_place(place)

    def check_place(self, place):
        if "physicalLocation" not in place:
            return
        artifact = place["physicalLocation"]["artifactLocation"]
        self.assertEqual(artifact["uriBaseId"], "SRCROOT")  # all inputs here were given relative
        lines = (ROOT / artifact["uri"]).read_text(encoding="utf-8").splitlines()
        region = place["physicalLocation"]["region"]
        line = lines[region["startLine"] - 1]
        self.assertTrue(line[region["startColumn"] - 1:].strip(), place)

    def test_audit_and_lint(self):
        for verb, arguments in (("audit", SHOP), ("audit", [MESH, "samples/mesh"]), ("lint", ["samples/shop"]),
                                ("audit", [*SHOP, "--baseline", "tests/golden/data/known.yaml"]),
                                ("lint", ["samples/broken/np002-port-out-of-range.yaml"])):
            with self.subTest(verb=verb, arguments=arguments):
                self.check(json.loads(nspect(verb, *arguments, "-o", "sarif")))

    def test_what_is_known_is_suppressed(self):
        log = json.loads(nspect("audit", *SHOP, "--baseline", "tests/golden/data/known.yaml", "-o", "sarif"))
        known = [each for each in log["runs"][0]["results"] if "suppressions" in each]
        self.assertEqual([each["suppressions"][0]["justification"] for each in known],
                         ["the platform team isolates it on the node"])

    def test_the_validator_refuses_what_the_specification_refuses(self):
        whole = json.loads(nspect("lint", "samples/shop", "-o", "sarif"))
        for spoil in (lambda log: log.pop("version"), lambda log: log.update(version="2.0.0"), lambda log: log.pop("runs"),
                      lambda log: log["runs"][0].pop("tool"), lambda log: log["runs"][0]["results"][0].pop("message"),
                      lambda log: log["runs"][0]["results"][0].update(level="fatal"),
                      lambda log: log["runs"][0]["results"][0].update(ruleIndex="0"),
                      lambda log: log["runs"][0]["tool"]["driver"].pop("name"),
                      lambda log: log["runs"][0]["results"][0].update(surprise=1)):
            log = copy.deepcopy(whole)
            spoil(log)
            self.assertFalse(self.schema.is_valid(log))


class Junit(unittest.TestCase):
    def check(self, text):
        root = xml.fromstring(text)
        self.assertEqual(root.tag, "testsuites")
        for suite in root:
            self.assertEqual(suite.tag, "testsuite")
            cases = suite.findall("testcase")
            self.assertEqual(int(suite.get("tests")), len(cases))
            self.assertEqual(int(suite.get("failures")), len(suite.findall("testcase/failure")))
            self.assertEqual(int(suite.get("skipped")), len(suite.findall("testcase/skipped")))
            for case in cases:
                self.assertTrue(case.get("name") and case.get("classname"))
                self.assertLessEqual({each.tag for each in case}, {"failure", "skipped", "system-out"})
        return root

    def test_counts_and_elements(self):
        for arguments in (["audit", *SHOP, "--compliance"], ["lint", "samples/shop"], ["diff", BEFORE, AFTER], ["diff", MESH, *SHOP],
                          ["generate", *SHOP], ["generate", *SHOP, "--diff"], ["generate", *SHOP, "--check", "samples/shop/policies.yaml"]):
            with self.subTest(arguments=arguments):
                self.check(nspect(*arguments, "-o", "junit"))

    def test_failures_are_what_fails(self):
        for severity, fails in (("high", 2), ("medium", 9), ("low", 13), ("never", 0)):
            root = self.check(nspect("audit", *SHOP, "--fail-on", severity, "-o", "junit"))
            self.assertEqual(int(root.get("failures")), fails, severity)


class Pipelines(unittest.TestCase):
    """samples/ci in a repository laid out as they say."""

    @classmethod
    def setUpClass(cls):
        cls.repository = SCRATCH / "repository"
        for place in ("manifests", "main/manifests"):
            shutil.copytree(ROOT / "samples" / "shop", cls.repository / place, ignore=shutil.ignore_patterns("*.nspect", "*.sh"))
        (cls.repository / "recordings").mkdir()
        shutil.copy(ROOT / "samples" / "shop" / "shop.nspect", cls.repository / "recordings" / "day.nspect")
        shutil.copy(ROOT / "tests" / "golden" / "data" / "known.yaml", cls.repository)

    def run_commands(self, commands):
        folder = SCRATCH / "bin"
        folder.mkdir(exist_ok=True)
        link = folder / "nspect"
        if not link.exists():
            link.symlink_to(PROGRAM)
        environment = {"PATH": f"{folder}:/usr/bin:/bin", "GITHUB_STEP_SUMMARY": str(self.repository / "summary.md")}
        count = 0
        for command in commands:
            for line in command.splitlines():
                if not line.strip().startswith("nspect "):
                    continue
                plain = re.sub(r"\s*\|\| failed=1$", "", line.strip())
                ended = subprocess.run(["/bin/sh", "-c", plain], cwd=self.repository, env=environment, timeout=120, check=False,
                                       capture_output=True)
                self.assertIn(ended.returncode, (0, 1), f"{plain}: {ended.stderr.decode()}")
                count += 1
        return count

    def test_github(self):
        job = yaml.safe_load((ROOT / "samples/ci/github.yaml").read_text(encoding="utf-8"))["jobs"]["nspect"]
        self.assertEqual(self.run_commands([each["run"] for each in job["steps"] if "run" in each]), 8)
        self.assertIn("opens and closes", (self.repository / "summary.md").read_text(encoding="utf-8"))
        for each in job["steps"]:
            if each.get("uses", "").startswith("github/codeql-action"):
                self.assertTrue((self.repository / each["with"]["sarif_file"]).exists())

    def test_gitlab(self):
        self.drift(yaml.safe_load((ROOT / "samples/ci/gitlab.yaml").read_text(encoding="utf-8"))["network-drift"]["script"])
        job = yaml.safe_load((ROOT / "samples/ci/gitlab.yaml").read_text(encoding="utf-8"))["network-policy"]
        self.assertEqual(self.run_commands(job["script"]), 6)
        for each in [*job["artifacts"]["paths"], *job["artifacts"]["reports"]["junit"]]:
            self.assertTrue((self.repository / each).exists(), each)


    def drift(self, commands, folder="recordings"):
        """As cron and schedules run it: a week ago something else was recorded."""
        weeks = SCRATCH / "weeks"
        shutil.rmtree(weeks, ignore_errors=True)
        weeks.mkdir()
        bin_folder = SCRATCH / "bin"
        bin_folder.mkdir(exist_ok=True)
        (bin_folder / "nspect").unlink(missing_ok=True)
        (bin_folder / "nspect").symlink_to(PROGRAM)
        command = next(each for each in commands if "drift.sh" in each).replace(f"{folder}", str(weeks))
        command = command.replace("samples/ci", str(ROOT / "samples/ci")).replace("drift/", str(SCRATCH / "drift") + "/")

        def run():
            return subprocess.run(["/bin/sh", "-c", command], cwd=self.repository, capture_output=True, text=True, timeout=120, check=False,
                                  env={"PATH": f"{bin_folder}:/usr/bin:/bin", "LC_ALL": "C.UTF-8"})
        shutil.copy(self.repository / "recordings" / "day.nspect", weeks / "2026-11-22.nspect")
        self.assertEqual(run().returncode, 2, "one week is none to compare with")
        shutil.copy(weeks / "2026-11-22.nspect", weeks / "2026-11-29.nspect")
        same = run()
        self.assertEqual((same.returncode, same.stderr), (0, ""))
        nspect("capture", "-q", "--force", "--read", "tests/golden/data/shop.pcap", "--out", str(weeks / "2026-11-22.nspect"))
        new = run()
        self.assertEqual((new.returncode, new.stderr), (1, ""))
        self.assertRegex(new.stdout, r"\+ added .*shop/pay .*TCP 8444")
        written = {each.name: each.read_text(encoding="utf-8") for each in (SCRATCH / "drift").iterdir()}
        self.assertEqual(set(written), {"drift.html", "drift.svg", "drift.md"})
        self.assertIn("added", written["drift.md"])
        self.assertIn("+ TCP 8444", written["drift.svg"].replace("&#45;", "-"))

    def test_github_drift(self):
        job = yaml.safe_load((ROOT / "samples/ci/github-drift.yaml").read_text(encoding="utf-8"))["jobs"]["drift"]
        self.drift([each["run"] for each in job["steps"] if "run" in each], "/var/lib/nspect")


if __name__ == "__main__":
    try:
        nspect("capture", "-q", "--read", "samples/mesh/mesh.pcapng", "--out", MESH)
        sys.exit(not unittest.main(argv=sys.argv[:1], exit=False).result.wasSuccessful())
    finally:
        shutil.rmtree(SCRATCH, ignore_errors=True)
