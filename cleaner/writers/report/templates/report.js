"use strict";
// Search and filters over the list of documents and the documents shown in full. All text is set as text, never as HTML.
const list = JSON.parse(document.getElementById("list").textContent);
const form = document.querySelector(".filters");
const table = document.querySelector(".list");
const body = table.tBodies[0];
const more = document.querySelector(".more");
const PAGE = 50;
const rows = list.documents.map(([name, title, status, source, lang, labels, removed, shown]) => ({
  name, title, status: list.statuses[status], source: list.sources[source], lang,
  labels: labels.map((label) => list.labels[label]), removed, shown,
}));
let matching = [];
let drawn = 0;

function values(name) {
  const counts = new Map();
  for (const row of rows) {
    for (const value of name === "label" ? row.labels : [row[name]]) {
      if (value) counts.set(value, (counts.get(value) || 0) + 1);
    }
  }
  return [...counts].sort((one, other) => other[1] - one[1] || (one[0] < other[0] ? -1 : 1));
}

function element(tag, text, parent) {
  const made = document.createElement(tag);
  made.textContent = text;
  parent.append(made);
  return made;
}

function draw(until) {
  for (; drawn < Math.min(until, matching.length); drawn += 1) {
    const row = matching[drawn];
    const line = element("tr", "", body);
    const cell = element("td", "", line);
    const name = element(row.shown ? "a" : "span", row.title || row.name, cell);
    if (row.shown) name.href = "#d" + row.shown;
    name.dir = "auto";
    if (row.title) element("small", row.name, cell);
    element("td", row.status, line).className = "state s-" + row.status;
    element("td", row.source || "no source", line);
    const chips = element("td", "", line);
    for (const label of row.labels) element("span", label, chips).className = "chip l-" + label;
    element("td", row.status === "failed" ? "" : (100 * row.removed).toFixed(1) + " %", line);
  }
  more.hidden = drawn >= matching.length;
}

function matches(wanted, one) {
  return (!wanted.status || one.status === wanted.status) && (!wanted.source || one.source === wanted.source) &&
    (!wanted.lang || one.lang === wanted.lang) && (!wanted.label || one.labels.includes(wanted.label)) &&
    (!wanted.text || one.text.includes(wanted.text));
}

function filter() {
  const wanted = Object.fromEntries(new FormData(form));
  wanted.text = wanted.text.trim().toLowerCase();
  matching = rows.filter((row) => matches(wanted, {
    ...row, text: [row.name, row.title, row.source].join("\n").toLowerCase(),
  }));
  body.replaceChildren();
  drawn = 0;
  draw(PAGE);
  for (const shown of document.querySelectorAll(".doc")) {
    const { status, source, lang, label } = shown.dataset;
    const text = shown.querySelector("summary").textContent.toLowerCase();
    shown.hidden = !matches(wanted, { status, source, lang, labels: label.split(" "), text });
  }
  document.querySelector(".matching").textContent = matching.length.toLocaleString("en") + " of them match.";
}

for (const name of ["status", "label", "source", "lang"]) {
  for (const [value, count] of values(name)) {
    const option = element("option", value + " (" + count.toLocaleString("en") + ")", form.elements[name]);
    option.value = value;
  }
}
form.addEventListener("input", filter);
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("reset", () => setTimeout(filter));
more.addEventListener("click", () => draw(drawn + PAGE));
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-filter]");
  if (!link) return;
  form.reset();
  const field = form.elements[link.dataset.filter];
  field.value = link.dataset.value;
  filter();
});
form.hidden = table.hidden = false;
filter();
