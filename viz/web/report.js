// SPDX-License-Identifier: Apache-2.0
// The report page. Every string of its data comes from strangers and is only ever set as text.
"use strict";
/**
 * @typedef {{from: number, to: number, traffic: string, state: string, count: number, tls: string, rules: string[], facts: string[][]}} Edge
 * @typedef {{state: string, words: string, symbol: string, edges: number}} State
 * @typedef {{title: string, theme: string, summary: string[], figures: string[][], warnings: string[], states: State[], nodes: GraphNode[],
 *   edges: Edge[], pictures: Drawing[], findings: Found[], tables: Table[], documents: string[][],
 *   legend: string[][], activity: Activity, talks: string[][][], sources: Object<string, string>, in_force: PolicyText[], generated: PolicyText[], proof: string[]}} Report
 */
/** @type {Report} */
const report = spelled(JSON.parse(document.getElementById("data").textContent));
const byId = (/** @type {string} */ id) => document.getElementById(id);
const value = (/** @type {string} */ id) => /** @type {HTMLInputElement|HTMLSelectElement} */ (byId(id)).value;
const words = new Map(report.states.map((each) => [each.state, each]));
const someRows = 50;
const mostPorts = 500; // in the list

/**
 * Texts that stand in many places came as numbers.
 * @param {any} data @returns {Report}
 */
function spelled(data) {
  const spell = (/** @type {any} */ part) => (Array.isArray(part) ? part.map(spell) : data.strings[part]);
  for (const edge of data.edges) Object.assign(edge, { rules: spell(edge.rules), facts: spell(edge.facts) });
  for (const table of data.tables) table.rows = spell(table.rows);
  data.talks = spell(data.talks);
  return data;
}

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

/** Whether it holds one recording or set of policies against another. */
const compares = report.states.some(({ state }) => ["added", "removed", "changed"].includes(state));
const grouped = (/** @type {number} */ count) => String(count).replace(/\B(?=(\d{3})+$)/g, "\u202f");

// --- colours ------------------------------------------------------------------------------------------------

const darkSystem = matchMedia("(prefers-color-scheme: dark)");

/** Those that the reader chose, else those of the system. */
function color() {
  document.documentElement.dataset.theme = value("theme") || (darkSystem.matches ? "dark" : "light");
}

function drawTheme() {
  const list = /** @type {HTMLSelectElement} */ (byId("theme"));
  list.value = report.theme;
  list.addEventListener("change", color);
  darkSystem.addEventListener("change", color);
  color();
}

// --- head ----------------------------------------------------------------------------------------------------

function drawHead() {
  document.title = `${report.title} · nspect`;
  byId("title").textContent = report.title;
  if (compares) byId("graph-title").textContent = "What is new, gone and changed";
  else if (report.edges.every((each) => !each.count)) byId("graph-title").textContent = "Who may talk to whom";
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
    ...report.tables.map((each) => ["table-" + each.id, tableTitle(each), each.rows.length]),
    ["documents", "Policies", report.documents.length + report.in_force.length + report.generated.length]];
  for (const [id, name, count] of links) {
    const target = byId(String(id));
    if (!target || target.hidden || !count) continue;
    const link = /** @type {HTMLAnchorElement} */ (element("a", String(name) + " "));
    link.href = "#" + id;
    link.append(element("span", grouped(Number(count))));
    byId("nav").append(link);
  }
}

// --- selection ----------------------------------------------------------------------------------------------

/** @type {Picture} */
let picture;
let selection = ""; // "edge=3"
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
  selection = `${kind}=${index}`;
  if (!quiet) remember();
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

// --- filters -------------------------------------------------------------------------------------------------

const hidden = new Set(); // states
/** @type {?{node: number, hops: number, reach: Set<number>}} */
let around = null;
const time = new TimeSlider(report.activity, () => applyFilters());

/**
 * Nodes within `hops` edges of `node`, whichever way they point.
 * @param {number} node @param {number} hops
 */
function setFocus(node, hops) {
  const reach = new Set([node]);
  for (let hop = 0; hop < hops; ++hop) {
    const before = new Set(reach);
    for (const { from, to } of report.edges) {
      if (before.has(from)) reach.add(to);
      if (before.has(to)) reach.add(from);
    }
  }
  around = { node, hops, reach };
  applyFilters(true);
}

