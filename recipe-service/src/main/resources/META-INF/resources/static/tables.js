// Tables that can be sorted by their headings, and the leaderboard's filters and comparison.

const value = (row, column) => {
  const cell = row.cells[column];
  const text = cell.dataset.value === undefined ? cell.textContent.trim() : cell.dataset.value;
  const number = Number(text);
  return text !== "" && !Number.isNaN(number) ? number : text.toLowerCase();
};

/** Makes the headings of a table buttons that sort it. */
export const sortable = (table) => {
  const headings = Array.from(table.tHead.rows[0].cells);
  headings.forEach((heading, column) => {
    if (heading.dataset.unsortable !== undefined) {
      return;
    }
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const first = heading.dataset.descending === undefined ? "ascending" : "descending";
      const other = first === "ascending" ? "descending" : "ascending";
      const order = heading.getAttribute("aria-sort") === first ? other : first;
      headings.forEach((each) => each.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", order);
      const sign = order === "ascending" ? 1 : -1;
      const body = table.tBodies[0];
      const rows = Array.from(body.rows);
      rows.sort((one, two) => {
        const left = value(one, column);
        const right = value(two, column);
        if (typeof left !== typeof right) {
          return typeof left === "number" ? -1 : 1;
        }
        return left < right ? -sign : left > right ? sign : 0;
      });
      body.append(...rows);
    });
  });
};

/** The leaderboard's filter, roles and comparison. */
export const leaderboard = (table) => {
  const filter = document.getElementById("filter");
  const roles = Array.from(document.querySelectorAll("[data-role].chip"));
  const compare = document.getElementById("compare");
  const boxes = Array.from(table.querySelectorAll("input[type=checkbox]"));

  const show = () => {
    const wanted = filter.value.toLowerCase();
    const on = roles.filter((role) => role.getAttribute("aria-pressed") === "true").map((role) => role.dataset.role);
    for (const row of table.tBodies[0].rows) {
      const text = `${row.dataset.name} ${row.dataset.role}`.toLowerCase();
      row.hidden = !text.includes(wanted) || !on.includes(row.dataset.role);
    }
  };
  filter.addEventListener("input", show);
  roles.forEach((role) => role.addEventListener("click", () => {
    role.setAttribute("aria-pressed", String(role.getAttribute("aria-pressed") !== "true"));
    show();
  }));

  const chosen = () => boxes.filter((box) => box.checked);
  boxes.forEach((box) => box.addEventListener("change", () => {
    const count = chosen().length;
    compare.disabled = count !== 2;
    compare.textContent = count === 0 ? "Compare two" : `Compare (${count} of 2)`;
  }));
  compare.addEventListener("click", () => {
    const [first, second] = chosen().map((box) => encodeURIComponent(box.value));
    location.assign(`/compare?first=${first}&second=${second}`);
  });
};
