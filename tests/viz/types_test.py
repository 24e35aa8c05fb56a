#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""types_test.py: the report page's scripts hold to the types their comments declare (TypeScript's tsc --checkJs)."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
WEB = HERE.parent.parent / "viz" / "web"
OPTIONS = ["--noEmit", "--allowJs", "--checkJs", "--target", "es2022", "--lib", "es2022,dom,dom.iterable"]


def check(scripts):
    return subprocess.run(["tsc", *OPTIONS, HERE / "page_globals.d.ts", *scripts], capture_output=True, text=True, timeout=100)


def main():
    if not shutil.which("tsc"):
        print("left out: the types of the report page's scripts (no tsc here; Debian: node-typescript)")
        return 1 if os.environ.get("NSPECT_REQUIRE_LIVE") == "1" else 0
    scripts = sorted(WEB.glob("*.js"))
    checked = check(scripts)
    print(checked.stdout, end="")
    with tempfile.NamedTemporaryFile("w", suffix=".js") as wrong:  # the check itself can fail
        wrong.write('tell(1);\n')
        wrong.flush()
        seen = check([*scripts, wrong.name])
    if seen.returncode == 0:
        print("a wrong type was not seen")
    return checked.returncode or int(seen.returncode == 0)


sys.exit(main())