/**
 * "TCP 443" is itself, "TCP" all of its ports.
 * @param {string} traffic @param {string} wanted
 */
function carries(traffic, wanted) {
  return traffic === wanted || (!wanted.includes(" ") && (traffic.includes(wanted) || traffic.startsWith("All ")));
}

/** @param {number} index @param {string} text */
function edgeShown(index, text) {
  const edge = report.edges[index];
  const from = report.nodes[edge.from];
  const to = report.nodes[edge.to];
  const group = value("group");
  const port = value("port");
  const tls = value("tls");
  if (hidden.has(edge.state) || (group && from.group !== group && to.group !== group)) return false;
  if ((port && !carries(edge.traffic, port)) || !time.shows(index) || (around && !(around.reach.has(edge.from) && around.reach.has(edge.to)))) return false;
  const encrypted = edge.tls === tls || (tls === "tls" && edge.tls === "mutual") || (tls !== "mutual" && edge.tls === "partly");
  if (tls && !encrypted) return false;
  return !text || [from.id, to.id, edge.traffic, ...edge.rules].some((each) => each.toLowerCase().includes(text));
}

/** @param {boolean=} move to what is left */
function applyFilters(move) {
  const text = value("search").trim().toLowerCase();
  const drawing = report.pictures[level];
  const shown = new Set();
  report.edges.forEach((_, i) => { if (edgeShown(i, text)) shown.add(i); });
  const named = new Set();
  if (text) report.nodes.forEach((node, i) => { if (node.id.toLowerCase().includes(text)) named.add(drawing.node_of ? drawing.node_of[i] : i); });
  const all = shown.size === report.edges.length && !text;
  const used = picture.filter((line) => line.edges.some((i) => shown.has(i)), (node) => all || named.has(node));
  byId("shown").textContent = `${grouped(shown.size)} of ${grouped(report.edges.length)} edges shown`;
  const button = byId("focus");
  button.hidden = !around;
  if (around) button.textContent = `× Around ${report.nodes[around.node].id}`;
  byId("clear").hidden = all && !around && time.all();
  if (ready) remember();
  if (move) picture.fit(all || drawing.node_of ? undefined : new Set([...used, ...named]));
}

function clearFilters() {
  for (const id of ["search", "group", "port", "tls"]) /** @type {HTMLInputElement} */ (byId(id)).value = "";
  around = null;
  hidden.clear();
  time.set(0, report.activity.steps);
  pressChips();
  applyFilters(true);
}

function pressChips() {
  report.states.forEach(({ state }, i) => byId("states").children[i].setAttribute("aria-pressed", String(!hidden.has(state))));
}

/**
 * A line as the picture draws it.
 * @param {string} state
 */
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

/**
 * Chips that switch something on and off.
 * @param {string} label @param {number} count @param {string} className @param {(on: boolean) => void} act
 */
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

/** @param {string} id @param {string[]} names @param {string=} title of the names together */
function fillSelect(id, names, title) {
  const list = /** @type {HTMLSelectElement} */ (byId(id));
  const place = title ? element("optgroup") : list;
  place.setAttribute("label", title || "");
  for (const name of names) place.append(new Option(name, name));
  if (title) list.append(place);
  list.hidden = list.options.length < 3;
}

function drawLegend() {
  for (const [mark, lock, text] of report.legend) {
    const entry = element("li");
    if (lock && lock !== "unknown") {
      const svg = d3.select(entry).append("svg").attr("viewBox", "0 0 10 10").attr("aria-hidden", "true");
      drawLock(svg.node(), lock, 0, 5, 10);
    }
    entry.append(`${mark}${lock ? ":" : ""} ${text}`);
    byId("legend").append(entry);
  }
}

function drawFilters() {
  byId("search").addEventListener("input", () => applyFilters(true));
  fillSelect("group", [...new Set(report.nodes.map((each) => each.group))].filter((each) => each).sort());
  const ports = [...new Set(report.edges.map((each) => each.traffic))].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  const protocols = [...new Set(ports.flatMap((each) => each.match(/\b(TCP|UDP|SCTP|ICMPv6|ICMP)\b/g) || []))].sort();
  if (protocols.length > 1) fillSelect("port", protocols, "Protocols");
  fillSelect("port", ports.slice(0, mostPorts), protocols.length > 1 ? "Ports" : undefined);
  for (const id of ["group", "port", "tls"]) byId(id).addEventListener("change", () => applyFilters(true));
  byId("tls").hidden = report.edges.every((each) => each.tls === "unknown");
  for (const { state, words: text, symbol, edges } of report.states) {
    const made = chip(`${symbol} ${text}`, edges, "state-" + state, (on) => { on ? hidden.delete(state) : hidden.add(state); applyFilters(); });
    made.prepend(sample(state));
    byId("states").append(made);
  }
  drawLegend();
  time.draw(byId("time"));
  byId("focus").addEventListener("click", () => { around = null; applyFilters(true); });
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
  byId("picture").addEventListener("keydown", moveByKey);
  window.addEventListener("resize", () => picture.size());
  emptyDetails();
  showLevel(0);
}

