// A merge, live: server-sent events fill the strip of chunks.

import { bytes, duration, element, request } from "./common.js";

const WINDOW_SECONDS = 10;
const SHOWN_EVENTS = 200;

/** Follows the merge of a page. */
export const liveMerge = (place) => {
  const byId = (id) => document.getElementById(id);
  const id = place.dataset.merge;
  const all = Number(place.dataset.read) + Number(place.dataset.write);
  const events = byId("events");
  const strip = byId("strip");
  const shown = new Set(Array.from(events.children, (row) => row.dataset.number));
  const workers = new Map(Array.from(byId("workers").rows, (row) => [row.dataset.worker, {
    chunks: Number(row.dataset.chunks), bytes: Number(row.dataset.bytes), milliseconds: Number(row.dataset.milliseconds), row,
  }]));
  const samples = [];
  let toMove = all;
  let chunks = strip.children.length;

  const state = (name) => {
    byId("state").textContent = name;
    byId("state").className = `state ${name}`;
    byId("bar").className = `wide ${name}`;
    const open = name === "requested" || name === "running";
    byId("cancel").hidden = !open;
    byId("retry").hidden = name !== "failed" && name !== "cancelled";
    byId("artifact").hidden = name !== "completed";
    if (!open) {
      byId("left").textContent = "–";
    }
  };

  const progress = (done, count) => {
    chunks = count;
    byId("bar").max = Math.max(count, 1);
    byId("bar").value = done;
    byId("count").textContent = `${done} of ${count}`;
    strip.setAttribute("aria-label", `Chunks by state: ${done} of ${count} done`);
    while (strip.children.length < count) {
      strip.append(element("i", { class: "waiting", title: `Chunk ${strip.children.length}: waiting` }));
    }
  };

  const failure = (code, message) => {
    byId("failure").hidden = !code;
    byId("failure-text").replaceChildren();
    if (code) {
      byId("failure-text").append(element("code", {}, code), ` ${message || ""}`);
    }
  };

  // The rate is that of the last seconds: what was before says little about what comes.
  const moved = (read, written) => {
    const now = performance.now() / 1000;
    byId("read").textContent = bytes(read);
    byId("written").textContent = bytes(written);
    samples.push({ at: now, total: read + written });
    while (samples.length > 2 && samples[0].at < now - WINDOW_SECONDS) {
      samples.shift();
    }
    const first = samples[0];
    const rate = now > first.at ? (read + written - first.total) / (now - first.at) : 0;
    if (rate > 0) {
      byId("rate").textContent = `${bytes(rate)}/s`;
      byId("left").textContent = toMove > read + written ? duration((toMove - read - written) / rate) : "–";
    }
  };

  const worked = (data) => {
    const worker = workers.get(data.worker) || { chunks: 0, bytes: 0, milliseconds: 0, row: null };
    worker.chunks += 1;
    if (!data.reused) {
      worker.bytes += data.bytesRead + data.length;
      worker.milliseconds += data.milliseconds;
    }
    const row = element("tr", {}, element("th", { scope: "row" }, data.worker),
      element("td", { class: "number" }, String(worker.chunks)),
      element("td", { class: "number" }, bytes(worker.bytes)),
      element("td", { class: "number" }, worker.milliseconds > 0 ? `${bytes(worker.bytes * 1000 / worker.milliseconds)}/s` : "–"));
    if (worker.row) {
      worker.row.replaceWith(row);
    } else {
      byId("workers").append(row);
    }
    worker.row = row;
    workers.set(data.worker, worker);
  };

  const questions = (words) => {
    byId("questions").hidden = false;
    byId("questions").textContent = words;
  };

  const cell = (index, name, title) => {
    if (strip.children[index]) {
      strip.children[index].className = name;
      strip.children[index].title = title;
    }
  };

  const view = (merge) => {
    toMove = merge.bytesToRead + merge.bytesToWrite;
    state(merge.state);
    progress(merge.chunksDone, merge.chunks);
    failure(merge.error && merge.error.code, merge.error && merge.error.message);
    moved(merge.bytesRead, merge.bytesWritten);
    if (merge.evaluation) {
      questions(`Scoring ${merge.evaluation.state}: ${merge.evaluation.questionsDone} of ${merge.evaluation.questions} questions`);
    }
  };

  const happened = {
    requested: () => {},
    planned: (data) => {
      toMove = data.bytesToRead + data.bytesToWrite;
      state("running");
      progress(0, data.chunks);
    },
    progress: (data) => {
      progress(Math.max(data.chunksDone, byId("bar").value), data.chunks);
      moved(data.bytesRead, data.bytesWritten);
    },
    chunk: (data) => {
      progress(strip.querySelectorAll(".completed").length + (strip.children[data.index]?.classList.contains("completed") ? 0 : 1), data.count);
      cell(data.index, data.reused ? "completed reused" : "completed", `Chunk ${data.index}: ${data.reused ? "taken from an earlier merge" : "completed"}, ${data.worker}`);
      worked(data);
    },
    "chunk-failed": (data) => cell(data.index, "failed", `Chunk ${data.index}: failed on ${data.worker}, ${data.message}`),
    "cancellation-requested": () => { byId("cancel").disabled = true; },
    completed: () => {
      state("completed");
      progress(chunks, chunks);
      for (const one of strip.children) {
        one.classList.add("completed");
      }
    },
    failed: (data) => { state("failed"); failure(data.code, data.message); },
    cancelled: (data) => { state("cancelled"); failure("CANCELLED", data.reason); },
    artifact: () => {},
    score: () => {},
    questions: (data) => questions(`Scoring: ${data.questionsDone} of ${data.questions} questions`),
    "evaluation-completed": () => questions("All scores are there."),
    "evaluation-failed": (data) => failure(data.code, data.message),
    "evaluation-cancelled": () => questions("Scoring was cancelled."),
  };

  const source = new EventSource(`/api/merges/${id}/events`);
  source.addEventListener("snapshot", (message) => view(JSON.parse(message.data)));
  source.addEventListener("end", (message) => {
    view(JSON.parse(message.data));
    source.close();
  });
  for (const [type, handle] of Object.entries(happened)) {
    source.addEventListener(type, (message) => {
      const event = JSON.parse(message.data);
      if (shown.has(String(event.number))) {
        return;
      }
      shown.add(String(event.number));
      handle(event.data);
      events.prepend(element("li", { "data-number": String(event.number), class: event.type },
        element("time", { datetime: event.at }, event.at.slice(0, 19).replace("T", " ")),
        element("span", {}, event.sentence)));
      if (events.children.length > SHOWN_EVENTS) {
        events.lastElementChild.remove();
      }
    });
  }

  const press = (name, act) => byId(name).addEventListener("click", async () => {
    byId(name).disabled = true;
    try {
      await act();
    } catch (refusal) {
      failure("REFUSED", refusal.message);
      byId(name).disabled = false;
    }
  });
  press("cancel", () => request("DELETE", `/api/merges/${id}`));
  press("retry", async () => {
    const started = await request("POST", `/api/merges/${id}/retry`);
    location.assign(`/merges/${started.id}`);
  });
};
