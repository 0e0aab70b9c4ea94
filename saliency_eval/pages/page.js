"use strict";
const all = (selector, from = document) => [...from.querySelectorAll(selector)];
const byId = (id) => document.getElementById(id);
const data = JSON.parse(byId("data")?.textContent ?? "null");

// a button around what a cell holds
const wrap = (cell, name) => {
  const button = document.createElement("button");
  button.type = "button";
  button.className = name;
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

// the models that share a letter with one, by the metric that is pointed at, else by the primary one
const nameOf = (row) => row.querySelector(".name").textContent;
const metricOf = (cell) => cell ? data.order[all("td[data-column]", cell.parentElement).indexOf(cell)] : undefined;
const sentence = (key, row, others) => {
  const names = others.slice(0, 5).map(nameOf).join(", ") + (others.length > 5 ? ` and ${others.length - 5} more` : "");
  return `By ${key}, ${nameOf(row)} ${names ? `cannot be told apart from ${names}` : "shares its letter with no other"}.`;
};
const makeTied = (table) => {
  const rows = [...table.tBodies[0].rows];
  const light = (row, key = data.primary) => {
    const groups = (one) => data.rows[one.dataset.row].metrics[key].groups ?? [];
    const others = rows.filter((one) => row && one !== row && groups(one).some((a) => groups(row).includes(a)));
    rows.forEach((one) => one.classList.toggle("tied", one === row || others.includes(one)));
    byId("tied").textContent = row ? sentence(key, row, others) : "";
  };
  const point = ({ target }) => target.closest("tbody tr")
    && light(target.closest("tr"), metricOf(target.closest("td[data-column]")));
  ["pointerover", "focusin"].forEach((event) => table.addEventListener(event, point));
  ["pointerleave", "focusout"].forEach((event) => table.addEventListener(event, () => {
    light(table.querySelector("[aria-pressed=true]")?.closest("tr"));
  }));
  rows.forEach((row) => {
    const button = wrap(row.querySelector("th"), "model");
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => {
      const pressed = button.getAttribute("aria-pressed") === "false";
      all("[aria-pressed]", table).forEach((one) => one.setAttribute("aria-pressed", String(pressed && one === button)));
      light(pressed ? row : null);
    });
  });
};

// two metrics against each other
const make = (name, attributes, parent, text = "") => {
  const one = document.createElementNS("http://www.w3.org/2000/svg", name);
  Object.entries(attributes).forEach(([key, value]) => one.setAttribute(key, value));
  one.textContent = text;
  parent?.append(one);
  return one;
};
const scaleOf = (values, from, to) => {
  const ends = values.flatMap((v) => [v.lo ?? v.mean, v.hi ?? v.mean]);
  const least = Math.min(...ends), room = Math.max(...ends) - least || 1;
  const power = Math.floor(Math.log10(room / 3)), unit = 10 ** power * [5, 2, 1].find((m) => m * 10 ** power <= room / 3);
  const ticks = [];
  for (let k = Math.ceil(least / unit); k * unit <= least + room; k += 1) ticks.push(k * unit);
  return {
    ticks, text: (v) => v.toFixed(Math.max(0, -power)), at: (v) => from + (to - from) * (0.04 + (0.92 * (v - least)) / room),
  };
};
const draw = (figure) => {
  const [x, y] = ["across", "up"].map((id) => data.order[byId(id).value]), [right, left, bottom] = [550, 62, 354];
  const points = data.rows.map((row, k) => ({ k, x: row.metrics[x], y: row.metrics[y] }))
    .filter((one) => one.x.mean !== null && one.y.mean !== null);
  const across = scaleOf(points.map((one) => one.x), left, right), up = scaleOf(points.map((one) => one.y), bottom, 10);
  const svg = make("svg", { class: "scatter", role: "img", width: 560, height: 400, "aria-label": `${y} against ${x}` });
  const line = (x1, y1, x2, y2, name) => make("line", { x1, y1, x2, y2, class: name }, svg);
  const write = (at, anchor, text) => make("text", { ...at, "text-anchor": anchor }, svg, text);
  const title = (id) => byId(id).selectedOptions[0].text + (data.metrics[data.order[byId(id).value]].better === "higher" ? " \u2191" : " \u2193");
  across.ticks.forEach((v) => line(across.at(v), 10, across.at(v), bottom, "grid"));
  up.ticks.forEach((v) => line(left, up.at(v), right, up.at(v), "grid"));
  across.ticks.forEach((v) => write({ x: across.at(v), y: bottom + 18 }, "middle", across.text(v)));
  up.ticks.forEach((v) => write({ x: left - 8, y: up.at(v) + 4 }, "end", up.text(v)));
  write({ x: (left + right) / 2, y: 394 }, "middle", title("across"));
  write({ transform: `translate(12 ${bottom / 2}) rotate(-90)` }, "middle", title("up"));
  points.forEach((one) => {
    const cx = across.at(one.x.mean), cy = up.at(one.y.mean);
    if (one.x.lo !== null) line(across.at(one.x.lo), cy, across.at(one.x.hi), cy, "whisker");
    if (one.y.lo !== null) line(cx, up.at(one.y.lo), cx, up.at(one.y.hi), "whisker");
    make("title", {}, make("circle", { cx, cy, r: 4 }, svg), nameOf(document.querySelector(`[data-row="${one.k}"]`)));
    write({ x: cx + 6, y: cy - 5 }, "start", one.k + 1);
  });
  figure.replaceChildren(svg);
};

if (data?.rows) all("table.board").forEach(makeTied);
all("table.sortable").forEach(makeSortable);
follow("input[data-filters]", "input", filter);
follow("input[data-column]", "change", chooseColumn);
follow("select[data-shows]", "change", show);
all("#across, #up").forEach((one) => one.addEventListener("change", () => draw(byId("scatter"))));
all(".controls").forEach((one) => { one.hidden = false; });
