// Colours YAML, line by line: keys, strings, literals, comments. No more than recipes need.

const rule = /(#.*$)|("(?:[^"\\]|\\.)*"|'(?:[^']|'')*')|([A-Za-z_][\w.-]*)(?=\s*:(?:\s|$))|(?<![\w./-])(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|~)(?![\w./-])/g;

/** Returns the pieces of a line as nodes. */
export const paintLine = (line) => {
  const nodes = [];
  let last = 0;
  rule.lastIndex = 0;
  for (let match = rule.exec(line); match; match = rule.exec(line)) {
    // A number sign inside a word begins no comment.
    if (match[1] && match.index > 0 && !/\s/.test(line[match.index - 1])) {
      rule.lastIndex = match.index + 1;
      continue;
    }
    if (match.index > last) {
      nodes.push(line.slice(last, match.index));
    }
    const span = document.createElement("span");
    span.className = match[1] ? "comment" : match[2] ? "string" : match[3] ? "key" : "literal";
    span.textContent = match[0];
    nodes.push(span);
    last = match.index + match[0].length;
  }
  if (last < line.length) {
    nodes.push(line.slice(last));
  }
  return nodes;
};

/** Colours the code of an element. */
export const paintCode = (code) => {
  const lines = code.textContent.split("\n");
  code.replaceChildren();
  lines.forEach((line, index) => {
    code.append(...paintLine(line), index < lines.length - 1 ? "\n" : "");
  });
};
