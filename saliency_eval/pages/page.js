"use strict";
const all = (selector, from = document) => [...from.querySelectorAll(selector)];
const byId = (id) => document.getElementById(id);

const valueOf = (row, column, kind) => {
  const cell = row.cells[column];
  const text = cell.dataset.value ?? cell.textContent.trim();
  return kind === "number" ? parseFloat(text) : text.toLowerCase();
};

// what has no value stays last in both directions
const compare = (a, b, sign) => {
  const lost = (v) => Number.isNaN(v) || v === "";
  if (lost(a) || lost(b)) return lost(a) - lost(b);
  return a < b ? -sign : a > b ? sign : 0;
};

const sort = (table, head, sign) => {
  const body = table.tBodies[0], column = head.cellIndex, kind = head.dataset.sort;
  const rows = [...body.rows].sort((a, b) => compare(valueOf(a, column, kind), valueOf(b, column, kind), sign));
  body.append(...rows);
  all("th", table.tHead).forEach((th) => th.removeAttribute("aria-sort"));
  head.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
};

const makeSortable = (table) => all("th[data-sort]", table.tHead).forEach((head) => {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "sort";
  button.append(...head.childNodes);
  head.append(button);
  const first = head.dataset.first === "descending" ? -1 : 1;
  button.addEventListener("click", () => {
    const now = head.getAttribute("aria-sort");
    sort(table, head, now ? (now === "ascending" ? -1 : 1) : first);
  });
});

const filter = (input) => {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const row of byId(input.dataset.filters).tBodies[0].rows) {
    const text = row.textContent.toLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
  }
};

const chooseColumn = (input) => {
  const table = byId(input.closest("[data-columns]").dataset.columns);
  all("[data-column]", table).filter((cell) => cell.dataset.column === input.dataset.column)
    .forEach((cell) => { cell.hidden = !input.checked; });
};

const show = (select) => all("[data-of]").filter((one) => one.dataset.of === select.dataset.shows)
  .forEach((one) => { one.hidden = one.dataset.key !== select.value; });

const follow = (selector, event, act) => all(selector).forEach((one) => {
  one.addEventListener(event, () => act(one));
  act(one);
});

all("table.sortable").forEach(makeSortable);
follow("input[data-filters]", "input", filter);
follow("input[data-column]", "change", chooseColumn);
follow("select[data-shows]", "change", show);
all(".controls").forEach((one) => { one.hidden = false; });
