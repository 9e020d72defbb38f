// SPDX-License-Identifier: Apache-2.0
// The dashboard begins here: the address chooses a view, the loop of app.js fills it.

import "./base.css";
import { app, onShow, poll, settle } from "./app.js";
import { follow } from "./events.js";
import { readRoute } from "./router.js";
import { showFrame } from "./frame.js";
import { findView } from "./views/index.js";

const page = document.getElementById("view");
let opened = null; // the view and node whose elements are on the page

function show() {
  showFrame(app);
  const key = app.view && (!app.route.node || app.node) ? `${app.view.id} ${app.route.node}` : null;
  if (opened?.key !== key) {
    opened?.view?.close?.();
    page.replaceChildren();
    opened = { key, view: key && app.view };
    if (key) app.view.open(page, app);
  }
  if (key) app.view.show(app);
  page.setAttribute("aria-busy", String(key === null || Object.keys(app.data).some((what) => app.data[what] === null && app.errors[what] === null)));
}

function take() {
  if (location.hash === "#main") return; // the link that skips to the content
  const before = app.route;
  app.route = readRoute(location.hash);
  app.view = findView(app.route);
  settle();
  if (app.route.node !== before.node || app.route.view !== before.view) window.scrollTo(0, 0);
  show();
  poll();
}

onShow(show);
window.addEventListener("hashchange", take);
take();
follow();
