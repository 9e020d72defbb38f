// SPDX-License-Identifier: Apache-2.0
// Tables that are sorted by a click or a key on a column's head, and whose rows may open. Both stand in the address: sort=memory (ascending),
// sort=-memory (descending); none: the order in which the rows came.
//
//   columns: [{ key, title, number, css, help, value(row): what it is sorted by, cell(row): what is shown; the value if it is missing }]

import "./table.css";
import { choose } from "./address.js";
import { el } from "./dom.js";

export function readSort(app, columns, param = "sort") {
  const said = app.route.params.get(param) || "";
  const key = said.replace(/^-/, "");
  return columns.some((c) => c.key === key) ? { key, down: said.startsWith("-") } : null;
}

// What is not known comes last, whichever way.
function compare(a, b, down) {
  const known = (v) => v !== null && v !== undefined && v !== "" && !Number.isNaN(v);
  if (!known(a) || !known(b)) return known(b) - known(a);
  const order = typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), undefined, { numeric: true });
  return down ? -order : order;
}

export function sorted(rows, columns, sort) {
  const column = sort && columns.find((c) => c.key === sort.key);
  return column ? rows.toSorted((a, b) => compare(column.value(a), column.value(b), sort.down)) : rows;
}

function head(app, column, sort, param) {
  const mine = sort?.key === column.key;
  // Of figures the largest are wanted, of names the first.
  const down = mine ? !sort.down : Boolean(column.number);
  const button = el("button", { type: "button", class: "sort", "data-key": `${param} ${column.key}`, title: column.help },
    column.title, el("span", { class: "arrow", "aria-hidden": "true" }, mine ? (sort.down ? "▼" : "▲") : "↕"));
  button.addEventListener("click", () => choose(app, { [param]: `${down ? "-" : ""}${column.key}` }));
  return el("th", { scope: "col", class: [column.number && "number", column.css].filter(Boolean).join(" ") || null, "aria-sort": mine ? (sort.down ? "descending" : "ascending") : "none" }, button);
}

const cell = (column, row) => el("td", { class: [column.number && "number", column.css].filter(Boolean).join(" ") || null }, (column.cell || column.value)(row) ?? "–");

/**
 * table(app, { label, columns, rows, sort, param, more, rowClass, inOrder }): more(row): what stands below an open row, null if it is closed; inOrder(rows): puts
 * the sorted rows into the order that is shown.
 */
export function table(app, { label, columns, rows, sort, param = "sort", more, rowClass, inOrder = (all) => all }) {
  return el("table", { class: "sortable", "aria-label": label },
    el("thead", {}, el("tr", {}, columns.map((c) => head(app, c, sort, param)))),
    el("tbody", {}, inOrder(sorted(rows, columns, sort)).flatMap((row) => {
      const below = more?.(row);
      const line = el("tr", { class: rowClass?.(row) }, columns.map((c) => cell(c, row)));
      return below ? [line, el("tr", { class: "more" }, el("td", { colspan: columns.length }, below))] : [line];
    })));
}

/** opener(app, param, id, label): the button that opens and closes a row; the open one's id is that parameter of the address. */
export function opener(app, param, id, ...label) {
  const open = app.route.params.get(param) === id;
  const button = el("button", { type: "button", class: "opener", "aria-expanded": String(open), "data-key": `${param} ${id}`, "data-row": true },
    el("span", { class: "sign", "aria-hidden": "true" }, open ? "▾" : "▸"), el("span", {}, label));
  button.addEventListener("click", () => choose(app, { [param]: open ? null : id }));
  return button;
}

/** facts([[word, content]]): a list of what is known of one thing. */
export const facts = (rows) => el("dl", { class: "facts-list" }, rows.filter(Boolean).map(([word, ...content]) => el("div", {}, el("dt", {}, word), el("dd", {}, content))));
