// A text area with line numbers, colours and the errors of lines: a painted copy of the text lies behind it.

import { element } from "./common.js";
import { paintLine } from "./highlight.js";

/** Makes an editor of the text area; returns how to show problems and to put text in. */
export const editor = (frame, area) => {
  const numbers = frame.querySelector(".numbers");
  const paint = frame.querySelector(".paint");
  let problems = new Map();
  let leaving = false;

  const draw = () => {
    const lines = area.value.split("\n");
    paint.replaceChildren(...lines.map((line, index) => {
      const problem = problems.get(index + 1);
      const row = element("span", { class: `row ${problem ? problem.severity : ""}` }, ...paintLine(line));
      if (problem) {
        row.append(element("span", { class: "lens" }, problem.message));
      }
      return row;
    }));
    numbers.replaceChildren(...lines.map((line, index) => {
      const problem = problems.get(index + 1);
      return element("span", { class: problem ? problem.severity : false }, String(index + 1));
    }));
    // The text area is as large as its text: the page scrolls, and what lies behind it never shifts.
    area.style.height = "auto";
    area.style.height = `${Math.max(area.scrollHeight, paint.scrollHeight)}px`;
    paint.scrollLeft = area.scrollLeft;
  };

  const insert = (text) => {
    area.focus();
    // Kept in the browser's own history, so that it can be undone.
    if (!document.execCommand("insertText", false, text)) {
      area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
      area.dispatchEvent(new Event("input", { bubbles: true }));
    }
  };

  area.addEventListener("input", () => {
    problems = new Map();
    draw();
  });
  area.addEventListener("scroll", () => {
    paint.scrollLeft = area.scrollLeft;
  });
  area.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      leaving = true;
      return;
    }
    if (event.key === "Tab" && !leaving && !event.shiftKey) {
      event.preventDefault();
      insert("  ");
    } else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      const before = area.value.slice(0, area.selectionStart);
      const line = before.slice(before.lastIndexOf("\n") + 1);
      const indent = /^[ ]*/.exec(line)[0];
      const deeper = /:\s*$/.test(line) ? "  " : "";
      insert(`\n${indent}${/^\s*- \S/.test(line) && deeper === "" ? "  " : deeper}`);
    }
    leaving = false;
  });

  frame.classList.add("painted");
  draw();
  return {
    insert,
    set: (text) => {
      area.focus();
      area.select();
      insert(text);
    },
    /** Shows the worst problem of each line. */
    show: (found) => {
      problems = new Map();
      for (const problem of found) {
        const known = problem.line && problems.get(problem.line);
        if (problem.line && (!known || known.severity !== "error")) {
          problems.set(problem.line, problem);
        }
      }
      draw();
    },
    goTo: (line, column) => {
      const start = area.value.split("\n").slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
      area.focus();
      area.setSelectionRange(start + (column || 1) - 1, start + (column || 1) - 1);
    },
  };
};
