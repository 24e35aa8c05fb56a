// SPDX-License-Identifier: Apache-2.0
// The interactive graph: draws one Drawing whose coordinates were computed before, and tells what was chosen.
// Every string comes from strangers and is only ever set as text.
"use strict";
/**
 * @typedef {{id: string, label: string, type: string, group: string, kind: string, judged: boolean, ingress: boolean, egress: boolean}} GraphNode
 * @typedef {{from: number, to: number, state: string, label: string, parts: string[][], width: number, at: number[], curve: number[], edges: number[]}} Line
 * @typedef {{name: string, width: number, height: number, boxes: number[][], groups: {name: string, box: number[]}[], lines: Line[],
 *   nodes: ?GraphNode[], node_of: ?number[]}} Drawing  `nodes` where they are not those of the report
 * @typedef {{line?: Line, node?: number}} Choice
 */

const manyLines = 300; // their labels would only cover each other
const manyStops = 400; // to step through with the tab key
const longestLabel = 36;
const svgNamespace = "http://www.w3.org/2000/svg";

/** Arrowheads by state: path and whether it is hollow. Drawn from (0, 0) to its tip at (10, 5). */
const tips = {
  "allowed-used": ["M0,0.8L10,5L0,9.2z", false],
  "allowed-unused": ["M1,1L10,5L1,9z", true],
  "denied-blocked": ["M8,0L10,0L10,10L8,10z", false],
  "denied-flowed": ["M-9,0L1,5L-9,10zM0,0L10,5L0,10z", false],
  "unprotected": ["M0,0L10,5L0,10L3.5,5z", false],
  "undecided": ["M0.5,5L5,1.5L9.5,5L5,8.5z", true],
  "added": ["M0,0L10,5L0,10z", false],
  "removed": ["M8,0L10,0L10,10L8,10z", false],
  "changed": ["M0,0L10,5L0,10L3.5,5z", false],
};

/**
 * Cut in the middle, as the coordinates were computed for.
 * @param {string} text
 */
function shortened(text) {
  const letters = Array.from(text);
  if (letters.length <= longestLabel) return text;
  const front = longestLabel >> 1;
  return letters.slice(0, front).join("") + "…" + letters.slice(letters.length - (longestLabel - front - 1)).join("");
}

/** @param {number[]} c x, y pairs of a Bezier curve */
function curvePath(c) {
  let path = `M${c[0]},${c[1]}`;
  for (let i = 2; i + 5 < c.length; i += 6) path += `C${c.slice(i, i + 6).join(",")}`;
  return path;
}

/** Locks by name, 10 wide and 10 high: a shackle upon a body, and what of it is full. One whose state nobody knows is a "?". */
const locks = {
  closed: ["M2.2,4.2V2.6A2.8,2.2 0 0 1 7.8,2.6V4.2M0.5,4.2H9.5V9.5H0.5z", "M0.5,4.2H9.5V9.5H0.5z"],
  half: ["M2.2,4.2V2.6A2.8,2.2 0 0 1 7.8,2.6V4.2M0.5,4.2H9.5V9.5H0.5z", "M0.5,4.2H5V9.5H0.5z"],
  open: ["M2.2,4.2V2.6A2.8,2.2 0 0 1 7.8,2.4M0.5,4.2H9.5V9.5H0.5z", ""],
};

/**
 * A lock at the left end of (x, y), its middle at y.
 * @param {Element} place @param {string} lock @param {number} x @param {number} y @param {number} size
 */
function drawLock(place, lock, x, y, size) {
  const [outline, full] = locks[lock];
  const drawn = d3.select(place).append("g").attr("class", "lock " + lock).attr("aria-hidden", "true")
    .attr("transform", `translate(${x},${y - size / 2}) scale(${size / 10})`);
  drawn.append("path").attr("class", "outline").attr("d", outline);
  if (full) drawn.append("path").attr("class", "full").attr("d", full);
}

/**
 * In the middle of the place that was kept for it: text, lock, word, text, ...
 * @param {Element} place @param {Line} line
 */
function drawLabel(place, line) {
  const [x, y] = line.at;
  const gap = 10; // for a lock
  const text = d3.select(place).append("text").attr("x", x).attr("y", y).style("text-anchor", "start").style("white-space", "pre");
  const drawn = line.parts.map(([before, lock, word], i) => {
    const separate = i && before && !before.startsWith(", ") ? " " : "";
    text.append("tspan").text(separate + before + (lock ? " " : ""));
    if (!lock) return null;
    const sure = lock !== "unknown";
    return { lock: sure ? lock : "", word: text.append("tspan").attr("dx", sure ? gap : 0).text(sure ? word : `?\u00a0${word.replace(" ?", "")}`) };
  });
  const measured = /** @type {any} */ (text.node());
  text.attr("x", x - measured.getComputedTextLength() / 2);
  for (const part of drawn) {
    if (!part || !part.lock) continue;
    const start = part.word.node().getStartPositionOfChar(0);
    drawLock(place, part.lock, start.x - gap + 0.5, y, 8.5);
  }
}

