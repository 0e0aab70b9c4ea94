const data = JSON.parse(byId("data")?.textContent ?? "null");

// the models that share a letter with one, by the metric that is pointed at, else by the primary one
const metricOf = (cell) => cell ? data.order[all("td[data-column]", cell.parentElement).indexOf(cell)] : undefined;
const nameOf = (row) => row.querySelector(".name").textContent;
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

// the means of two metrics against each other
const draw = (figure) => {
  const [x, y] = ["across", "up"].map((id) => data.order[byId(id).value]);
  const title = (id) => byId(id).selectedOptions[0].text + (data.metrics[data.order[byId(id).value]].better === "higher" ? " \u2191" : " \u2193");
  const points = data.rows.map(({ metrics }, k) => ({
    x: metrics[x], y: metrics[y], r: 4, mark: k + 1, text: nameOf(document.querySelector(`[data-row="${k}"]`)),
  })).filter((one) => one.x.mean !== null && one.y.mean !== null);
  const axes = [scaleOf(points.map((one) => one.x), 62, 550), scaleOf(points.map((one) => one.y), 354, 10)];
  scatter(figure, `${y} against ${x}`, points, axes, ["across", "up"].map(title));
};

all("table.board").forEach(makeTied);
all("#across, #up").forEach((one) => one.addEventListener("change", () => draw(byId("scatter"))));
