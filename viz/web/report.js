// SPDX-License-Identifier: Apache-2.0
// The report page. Every string of its data comes from strangers and is only ever set as text.
"use strict";
/**
 * @typedef {{from: number, to: number, traffic: string, state: string, count: number, tls: string, rules: string[], facts: string[][]}} Edge
 * @typedef {{state: string, words: string, symbol: string, edges: number}} State
 * @typedef {{title: string, summary: string[], figures: string[][], warnings: string[], states: State[], nodes: GraphNode[],
 *   edges: Edge[], pictures: Drawing[], findings: Found[], tables: Table[], documents: string[][]}} Report
 */
/** @type {Report} */
const report = JSON.parse(document.getElementById("data").textContent);
const byId = (/** @type {string} */ id) => document.getElementById(id);
const words = new Map(report.states.map((each) => [each.state, each]));
const someRows = 50;

/** @param {string} tag @param {string=} text @param {string=} className */
function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

/** @param {string} text @param {() => void} act */
function button(text, act) {
  const made = /** @type {HTMLButtonElement} */ (element("button", text));
  made.type = "button";
  made.addEventListener("click", act);
  return made;
}

const grouped = (/** @type {number} */ count) => String(count).replace(/\B(?=(\d{3})+$)/g, "\u202f");

// --- head ----------------------------------------------------------------------------------------------------

function drawHead() {
  document.title = `${report.title} · nspect`;
  byId("title").textContent = report.title;
  if (report.warnings.length) {
    const list = element("ul");
    for (const text of report.warnings) list.append(element("li", text));
    byId("warnings").append(list);
  }
  for (const text of report.summary) byId("summary").append(element("p", text));
  for (const [name, value] of report.figures) {
    const item = element("li");
    const state = value !== "0" && report.states.find((each) => each.words === name);
    item.append(element("b", value, state ? "state-" + state.state : ""), element("span", name));
    byId("figures").append(item);
  }
}

function drawNav() {
  const links = [["graph", "Graph", report.edges.length], ["found", "Findings", report.findings.length],
    ...report.tables.map((each) => ["table-" + each.id, each.title || each.id, each.rows.length]),
    ["documents", "Policies", report.documents.length]];
  for (const [id, name, count] of links) {
    const target = byId(String(id));
    if (!target || target.hidden || !count) continue;
    const link = /** @type {HTMLAnchorElement} */ (element("a", String(name) + " "));
    link.href = "#" + id;
    link.append(element("span", grouped(Number(count))));
    byId("nav").append(link);
  }
}

// --- selection and details -----------------------------------------------------------------------------------

/** @type {Picture} */
let picture;
let level = 0; // into report.pictures
const atWorkloads = () => level === report.pictures.length - 1;

/** @param {string} kind @param {number} index of the report's edges or nodes @param {boolean=} quiet */
function select(kind, index, quiet) {
  const drawing = report.pictures[level];
  if (kind === "edge" && report.edges[index]) {
    const line = drawing.lines.find((each) => each.edges.includes(index));
    picture.mark({ line });
    describeLine(line && line.edges.length <= someRows ? line.edges : [index]);
  } else if (kind === "node" && report.nodes[index]) {
    picture.mark({ node: drawing.node_of ? drawing.node_of[index] : index });
    describeNode(index);
  } else {
    return;
  }
  if (!quiet) history.replaceState(null, "", `#${kind}=${index}`);
}

/** @param {Choice} choice */
function chosen({ line, node }) {
  if (line) {
    if (atWorkloads()) return select("edge", line.edges[0]);
    picture.mark({ line });
    return describeLine(line.edges);
  }
  if (atWorkloads()) return select("node", node);
  picture.mark({ node });
  return describeGroup(node);
}

function emptyDetails() {
  byId("details").replaceChildren(element("h3", "Details"), element("p",
    "Choose a line or a box: the rules that decide, the counts, the encryption and the places stand here.", "quiet"));
}

/** @param {string} state */
function verdict(state) {
  const { symbol, words: text } = words.get(state);
  return element("span", `${symbol} ${text}`, `verdict state-${state}`);
}