class Picture {
  /** @param {HTMLElement} place @param {(choice: Choice) => void} chosen */
  constructor(place, chosen) {
    this.place = place;
    this.chosen = chosen;
    this.svg = d3.select(place).append("svg").attr("role", "group").attr("aria-label", "Communication graph");
    this.canvas = this.svg.append("g");
    this.zoom = d3.zoom().scaleExtent([0.3, 30])
      .filter(() => !d3.event.button && (d3.event.type !== "wheel" || d3.event.ctrlKey || d3.event.metaKey))
      .on("zoom", () => this.canvas.attr("transform", d3.event.transform));
    this.svg.call(this.zoom).on("dblclick.zoom", null);
    place.addEventListener("click", (event) => this.choose(event.target));
    place.addEventListener("keydown", (event) => {
      if ((event.key === "Enter" || event.key === " ") && this.choose(event.target)) event.preventDefault();
    });
  }

  /**
   * What `target` is part of was chosen; false when it is part of nothing.
   * @param {EventTarget} target
   */
  choose(target) {
    const found = target instanceof Element && target.closest(".edge, .node");
    if (!found) return false;
    const datum = d3.select(found).datum();
    this.chosen(found.classList.contains("edge") ? { line: datum } : { node: this.nodes.indexOf(datum) });
    return true;
  }

  /** @param {Drawing} drawing @param {GraphNode[]} nodes @param {Set<string>} states */
  draw(drawing, nodes, states) {
    this.drawing = drawing;
    this.nodes = nodes;
    this.canvas.selectAll("*").remove();
    this.svg.selectAll("defs").remove();
    this.markers(states);
    const many = drawing.lines.length > manyLines;
    this.stops = drawing.lines.length + drawing.boxes.length <= manyStops;
    this.canvas.classed("many", many);
    this.drawGroups();
    this.drawLines(many);
    this.drawNodes();
    this.size();
    this.fit();
  }

  /** @param {Set<string>} states */
  markers(states) {
    const defs = this.svg.append("defs");
    for (const state of states) {
      const [path, hollow] = tips[state];
      defs.append("marker").attr("id", "tip-" + state).attr("viewBox", "-1 -1 12 12").attr("refX", 10).attr("refY", 5)
        .attr("markerWidth", 10).attr("markerHeight", 10).attr("markerUnits", "userSpaceOnUse").attr("orient", "auto")
        .attr("overflow", "visible")
        .append("path").attr("d", path).attr("class", `tip state-${state}${hollow ? " hollow" : ""}`);
    }
  }

  /** The picture keeps its shape; a small graph is not blown up. */
  size() {
    const { width, height } = this.drawing;
    const wide = this.place.clientWidth || 900;
    const scale = Math.min(1.75, wide / (width + 40));
    const tall = Math.max(300, Math.min((height + 60) * scale, window.innerHeight * 0.72, 760));
    this.place.style.height = `${Math.round(tall)}px`;
    const w = Math.max(width + 40, wide / 1.75);
    const h = Math.max(height + 40, tall / 1.75);
    this.svg.attr("viewBox", `${(width - w) / 2} ${(height - h) / 2} ${w} ${h}`);
  }

  drawGroups() {
    for (const { name, box: [x, y, w, h] } of this.drawing.groups) {
      this.canvas.append("rect").attr("class", "cluster").attr("x", x - w / 2).attr("y", y - h / 2).attr("width", w)
        .attr("height", h).attr("rx", 9);
      this.canvas.append("text").attr("class", "cluster-name").attr("x", x - w / 2 + 10).attr("y", y - h / 2 + 15).text(shortened(name));
    }
  }

  /** @param {boolean} many */
  drawLines(many) {
    const groups = this.canvas.selectAll(".edge").data(this.drawing.lines).join("g")
      .attr("class", (line) => "edge state-" + line.state).attr("role", "button").attr("tabindex", this.stops ? 0 : -1)
      .attr("aria-label", (line) => `${this.nodes[line.from].id} to ${this.nodes[line.to].id}: ${line.label}`);
    if (!many) groups.append("path").attr("class", "hit").attr("d", (line) => curvePath(line.curve));
    groups.append("path").attr("class", "line").attr("d", (line) => curvePath(line.curve))
      .attr("stroke-width", (line) => line.width).attr("marker-end", (line) => `url(#tip-${line.state})`);
    if (many) return;
    groups.append("rect").attr("class", "label").attr("rx", 3).attr("x", (line) => line.at[0] - line.at[2] / 2)
      .attr("y", (line) => line.at[1] - line.at[3] / 2).attr("width", (line) => line.at[2]).attr("height", (line) => line.at[3]);
    groups.each(function (line) { drawLabel(this, line); });
  }

