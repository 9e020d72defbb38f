// SPDX-License-Identifier: Apache-2.0
// Light or dark, before anything is painted: as the system has it, or as was chosen here (localStorage "theme": light, dark). <html data-theme> says
// which, and the window gets an event "theme" whenever it changes.
(() => {
  const system = matchMedia("(prefers-color-scheme: dark)");
  function apply() {
    let kept = null;
    try {
      kept = localStorage.getItem("theme");
    } catch {
      // no storage here: as the system has it
    }
    const theme = kept === "light" || kept === "dark" ? kept : system.matches ? "dark" : "light";
    if (document.documentElement.dataset.theme === theme) return;
    document.documentElement.dataset.theme = theme;
    dispatchEvent(new Event("theme"));
  }
  system.addEventListener("change", apply);
  addEventListener("storage", apply); // another tab chose
  addEventListener("theme-chosen", apply);
  apply();
})();
