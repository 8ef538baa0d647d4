// The page of triggers: making, firing, removing.

import { request } from "./common.js";

const DETAILS = {
  revision: "Models (all of the recipe’s if empty)",
  schedule: "Cron: minute, hour, day of month, month, day of week",
  object: "Bucket, or bucket/prefix",
  event: "Type of the CloudEvent",
};

const condition = (type, detail) => {
  switch (type) {
    case "schedule":
      return { type, cron: detail };
    case "object": {
      const slash = detail.indexOf("/");
      return slash < 0 ? { type, bucket: detail } : { type, bucket: detail.slice(0, slash), prefix: detail.slice(slash + 1) };
    }
    case "event":
      return { type, eventType: detail };
    default:
      return { type, models: detail.split(",").map((name) => name.trim()).filter((name) => name !== "") };
  }
};

/** Makes the form and the buttons work. */
export const triggers = (form) => {
  const open = document.getElementById("new-trigger");
  const refusal = document.getElementById("trigger-refusal");
  open.addEventListener("click", () => {
    form.hidden = !form.hidden;
    open.setAttribute("aria-expanded", String(!form.hidden));
    if (!form.hidden) {
      form.elements.name.focus();
    }
  });
  form.elements.type.addEventListener("change", () => {
    document.getElementById("trigger-detail-label").textContent = DETAILS[form.elements.type.value];
  });
  const refuse = (failure) => {
    refusal.hidden = false;
    refusal.textContent = failure.message;
    form.hidden = false;
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = (name) => form.elements[name].value.trim();
    try {
      await request("POST", "/api/triggers", {
        name: text("name"),
        recipe: form.elements.recipe.value.replaceAll("\r\n", "\n"),
        condition: condition(text("type"), text("detail")),
        options: { benchmarks: text("benchmarks").split(",").map((task) => task.trim()).filter((task) => task !== "") },
        notification: text("url") === "" ? null : { url: text("url"), secret: text("secret") || null },
      });
      location.reload();
    } catch (failure) {
      refuse(failure);
    }
  });
  const list = document.getElementById("triggers");
  if (list) {
    list.addEventListener("click", async (event) => {
      const button = event.target.closest("button[data-act]");
      if (!button) {
        return;
      }
      button.disabled = true;
      const id = button.closest("[data-trigger]").dataset.trigger;
      try {
        await (button.dataset.act === "fire" ? request("POST", `/api/triggers/${id}/fire`) : request("DELETE", `/api/triggers/${id}`));
        location.reload();
      } catch (failure) {
        refuse(failure);
        button.disabled = false;
      }
    });
  }
};
