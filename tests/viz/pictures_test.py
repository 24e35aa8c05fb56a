#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pictures_test.py NSPECT: the pictures of all samples, read from their SVG.

No label covers another label, a box, the border or the title of a box, or the legend; every edge is there; text reads on what it stands on in
both themes; the legend explains every mark.
"""
import collections
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET

SAMPLES = pathlib.Path(__file__).resolve().parents[2] / "samples"
SVG = "{http://www.w3.org/2000/svg}"
TITLE = "{http://www.w3.org/1999/xlink}title"
LETTER = 0.75  # of the font's size: no bold letter in the samples' titles is wider on average
LOSS = "what the shop lost"
MARKS = "✓○✗⚠◇⊗…↻+−≠"

Box = collections.namedtuple("Box", "left top right bottom")


def numbers(text):
    return [float(each) for each in re.findall(r"-?\d+(?:\.\d+)?", text)]


def box_of(shape):
    if shape.tag == SVG + "ellipse":
        x, y, rx, ry = (float(shape.get(each)) for each in ("cx", "cy", "rx", "ry"))
        return Box(x - rx, y - ry, x + rx, y + ry)
    if shape.tag == SVG + "text":
        x, y, size = (float(shape.get(each)) for each in ("x", "y", "font-size"))
        width = len(shape.text or "") * size * LETTER
        x -= width / 2 if shape.get("text-anchor") == "middle" else 0
        return Box(x, y - size, x + width, y + size * 0.3)
    flat = numbers(shape.get("points") or shape.get("d"))
    return Box(min(flat[::2]), min(flat[1::2]), max(flat[::2]), max(flat[1::2]))


def around(boxes):
    lefts, tops, rights, bottoms = zip(*boxes)
    return Box(min(lefts), min(tops), max(rights), max(bottoms))


def overlap(a, b):
    return a.left < b.right and b.left < a.right and a.top < b.bottom and b.top < a.bottom


def holds(outer, inner):
    return outer.left <= inner.left and outer.top <= inner.top and outer.right >= inner.right and outer.bottom >= inner.bottom


class Drawing:
    """What stands where."""

    def __init__(self, svg):
        self.root = ET.fromstring(svg)
        graph = self.root.find(SVG + "g")
        self.labels, self.nodes, self.groups, self.titles, self.edges, self.label_text = {}, {}, {}, {}, {}, {}
        for part in graph.findall(SVG + "g"):
            kind, name = part.get("class"), part.get("id")
            if kind == "node label":  # it stands apart, so as to lie above all lines
                self.note_label(part, "e" + name[1:])
                continue
            shapes = [each for each in part.iter() if each.tag in (SVG + "path", SVG + "polygon", SVG + "ellipse")]
            texts = list(part.iter(SVG + "text"))
            if kind == "node":
                self.nodes[name] = around([box_of(each) for each in shapes])
            elif kind == "cluster":
                self.groups[name] = box_of(shapes[0])
                self.titles[name] = around([box_of(each) for each in texts])
            elif kind == "edge":
                self.edges[name] = next(each.get(TITLE) for each in part.iter(SVG + "a"))
                self.label_text.setdefault(name, "")
        # Title and legend of the whole belong to none of these.
        inside = {id(text) for part in graph.findall(SVG + "g") if part.get("class") for text in part.iter(SVG + "text")}
        outside = [text for text in graph.iter(SVG + "text") if id(text) not in inside]
        self.legend_text = " ".join(text.text or "" for text in outside)
        self.legend = around([box_of(each) for each in outside]) if outside else None

    def note_label(self, part, edge):
        self.label_text[edge] = "".join(each.text or "" for each in part.iter(SVG + "text"))
        self.labels[edge] = around([box_of(each) for each in part.iter(SVG + "polygon") if each.get("stroke") == "transparent"])

    def covered(self):
        """[what a label covers that it must not]"""
        found = []
        for name, label in self.labels.items():
            others = {f"label {each}": box for each, box in self.labels.items() if each < name}
            others.update({f"box {each}": box for each, box in self.nodes.items()})
            others.update({f"title {each}": box for each, box in self.titles.items()})
            if self.legend:
                others["legend"] = self.legend
            found += [f"{self.edges[name]} covers {what}" for what, box in others.items() if overlap(label, box)]
            found += [f"{self.edges[name]} crosses the border of {each}" for each, box in self.groups.items()
                      if overlap(label, box) and not holds(box, label)]
        return found


def luminance(color):
    named = {"white": "#ffffff", "black": "#000000"}
    color = named.get(color, color)
    parts = [int(color[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.03928 else ((each + 0.055) / 1.055) ** 2.4 for each in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a, b):
    lighter, darker = sorted((luminance(a), luminance(b)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def pale_texts(drawing):
    """[text that does not stand out 4.5:1 from the last shape that was filled under it]"""
    found, filled = [], []
    for each in drawing.root.iter():
        if each.tag in (SVG + "path", SVG + "polygon", SVG + "ellipse") and each.get("fill") != "none":
            filled.append((box_of(each), each.get("fill")))
        if each.tag != SVG + "text" or not (each.text or "").strip():
            continue
        x, y = float(each.get("x")), float(each.get("y")) - float(each.get("font-size")) * 0.3
        ground = [color for box, color in filled if box.left <= x <= box.right and box.top <= y <= box.bottom][-1]
        if contrast(each.get("fill", "black"), ground) < 4.5:
            found.append(f"{each.text!r}: {each.get('fill', 'black')} on {ground}")
    return found


def unexplained(drawing):
    """[mark on a line that the legend does not have]"""
    text = "".join(drawing.label_text.values())
    marks = [each for each in MARKS if each in text]
    marks += [word for word in ("mTLS", "plain") if word in text]
    return [each for each in marks if each not in drawing.legend_text]


def run(nspect, *arguments):
    done = subprocess.run([nspect, *arguments], capture_output=True, text=True, timeout=300)
    if done.returncode not in (0, 1):
        raise SystemExit(f"nspect {' '.join(map(str, arguments))}: {done.stderr}")
    return done.stdout


def pictures(nspect, folder):
    """(name, arguments) of everything the samples have to draw."""
    mesh = pathlib.Path(folder) / "mesh.nspect"
    run(nspect, "capture", "--read", SAMPLES / "mesh" / "mesh.pcapng", "--out", mesh, "-q")
    yield "mesh", ["graph", mesh, SAMPLES / "mesh", "-q"]
    for recording in sorted(SAMPLES.glob("*/*.nspect")):
        yield recording.parent.name, ["graph", recording, recording.parent, "-q"]
    for name in ("calico", "cilium", "compose", "istio", "shop"):
        yield f"connectivity of {name}", ["connectivity", SAMPLES / name, "-q"]
    # Without policies a loss is no denial, and everything that they closed is open.
    yield LOSS, ["graph", SAMPLES / "shop" / "shop.nspect", SAMPLES / "shop" / "cluster.yaml", "-q"]
    for name in ("calico", "cilium", "istio", "shop"):
        for before, after in ((name, f"{name}/cluster.yaml"), (f"{name}/cluster.yaml", name)):
            yield f"diff of {before} and {after}", ["diff", SAMPLES / before, SAMPLES / after, "-q"]
    yield "diff of recordings", ["diff", mesh, SAMPLES / "shop" / "shop.nspect", SAMPLES / "shop", "-q"]


def struck_through(drawing):
    """[label with lines above it]: what comes later in an SVG lies above."""
    kinds = [part.get("class") for part in drawing.root.find(SVG + "g").findall(SVG + "g")]
    lines = [at for at, kind in enumerate(kinds) if kind == "edge"]
    return [at for at, kind in enumerate(kinds) if kind == "node label" and at < max(lines)]


def untold_losses(graph, drawing):
    """[edge of the JSON that lost packets, whose label does not say so, with the place]"""
    labels = {drawing.edges[name].split(": ")[0]: text for name, text in drawing.label_text.items()}
    lossy = [edge for edge in graph["edges"] if "lost" in edge and edge["state"] != "denied-blocked"]
    return [edge["src"] for edge in lossy
            if f"⊗ {edge['lost']['conversations']} lost" not in labels[f"{edge['src']} -> {edge['dst']}"]
            or not all(place in labels[f"{edge['src']} -> {edge['dst']}"] for place in edge["lost"]["between"])]


def missing_edges(graph, drawing):
    """[edge of the JSON that no line stands for]"""
    lines = collections.Counter(tuple(each.split(": ")[0].split(" -> ")) for each in drawing.edges.values())
    wanted = {(edge["src"], edge["dst"], edge["state"]) for edge in graph["edges"]}
    pairs = collections.Counter((source, target) for source, target, _ in wanted)
    return [pair for pair, count in pairs.items() if lines[pair] < count]


def check(nspect, name, arguments):
    found = []
    for theme in ("light", "dark"):
        drawing = Drawing(run(nspect, *arguments, "-o", "svg", "--theme", theme))
        found += drawing.covered() + pale_texts(drawing)
        found += [f"the legend lacks {each}" for each in unexplained(drawing)]
        found += [f"lines run over label {each}" for each in struck_through(drawing)]
        if arguments[0] == "graph":
            graph = json.loads(run(nspect, *arguments, "-o", "json"))
            found += [f"no line for {each}" for each in missing_edges(graph, drawing)]
            found += [f"the loss of {each} is not told" for each in untold_losses(graph, drawing)]
            if name == LOSS and not any("lost" in each for each in graph["edges"]):
                found.append("nothing was lost")
    for each in found:
        print(f"{name}: {each}")
    return drawing, len(found)


def check_the_checks(drawing):
    """Each of them can fail."""
    first, box = next(iter(drawing.labels)), next(iter(drawing.nodes.values()))
    drawing.labels[first] = box
    assert any("covers box" in each for each in drawing.covered())
    group = next(iter(drawing.groups.values()))
    drawing.labels[first] = Box(group.left - 5, group.bottom - 9, group.left + 5, group.bottom - 3)
    assert any("crosses the border" in each for each in drawing.covered())
    drawing.legend_text = ""
    assert unexplained(drawing)
    parts = drawing.root.find(SVG + "g")
    label = next(part for part in parts.findall(SVG + "g") if part.get("class") == "node label")
    parts.remove(label)
    parts.insert(0, label)
    assert struck_through(drawing)
    for text in drawing.root.iter(SVG + "text"):
        text.set("fill", "#808080")
    assert pale_texts(drawing)
    source, target = drawing.edges[first].split(": ")[0].split(" -> ")
    lost = {"src": source, "dst": target, "state": "x", "lost": {"conversations": 1, "between": ["a", "b"]}}
    drawing.label_text[first] = "⊗ 1 lost after a"
    assert untold_losses({"edges": [lost]}, drawing)
    drawing.label_text[first] += ", before b"
    assert not untold_losses({"edges": [lost]}, drawing)
    drawing.edges.pop(first)
    assert missing_edges({"edges": [{"src": source, "dst": target, "state": "x"}]}, drawing)


def main():
    nspect, failures = sys.argv[1], 0
    with tempfile.TemporaryDirectory() as folder:
        for name, arguments in pictures(nspect, folder):
            drawing, found = check(nspect, name, arguments)
            failures += found
            print(f"{name}: {len(drawing.labels)} labels, {len(drawing.nodes)} boxes", flush=True)
            if name == "mesh":
                check_the_checks(drawing)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
