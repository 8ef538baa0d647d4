// The page of dead letters: replaying and dropping.

import { request } from "./common.js";

/** Makes the buttons work. */
export const deadLetters = (list) => {
  const refusal = document.getElementById("letter-refusal");
  list.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-act]");
    if (!button) {
      return;
    }
    const letter = button.closest("[data-letter]");
    const path = `/api/dead-letters/${letter.dataset.letter}`;
    button.disabled = true;
    try {
      await (button.dataset.act === "replay" ? request("POST", `${path}/replay`) : request("DELETE", path));
      letter.remove();
    } catch (failure) {
      refusal.hidden = false;
      refusal.textContent = failure.message;
      button.disabled = false;
    }
  });
};
