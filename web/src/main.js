// SPDX-License-Identifier: Apache-2.0
// The dashboard begins here: the address chooses a view, the loop of app.js fills it.

import "./base.css";
import { app, onShow, poll, settle } from "./app.js";
import { draw, el, term } from "./dom.js";
import { follow } from "./events.js";
import { spoken } from "./format.js";
import { showFrame, startFrame } from "./frame.js";
import { startKeys } from "./keys.js";
import { checkPage } from "./release.js";
import { linkTo, readRoute } from "./router.js";
import { findView } from "./views/index.js";

const $ = (id) => document.getElementById(id);
const page = $("view");
let opened = null; // the view and node whose elements are on the page

// Only what comes from outside may be odd enough to break a view; the rest of the page goes on, and the view as soon as the figures make sense to it again.
function drawView() {
  try {
    app.view.show(app);
    page.querySelector(".broken")?.remove();
  } catch (error) {
    if (!page.querySelector(".broken")) page.prepend(el("p", { class: "broken", role: "alert" }, "This view cannot show what it was given. ", el("span", { class: "mono dim" }, String(error).slice(0, 200))));
  }
}

// What a view asked for and did not get.
function showMissing(key) {
  const missing = key ? Object.entries(app.errors).filter(([, error]) => error) : [];
  $("missing").hidden = !missing.length;
  draw($("missing"), missing, () => [el("strong", {}, "Not all of this is there: "), missing.slice(0, 4).map(([what, error], i) => [i ? "; " : "", `${spoken(what)}: `, term(error, 200)]), "."]);
}

function show() {
  showFrame(app);
  const key = app.view && (app.route.node ? app.node : app.nodes.length || app.view.id !== "nodes") ? `${app.view.id} ${app.route.node}` : null;
  if (opened?.key !== key) {
    opened?.view?.close?.();
    page.replaceChildren();
    opened = { key, view: key && app.view };
    if (key) app.view.open(page, app);
  }
  if (key) drawView();
  showMissing(key);
  page.setAttribute("aria-busy", String(key === null || Object.keys(app.data).some((what) => app.data[what] === null && app.errors[what] === null)));
}

// Where there is but one node, home is the node.
function goHome() {
  if (app.route.node || app.route.view || app.nodes.length !== 1) return;
  history.replaceState(null, "", linkTo({ node: app.nodes[0].name }));
  take();
}

function take() {
  const before = app.route;
  app.route = readRoute(location.hash);
  app.view = findView(app.route);
  settle();
  if (app.route.node !== before.node || app.route.view !== before.view) window.scrollTo(0, 0);
  show();
  poll();
}

onShow(() => {
  goHome();
  show();
});
window.addEventListener("hashchange", take);
startFrame();
startKeys(app);
take();
follow();
checkPage();
