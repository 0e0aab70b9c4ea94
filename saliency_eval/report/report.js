// every image under two models, and on how many each is the better one
const versus = (figure) => {
  const two = ["first", "second"].map(byId), names = two.map((one) => one.selectedOptions[0].text);
  const points = [...byId("every").tBodies[0].rows].map((row) => {
    const cells = two.map((one) => row.cells[Number(one.value)]);
    const [x, y] = cells.map((cell) => ({ mean: parseFloat(cell.dataset.value) }));
    return { x, y, r: 2.5, text: `${row.cells[0].textContent}: ${cells.map((cell) => cell.textContent).join(", ")}` };
  }).filter(({ x, y }) => Number.isFinite(x.mean) && Number.isFinite(y.mean));
  const both = points.flatMap(({ x, y }) => [x, y]), axes = [scaleOf(both, 62, 406), scaleOf(both, 354, 10)];
  const line = scatter(figure, `${names[1]} against ${names[0]}`, points, axes, names, 406);
  line(62, 354, 406, 10, "tie");
  const sign = figure.dataset.better === "higher" ? 1 : -1;
  const [won, lost] = [sign, -sign].map((way) => points.filter(({ x, y }) => way * (x.mean - y.mean) > 0).length);
  byId("wins").textContent = `${names[0]} is better on ${won} images, ${names[1]} on ${lost}, both are alike on ${points.length - won - lost}.`;
};
all("#first, #second").forEach((one) => one.addEventListener("change", () => versus(byId("two"))));
