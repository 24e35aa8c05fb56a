// SPDX-License-Identifier: Apache-2.0
// Findings, tables and documents of the report page. Strings come from strangers and are only ever set as text.
"use strict";
/**
 * @typedef {{code: string, severity: string, subject: string, message: string, evidence: string[], location: string, edge: ?number}} Found
 * @typedef {{id: string, title: string, columns: string[], rows: string[][], numeric: number[]}} Table
 * @typedef {{scope: string, title: string, place: string, text: string}} PolicyText
 */

const someFindings = 100;
const printedRows = 1000; // of a table
/** @type {((all: boolean) => void)[]} */
const printed = []; // what shows more on paper

const shortCell = 28; // is not broken into lines

// --- findings ------------------------------------------------------------------------------------------------

/** @param {Found} found */
function findingElement(found) {
  const box = element("article", undefined, "finding " + found.severity);
  const head = element("h3");
  head.append(element("span", found.severity, "severity " + found.severity), element("span", found.subject), element("code", found.code));
  box.append(head, element("p", found.message));
  const list = element("ul");
  for (const text of found.evidence) list.append(element("li", text));
  if (found.location) list.append(element("li", "at " + found.location));
  if (list.children.length) box.append(list);
  if (found.edge !== null && report.edges[found.edge]) {
    const link = /** @type {HTMLAnchorElement} */ (element("a", "Show in the graph"));
    link.href = `#edge=${found.edge}`;
    box.append(link);
  }
  return box;
}

function drawFindings() {
  if (!report.findings.length) {
    byId("found").hidden = true;
    return;
  }
  const off = new Set();
  let most = someFindings;
  const fill = () => {
    const wanted = report.findings.filter((each) => !off.has(each.severity));
    byId("findings").replaceChildren(...wanted.slice(0, most).map(findingElement));
    if (wanted.length > most) {
      byId("findings").append(button(`Show all ${grouped(wanted.length)}`, () => { most = Infinity; fill(); }));
    }
  };
  printed.push((all) => { most = all ? Infinity : someFindings; fill(); });
  for (const severity of ["high", "medium", "low", "info"]) {
    const count = report.findings.filter((each) => each.severity === severity).length;
    if (!count) continue;
    byId("severities").append(chip(severity, count, severity, (on) => { on ? off.delete(severity) : off.add(severity); fill(); }));
  }
  fill();
}

// --- tables --------------------------------------------------------------------------------------------------

const units = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12, PB: 1e15 };
/**
 * "12.3 kB" and "1 204" as numbers.
 * @param {string} text
 */
function quantity(text) {
  const parts = /^([\d\s.]+)([kMGTP]?B)?/.exec(text);
  return parts ? Number.parseFloat(parts[1].replace(/\s/g, "")) * (units[parts[2]] || 1) : -1;
}

/** @param {Table} table */
function tableTitle(table) {
  if (table.title) return table.title;
  if (table.id === "connectivity") return "Who may reach whom";
  return table.id !== "rows" ? table.id : compares ? "Changes" : "Connections";
}

/** @param {Table} table */
function drawTable(table) {
  const title = tableTitle(table);
  const section = element("section");
  section.id = "table-" + table.id;
  section.append(element("h2", title));
  const bar = element("div", undefined, "bar");
  const filter = /** @type {HTMLInputElement} */ (element("input"));
  filter.type = "search";
  filter.placeholder = "Filter rows";
  filter.setAttribute("aria-label", `Filter rows of ${title}`);
  const count = element("span", undefined, "quiet");
  count.setAttribute("aria-live", "polite");
  bar.append(filter, button("Save as CSV", () => saveCsv(table)), count);
  const grid = /** @type {HTMLTableElement} */ (element("table"));
  const head = grid.createTHead().insertRow();
  const body = grid.createTBody();
  const more = button("", () => { most = Infinity; fill(); });
  const rows = table.rows.map((cells, index) => ({ cells, index }));
  const linked = table.id === "edges" && table.rows.length === report.edges.length;
  let most = someRows;
  const fill = () => {
    const text = filter.value.trim().toLowerCase();
    const wanted = rows.filter(({ cells }) => !text || cells.some((cell) => cell.toLowerCase().includes(text)));
    body.replaceChildren(...wanted.slice(0, most).map(({ cells, index }) => rowElement(table, cells, linked ? index : -1)));
    count.textContent = `${grouped(wanted.length)} of ${grouped(rows.length)} rows`;
    more.hidden = wanted.length <= most;
    more.textContent = `Show all ${grouped(wanted.length)}`;
  };
  table.columns.forEach((name, i) => {
    const numeric = table.numeric.includes(i);
    const cell = element("th", undefined, numeric ? "number" : "");
    cell.setAttribute("scope", "col");
    cell.dataset.name = name; // for paper, where buttons of a head are not drawn again on later sheets
    cell.append(button(name, () => {
      const down = cell.getAttribute("aria-sort") === "ascending";
      for (const other of head.cells) other.removeAttribute("aria-sort");
      cell.setAttribute("aria-sort", down ? "descending" : "ascending");
      const order = numeric ? (a, b) => quantity(a) - quantity(b) : (a, b) => a.localeCompare(b, "en", { numeric: true });
      rows.sort((a, b) => (down ? -1 : 1) * order(a.cells[i], b.cells[i]) || a.index - b.index);
      fill();
    }));
    head.append(cell);
  });
  filter.addEventListener("input", fill);
  printed.push((all) => { most = all ? printedRows : someRows; fill(); });
  fill();
  const scroll = element("div", undefined, "scroll");
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "region");
  scroll.setAttribute("aria-label", title);
  scroll.append(grid);
  section.append(bar, scroll, more);
  byId("tables").append(section);
}