/** "NetworkPolicy shop/db ingress rule 1 (file:12:3) allows it": the place stands alone. @param {string} text */
function ruleElement(text) {
  const parts = /^(.*?) \(([^()]+:\d+(?::\d+)?)\)(.*)$/.exec(text);
  const made = element("div", parts ? parts[1] + parts[3] : text, "rule");
  if (parts) made.append(element("span", parts[2], "place"));
  return made;
}

/** @param {number[]} indices */
function describeLine(indices) {
  const panel = byId("details");
  const { from, to } = report.edges[indices[0]];
  panel.replaceChildren(element("h3", `${report.nodes[from].id} → ${report.nodes[to].id}`));
  for (const index of indices.slice(0, someRows)) describeEdge(panel, report.edges[index], from, to);
  if (indices.length > someRows) panel.append(element("p", `and ${grouped(indices.length - someRows)} more edges`, "quiet"));
  panel.scrollTop = 0;
}

/** @param {HTMLElement} panel @param {Edge} edge @param {number} from of the heading @param {number} to */
function describeEdge(panel, edge, from, to) {
  const head = element("h4");
  const pair = edge.from === from && edge.to === to ? "" : ` ${report.nodes[edge.from].id} → ${report.nodes[edge.to].id}`;
  head.append(element("span", edge.traffic + pair), verdict(edge.state));
  const list = element("dl");
  for (const [name, value] of edge.facts) list.append(element("dt", name), element("dd", value));
  panel.append(head, list, ...edge.rules.map(ruleElement));
}

/** @param {GraphNode} node */
function isolation(node) {
  if (node.kind !== "workload" || !node.judged) return "";
  if (node.ingress && node.egress) return "Policies isolate it in both directions.";
  if (node.ingress) return "A policy isolates it for incoming traffic; outgoing is free.";
  if (node.egress) return "A policy isolates it for outgoing traffic; incoming is free.";
  return "No policy selects it: everything may reach it, and it may reach everything.";
}

/** @param {number} index */
function describeNode(index) {
  const panel = byId("details");
  const node = report.nodes[index];
  panel.replaceChildren(element("h3", node.id));
  if (isolation(node)) panel.append(element("p", isolation(node), "quiet"));
  const tools = element("div", undefined, "tools");
  for (const [hops, text] of [[1, "Only its neighbours"], [2, "Two hops around"]]) {
    tools.append(button(String(text), () => setFocus(index, Number(hops))));
  }
  panel.append(tools);
  listEdges(panel, "Outgoing", (edge) => edge.from === index, "to");
  listEdges(panel, "Incoming", (edge) => edge.to === index, "from");
  panel.scrollTop = 0;
}

/** @param {HTMLElement} panel @param {string} title @param {(edge: Edge) => boolean} wanted @param {"from"|"to"} other */
function listEdges(panel, title, wanted, other) {
  const found = report.edges.map((edge, i) => ({ edge, i })).filter(({ edge }) => wanted(edge));
  if (!found.length) return;
  panel.append(element("h4", `${title} (${grouped(found.length)})`));
  const list = element("ul");
  for (const { edge, i } of found.slice(0, someRows)) {
    const item = element("li");
    const open = button("", () => select("edge", i));
    const { symbol, words: text } = words.get(edge.state);
    const mark = element("span", symbol + " ", "state-" + edge.state);
    mark.title = text;
    open.append(mark, `${report.nodes[edge[other]].id} `, element("span", edge.traffic, "quiet"));
    open.setAttribute("aria-label", `${report.nodes[edge[other]].id} ${edge.traffic}, ${text}`);
    item.append(open);
    list.append(item);
  }
  if (found.length > someRows) list.append(element("li", `and ${grouped(found.length - someRows)} more`, "quiet"));
  panel.append(list);
}

