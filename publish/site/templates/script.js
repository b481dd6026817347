(() => {
"use strict";
const all = (query, top = document) => [...top.querySelectorAll(query)];
const make = (name, values, ...inside) => {
 const made = Object.assign(document.createElement(name), values);
 made.append(...inside);
 return made;
};
const live = () => make("output", { role: "status" });

// What was typed, sorted or chosen stands in the address, to be sent on; any other address is harmless.
const state = new URLSearchParams(location.hash.slice(1));
const keep = (key, value) => {
 state.set(key, value);
 for (const [name, said] of [...state]) said || state.delete(name);
 history.replaceState(null, "", `#${state}`);
};

const sort = (th) => {
 const table = th.closest("table"), rows = all("tbody tr", table), num = th.matches(".n");
 const keyOf = ({ cells }) => {
  const cell = cells[th.cellIndex], { value } = cell.querySelector("data") || {};
  return num ? (isNaN(value) ? "" : value) : cell.textContent.trim();
 };
 const { length } = th.parentNode.cells;
 if (!rows.every(({ cells }) => cells.length === length) || !rows.some(keyOf)) return;
 const key = `${table.id}.${th.cellIndex}`;
 let way;
 const order = () => {
  for (const head of all("[aria-sort]", table)) head.ariaSort = "none";
  th.ariaSort = way > 0 ? "ascending" : "descending";
  const compared = (x, y) => {
   const a = keyOf(x), b = keyOf(y);
   return a && b ? way * (num ? a - b : a.localeCompare(b, "vi", { numeric: true })) : !a - !b;
  };
  for (const body of table.tBodies) body.append(...[...body.rows].sort(compared));
 };
 const onclick = () => {
  way = th.ariaSort !== "none" ? -way : num && th.dataset.first !== "asc" ? -1 : 1;
  order();
  if (!table.id) return;
  for (const name of [...state.keys()]) if (name.startsWith(`${table.id}.`)) state.delete(name);
  keep(key, way);
 };
 const { sortLabel: title = "" } = table.dataset;
 th.append(make("button", { title, onclick }, ...th.childNodes));
 th.ariaSort = "none";
 way = Math.sign(state.get(key));
 if (way) order();
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
 const oninput = (event) => {
  const words = exact(input.value).split(/\s+/);
  const seen = items.filter((item, i) => words.every((word) => texts[i].includes(word)));
  for (const item of items) item.hidden = !seen.includes(item);
  for (const group of all("[data-group]")) {
   const has = (item) => group.contains(item);
   if (items.some(has) && !has(box)) group.hidden = !seen.some(has);
  }
  if (fold && input.value) fold.open = true;
  said.value = !input.value || list ? "" : (!seen[0] && none || count).replace("{shown}", seen.length).replace("{all}", items.length);
  if (event) keep(id, input.value);
 };
 const onkeydown = ({ key }) => {
  if (key === "Escape") input.value = "", oninput(key);
  if (key === "Enter" && list) location.href = `${list}#tim=${encodeURIComponent(input.value)}`;
 };
 const value = list ? "" : (state.get(id) || state.get("tim") || "").trim();
 const input = make("input", { type: "search", oninput, onkeydown, value });
 if (!items[0] && !list) return;
 oninput();
 box.append(make("label", {}, label, input), said);
 box.hidden = false;
 if (state.get(id)) box.scrollIntoView();
};

// Two rows of a table below each other with their difference: units of a month, or months.
const decimals = (number) => (number.split(".")[1] || "").length;
const likeOf = ({ dataset, parentNode }) => dataset.like || parentNode.dataset.like;
const less = (x, y, lowIsBest) => {
 const [one, two] = [x, y].map((cell) => cell.querySelector("data")), made = make("td", { className: x.className });
 if (!one || !two || likeOf(x) !== likeOf(y) || !x.matches(".n")) return made;
 const digits = Math.max(decimals(one.value), decimals(two.value)), mark = x.querySelector(".m") || y.querySelector(".m");
 const form = { signDisplay: "exceptZero", minimumFractionDigits: digits, maximumFractionDigits: digits };
 made.append(new Intl.NumberFormat(document.documentElement.lang, form).format((one.value - two.value) * (lowIsBest ? -1 : 1)).replace("-", "\u2212"));
 if (mark) made.append(" ", mark.cloneNode(true));
 return made;
};
const compare = (box) => {
 const { compare: id, label, first, second, difference } = box.dataset, place = document.getElementById(id), key = `${id}.so`;
 const rows = all("tbody tr", place), chosen = (state.get(key) || "").split("|"), shown = make("div", { ariaLive: "polite" });
 if (rows.length < 2) return;
 const select = (i) => make("select", { onchange: () => show(true) }, new Option("–", ""), ...rows.map((row) =>
  new Option(row.querySelector("th").textContent.trim(), row.dataset.row, false, row.dataset.row === chosen[i])));
 const selects = [select(0), select(1)];
 const show = (event) => {
  const values = selects.map(({ value }) => value), [x, y] = values.map((value) => rows.find(({ dataset }) => dataset.row === value));
  if (event) keep(key, x && y ? values.join("|") : "");
  shown.replaceChildren();
  if (!x || !y || x === y) return;
  const from = x.closest("table"), table = from.cloneNode(false), [caption, head, one, two] = [from.caption, from.tHead, x, y].map((part) => part.cloneNode(true));
  table.removeAttribute("id");
  for (const th of all("th", head)) th.replaceChildren(th.textContent), th.removeAttribute("aria-sort");
  one.hidden = two.hidden = false;
  const gap = make("tr", { className: "group" }, ...[...x.cells].map((cell, i) =>
   cell.matches("th") ? make("th", { scope: "row" }, difference) : less(cell, y.cells[i], /rank$/.test(head.rows[0].cells[i].dataset.col))));
  table.append(caption, head, make("tbody", {}, one, two, gap));
  shown.append(make("div", { className: "scroll" }, table));
 };
 box.append(make("details", { open: !!chosen[1] }, make("summary", {}, label),
  ...[first, second].map((name, i) => make("label", {}, name, selects[i])), shown));
 show();
 if (chosen[1]) box.scrollIntoView();
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
const cited = (figure) => all("[data-cite]").map((place) => {
 const copied = place.cloneNode(true);
 if (!figure.querySelector("figcaption .mark")) for (const mark of all(".mark", copied)) mark.remove();
 return textOf(copied);
});
const pictured = (figure, drawing) => {
 const { width: w, height: h } = drawing.getBoundingClientRect(), width = Math.max(w, 480) + 48, root = drawn("svg", {});
 const texts = (text, top) => lines(text, width).map((line, i) =>
  drawn("text", { x: 24, y: top + 18 * i, style: "font:14px sans-serif;fill:var(--ink)" }, line));
 const said = texts(all("figcaption", figure).map(textOf).join(" "), 24);
 const below = texts([figure.dataset.source, ...cited(figure)].join(" "), 18 * said.length + h + 44);
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
 const name = `${location.pathname.split("/").pop().replace(/\.html$/, "") || "index"}-${drawing.id || all("figure").indexOf(figure) + 1}`, kept = figure.querySelector(".take");
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
 if (kept) kept.append(button("PNG", png));
 else figure.append(make("p", { className: "take" }, button("SVG", svg), button("PNG", png)));
};

addEventListener("hashchange", () => location.hash.includes("=") && location.reload());
addEventListener("DOMContentLoaded", () => {
 all("table[data-sort] thead tr:last-child>th").forEach(sort);
 all("[data-filter]").forEach(filter);
 all("[data-compare]").forEach(compare);
 all("[data-copy]").forEach(copy);
 all("figure").forEach(picture);
});
})();
