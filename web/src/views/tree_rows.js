// SPDX-License-Identifier: Apache-2.0
// The rows of a supervision tree: a tree in the sense of ARIA, walked by the arrow keys. What is folded is not made before it is unfolded, and of many
// children the first ones are, so that a tree of any size is as quick as what is seen of it.

import { el, term } from "../dom.js";
import { count, plural, quantity } from "../format.js";
import { budgetText, mark } from "../words.js";
import { heatOf, inTrouble, MEASURES, path, share, treeLevel, treeName } from "./tree_model.js";

const GROUP = 200; // children made at a time
const OPEN_MAX = 400; // rows that are made by themselves

// What is not as plain as a list of all children.
export const LISTINGS = {
  sampled: "not all are listed", no_room: "not listed: the tree has as many rows as it may have", too_deep: "not listed: too deep", no_time: "not asked: the time was over",
  no_answer: "did not answer; left alone for a while", busy: "not asked: its message queue is long", no_supervisor: "said to be a supervisor, but is none: not asked",
  bridge: "a bridge, which lists nothing", seen_already: "listed elsewhere in this tree",
};

const figure = (p, measure) => {
  const v = MEASURES[measure].value(p);
  return v === null || v === undefined ? "–" : quantity(v, MEASURES[measure].unit);
};

function cells(model, p, heat) {
  return Object.keys(MEASURES).map((measure) => {
    const hot = measure === heat;
    return el("span", { class: hot ? `cell heat heat-${heatOf(share(model, p, measure))}` : "cell", "data-measure": measure }, figure(p, measure));
  });
}

// In words, for who does not see the columns.
function spokenRow(p) {
  const figures = Object.entries(MEASURES).map(([id, m]) => `${m.title.toLowerCase()} ${figure(p, id)}`);
  const level = inTrouble(p) ? treeLevel(p) : null;
  return [treeName(p).slice(0, 200), level, p.type, p.status === "running" ? null : p.status, Number.isFinite(p.children) ? plural(p.children, "child", "children") : null, ...figures].filter(Boolean).join(", ");
}

function about(p, name) {
  return [name === p.pid ? null : p.pid, p.parent === null && p.application && p.application !== name ? `application ${p.application}` : null,
    p.module && p.module !== name && !(p.parent === null && p.module === p.application) ? p.module : null].filter(Boolean).join(" ");
}

function line(state, p) {
  const name = treeName(p);
  const level = treeLevel(p);
  return el("div", { class: "line" },
    el("span", { class: "what" },
      el("span", { class: "sign", "aria-hidden": "true" }),
      inTrouble(p) ? mark(level, level) : null,
      el(p.type === "supervisor" ? "strong" : "span", { class: "mono name" }, term(name, 120)),
      el("span", { class: "dim mono about" }, term(about(p, name), 160)),
      Number.isFinite(p.children) ? el("span", { class: "dim" }, p.children === 1 ? "1 child" : `${count(p.children)} children`) : null,
      LISTINGS[p.listing] ? el("span", { class: "tag" }, LISTINGS[p.listing]) : null,
      p.budget ? budgetText({ ...p.budget, strategy: p.strategy }) : null,
      p.status === "running" ? null : el("span", { class: "tag" }, p.status)),
    el("span", { class: "cells" }, cells(state.model, p, state.heat)));
}

/**
 * treeRows(root, { model, heat, opened, hits, selected, select(i) }): draws the tree in root, an element of its own. `opened` (key → bool) is what the user
 * has folded and unfolded, kept by the caller from one answer to the next; `hits` is a set of indexes that are marked. Returns { show(i): unfolds what
 * leads to it and brings it into view, mark(i): it is the selected one }.
 */
