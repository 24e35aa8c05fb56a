// SPDX-License-Identifier: Apache-2.0
// The report page: draws the embedded data. Every string of it comes from strangers and is only ever set as text.
"use strict";
(() => {
/**
 * @typedef {{id: string, label: string, group: string, kind: string, open: boolean, box: ?number[]}} Node
 * @typedef {{from: number, to: number, state: string, label: string, curve: number[], at: number[], edges: number[]}} Line
 * @typedef {{src: string, dst: string, traffic: string, state: string, rules: string[], facts: string[][]}} Edge
 * @typedef {{code: string, severity: string, subject: string, message: string, evidence: string[], location: string, edge: ?number}} Found
 * @typedef {{id: string, title: string, columns: string[], rows: string[][], numeric: number[]}} Table
 * @typedef {{title: string, summary: string[], figures: string[][], warnings: string[], width: number, height: number,
 *   nodes: Node[], lines: Line[], groups: {name: string, box: number[]}[], edges: Edge[], findings: Found[],
 *   states: {state: string, words: string, symbol: string}[], tables: Table[], documents: string[][]}} Report
 */
/** @type {Report} */
const report = JSON.parse(document.getElementById("data").textContent);
const byId = (/** @type {string} */ id) => document.getElementById(id);
const hidden = new Set();

/** @param {string} tag @param {string=} text @param {string=} className */
function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function drawHead() {
  document.title = "nspect: " + report.title;
  byId("title").textContent = report.title;
  for (const text of report.warnings) byId("warnings").append(element("p", text, "warning"));
  for (const text of report.summary) byId("summary").append(element("p", text));
  for (const [name, value] of report.figures) {
    const item = element("li");
    item.append(element("b", value), element("span", name));
    byId("figures").append(item);
  }
}

// --- the picture ---------------------------------------------------------------------------------------------

const picture = d3.select("#picture");
const svg = picture.append("svg").attr("role", "group").attr("aria-label", "communication graph")
  .attr("viewBox", `0 0 ${report.width} ${report.height}`);
const canvas = svg.append("g");
const zoom = d3.zoom().scaleExtent([0.2, 8]).on("zoom", () => canvas.attr("transform", d3.event.transform));

/** @param {number[]} c x, y pairs of a Bezier curve, with its arrow's tip last */
function curvePath(c) {
  let path = `M${c[0]},${c[1]}`;
  for (let i = 2; i + 5 < c.length; i += 6) path += `C${c.slice(i, i + 6).join(",")}`;
  return path;
}

function drawPicture() {
  if (!report.width) {
    picture.text("The graph could not be laid out; the tables below have all of it.");
    return;
  }
  const defs = svg.append("defs");
  for (const { state } of report.states) {
    defs.append("marker").attr("id", "tip-" + state).attr("viewBox", "0 0 10 10").attr("refX", 8).attr("refY", 5)
      .attr("markerWidth", 9).attr("markerHeight", 9).attr("markerUnits", "userSpaceOnUse").attr("orient", "auto")
      .append("path").attr("d", "M0,0L10,5L0,10z").attr("class", "state-" + state).attr("fill", "currentColor");
  }
  for (const group of report.groups) {
    const [x, y, w, h] = group.box;
    canvas.append("rect").attr("class", "cluster").attr("x", x - w / 2).attr("y", y - h / 2).attr("width", w)
      .attr("height", h).attr("rx", 8);
    canvas.append("text").attr("class", "cluster-name").attr("x", x - w / 2 + 10).attr("y", y - h / 2 + 17).text(group.name);
  }
  const lines = canvas.selectAll(".edge").data(report.lines).join("g")
    .attr("class", (d) => "edge state-" + d.state).attr("tabindex", 0).attr("role", "button")
    .attr("aria-label", (d) => `${report.nodes[d.from].id} to ${report.nodes[d.to].id}, ${d.label}`);
  lines.append("path").attr("class", "hit").attr("d", (d) => curvePath(d.curve));
  lines.append("path").attr("class", "line").attr("d", (d) => curvePath(d.curve))
    .attr("marker-end", (d) => `url(#tip-${d.state})`);
  lines.append("text").attr("x", (d) => d.at[0]).attr("y", (d) => d.at[1]).text((d) => d.label);
  lines.each(function (_, i) { makeButton(this, () => select("edge", i)); });
  const nodes = canvas.selectAll(".node").data(report.nodes).join("g")
    .attr("class", (d) => "node" + (d.open ? " open" : "")).attr("tabindex", 0).attr("role", "button")
    .attr("aria-label", (d) => d.id).attr("transform", (d) => `translate(${d.box[0]},${d.box[1]})`);
  nodes.append((d) => shape(d));
  nodes.append("text").text((d) => d.label);
  nodes.each(function (_, i) { makeButton(this, () => select("node", i)); });
  svg.call(zoom);
}

/** @param {Node} node */
function shape(node) {
  const [, , w, h] = node.box;
  const made = document.createElementNS("http://www.w3.org/2000/svg", node.kind === "external" ? "ellipse" : "rect");
  const attributes = node.kind === "external" ? { rx: w / 2, ry: h / 2 }
    : { x: -w / 2, y: -h / 2, width: w, height: h, rx: 6 };
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  return made;
}

/** Enter and space do what a click does. @param {Element} element @param {() => void} act */
function makeButton(element, act) {
  element.addEventListener("click", act);
  element.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    act();
  });
}

