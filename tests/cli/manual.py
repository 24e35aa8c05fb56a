#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The options in packaging/nspect.1 are those of every verb's --help, in its words.

    tests/cli/manual.py PROGRAM      NSPECT_UPDATE=1 writes them into the page

They stand between the two comments that BEGIN and END name. What several verbs have with the same words is told once,
under OPTIONS.
"""
import difflib
import os
import pathlib
import re
import subprocess
import sys

PAGE = pathlib.Path(__file__).resolve().parents[2] / "packaging" / "nspect.1"
BEGIN = '.\\" What follows is written by tests/cli/manual.py from --help.\n'
END = '.\\" Here it ends.\n'
COLUMN = 34  # where the words of --help begin


def printed(program, *arguments):
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=True, timeout=60).stdout


def options_of(text):
    """[(names and value, words)] of a verb's --help, without --help itself."""
    options = []
    for line in text.split("\nOptions:\n", 1)[-1].split("\n\n", 1)[0].split("\n"):
        if line.startswith("  -"):
            name, words = (line[2:COLUMN].rstrip(), line[COLUMN:]) if line[COLUMN - 1:COLUMN] == " " else (line[2:], "")
            options.append([name, words.strip()])
        elif options:
            options[-1][1] = (options[-1][1] + " " + line.strip()).strip()
    return [(name, words) for name, words in options if "--help" not in name]


def roff(text):
    return text.replace("\\", "\\e").replace("-", "\\-")


def tag(name):
    names, _, value = name.partition(" ")
    bold = ", ".join(f"\\fB{roff(each)}\\fR" for each in names.split(","))
    return f".TP\n{bold}{f' {chr(92)}fI{roff(value)}{chr(92)}fR' if value else ''}\n"


def sentence(words):
    return roff(words[:1].upper() + words[1:]) + ".\n"


def section(options):
    return "".join(tag(name) + sentence(words) for name, words in options)


def shared(of_verb):
    """What at least two thirds of the verbs have alike."""
    count = {}
    for each in (option for options in of_verb.values() for option in options):
        count[each] = count.get(each, 0) + 1
    return [option for option, times in count.items() if times * 3 >= len(of_verb) * 2]


def written(program):
    verbs = re.findall(r"^  ([a-z]+) {3,}\S", printed(program, "--help"), re.MULTILINE)
    of_verb = {verb: options_of(printed(program, verb, "--help")) for verb in verbs}
    alike = shared(of_verb)
    text = section(alike)
    for verb, options in of_verb.items():
        own = [each for each in options if each not in alike]
        if own:
            text += f".SS nspect {verb}\n" + section(own)
    return text


def main(program):
    page = PAGE.read_text(encoding="utf-8")
    head, rest = page.split(BEGIN)
    told, tail = rest.split(END)
    now = written(str(pathlib.Path(program).resolve()))
    if os.environ.get("NSPECT_UPDATE") == "1":
        PAGE.write_text(head + BEGIN + now + END + tail, encoding="utf-8")
        return 0
    lines = list(difflib.unified_diff(told.split("\n"), now.split("\n"), "packaging/nspect.1", "--help", lineterm=""))
    print("\n".join(lines) or f"{now.count('.TP')} options: the page tells them as --help does")
    return 1 if lines or ".TP" not in now else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
