// SPDX-License-Identifier: Apache-2.0
// What a view keeps in its address beside the range of time: what was chosen, and what was typed.

import { el } from "./dom.js";
import { linkTo, readRoute } from "./router.js";

const TYPING_MS = 200;

const with_ = (app, params) => ({ ...app.route, params: { ...Object.fromEntries(app.route.params), ...params } });

/** here(app, params): the address of what is shown, with these parameters changed; null takes one out. */
export const here = (app, params) => linkTo(with_(app, params));

/** choose(app, params): goes there, one step in the browser's history. */
export const choose = (app, params) => app.go(with_(app, params));

/** keep(app, params): the address says so, without such a step; for what does not change the questions to the server. */
export function keep(app, params) {
  history.replaceState(null, "", here(app, params));
  app.route = readRoute(location.hash);
  app.show();
}

/** oneOf(app, key, words): the parameter if it is one of the words, else the first of them. */
export const oneOf = (app, key, words) => (words.includes(app.route.params.get(key)) ? app.route.params.get(key) : words[0]);

/** findBox(app, label): a field whose text is `find` in the address; follow() takes what the address says, unless somebody is typing. */
export function findBox(app, label) {
  const input = el("input", { type: "search", "data-key": "find", maxlength: 200, autocomplete: "off", spellcheck: "false" });
  let timer = null;
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      timer = null;
      keep(app, { find: input.value || null });
    }, TYPING_MS);
  });
  const follow = () => {
    const said = app.route.params.get("find") || "";
    if (timer === null && input.value !== said) input.value = said;
  };
  follow();
  return { element: el("label", { class: "find" }, `${label} `, input), input, follow };
}

/** finder(app): does any of these texts have what is looked for? */
export function finder(app) {
  const wanted = (app.route.params.get("find") || "").trim().toLowerCase();
  return wanted ? (...texts) => texts.some((text) => typeof text === "string" && text.toLowerCase().includes(wanted)) : () => true;
}
