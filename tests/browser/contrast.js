// the least contrast of text by kind of element, over what is really behind it
const parse = (text) => { const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number); return { c: [r, g, b], a }; };
const over = (top, below) => top.c.map((v, k) => v * top.a + below[k] * (1 - top.a));
const ground = (e) => e ? over(parse(getComputedStyle(e).backgroundColor), ground(e.parentElement)) : [255, 255, 255];
const light = (c) => c.map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
  .reduce((sum, v, k) => sum + v * [0.2126, 0.7152, 0.0722][k], 0.05);
const ratio = (a, b) => Math.max(light(a) / light(b), light(b) / light(a));
const worst = {};
const tell = (e, colour) => {
  const own = ground(e), found = ratio(over(parse(colour), own), own);
  const key = e.tagName + "." + e.className;
  worst[key] = Math.min(worst[key] ?? 99, found);
};
for (const e of document.querySelectorAll("body *")) {
  const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
  if (!e.checkVisibility()) continue;
  if (own) tell(e, getComputedStyle(e)[e.namespaceURI.endsWith("svg") ? "fill" : "color"]);
  for (const part of ["::before", "::after"]) {
    const style = getComputedStyle(e, part);
    if (!["none", "normal"].includes(style.content)) tell(e, style.color);
  }
  if (e.placeholder) tell(e, getComputedStyle(e, "::placeholder").color);
}
return worst;