// --- links and keys ------------------------------------------------------------------------------------------

let ready = false;

/** What is chosen and filtered, as a link that survives sending the file. */
function remember() {
  const parts = selection ? [selection] : [];
  for (const id of ["search", "group", "port", "tls"]) if (value(id)) parts.push(`${id}=${encodeURIComponent(value(id))}`);
  if (hidden.size) parts.push("hide=" + [...hidden].join(","));
  if (!time.all()) parts.push(`time=${time.from}-${time.to}`);
  if (around) parts.push(`around=${around.node}-${around.hops}`);
  const link = parts.join("&");
  if ("#" + link !== location.hash) history.replaceState(null, "", link ? "#" + link : location.pathname + location.search);
}

/**
 * The filters that a link names; others stay as they are.
 * @param {Map<string, string>} link
 */
function followFilters(link) {
  for (const id of ["search", "group", "port", "tls"]) {
    if (link.has(id)) /** @type {HTMLInputElement} */ (byId(id)).value = link.get(id);
  }
  if (link.has("hide")) {
    hidden.clear();
    for (const state of link.get("hide").split(",")) if (words.has(state)) hidden.add(state);
    pressChips();
  }
  const numbers = (/** @type {string} */ key) => (/^(\d+)-(\d+)$/.exec(link.get(key) || "") || []).slice(1).map(Number);
  const [from, to] = numbers("time");
  if (to !== undefined) time.set(from, to);
  const [node, hops] = numbers("around");
  if (report.nodes[node] && hops < 9) setFocus(node, hops);
  applyFilters(true);
}

/**
 * "#edge=3&group=shop"
 * @returns {Map<string, string>}
 */
function linkParts() {
  const parts = location.hash.slice(1).split("&").map((each) => each.split("="));
  return new Map(parts.filter((each) => each.length === 2).map(([key, text]) => {
    try {
      return [key, decodeURIComponent(text)];
    } catch {
      return [key, ""];
    }
  }));
}

let first = true;
function followLink() {
  const link = linkParts();
  if (!link.size || !picture) return;
  ready = false;
  followFilters(link);
  for (const kind of ["edge", "node"]) {
    if (!/^\d+$/.test(link.get(kind) || "")) continue;
    if (!atWorkloads()) showLevel(report.pictures.length - 1);
    select(kind, Number(link.get(kind)), true);
    byId("graph").scrollIntoView({ block: "start", behavior: /** @type {ScrollBehavior} */ (first ? "instant" : "auto") });
  }
  first = false;
  ready = true;
  remember();
}

/**
 * Arrows move the picture, + and - zoom, 0 shows all of it.
 * @param {KeyboardEvent} event
 */
function moveByKey(event) {
  const step = 60;
  /** @type {Object<string, () => void>} */
  const acts = { ArrowLeft: () => picture.pan(step, 0), ArrowRight: () => picture.pan(-step, 0), ArrowUp: () => picture.pan(0, step),
    ArrowDown: () => picture.pan(0, -step), "+": () => picture.scale(1.4), "-": () => picture.scale(1 / 1.4), "0": () => picture.fit() };
  if (event.ctrlKey || event.metaKey || event.altKey || !Object.hasOwn(acts, event.key)) return;
  event.preventDefault();
  acts[event.key]();
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !picture) return;
  picture.mark({});
  emptyDetails();
  selection = "";
  remember();
});

drawTheme();
drawHead();
drawGraph();
drawFindings();
report.tables.forEach(drawTable);
drawDocuments();
drawNav();
ready = true;
followLink();
window.addEventListener("hashchange", followLink);
window.addEventListener("beforeprint", () => unfold(true));
window.addEventListener("afterprint", () => unfold(false));