/** @param {Table} table @param {string[]} cells @param {number} edge that the row is about, or -1 */
function rowElement(table, cells, edge) {
  const row = element("tr");
  cells.forEach((cell, i) => {
    const place = element("td", edge >= 0 && i === 0 ? undefined : cell, table.numeric.includes(i) ? "number" : cell.length <= shortCell ? "short" : "");
    if (edge >= 0 && i === 0) {
      const link = /** @type {HTMLAnchorElement} */ (element("a", cell));
      link.href = `#edge=${edge}`;
      place.append(link);
    }
    row.append(place);
  });
  return row;
}

/** @param {Table} table */
function csvText(table) {
  // A cell that a spreadsheet would run as a formula starts with a quote mark.
  const cell = (/** @type {string} */ text) => `"${(/^[=+\-@\t\r]./.test(text) ? "'" + text : text).replaceAll('"', '""')}"`;
  return [table.columns, ...table.rows].map((row) => row.map(cell).join(",") + "\r\n").join("");
}

/** @param {Table} table */
function saveCsv(table) {
  const link = /** @type {HTMLAnchorElement} */ (element("a"));
  link.href = URL.createObjectURL(new Blob([csvText(table)], { type: "text/csv" }));
  link.download = table.id + ".csv";
  link.click();
  URL.revokeObjectURL(link.href);
}

// --- documents ----------------------------------------------------------------------------------------------

/** Policies in force and those that could be, beside each other, by namespace. */
function drawPolicies() {
  const place = byId("documents");
  for (const text of report.proof) place.append(element("p", text));
  const scopes = [...new Set([...report.in_force, ...report.generated].map((each) => each.scope))].sort();
  const columns = [["In force", report.in_force], ["From the recording", report.generated]];
  for (const scope of scopes) {
    const section = element("section", undefined, "beside");
    section.setAttribute("aria-label", scope ? `Policies of namespace ${scope}` : "Policies of the cluster");
    place.append(element("h3", scope || "The whole cluster"), section);
    for (const [name, list] of columns) {
      const column = element("div");
      column.append(element("h4", String(name)));
      const own = /** @type {PolicyText[]} */ (list).filter((each) => each.scope === scope);
      for (const each of own) column.append(policyElement(each));
      if (!own.length) column.append(element("p", "None.", "quiet"));
      section.append(column);
    }
  }
}

/** @param {PolicyText} policy */
function policyElement({ title, place, text }) {
  const box = unfolding(title, text || "Its file was not at hand.");
  if (place) box.firstElementChild.append(" ", element("span", place, "place"));
  return box;
}

function drawDocuments() {
  const sides = report.in_force.length + report.generated.length;
  if (!report.documents.length && !sides) return;
  byId("documents").append(element("h2", "Policies"));
  if (sides) drawPolicies();
  for (const [name, text] of report.documents) byId("documents").append(unfolding(name, text));
}

/**
 * For paper: rows, findings and texts that the page shows on demand; then as it was.
 * @param {boolean} all
 */
function unfold(all) {
  for (const act of printed) act(all);
  for (const box of document.querySelectorAll("details")) {
    if (all) box.dataset.was = String(box.open);
    box.open = all || box.dataset.was === "true";
  }
}
