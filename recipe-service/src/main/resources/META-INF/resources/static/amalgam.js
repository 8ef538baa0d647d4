// Keeps pages up to date and checks recipes as they are typed. Pages are readable without it.
"use strict";

const element = (name, attributes = {}, ...children) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
};

const bytes = (count) => {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  while (count >= 1000 && unit < units.length - 1) {
    count /= 1000;
    unit += 1;
  }
  return unit === 0 ? `${count} B` : `${count.toFixed(1)} ${units[unit]}`;
};

// ---- new merge -----------------------------------------------------------------------------------------------------

const orderForm = (form) => {
  const preflight = document.getElementById("preflight");
  const button = form.querySelector("button");
  let newest = 0;

  const order = () => {
    const data = new FormData(form);
    const text = (name) => String(data.get(name) || "").trim();
    const body = {
      recipe: String(data.get("recipe") || ""),
      name: text("name"),
      benchmarks: text("benchmarks").split(",").map((task) => task.trim()).filter((task) => task !== ""),
    };
    if (text("seed") !== "") {
      body.seed = Number(text("seed"));
    }
    if (text("shardSize") !== "") {
      body.shardSize = text("shardSize");
    }
    return JSON.stringify(body);
  };

  const post = async (path) => {
    const response = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: order(),
    });
    return { response, body: await response.json() };
  };

  const show = (problems, sentence) => {
    preflight.replaceChildren();
    for (const problem of problems) {
      const place = problem.line ? `line ${problem.line}: ` : "";
      preflight.append(element("p", { class: `problem ${problem.severity}` },
        element("code", {}, problem.code), ` ${place}${problem.message}`));
    }
    if (sentence) {
      preflight.append(element("p", { class: "quiet" }, sentence));
    }
  };

  const check = async () => {
    const mine = ++newest;
    if (form.elements.recipe.value.trim() === "") {
      show([], "");
      return;
    }
    try {
      const { response, body } = await post("/api/plans");
      if (mine !== newest) {
        return;
      }
      if (!response.ok) {
        show(body.errors || [], "");
      } else {
        const cost = body.cost;
        show(body.problems, body.accepted
          ? `${cost.chunks} chunks, ${bytes(cost.bytesToRead)} to read, ${bytes(cost.bytesToWrite)} to write`
            + (body.exists ? "; the artifact exists already" : "")
          : "");
      }
    } catch (failure) {
      show([], `The service does not answer (${failure.message}).`);
    }
  };

  let timer = 0;
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(check, 400);
  });

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clearTimeout(timer);
    newest += 1;
    button.disabled = true;
    try {
      const { response, body } = await post("/api/merges");
      if (response.ok) {
        location.assign(body.outcome === "COMPLETE" ? `/artifacts/${body.artifact}` : `/merges/${body.id}`);
        return;
      }
      show(body.errors || [], "");
    } catch (failure) {
      show([], `The service does not answer (${failure.message}).`);
    }
    button.disabled = false;
  });
};

// ---- a merge, live -------------------------------------------------------------------------------------------------

const liveMerge = (place) => {
  const byId = (id) => document.getElementById(id);
  const events = byId("events");
  const strip = byId("strip");
  const shown = new Set(Array.from(events.rows, (row) => row.cells[0].textContent));
  let chunks = Number(byId("bar").max);
  let startBytes = null;
  let startTime = 0;

  const state = (name) => {
    byId("state").textContent = name;
    byId("state").className = `state ${name}`;
    const open = name === "requested" || name === "running";
    if (!open && byId("cancel")) {
      byId("cancel").remove();
    }
    byId("artifact").hidden = name !== "completed";
  };

  const progress = (done, all) => {
    chunks = all;
    byId("bar").max = Math.max(all, 1);
    byId("bar").value = done;
    byId("count").textContent = `${done} of ${all} chunks`;
    while (strip.children.length < all) {
      strip.append(element("i", { class: "waiting", title: `chunk ${strip.children.length}` }));
    }
  };

  const failure = (error) => {
    byId("failure").hidden = !error;
    byId("failure").replaceChildren();
    if (error) {
      byId("failure").append(element("code", {}, error.code), ` ${error.message || ""}`);
    }
  };

  const rate = (total) => {
    const now = performance.now();
    if (startBytes === null) {
      startBytes = total;
      startTime = now;
    } else if (total > startBytes && now > startTime) {
      byId("rate").textContent = `${bytes((total - startBytes) / ((now - startTime) / 1000))}/s`;
    }
  };

  const evaluation = (data) => {
    byId("questions").textContent = `evaluation: ${data.questionsDone} of ${data.questions} questions`;
  };

  const view = (merge) => {
    state(merge.state);
    progress(merge.chunksDone, merge.chunks);
    failure(merge.error);
    rate(merge.bytesRead + merge.bytesWritten);
    if (merge.evaluation) {
      byId("questions").textContent = `evaluation ${merge.evaluation.state}: `
        + `${merge.evaluation.questionsDone} of ${merge.evaluation.questions} questions`;
    }
  };

  const happened = {
    planned: (data) => { state("running"); progress(0, data.chunks); },
    progress: (data) => { progress(data.chunksDone, data.chunks); rate(data.bytesRead + data.bytesWritten); },
    chunk: (data) => {
      progress(Math.min(byId("bar").value + 1, data.count), data.count);
      strip.children[data.index].className = "completed";
    },
    "chunk-failed": (data) => {
      if (strip.children[data.index]) {
        strip.children[data.index].className = "failed";
      }
    },
    "cancellation-requested": () => {},
    completed: () => {
      state("completed");
      progress(chunks, chunks);
      for (const cell of strip.children) {
        cell.className = "completed";
      }
    },
    failed: (data) => { state("failed"); failure(data); },
    cancelled: () => state("cancelled"),
    artifact: () => {},
    score: () => {},
    questions: evaluation,
    "evaluation-completed": () => {},
    "evaluation-failed": (data) => failure(data),
    "evaluation-cancelled": () => {},
  };

  const source = new EventSource(`/api/merges/${place.dataset.merge}/events`);
  source.addEventListener("snapshot", (message) => view(JSON.parse(message.data)));
  source.addEventListener("end", (message) => {
    view(JSON.parse(message.data));
    source.close();
  });
  for (const [type, handle] of Object.entries(happened)) {
    source.addEventListener(type, (message) => {
      const event = JSON.parse(message.data);
      handle(event.data);
      if (!shown.has(String(event.number))) {
        shown.add(String(event.number));
        events.prepend(element("tr", {},
          element("td", { class: "number" }, String(event.number)),
          element("td", {}, event.at.slice(0, 19).replace("T", " ")),
          element("td", {}, event.type),
          element("td", {}, element("code", {}, JSON.stringify(event.data)))));
      }
    });
  }

  if (byId("cancel")) {
    byId("cancel").addEventListener("click", async () => {
      byId("cancel").disabled = true;
      const response = await fetch(`/api/merges/${place.dataset.merge}`, { method: "DELETE" });
      if (!response.ok) {
        const problem = await response.json();
        failure({ code: problem.code, message: problem.detail });
        byId("cancel").disabled = false;
      }
    });
  }
};

if (document.getElementById("order")) {
  orderForm(document.getElementById("order"));
}
if (document.getElementById("merge")) {
  liveMerge(document.getElementById("merge"));
}