// --- selection and details -----------------------------------------------------------------------------------

/** @param {string} kind @param {number} index */
function select(kind, index) {
  const known = kind === "edge" ? report.lines[index] : report.nodes[index];
  if (!known) return;
  history.replaceState(null, "", `#${kind}=${index}`);
  d3.selectAll(".edge").classed("selected", (d) => d === known);
  d3.selectAll(".node").classed("selected", (d) => d === known);
  const panel = byId("details");
  panel.replaceChildren();
  if (kind === "edge") {
    panel.append(element("h3", `${report.nodes[known.from].id} → ${report.nodes[known.to].id}`));
    for (const each of known.edges) describeEdge(panel, report.edges[each]);
  } else {
    describeNode(panel, known, index);
  }
}

/** @param {HTMLElement} panel @param {Edge} edge */
function describeEdge(panel, edge) {
  const list = element("dl");
  const state = report.states.find((each) => each.state === edge.state);
  for (const [name, value] of [["traffic", edge.traffic], ["verdict", `${state.symbol} ${state.words}`], ...edge.facts]) {
    list.append(element("dt", name), element("dd", value));
  }
  panel.append(list);
  for (const rule of edge.rules) panel.append(element("p", rule));
}

/** @param {HTMLElement} panel @param {Node} node @param {number} index */
function describeNode(panel, node, index) {
  panel.append(element("h3", node.id));
  if (node.open) panel.append(element("p", "No policy selects it: everything may reach it and it may reach everything."));
  const add = (/** @type {string} */ title, /** @type {Line[]} */ lines, /** @type {"from"|"to"} */ other) => {
    if (!lines.length) return;
    panel.append(element("h3", title));
    for (const line of lines) panel.append(element("p", `${report.nodes[line[other]].id}  ${line.label}`));
  };
  add("Reaches", report.lines.filter((line) => line.from === index), "to");
  add("Reached by", report.lines.filter((line) => line.to === index), "from");
}

// --- filters -------------------------------------------------------------------------------------------------

function applyFilters() {
  const text = /** @type {HTMLInputElement} */ (byId("search")).value.toLowerCase();
  const group = /** @type {HTMLSelectElement} */ (byId("group")).value;
  const named = (/** @type {Node} */ node) => node.id.toLowerCase().includes(text);
  const shown = (/** @type {Line} */ line) => {
    const from = report.nodes[line.from];
    const to = report.nodes[line.to];
    return !hidden.has(line.state) && (!group || from.group === group || to.group === group) &&
      (!text || named(from) || named(to) || line.label.toLowerCase().includes(text));
  };
  const used = new Set();
  for (const line of report.lines) {
    if (shown(line)) used.add(line.from).add(line.to);
  }
  d3.selectAll(".edge").classed("faded", (d) => !shown(d));
  d3.selectAll(".node").classed("faded", (d, i) => !used.has(i) && !(text && named(d)));
}

function drawFilters() {
  byId("search").addEventListener("input", applyFilters);
  const groups = /** @type {HTMLSelectElement} */ (byId("group"));
  for (const { name } of report.groups) groups.append(new Option(name, name));
  groups.addEventListener("change", applyFilters);
  for (const { state, words, symbol } of report.states) {
    const label = element("label", undefined, "state-" + state);
    const box = /** @type {HTMLInputElement} */ (element("input"));
    box.type = "checkbox";
    box.checked = true;
    box.addEventListener("change", () => { box.checked ? hidden.delete(state) : hidden.add(state); applyFilters(); });
    label.append(box, ` ${symbol} ${words}`);
    byId("states").append(label);
  }
  byId("reset").addEventListener("click", () => svg.transition().duration(200).call(zoom.transform, d3.zoomIdentity));
}

