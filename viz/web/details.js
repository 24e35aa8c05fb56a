// SPDX-License-Identifier: Apache-2.0
// What the panel beside the graph says of a line or a box. Strings come from strangers and are only ever set as text.
"use strict";

function emptyDetails() {
  byId("details").replaceChildren(element("h3", "Details"), element("p",
    "Choose a line or a box: the rules that decide, the counts, the encryption and the places stand here.", "quiet"));
}

/** @param {string} state */
function verdict(state) {
  const { symbol, words: text } = words.get(state);
  return element("span", `${symbol} ${text}`, `verdict state-${state}`);
}

/**
 * "NetworkPolicy shop/db ingress rule 1 (file:12:3) allows it": the place stands alone, and opens.
 * @param {string} text
 */
function ruleElement(text) {
  const parts = /^(.*?) \(([^()]+:\d+(?::\d+)?)\)(.*)$/.exec(text);
  const made = element("div", parts ? parts[1] + parts[3] : text, "rule");
  if (!parts) return made;
  const written = writtenAt(parts[2]);
  made.append(written ? unfolding(parts[2], written, "place") : element("span", parts[2], "place"));
  return made;
}

/**
 * A rule as its file has it, or the whole policy where the policy as such decides.
 * @param {string} place
 */
function writtenAt(place) {
  if (Object.hasOwn(report.sources, place)) return report.sources[place];
  const policy = report.in_force.find((each) => each.place === place);
  return policy ? policy.text : "";
}

/**
 * Text that is shown when its name is chosen.
 * @param {string} name @param {string} text @param {string=} className
 */
function unfolding(name, text, className) {
  const box = element("details", undefined, "code");
  const body = element("pre", text);
  body.tabIndex = 0;
  box.append(element("summary", name, className), body);
  return box;
}

const talkColumns = ["When", "Client", "Outcome", "Bytes", "TLS"];

/**
 * The latest conversations of an edge, and what became of packets on their way.
 * @param {number} index
 */
function talksElement(index) {
  const talks = report.talks[index] || [];
  const all = report.edges[index].count;
  const box = element("details", undefined, "talks");
  box.append(element("summary", talks.length < all ? `The latest ${grouped(talks.length)} of ${grouped(all)} conversations`
    : `${grouped(all)} conversation${all === 1 ? "" : "s"}`));
  const grid = /** @type {HTMLTableElement} */ (element("table"));
  const head = grid.createTHead().insertRow();
  for (const name of talkColumns) {
    const cell = element("th", name);
    cell.setAttribute("scope", "col");
    head.append(cell);
  }
  const body = grid.createTBody();
  for (const talk of talks) {
    const row = body.insertRow();
    for (const cell of talk.slice(0, talkColumns.length)) row.append(element("td", cell, "short"));
    if (!talk[talkColumns.length]) continue;
    const fate = element("td", talk[talkColumns.length], "fate");
    fate.setAttribute("colspan", String(talkColumns.length));
    body.insertRow().append(fate);
  }
  const scroll = element("div", undefined, "scroll");
  scroll.tabIndex = 0;
  scroll.append(grid);
  box.append(scroll);
  return talks.length ? box : undefined;
}

/**
 * What became of the packets of an edge, each sentence once.
 * @param {number} index
 */
function fates(index) {
  const told = new Map();
  for (const talk of report.talks[index] || []) {
    const fate = talk[talkColumns.length];
    if (fate) told.set(fate, (told.get(fate) || 0) + 1);
  }
  return [...told].map(([fate, count]) => element("p", count > 1 ? `${fate} (${grouped(count)} times)` : fate, "fate"));
}

/**
 * The findings about an edge.
 * @param {number} index
 */
function findingsOf(index) {
  return report.findings.filter((each) => each.edge === index).map((each) => {
    const made = element("p", undefined, "about");
    made.append(element("span", each.severity, "severity " + each.severity), ` ${each.message}`);
    return made;
  });
}

/** @param {number[]} indices */
function describeLine(indices) {
  const panel = byId("details");
  const { from, to } = report.edges[indices[0]];
  panel.replaceChildren(element("h3", `${report.nodes[from].id} → ${report.nodes[to].id}`));
  for (const index of indices.slice(0, someRows)) describeEdge(panel, index, from, to);
  if (indices.length > someRows) panel.append(element("p", `and ${grouped(indices.length - someRows)} more edges`, "quiet"));
  panel.scrollTop = 0;
  tell(`Details: ${report.nodes[from].id} to ${report.nodes[to].id}, ${grouped(indices.length)} edge${indices.length === 1 ? "" : "s"}`);
}

/**
 * To those who hear the page.
 * @param {string} text
 */
function tell(text) {
  byId("said").textContent = text;
}

/** @param {HTMLElement} panel @param {number} index @param {number} from of the heading @param {number} to */
function describeEdge(panel, index, from, to) {
  const edge = report.edges[index];
  const head = element("h4");
  const pair = edge.from === from && edge.to === to ? "" : ` ${report.nodes[edge.from].id} → ${report.nodes[edge.to].id}`;
  head.append(element("span", edge.traffic + pair), verdict(edge.state));
  const list = element("dl");
  for (const [name, value] of edge.facts) list.append(element("dt", name), element("dd", value));
  if (edge.count && !time.all()) list.append(element("dt", "in the chosen time"), element("dd", grouped(time.count(index))));
  panel.append(head, list, ...findingsOf(index), ...fates(index), ...edge.rules.map(ruleElement));
  const talks = talksElement(index);
  if (talks) panel.append(talks);
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
  tell(`Details: ${node.id}. ${isolation(node)}`);
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

/**
 * A box of the overview.
 * @param {number} index
 */
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
