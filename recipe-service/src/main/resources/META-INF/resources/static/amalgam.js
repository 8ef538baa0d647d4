// Keeps pages up to date and checks recipes as they are typed. Pages are readable without it.

import { paintCode } from "./highlight.js";
import { layers } from "./layers.js";
import { deadLetters } from "./letters.js";
import { liveMerge } from "./merge.js";
import { orderForm } from "./order.js";
import { refreshing } from "./refresh.js";
import { leaderboard, sortable } from "./tables.js";
import { triggers } from "./triggers.js";

const when = (id, start) => {
  const found = document.getElementById(id);
  if (found) {
    start(found);
  }
};

for (const link of document.querySelectorAll(".top nav a")) {
  const path = new URL(link.href).pathname;
  const here = location.pathname;
  if (path === here || (path === "/" && here.startsWith("/merges")) || (path !== "/" && here.startsWith(`${path}/`))) {
    link.setAttribute("aria-current", "page");
  }
}
// What scrolls sideways can be scrolled with the keyboard.
for (const wide of document.querySelectorAll(".scroll:not([tabindex])")) {
  if (wide.scrollWidth > wide.clientWidth) {
    wide.tabIndex = 0;
    wide.setAttribute("role", "group");
    wide.setAttribute("aria-label", "Table, scrolls sideways");
  }
}
document.querySelectorAll("pre[data-language=yaml] code").forEach(paintCode);
document.querySelectorAll("table[data-sortable]").forEach(sortable);
document.querySelectorAll("[data-refresh]").forEach(refreshing);
when("order", orderForm);
when("merge", liveMerge);
when("board", leaderboard);
when("trigger-form", triggers);
when("letters", deadLetters);
when("layers", layers);
