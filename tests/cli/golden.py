#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs every case of tests/golden/cli/ and compares what the program printed, byte by byte.

    tests/cli/golden.py PROGRAM [CASE...]      NSPECT_UPDATE=1 writes what was printed as expected

A case is a folder with `cmd`: shell lines, run from the source root, where `nspect` is PROGRAM and $TMP an empty
folder of the case's own. The last line is what the case is about; lines before it prepare. `expected.stdout` and
`expected.stderr` may be absent when nothing is printed; `expected.exit` holds the exit code of the last line.
Where there is an `expected.files`, it holds the names of what is left in $TMP, one a line.

`as_nobody nspect ...` runs without privileges: as another user when the tests run as root.

Differences that mean nothing are replaced in what was printed: the scratch folder by $TMP, the program's version by
$VERSION. Output that is no UTF-8 is a failure.
"""
import difflib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
CASES = ROOT / "tests" / "golden" / "cli"
NOBODY = 65534
TIMEOUT = 120

AS_NOBODY = """
as_nobody() {
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid=%d --regid=%d --clear-groups --inh-caps=-all -- "$@"
    else
        "$@"
    fi
}
""" % (NOBODY, NOBODY)


class Scratch:
    """An empty folder for one case, and beside it the program under the name nspect."""

    def __init__(self, program, as_nobody):
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="nspect-golden-"))
        self.tmp = self.base / "tmp"
        self.bin = self.base / "bin"
        self.tmp.mkdir()
        self.bin.mkdir()
        for folder in (self.base, self.bin):
            folder.chmod(0o755)
        self.tmp.chmod(0o777)
        if as_nobody and not everybody_can_reach(program):
            shutil.copy(program, self.bin / "nspect")
        else:
            (self.bin / "nspect").symlink_to(program)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for folder in [self.base, *(each for each in self.base.rglob("*") if each.is_dir())]:
            folder.chmod(0o755)
        shutil.rmtree(self.base)

    def environment(self):
        kept = {key: value for key, value in os.environ.items() if key in ("ASAN_OPTIONS", "UBSAN_OPTIONS")}
        return {**kept, "PATH": f"{self.bin}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "TMP": str(self.tmp),
                "LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": str(self.tmp)}


def everybody_can_reach(path):
    return all(each.stat().st_mode & 0o001 for each in [path, *path.parents])


def names_below(folder):
    return "".join(f"{each.relative_to(folder)}{'/' if each.is_dir() else ''}\n" for each in sorted(folder.rglob("*")))


def run(case, program, version):
    """What the case printed, as {file name: text}."""
    command = (case / "cmd").read_text(encoding="utf-8")
    with Scratch(program, "as_nobody" in command) as scratch:
        ended = subprocess.run(["/bin/sh", "-c", AS_NOBODY + command], cwd=ROOT, env=scratch.environment(),
                               stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT, check=False)
        got = {"expected.stdout": ended.stdout.decode("utf-8"), "expected.stderr": ended.stderr.decode("utf-8"),
               "expected.exit": f"{ended.returncode}\n", "expected.files": names_below(scratch.tmp)}
        for meaningless, name in ((str(scratch.tmp), "$TMP"), (f"nspect {version}", "nspect $VERSION"),
                                  (f'"{version}"', '"$VERSION"')):
            got = {key: text.replace(meaningless, name) for key, text in got.items()}
        return got


def expected(case, got):
    """What was agreed; `expected.files` only where the case asks for it."""
    agreed = {name: "" for name in got if name != "expected.files"}
    for name in got:
        if (case / name).exists():
            agreed[name] = (case / name).read_bytes().decode("utf-8")  # CSV lines end in CR LF
    return agreed


def update(case, got):
    for name, text in got.items():
        path = case / name
        if name == "expected.files" and not path.exists():
            continue
        if text or name in ("expected.exit", "expected.files"):
            path.write_bytes(text.encode("utf-8"))
        else:
            path.unlink(missing_ok=True)


def visible(text):
    return text.replace("\r", "\\r").split("\n")


def differences(case, agreed, got):
    lines = []
    for name, text in agreed.items():
        where = (case / name).relative_to(ROOT)
        lines += difflib.unified_diff(visible(text), visible(got[name]), str(where), "printed", lineterm="")
    return lines


def main(arguments):
    program = pathlib.Path(arguments[0]).resolve()
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
    cases = [CASES / each for each in arguments[1:]] or sorted(each.parent for each in CASES.glob("*/cmd"))
    failed = 0
    for case in cases:
        got = run(case, program, version)
        if os.environ.get("NSPECT_UPDATE") == "1":
            update(case, got)
            continue
        lines = differences(case, expected(case, got), got)
        if lines:
            failed += 1
            print(f"FAILED {case.name}: {(case / 'cmd').read_text(encoding='utf-8').strip()}")
            print("\n".join(lines) + "\n")
    print(f"{len(cases)} cases, {failed} failed")
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1:]))
