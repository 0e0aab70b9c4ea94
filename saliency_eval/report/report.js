// every image under two models, and on how many each is the better one; images that coincide are one larger dot
const versus = (figure) => {
  const two = ["first", "second"].map(byId), names = two.map((one) => one.selectedOptions[0].text);
  const rows = [...byId("every").tBodies[0].rows].map((row) => {
    const cells = two.map((one) => row.cells[Number(one.value)]);
    const [x, y] = cells.map((cell) => ({ mean: parseFloat(cell.dataset.value) }));
    return { x, y, name: row.cells[0].textContent, values: cells.map((cell) => cell.textContent).join(", ") };
  }).filter(({ x, y }) => Number.isFinite(x.mean) && Number.isFinite(y.mean));
  const places = new Map();
  rows.forEach((row) => {
    const place = `${row.x.mean} ${row.y.mean}`;
    places.set(place, [...(places.get(place) ?? []), row]);
  });
  const groups = [...places.values()];
  const most = Math.max(...groups.map((some) => some.length)), one = Math.min(2.5, 22 / Math.sqrt(most));
  const points = groups.map((some) => ({
    ...some[0], r: Math.max(one * Math.sqrt(some.length), 2.5),
    text: `${some.length > 1 ? `${some.length} images` : some[0].name}: ${some[0].values}`,
  }));
  const both = points.flatMap(({ x, y }) => [x, y]), pad = most > 1 ? 0.08 : 0.04;
  const axes = [scaleOf(both, 62, 406, pad), scaleOf(both, 354, 10, pad)];
  const line = scatter(figure, `${names[1]} against ${names[0]}`, points, axes, names, 406);
  line(62, 354, 406, 10, "tie");
  const sign = figure.dataset.better === "higher" ? 1 : -1;
  const [won, lost] = [sign, -sign].map((way) => rows.filter(({ x, y }) => way * (x.mean - y.mean) > 0).length);
  byId("wins").textContent = `${names[0]} is better on ${won} images, ${names[1]} on ${lost}, both are alike on ${rows.length - won - lost}.`;
};
all("#first, #second").forEach((one) => one.addEventListener("change", () => versus(byId("two"))));