/** A box of the overview. @param {number} index */
function describeGroup(index) {
  const panel = byId("details");
  const drawing = report.pictures[level];
  const members = report.nodes.map((node, i) => ({ node, i })).filter(({ i }) => drawing.node_of[i] === index);
  panel.replaceChildren(element("h3", drawing.nodes[index].id), element("p", `${grouped(members.length)} inside`, "quiet"));
  const group = members[0].node.group;
  if (group) {
    const tools = element("div", undefined, "tools");
    tools.append(button("Open it", () => {
      /** @type {HTMLSelectElement} */ (byId("group")).value = group;
      showLevel(report.pictures.length - 1);
    }));
    panel.append(tools);
  }
  const list = element("ul");
  for (const { node, i } of members.slice(0, someRows)) {
    const item = element("li");
    item.append(button(node.id, () => { showLevel(report.pictures.length - 1); select("node", i); }));
    list.append(item);
  }
  if (members.length > someRows) list.append(element("li", `and ${grouped(members.length - someRows)} more`, "quiet"));
  panel.append(list);
}

// --- filters -------------------------------------------------------------------------------------------------

const hidden = new Set(); // states
/** @type {?{node: number, hops: number, reach: Set<number>}} */
let focus = null;
const value = (/** @type {string} */ id) => /** @type {HTMLInputElement|HTMLSelectElement} */ (byId(id)).value;

/** Nodes within `hops` edges of `node`, whichever way they point. @param {number} node @param {number} hops */
function setFocus(node, hops) {
  const reach = new Set([node]);
  for (let hop = 0; hop < hops; ++hop) {
    const before = new Set(reach);
    for (const { from, to } of report.edges) {
      if (before.has(from)) reach.add(to);
      if (before.has(to)) reach.add(from);
    }
  }
  focus = { node, hops, reach };
  applyFilters(true);
}

/** @param {Edge} edge @param {string} text */
function edgeShown(edge, text) {
  const from = report.nodes[edge.from];
  const to = report.nodes[edge.to];
  const group = value("group");
  const port = value("port");
  const tls = value("tls");
  if (hidden.has(edge.state) || (group && from.group !== group && to.group !== group)) return false;
  if ((port && edge.traffic !== port) || (focus && !(focus.reach.has(edge.from) && focus.reach.has(edge.to)))) return false;
  const encrypted = edge.tls === tls || (tls === "tls" && edge.tls === "mutual") || (tls !== "mutual" && edge.tls === "partly");
  if (tls && !encrypted) return false;
  return !text || [from.id, to.id, edge.traffic, ...edge.rules].some((each) => each.toLowerCase().includes(text));
}

/** @param {boolean=} move to what is left */
function applyFilters(move) {
  const text = value("search").trim().toLowerCase();
  const drawing = report.pictures[level];
  const shown = new Set();
  report.edges.forEach((edge, i) => { if (edgeShown(edge, text)) shown.add(i); });
  const named = new Set();
  if (text) report.nodes.forEach((node, i) => { if (node.id.toLowerCase().includes(text)) named.add(drawing.node_of ? drawing.node_of[i] : i); });
  const all = shown.size === report.edges.length && !text;
  const used = picture.filter((line) => line.edges.some((i) => shown.has(i)), (node) => all || named.has(node));
  byId("shown").textContent = `${grouped(shown.size)} of ${grouped(report.edges.length)} edges shown`;
  const button = byId("focus");
  button.hidden = !focus;
  if (focus) button.textContent = `× Around ${report.nodes[focus.node].id}`;
  byId("clear").hidden = all && !focus;
  if (move) picture.fit(all || drawing.node_of ? undefined : new Set([...used, ...named]));
}

function clearFilters() {
  for (const id of ["search", "group", "port", "tls"]) /** @type {HTMLInputElement} */ (byId(id)).value = "";
  focus = null;
  hidden.clear();
  for (const chip of byId("states").children) chip.setAttribute("aria-pressed", "true");
  applyFilters(true);
}

