"use strict";
const all = (selector, from = document) => [...from.querySelectorAll(selector)];
const byId = (id) => document.getElementById(id);

// a button around what a cell holds
const wrap = (cell, name) => {
  const button = Object.assign(document.createElement("button"), { type: "button", className: name });
  button.append(...cell.childNodes);
  cell.append(button);
  return button;
};

// sorting; what has no value stays last in both directions
const valueOf = (row, column, kind) => {
  const text = row.cells[column].dataset.value ?? row.cells[column].textContent.trim();
  return kind === "number" ? parseFloat(text) : text.toLowerCase();
};
const compare = (a, b, sign) => {
  const lost = (v) => Number.isNaN(v) || v === "";
  if (lost(a) || lost(b)) return lost(a) - lost(b);
  return a < b ? -sign : a > b ? sign : 0;
};
const sort = (table, head, sign) => {
  const value = (row) => valueOf(row, head.cellIndex, head.dataset.sort);
  table.tBodies[0].append(...[...table.tBodies[0].rows].sort((a, b) => compare(value(a), value(b), sign)));
  all("th", table.tHead).forEach((th) => th.removeAttribute("aria-sort"));
  head.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
};
const makeSortable = (table) => all("th[data-sort]", table.tHead).forEach((head) => {
  wrap(head, "sort").addEventListener("click", () => {
    const now = head.getAttribute("aria-sort") ?? (head.dataset.first === "descending" ? "ascending" : "descending");
    sort(table, head, now === "ascending" ? -1 : 1);
  });
});

// rows, columns and sections that are chosen
const filter = (input) => {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const row of byId(input.dataset.filters).tBodies[0].rows) {
    const text = (row.querySelector("th") ?? row).textContent.toLowerCase();
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

// points in axes, with intervals where they have some; gives what draws a line between them
const make = (name, attributes, parent, text = "") => {
  const one = document.createElementNS("http://www.w3.org/2000/svg", name);
  Object.entries(attributes).forEach(([key, value]) => one.setAttribute(key, value));
  one.textContent = text;
  parent?.append(one);
  return one;
};
const scaleOf = (values, from, to, pad = 0.04) => {
  const ends = values.flatMap((v) => [v.lo ?? v.mean, v.hi ?? v.mean]);
  const least = Math.min(...ends), room = Math.max(...ends) - least || 1;
  const power = Math.floor(Math.log10(room / 3)), unit = 10 ** power * [5, 2, 1].find((m) => m * 10 ** power <= room / 3);
  const ticks = [];
  for (let k = Math.ceil(least / unit); k * unit <= least + room; k += 1) ticks.push(k * unit);
  return {
    ticks, text: (v) => v.toFixed(Math.max(0, -power)), at: (v) => from + (to - from) * (pad + ((1 - 2 * pad) * (v - least)) / room),
  };
};
const scatter = (figure, label, points, [across, up], titles, right = 550) => {
  const size = { width: right + 10, height: 400, viewBox: `0 0 ${right + 10} 400` };
  const svg = make("svg", { class: "scatter", role: "img", ...size, "aria-label": label });
  const line = (x1, y1, x2, y2, name) => make("line", { x1, y1, x2, y2, class: name }, svg);
  const write = (at, anchor, text) => make("text", { ...at, "text-anchor": anchor }, svg, text);
  across.ticks.forEach((v) => line(across.at(v), 10, across.at(v), 354, "grid"));
  up.ticks.forEach((v) => line(62, up.at(v), right, up.at(v), "grid"));
  across.ticks.forEach((v) => write({ x: across.at(v), y: 372 }, "middle", across.text(v)));
  up.ticks.forEach((v) => write({ x: 54, y: up.at(v) + 4 }, "end", up.text(v)));
  write({ x: (62 + right) / 2, y: 394 }, "middle", titles[0]);
  write({ transform: "translate(12 177) rotate(-90)" }, "middle", titles[1]);
  points.forEach(({ x, y, r, text, mark }) => {
    const cx = across.at(x.mean), cy = up.at(y.mean);
    if ((x.lo ?? null) !== null) line(across.at(x.lo), cy, across.at(x.hi), cy, "whisker");
    if ((y.lo ?? null) !== null) line(cx, up.at(y.lo), cx, up.at(y.hi), "whisker");
    make("title", {}, make("circle", { cx, cy, r }, svg), text);
    if (mark) write({ x: cx + 6, y: cy - 5 }, "start", mark);
  });
  figure.replaceChildren(svg);
  return line;
};

all("table.sortable").forEach(makeSortable);
follow("input[data-filters]", "input", filter);
follow("input[data-column]", "change", chooseColumn);
follow("select[data-shows]", "change", show);
all(".controls").forEach((one) => { one.hidden = false; });