  drawNodes() {
    const groups = this.canvas.selectAll(".node").data(this.nodes).join("g")
      .attr("class", (node) => `node ${node.kind}` + (node.kind === "workload" && !node.ingress && !node.egress ? " open" : ""))
      .attr("role", "button").attr("tabindex", this.stops ? 0 : -1).attr("aria-label", (node) => node.id)
      .attr("transform", (_, i) => `translate(${this.drawing.boxes[i][0]},${this.drawing.boxes[i][1]})`);
    groups.append((node, i) => this.shape(node, this.drawing.boxes[i]));
    groups.append("text").attr("y", (node) => (node.type ? -5.5 : 0)).text((node) => shortened(node.label));
    groups.filter((node) => node.type).append("text").attr("class", "type").attr("y", 8).text((node) => shortened(node.type));
  }

  /** @param {GraphNode} node @param {number[]} box */
  shape(node, [, , w, h]) {
    const round = node.kind === "external";
    const made = document.createElementNS(svgNamespace, round ? "ellipse" : "rect");
    const attributes = round ? { rx: w / 2, ry: h / 2 } : { x: -w / 2, y: -h / 2, width: w, height: h, rx: node.kind === "node" ? 0 : 7 };
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
    return made;
  }

  /** @param {(line: Line) => boolean} shows @param {(node: number) => boolean} showsNode */
  filter(shows, showsNode) {
    const used = new Set();
    for (const line of this.drawing.lines) if (shows(line)) used.add(line.from).add(line.to);
    this.canvas.selectAll(".edge").classed("faded", (line) => !shows(line));
    this.canvas.selectAll(".node").classed("faded", (_, i) => !used.has(i) && !showsNode(i));
    return used;
  }

  /**
   * What was chosen, and what it touches, stands out.
   * @param {Choice} choice
   */
  mark({ line, node }) {
    const touches = (each) => each === line || each.from === node || each.to === node;
    const near = new Set(node === undefined ? [] : [node]);
    for (const each of this.drawing.lines) if (touches(each)) near.add(each.from).add(each.to);
    this.canvas.classed("choosing", line !== undefined || node !== undefined);
    this.canvas.selectAll(".edge").classed("selected", (each) => each === line).classed("touching", touches);
    this.canvas.selectAll(".node").classed("selected", (_, i) => i === node).classed("touching", (_, i) => near.has(i));
    this.canvas.selectAll(".edge.touching").raise();
    this.canvas.selectAll(".node").raise();
    if (this.canvas.classed("many") && near.size > 1) this.fit(near);
  }

  /**
   * All of it, or only these nodes.
   * @param {Set<number>=} only
   */
  fit(only) {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches || !only;
    const target = still ? this.svg : this.svg.transition().duration(250);
    if (!only || !only.size) return target.call(this.zoom.transform, d3.zoomIdentity);
    const boxes = [...only].map((i) => this.drawing.boxes[i]);
    const left = Math.min(...boxes.map(([x, , w]) => x - w / 2));
    const right = Math.max(...boxes.map(([x, , w]) => x + w / 2));
    const top = Math.min(...boxes.map(([, y, , h]) => y - h / 2));
    const bottom = Math.max(...boxes.map(([, y, , h]) => y + h / 2));
    const view = this.svg.node().viewBox.baseVal;
    const scale = Math.min(3, view.width / (right - left + 60), view.height / (bottom - top + 60));
    return target.call(this.zoom.transform, d3.zoomIdentity
      .translate(view.x + view.width / 2, view.y + view.height / 2).scale(scale).translate(-(left + right) / 2, -(top + bottom) / 2));
  }

  /**
   * In pixels of the page.
   * @param {number} x @param {number} y
   */
  pan(x, y) {
    const { a } = this.svg.node().getScreenCTM();
    const { k } = d3.zoomTransform(this.svg.node());
    this.svg.call(this.zoom.translateBy, x / a / k, y / a / k);
  }

  /** @param {number} factor */
  scale(factor) {
    this.svg.transition().duration(150).call(this.zoom.scaleBy, factor);
  }
}