export function treeRows(root, state) {
  const { model, opened, hits } = state;
  const items = new Map(); // index → its li, once it is made
  let made = 0;

  // Open are the upper ones and whatever leads to trouble, unless the user said otherwise.
  const isOpen = (i) => opened.get(model.keys[i]) ?? ((model.rows[i].depth === 0 || inTrouble(model.rows[i])) && made < OPEN_MAX);

  function item(i) {
    const p = model.rows[i];
    const folds = model.below.has(i);
    const open = folds && isOpen(i);
    made++;
    const li = el("li", { role: "treeitem", "aria-level": path(model, i).length, "aria-expanded": folds ? String(open) : null, "aria-selected": "false", "aria-label": spokenRow(p), tabindex: "-1", "data-i": i, "data-row": true, class: hits.has(i) ? "hit" : null }, line(state, p));
    items.set(i, li);
    if (open) li.append(group(i));
    return li;
  }

  // Stands for children that are not made: those from the `from`th to the one before the `to`th.
  function restItem(parent, from, to) {
    const words = `Show ${count(Math.min(GROUP, to - from))} more of ${count(to - from)}`;
    return el("li", { role: "treeitem", "aria-level": parent === null ? 1 : path(model, parent).length + 1, tabindex: "-1", "data-more": parent ?? "", "data-from": from, "data-to": to, class: "rest", "aria-label": words }, el("div", { class: "line" }, el("span", { class: "what" }, words)));
  }

  /** fill(rest, at): makes the children about the `at`th in the place of what stood for them; returns the first. */
  function fill(rest, at) {
    const parent = rest.dataset.more === "" ? null : Number(rest.dataset.more);
    const [from, to] = [Number(rest.dataset.from), Number(rest.dataset.to)];
    const a = from + Math.floor((at - from) / GROUP) * GROUP, b = Math.min(to, a + GROUP);
    const all = (model.below.get(parent) || []).slice(a, b).map(item);
    rest.replaceWith(...(a > from ? [restItem(parent, from, a)] : []), ...all, ...(b < to ? [restItem(parent, b, to)] : []));
    return all[0];
  }

  function makeChildren(ul, parent) {
    const rest = restItem(parent, 0, (model.below.get(parent) || []).length);
    ul.append(rest);
    fill(rest, 0);
    return ul;
  }

  const group = (parent) => makeChildren(el("ul", { role: "group" }), parent);

  function unfold(i, open) {
    const li = items.get(i);
    if (!model.below.has(i) || !li) return;
    opened.set(model.keys[i], open);
    li.setAttribute("aria-expanded", String(open));
    const ul = li.querySelector(":scope > ul");
    if (open && !ul) li.append(group(i));
    if (ul) ul.hidden = !open;
  }

  const showMore = (li) => focus(fill(li, Number(li.dataset.from)));

  // ---- the keyboard ----

  const visible = () => [...root.querySelectorAll("[role=treeitem]")].filter((li) => !li.closest("[hidden]"));

  function focus(li) {
    if (!li) return;
    root.querySelector("[tabindex='0']")?.setAttribute("tabindex", "-1");
    li.setAttribute("tabindex", "0");
    li.focus({ preventScroll: true });
    li.firstElementChild.scrollIntoView({ block: "nearest" });
  }

  function step(li, by) {
    const all = visible();
    focus(all[Math.max(0, Math.min(all.length - 1, all.indexOf(li) + by))]);
  }

  const keys = {
    ArrowDown: (li) => step(li, 1), ArrowUp: (li) => step(li, -1), PageDown: (li) => step(li, 15), PageUp: (li) => step(li, -15),
    Home: () => focus(visible()[0]), End: () => focus(visible().at(-1)),
    ArrowRight(li, i) {
      if (li.getAttribute("aria-expanded") === "false") unfold(i, true);
      else if (li.hasAttribute("aria-expanded")) step(li, 1);
    },
    ArrowLeft(li, i) {
      if (li.getAttribute("aria-expanded") === "true") unfold(i, false);
      else focus(li.parentElement.closest("[role=treeitem]"));
    },
    Enter: (li, i) => state.select(i), " ": (li, i) => state.select(i),
    "*": (li, i) => (model.below.get(model.rows[i].parent) || []).forEach((beside) => unfold(beside, true)),
  };

  root.addEventListener("keydown", (e) => {
    const li = e.target.closest("[role=treeitem]");
    if (!li || e.ctrlKey || e.altKey || e.metaKey || !Object.hasOwn(keys, e.key)) return;
    e.preventDefault();
    if ("more" in li.dataset) return e.key === "Enter" || e.key === " " || e.key === "ArrowRight" ? showMore(li) : keys[e.key](li, null);
    keys[e.key](li, Number(li.dataset.i));
  });
  root.addEventListener("click", (e) => {
    const li = e.target.closest("[role=treeitem]");
    if (!li) return;
    if ("more" in li.dataset) return showMore(li);
    const i = Number(li.dataset.i);
    focus(li);
    if (e.target.closest(".sign") && model.below.has(i)) unfold(i, li.getAttribute("aria-expanded") !== "true");
    else state.select(i);
  });

  const rows = {
    show(i) {
      for (const above of path(model, i)) {
        // It may be none of its supervisor's children that are made.
        const parent = model.rows[above].parent;
        const at = items.has(above) ? -1 : (model.below.get(parent) || []).indexOf(above);
        const rest = at < 0 ? null : [...root.querySelectorAll(`[data-more="${parent ?? ""}"]`)].find((li) => Number(li.dataset.from) <= at && at < Number(li.dataset.to));
        if (rest) fill(rest, at);
        if (above !== i) unfold(above, true);
      }
      items.get(i)?.firstElementChild.scrollIntoView({ block: "nearest" });
    },
    mark(i) {
      for (const li of root.querySelectorAll("[aria-selected=true]")) li.setAttribute("aria-selected", "false");
      const li = items.get(i);
      if (!li) return;
      li.setAttribute("aria-selected", "true");
      root.querySelector("[tabindex='0']")?.setAttribute("tabindex", "-1");
      li.setAttribute("tabindex", "0");
    },
  };

  makeChildren(root, null);
  root.querySelector("[role=treeitem]")?.setAttribute("tabindex", "0");
  return rows;
}
