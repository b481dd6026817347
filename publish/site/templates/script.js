(() => {
"use strict";
const all = (query, place = document) => [...place.querySelectorAll(query)];
const byId = (id) => document.getElementById(id);
const make = (name, values, ...inside) => {
  const made = Object.assign(document.createElement(name), values);
  made.append(...inside);
  return made;
};
const status = () => make("output", { role: "status" });

const { compare } = new Intl.Collator("vi", { numeric: true });
const sort = (th) => {
  const table = th.closest("table"), numeric = th.matches(".n"), { first } = th.dataset;
  const keyOf = ({ cells }) => {
    const cell = cells.length === th.parentNode.cells.length && cells[th.cellIndex];
    if (!cell || !numeric) return cell ? cell.textContent.trim() : "";
    const data = cell.querySelector("data");
    return data && !isNaN(data.value) ? data.value : "";
  };
  if (table.querySelector("tbody [rowspan]") || th.querySelector("a,button")) return;
  if (!all("tbody tr", table).some(keyOf)) return;
  const title = table.dataset.sortLabel || "";
  const button = make("button", { type: "button", title }, ...th.childNodes);
  th.append(button);
  th.ariaSort = "none";
  button.onclick = () => {
    const up = th.ariaSort === "none" ? !numeric || first === "asc" : th.ariaSort !== "ascending";
    all("[aria-sort]", table).forEach((other) => { other.ariaSort = "none"; });
    th.ariaSort = up ? "ascending" : "descending";
    const order = ([a], [b]) =>
      a && b ? (up ? 1 : -1) * (numeric ? a - b : compare(a, b)) : !a - !b;
    for (const body of table.tBodies) {
      const rows = Array.from(body.rows, (row) => [keyOf(row), row]).sort(order);
      body.append(...rows.map((pair) => pair[1]));
    }
  };
};

const textOf = (node) =>
  node.nodeType === 3 ? node.data : Array.from(node.childNodes, textOf).join(" ");
const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").replace(/đ/g, "d");
// Each word after its tone, so that thuỷ is thủy; a word without one after a dash.
const TONES = /[\u0300\u0301\u0303\u0309\u0323]/g;
const spell = (text) => text.normalize("NFD").replace(/[\p{L}\p{M}]+/gu, (word) =>
  (word.match(TONES) || "-") + word.replace(TONES, "")).normalize();
const testOf = (word) => fold(word) === word.normalize("NFD")
  ? (row) => row.plain.includes(word) : (row) => row.spelt.includes(spell(word));

const filter = (box) => {
  const { filter: id, filterAll, label, count, none } = box.dataset;
  const items = all("tbody tr,li", byId(id) || box);
  const texts = items.map((item) => {
    const name = filterAll == null && item.querySelector("th[scope=row]");
    const text = textOf(name || item).toLowerCase();
    return { plain: fold(text), spelt: spell(text) };
  });
  const input = make("input", { type: "search", autocomplete: "off" }), said = status();
  const update = () => {
    const tests = (input.value.toLowerCase().match(/\S+/g) || []).map(testOf);
    items.forEach((item, i) => { item.hidden = !tests.every((test) => test(texts[i])); });
    for (const group of all("[data-group]")) {
      const inside = items.filter((item) => group.contains(item));
      if (inside[0] && !group.contains(box)) group.hidden = inside.every((item) => item.hidden);
    }
    const shown = items.filter((item) => !item.hidden).length;
    said.textContent = (!shown && none || count || "{shown}/{all}")
      .replace("{shown}", shown).replace("{all}", items.length);
  };
  input.oninput = update;
  input.onkeydown = (event) => {
    if (event.key !== "Escape" || event.isComposing) return;
    input.value = "";
    update();
  };
  if (items[0]) {
    update();
    box.append(make("label", {}, label || "", input), said);
    box.hidden = false;
  }
};

const copy = (button) => {
  const source = byId(button.dataset.copy), { clipboard } = navigator, said = status();
  if (!source || !clipboard) return;
  const say = (text) => { said.textContent = text; };
  let timer;
  button.after(said);
  button.hidden = false;
  button.onclick = () => clipboard.writeText(source.textContent).then(() => {
    say(button.dataset.done || "");
    clearTimeout(timer);
    timer = setTimeout(say, 2000, "");
  }, () => getSelection().selectAllChildren(source));
};

addEventListener("DOMContentLoaded", () => {
  all("table[data-sort] thead tr:last-child>th").forEach(sort);
  all("[data-filter]").forEach(filter);
  all("[data-copy]").forEach(copy);
});
})();
