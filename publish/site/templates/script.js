(() => {
"use strict";
const all = (query, place = document) => [...place.querySelectorAll(query)];
const byId = (id) => document.getElementById(id);
const make = (name, values, ...inside) => {
  const made = Object.assign(document.createElement(name), values);
  made.append(...inside);
  return made;
};

const { compare } = new Intl.Collator("vi", { numeric: true });
const sort = (th) => {
  const table = th.closest("table"), rows = all("tbody tr", table), numeric = th.matches(".n");
  const keyOf = ({ cells }) => {
    const cell = cells[th.cellIndex], { value } = cell.querySelector("data") || {};
    return numeric ? (isNaN(value) ? "" : value) : cell.textContent.trim();
  };
  const { length } = th.parentNode.cells;
  if (rows.some(({ cells }) => cells.length !== length) || !rows.some(keyOf)) return;
  const title = table.dataset.sortLabel || "";
  const button = make("button", { type: "button", title }, ...th.childNodes);
  th.append(button);
  th.ariaSort = "none";
  button.onclick = () => {
    const was = th.ariaSort, first = numeric && th.dataset.first !== "asc" ? -1 : 1;
    const way = was === "none" ? first : was === "ascending" ? -1 : 1;
    for (const other of all("[aria-sort]", table)) other.ariaSort = "none";
    th.ariaSort = way > 0 ? "ascending" : "descending";
    const order = (one, two) => {
      const a = keyOf(one), b = keyOf(two);
      return a && b ? way * (numeric ? a - b : compare(a, b)) : !a - !b;
    };
    for (const body of table.tBodies) body.append(...[...body.rows].sort(order));
  };
};

const textOf = (node) => node.data || Array.from(node.childNodes, textOf).join(" ");
const lower = (text) => text.toLowerCase().normalize("NFD");
const bare = (text) => text.replace(/\p{M}/gu, "").replace(/đ/g, "d");
// thủy as thuỷ
const shift = (text) => text.replace(/([ou])([\u0300\u0301\u0303\u0309\u0323])([aey])/g, "$1$3$2");
const filter = (box) => {
  const { filter: id, filterAll, label = "", count = "{shown}/{all}", none } = box.dataset;
  const place = byId(id) || box, rows = all("tbody tr", place);
  const items = rows[0] ? rows : all("li", place), { length } = items;
  if (!length) return;
  const texts = items.map((item) => {
    const text = lower(textOf((filterAll == null && item.querySelector("th[scope=row]")) || item));
    return [bare(text), (text + " " + shift(text)).normalize()];
  });
  const input = make("input", { type: "search", autocomplete: "off" });
  const said = make("output", { role: "status" });
  const update = () => {
    const words = lower(input.value).split(/\s+/);
    const seen = items.filter((item, i) => !(item.hidden = !words.every((word) =>
      bare(word) === word ? texts[i][0].includes(word) : texts[i][1].includes(shift(word).normalize()))));
    for (const group of all("[data-group]")) {
      const has = (item) => group.contains(item);
      if (items.some(has) && !has(box)) group.hidden = !seen.some(has);
    }
    said.value = (!seen[0] && none || count).replace("{shown}", seen.length).replace("{all}", length);
  };
  input.oninput = update;
  input.onkeydown = ({ key }) => {
    if (key === "Escape") input.value = "";
    update();
  };
  update();
  box.append(make("label", {}, label, input), said);
  box.hidden = false;
};

const copy = (button) => {
  const { copy: id, done = "" } = button.dataset, source = byId(id), { clipboard } = navigator;
  const said = make("output", { role: "status" });
  if (!source || !clipboard) return;
  button.onclick = () => clipboard.writeText(source.textContent).then(() => {
    said.value = done;
    setTimeout(() => { said.value = ""; }, 2000);
  }, () => getSelection().selectAllChildren(source));
  button.after(said);
  button.hidden = false;
};

addEventListener("DOMContentLoaded", () => {
  all("table[data-sort] thead tr:last-child>th").forEach(sort);
  all("[data-filter]").forEach(filter);
  all("[data-copy]").forEach(copy);
});
})();
