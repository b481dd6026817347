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

addEventListener("DOMContentLoaded", () => {
 all("table[data-sort] thead tr:last-child>th").forEach(sort);
 all("[data-filter]").forEach(filter);
 all("[data-copy]").forEach(copy);
});
})();
