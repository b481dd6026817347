(() => {
"use strict";
const all = (query, top = document) => [...top.querySelectorAll(query)];
const make = (name, values, ...inside) => {
 const made = Object.assign(document.createElement(name), values);
 made.append(...inside);
 return made;
};
const live = () => make("output", { role: "status" });

const sort = (th) => {
 const table = th.closest("table"), rows = all("tbody tr", table), num = th.matches(".n");
 const keyOf = ({ cells }) => {
  const cell = cells[th.cellIndex], { value } = cell.querySelector("data") || {};
  return num ? (isNaN(value) ? "" : value) : cell.textContent.trim();
 };
 const { length } = th.parentNode.cells;
 if (!rows.every(({ cells }) => cells.length === length) || !rows.some(keyOf)) return;
 let way;
 const onclick = () => {
  way = th.ariaSort !== "none" ? -way : num && th.dataset.first !== "asc" ? -1 : 1;
  for (const head of all("[aria-sort]", table)) head.ariaSort = "none";
  th.ariaSort = way > 0 ? "ascending" : "descending";
  const order = (x, y) => {
   const a = keyOf(x), b = keyOf(y);
   return a && b ? way * (num ? a - b : a.localeCompare(b, "vi", { numeric: true })) : !a - !b;
  };
  for (const body of table.tBodies) body.append(...[...body.rows].sort(order));
 };
 const { sortLabel: title = "" } = table.dataset;
 th.append(make("button", { title, onclick }, ...th.childNodes));
 th.ariaSort = "none";
};

const textOf = (node) => node.data || [...node.childNodes].map(textOf).join(" ");
// One place for the tone: thủy as thuỷ
const exact = (text) =>
 text.toLowerCase().normalize("NFD").replace(/([ou])([\u0300-\u0323])([aey])/g, "$1$3$2").normalize();
const filter = (box) => {
 const { filter: id, filterAll, label = "", count = "{shown}/{all}", none, list } = box.dataset;
 const place = document.getElementById(id) || box, rows = all("tbody tr", place);
 const fold = place.closest("details");
 const items = rows[0] ? rows : all("li", place), said = live();
 const texts = items.map((item) => {
  const name = filterAll == null && item.querySelector("th[scope=row]");
  const text = textOf(name || item).toLowerCase();
  const bare = text.normalize("NFD").replace(/\p{M}/gu, "").replace(/đ/g, "d");
  return [bare, text.normalize(), exact(text)].join(" ");
 });
 const oninput = () => {
  const words = exact(input.value).split(/\s+/);
  const seen = items.filter((item, i) => words.every((word) => texts[i].includes(word)));
  for (const item of items) item.hidden = !seen.includes(item);
  for (const group of all("[data-group]")) {
   const has = (item) => group.contains(item);
   if (items.some(has) && !has(box)) group.hidden = !seen.some(has);
  }
  if (fold && input.value) fold.open = true;
  said.value = !input.value || list ? "" : (!seen[0] && none || count).replace("{shown}", seen.length).replace("{all}", items.length);
 };
 const onkeydown = ({ key }) => {
  if (key === "Escape") oninput(input.value = "");
  if (key === "Enter" && list) location.href = `${list}#tim=${encodeURIComponent(input.value)}`;
 };
 const value = list ? "" : decodeURIComponent((/^#tim=(.*)/.exec(location.hash) || "  ")[1]).trim();
 const input = make("input", { type: "search", oninput, onkeydown, value });
 if (!items[0] && !list) return;
 oninput();
 box.append(make("label", {}, label, input), said);
 box.hidden = false;
};

const copy = (button) => {
 const source = document.getElementById(button.dataset.copy), { clipboard } = navigator, said = live();
 if (!source || !clipboard) return;
 button.onclick = () => clipboard.writeText(source.textContent).then(() => {
  said.value = button.dataset.done || "";
  setTimeout(() => { said.value = ""; }, 2000);
 }, () => {});
 button.after(said);
 button.hidden = false;
};

// A drawing as a file of its own: with its finding above, and below it the mark and the citation.
const drawn = (name, values, ...inside) => {
 const made = document.createElementNS("http://www.w3.org/2000/svg", name);
 for (const key in values) made.setAttribute(key, values[key]);
 made.append(...inside);
 return made;
};
const lines = (text, width) => {
 const found = [""];
 for (const word of text.trim().split(/\s+/)) {
  const longer = `${found[found.length - 1]} ${word}`.trim();
  longer.length * 7.2 > width - 48 ? found.push(word) : found[found.length - 1] = longer;
 }
 return found;
};
const pictured = (figure, drawing) => {
 const { width: w, height: h } = drawing.getBoundingClientRect(), width = Math.max(w, 480) + 48, root = drawn("svg", {});
 const texts = (text, top) => lines(text, width).map((line, i) =>
  drawn("text", { x: 24, y: top + 18 * i, style: "font:14px sans-serif;fill:var(--ink)" }, line));
 const said = texts(all("figcaption", figure).map(textOf).join(" "), 24);
 const below = texts(all("[data-cite]").map(textOf).join(" "), 18 * said.length + h + 44);
 const height = 18 * (said.length + below.length) + h + 40, copied = drawing.cloneNode(true);
 for (const [key, value] of Object.entries({ x: (width - w) / 2, y: 18 * said.length + 16, width: w, height: h })) copied.setAttribute(key, value);
 for (const [key, value] of Object.entries({ viewBox: `0 0 ${width} ${height}`, width, height })) root.setAttribute(key, value);
 root.append(drawn("style", {}, document.querySelector("style").textContent),
  drawn("rect", { width, height, style: "fill:var(--page)" }), ...said, copied, ...below);
 return { text: new XMLSerializer().serializeToString(root), width, height };
};
const save = (blob, name) => {
 const href = URL.createObjectURL(blob);
 make("a", { href, download: name }).click();
 setTimeout(() => URL.revokeObjectURL(href), 1000);
};
const picture = (figure) => {
 const drawing = figure.querySelector("svg"), [cite] = all("[data-picture]");
 if (!drawing || !cite) return;
 const label = cite.dataset.picture;
 const name = `${location.pathname.split("/").pop().replace(/\.html$/, "") || "index"}-${drawing.id || all("figure").indexOf(figure) + 1}`;
 const svg = () => save(new Blob([pictured(figure, drawing).text], { type: "image/svg+xml" }), `${name}.svg`);
 const png = () => {
  const { text, width, height } = pictured(figure, drawing), image = new Image();
  image.onload = () => {
   const canvas = make("canvas", { width: 2 * width, height: 2 * height });
   canvas.getContext("2d").drawImage(image, 0, 0, 2 * width, 2 * height);
   canvas.toBlob((blob) => save(blob, `${name}.png`));
  };
  image.src = `data:image/svg+xml,${encodeURIComponent(text)}`;
 };
 const button = (kind, onclick) => make("button", { type: "button", onclick }, `${label} ${kind}`);
 figure.append(make("p", { className: "take" }, button("SVG", svg), button("PNG", png)));
};

addEventListener("DOMContentLoaded", () => {
 all("table[data-sort] thead tr:last-child>th").forEach(sort);
 all("[data-filter]").forEach(filter);
 all("[data-copy]").forEach(copy);
 all("figure").forEach(picture);
});
})();
