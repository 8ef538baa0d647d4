// Runs before the first paint, so that a chosen theme does not flash the other one.
"use strict";
(() => {
  const choices = ["automatic", "light", "dark"];
  let chosen = "automatic";
  try {
    chosen = localStorage.getItem("theme") || "automatic";
  } catch (refused) {
    // Without storage the system's choice holds.
  }
  const apply = () => {
    if (chosen === "automatic") {
      delete document.documentElement.dataset.theme;
    } else {
      document.documentElement.dataset.theme = chosen;
    }
  };
  apply();
  document.addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    button.hidden = false;
    button.textContent = `Theme: ${chosen}`;
    button.addEventListener("click", () => {
      chosen = choices[(choices.indexOf(chosen) + 1) % choices.length];
      button.textContent = `Theme: ${chosen}`;
      try {
        localStorage.setItem("theme", chosen);
      } catch (refused) {
        // It then holds for this page only.
      }
      apply();
    });
  });
})();
