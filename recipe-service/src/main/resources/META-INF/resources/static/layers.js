// The page of layers: the reading of weights is begun here and followed until the map is there.

import { request } from "./common.js";

/** Makes the button work, and shows the map when it is there. */
export const layers = (place) => {
  const button = document.getElementById("make-report");
  const path = `/api/artifacts/${place.dataset.artifact}/report`;
  const follow = async () => {
    const response = await fetch(path, { headers: { Accept: "application/json" } });
    if (response.status === 202) {
      setTimeout(follow, 1500);
    } else {
      location.reload();
    }
  };
  if (!button) {
    follow();
    return;
  }
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await request("POST", path);
      location.reload();
    } catch (failure) {
      const refusal = document.getElementById("report-refusal");
      refusal.hidden = false;
      refusal.textContent = failure.message;
      button.disabled = false;
    }
  });
};
