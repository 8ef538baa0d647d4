// A new merge: the recipe is checked while it is typed, its cost is known before the button is pressed.

import { bytes, duration, element, send } from "./common.js";
import { editor } from "./editor.js";

const PAUSE = 300;

/** Makes the form live. */
export const orderForm = (form) => {
  const byId = (id) => document.getElementById(id);
  const area = byId("recipe");
  const preflight = byId("preflight");
  const verdict = byId("verdict");
  const cost = byId("cost");
  const button = form.querySelector("button[type=submit]");
  const edit = editor(byId("editor"), area);
  const rate = Number(form.dataset.rate);
  let methods = new Map();
  let loaded = Promise.resolve();
  let newest = 0;
  let timer = 0;

  const order = () => {
    const data = new FormData(form);
    const text = (name) => String(data.get(name) || "").trim();
    const body = {
      recipe: String(data.get("recipe") || "").replaceAll("\r\n", "\n"),
      name: text("name"),
      benchmarks: text("benchmarks").split(",").map((task) => task.trim()).filter((task) => task !== ""),
    };
    if (text("seed") !== "") {
      body.seed = Number(text("seed"));
    }
    if (text("shardSize") !== "") {
      body.shardSize = text("shardSize");
    }
    return body;
  };

  const say = (words, kind) => {
    verdict.textContent = words;
    verdict.className = `verdict ${kind}`;
  };

  const showProblems = (problems) => {
    edit.show(problems);
    preflight.replaceChildren(...problems.map((problem) => {
      const row = element(problem.line ? "button" : "p", { class: `problem ${problem.severity}`, type: problem.line ? "button" : false },
        element("code", {}, problem.code), ` ${problem.line ? `line ${problem.line}: ` : ""}${problem.message}`);
      if (problem.line) {
        row.addEventListener("click", () => edit.goTo(problem.line, problem.column));
      }
      return row;
    }));
  };

  const showCost = (plan) => {
    const tile = (name, value) => element("div", {}, element("dt", {}, name), element("dd", {}, value));
    if (!plan.accepted) {
      cost.replaceChildren();
      return;
    }
    const moved = plan.cost.bytesToRead + plan.cost.bytesToWrite;
    cost.replaceChildren(
      tile("To read", bytes(plan.cost.bytesToRead)),
      tile("To write", bytes(plan.cost.bytesToWrite)),
      tile("Chunks", String(plan.cost.chunks)),
      tile("Tensors", String(plan.cost.tensors)),
      tile("Memory a worker", bytes(plan.cost.memoryBytes)),
      tile("Disk", bytes(plan.cost.diskBytes)),
      tile("Time", rate > 0 ? `about ${duration(moved / rate)}` : "no merge yet to judge by"),
      tile("Models", String(plan.models.length)));
  };

  const check = async () => {
    newest += 1;
    const mine = newest;
    if (area.value.trim() === "") {
      showProblems([]);
      cost.replaceChildren();
      say("Write a recipe: it is checked as you type.", "");
      return;
    }
    try {
      const { response, body } = await send("POST", "/api/plans", order());
      if (mine !== newest) {
        return;
      }
      if (!response.ok) {
        showProblems(body.errors || []);
        cost.replaceChildren();
        say(body.detail || "It cannot be checked.", "refused");
        return;
      }
      showProblems(body.problems);
      showCost(body);
      const errors = body.problems.filter((problem) => problem.severity === "error").length;
      if (!body.accepted) {
        say(errors === 1 ? "One error" : `${errors} errors`, "refused");
      } else {
        say(body.exists ? "This artifact exists already: nothing will be computed." : "Ready to start.", "accepted");
      }
    } catch (failure) {
      if (mine === newest) {
        say(`The service does not answer (${failure.message}).`, "refused");
      }
    }
  };

  const help = () => {
    const named = /^\s*merge_method:\s*["']?([\w-]+)/m.exec(area.value);
    const method = named && methods.get(named[1]);
    byId("method-help").hidden = !method;
    if (!method) {
      return;
    }
    byId("method-title").textContent = method.name;
    byId("method-text").replaceChildren(
      element("p", {}, method.summary),
      element("pre", { class: "formula", tabindex: "0", role: "group", "aria-label": "Formula" }, method.formula),
      element("p", { class: "quiet" }, `${method.models} models, base model ${method.base}. ${method.paper}`),
      element("dl", {}, ...method.parameters.flatMap((parameter) => [
        element("dt", {}, `${parameter.name}${parameter.required ? " (required)" : ""}`),
        element("dd", {}, `${parameter.description} ${parameter.scope === "shared" ? "One for all models" : "One for each model"}`
          + (parameter.value === undefined ? "." : `, ${parameter.value} if absent.`))])));
  };

  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(check, PAUSE);
    help();
    tasks();
  };

  const chips = Array.from(document.querySelectorAll("#tasks .chip"));
  const tasks = () => {
    const chosen = order().benchmarks;
    chips.forEach((chip) => chip.setAttribute("aria-pressed", String(chosen.includes(chip.dataset.task))));
  };
  chips.forEach((chip) => chip.addEventListener("click", () => {
    const chosen = new Set(order().benchmarks);
    if (!chosen.delete(chip.dataset.task)) {
      chosen.add(chip.dataset.task);
    }
    form.elements.benchmarks.value = Array.from(chosen).join(", ");
    soon();
  }));

  byId("template").addEventListener("change", async (event) => {
    await loaded;
    const method = methods.get(event.target.value);
    if (method) {
      edit.set(method.template);
    }
  });
  if (byId("models")) {
    byId("models").addEventListener("click", (event) => {
      const chosen = event.target.closest("button");
      if (chosen) {
        edit.insert(chosen.dataset.model);
      }
    });
    byId("model-filter").addEventListener("input", (event) => {
      const wanted = event.target.value.toLowerCase();
      for (const row of byId("models").children) {
        row.hidden = !row.textContent.toLowerCase().includes(wanted);
      }
      event.stopPropagation();
    });
  }

  form.addEventListener("input", (event) => {
    if (event.target.id !== "template") {
      soon();
    }
  });
  area.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clearTimeout(timer);
    newest += 1;
    button.disabled = true;
    say("Starting …", "");
    try {
      const { response, body } = await send("POST", "/api/merges", order());
      if (response.ok) {
        location.assign(body.outcome === "COMPLETE" ? `/artifacts/${body.artifact}` : `/merges/${body.id}`);
        return;
      }
      showProblems(body.errors || []);
      say(body.detail || "It was refused.", "refused");
    } catch (failure) {
      say(`The service does not answer (${failure.message}).`, "refused");
    }
    button.disabled = false;
  });

  loaded = send("GET", "/api/methods").then(({ response, body }) => {
    if (response.ok) {
      methods = new Map(body.map((method) => [method.name, method]));
      help();
    }
  }).catch(() => { /* Without it there are no templates; everything else works. */ });
  tasks();
  if (area.value.trim() !== "") {
    check();
  }
};