// --- findings, tables, documents -----------------------------------------------------------------------------

function drawFindings() {
  const place = byId("findings");
  if (!report.findings.length) place.append(element("p", "None."));
  for (const each of report.findings) {
    const box = element("article", undefined, "finding " + each.severity);
    const head = element("h3");
    head.append(element("span", each.severity, "tag"), `${each.code}: ${each.subject}`);
    box.append(head, element("p", each.message));
    const list = element("ul");
    for (const text of each.evidence) list.append(element("li", text));
    if (each.location) list.append(element("li", "at " + each.location));
    if (list.children.length) box.append(list);
    const line = report.lines.findIndex((one) => one.edges.includes(each.edge));
    if (each.edge !== null && line >= 0) {
      const show = element("button", "Show in the graph");
      show.addEventListener("click", () => { select("edge", line); byId("picture").scrollIntoView({ block: "center" }); });
      box.append(show);
    }
    place.append(box);
  }
  byId("severity").addEventListener("change", (event) => {
    const wanted = /** @type {HTMLSelectElement} */ (event.target).value;
    for (const box of place.querySelectorAll(".finding")) box.hidden = wanted !== "" && !box.classList.contains(wanted);
  });
}

/** @param {Table} table */
function drawTable(table) {
  const section = element("section");
  section.append(element("h2", table.title || table.id));
  const bar = element("div", undefined, "bar");
  const filter = /** @type {HTMLInputElement} */ (element("input"));
  filter.type = "search";
  filter.placeholder = "filter rows";
  filter.setAttribute("aria-label", "filter rows of " + (table.title || table.id));
  const save = element("button", "CSV");
  bar.append(filter, save);
  const grid = element("table");
  const head = grid.createTHead().insertRow();
  const body = grid.createTBody();
  let rows = table.rows.slice();
  const number = (/** @type {string} */ text) => Number.parseFloat(text.replace(/[^0-9.-]/g, "")) || 0;
  const fill = () => {
    const text = filter.value.toLowerCase();
    body.replaceChildren(...rows.filter((row) => row.some((cell) => cell.toLowerCase().includes(text))).map((row) => {
      const line = element("tr");
      row.forEach((cell, i) => line.append(element("td", cell, table.numeric.includes(i) ? "number" : "")));
      return line;
    }));
  };
  table.columns.forEach((name, i) => {
    const cell = element("th", undefined, table.numeric.includes(i) ? "number" : "");
    const sort = element("button", name);
    let down = false;
    sort.addEventListener("click", () => {
      const way = down ? -1 : 1;
      rows.sort((a, b) => way * (table.numeric.includes(i) ? number(a[i]) - number(b[i]) : a[i].localeCompare(b[i])));
      down = !down;
      cell.setAttribute("aria-sort", down ? "ascending" : "descending");
      fill();
    });
    cell.append(sort);
    head.append(cell);
  });
  filter.addEventListener("input", fill);
  save.addEventListener("click", () => saveCsv(table));
  fill();
  const scroll = element("div", undefined, "scroll");
  scroll.append(grid);
  section.append(bar, scroll);
  byId("tables").append(section);
}

/** @param {Table} table */
function saveCsv(table) {
  // A cell that a spreadsheet would run as a formula starts with a quote mark.
  const cell = (/** @type {string} */ text) => `"${(/^[=+\-@]./.test(text) ? "'" + text : text).replaceAll('"', '""')}"`;
  const text = [table.columns, ...table.rows].map((row) => row.map(cell).join(",")).join("\r\n");
  const link = element("a");
  link.href = URL.createObjectURL(new Blob([text + "\r\n"], { type: "text/csv" }));
  link.download = table.id + ".csv";
  link.click();
  URL.revokeObjectURL(link.href);
}

function drawDocuments() {
  if (!report.documents.length) return;
  byId("documents").append(element("h2", "Policies"));
  for (const [name, text] of report.documents) {
    const box = element("details");
    box.append(element("summary", name), element("pre", text));
    byId("documents").append(box);
  }
}

/** `#edge=3` and `#node=1` survive sending the file. */
function followLink() {
  const link = /^#(edge|node)=(\d+)$/.exec(location.hash);
  if (link) select(link[1], Number(link[2]));
}

drawHead();
drawPicture();
drawFilters();
drawFindings();
report.tables.forEach(drawTable);
drawDocuments();
followLink();
window.addEventListener("hashchange", followLink);
})();