/** A line as the picture draws it. @param {string} state */
function sample(state) {
  const svg = document.createElementNS(svgNamespace, "svg");
  const path = document.createElementNS(svgNamespace, "path");
  for (const [name, text] of [["width", "26"], ["height", "8"], ["aria-hidden", "true"]]) svg.setAttribute(name, text);
  path.setAttribute("d", "M0,4H26");
  path.setAttribute("class", "line state-" + state);
  path.setAttribute("stroke-width", state === "denied-flowed" ? "3.4" : "1.8");
  svg.append(path);
  return svg;
}

/** Chips that switch something on and off. @param {string} label @param {number} count @param {string} className @param {(on: boolean) => void} act */
function chip(label, count, className, act) {
  const made = element("button", undefined, className);
  made.setAttribute("aria-pressed", "true");
  made.append(`${label} `, element("b", grouped(count)));
  made.addEventListener("click", () => {
    const on = made.getAttribute("aria-pressed") !== "true";
    made.setAttribute("aria-pressed", String(on));
    act(on);
  });
  return made;
}

/** @param {string} id @param {string[]} names */
function fillSelect(id, names) {
  const list = /** @type {HTMLSelectElement} */ (byId(id));
  for (const name of names) list.append(new Option(name, name));
  list.hidden = names.length < 2;
  list.addEventListener("change", () => applyFilters(true));
}

function drawFilters() {
  byId("search").addEventListener("input", () => applyFilters(true));
  fillSelect("group", [...new Set(report.nodes.map((each) => each.group))].filter((each) => each).sort());
  fillSelect("port", [...new Set(report.edges.map((each) => each.traffic))].sort((a, b) => a.localeCompare(b, "en", { numeric: true })).slice(0, 500));
  byId("tls").addEventListener("change", () => applyFilters(true));
  byId("tls").hidden = report.edges.every((each) => each.tls === "unknown");
  for (const { state, words: text, symbol, edges } of report.states) {
    const made = chip(`${symbol} ${text}`, edges, "state-" + state, (on) => { on ? hidden.delete(state) : hidden.add(state); applyFilters(); });
    made.prepend(sample(state));
    byId("states").append(made);
  }
  byId("focus").addEventListener("click", () => { focus = null; applyFilters(true); });
  byId("clear").addEventListener("click", clearFilters);
}

// --- the graph -----------------------------------------------------------------------------------------------

/** @param {number} index into report.pictures */
function showLevel(index) {
  level = index;
  const drawing = report.pictures[index];
  picture.draw(drawing, drawing.nodes || report.nodes, new Set(words.keys()));
  [...byId("levels").children].forEach((each, i) => each.setAttribute("aria-pressed", String(i === index)));
  applyFilters(true);
}

function drawGraph() {
  if (!report.pictures.length) {
    byId("graph").hidden = true;
    return;
  }
  picture = new Picture(byId("picture"), chosen);
  drawFilters();
  if (report.pictures.length > 1) {
    ["Namespaces", "Workloads"].forEach((name, i) => byId("levels").append(button(name, () => showLevel(i))));
  }
  byId("zoom-in").addEventListener("click", () => picture.scale(1.4));
  byId("zoom-out").addEventListener("click", () => picture.scale(1 / 1.4));
  byId("zoom-fit").addEventListener("click", () => picture.fit());
  window.addEventListener("resize", () => picture.size());
  emptyDetails();
  showLevel(0);
}

// --- links and keys ------------------------------------------------------------------------------------------

/** `#edge=3` and `#node=1` survive sending the file. */
let first = true;
function followLink() {
  const link = /^#(edge|node)=(\d+)$/.exec(location.hash);
  if (!link || !picture) return;
  if (!atWorkloads()) showLevel(report.pictures.length - 1);
  select(link[1], Number(link[2]), true);
  byId("graph").scrollIntoView({ block: "start", behavior: first ? "instant" : "auto" });
  first = false;
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !picture) return;
  picture.mark({});
  emptyDetails();
  history.replaceState(null, "", location.pathname + location.search);
});

drawHead();
drawGraph();
drawFindings();
report.tables.forEach(drawTable);
drawDocuments();
drawNav();
followLink();
window.addEventListener("hashchange", followLink);
