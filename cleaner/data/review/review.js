// The review pages: choose lines or words, say what they are, by mouse or keys. The server draws; this only asks.
"use strict";

const one = (query, from = document) => from.querySelector(query);
const all = (query, from = document) => [...from.querySelectorAll(query)];
const article = one("#article");
const list = one("#lines");
const board = article || list;
const choices = ".stretch, .repeated";
let anchor = null; // where a box of several lines begins
let words = null; // {start, end}: words chosen with the mouse or a finger

async function ask(path, values) {
  let answer;
  try {
    const response = await fetch(path, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(values),
    });
    answer = response.ok || response.headers.get("Content-Type")?.startsWith("application/json")
      ? await response.json() : { error: await response.text() };
  } catch {
    answer = { error: "The server does not answer: nothing was kept. Start cleancopy review again." };
  }
  tell(answer.error || answer.message || "");
  if (answer.progress) one("#progress").innerHTML = answer.progress;
  return answer.error ? null : answer;
}

function tell(message) {
  one("#status").textContent = message;
}

// Choosing ---------------------------------------------------------------------------------------

const stops = () => (board ? all(choices, board) : []);
const chosen = () => stops().filter((stop) => stop.getAttribute("aria-selected") === "true");

function choose(stop, { extend = false, scroll = true } = {}) {
  if (!stop) return;
  words = null;
  const every = stops();
  if (!extend || !anchor || !every.includes(anchor)) anchor = stop;
  const [first, last] = [every.indexOf(anchor), every.indexOf(stop)].sort((a, b) => a - b);
  every.forEach((each, at) => each.setAttribute("aria-selected", String(at >= first && at <= last)));
  board.dataset.at = stop.id;
  board.setAttribute("aria-activedescendant", stop.id);
  if (scroll) stop.scrollIntoView({ block: "nearest" });
  describe();
}

function current() {
  return document.getElementById(board?.dataset.at || "");
}

function step(by, extend) {
  const every = stops();
  const at = every.indexOf(current());
  choose(every[at < 0 ? 0 : Math.max(0, Math.min(every.length - 1, at + by))], { extend });
}

function describe() {
  const line = one("#chosen");
  if (!line) return;
  const picked = chosen();
  if (words) line.textContent = "Words: “" + words.text + "”";
  else if (picked.length > 1) line.textContent = picked.length + " lines";
  else if (picked.length) line.textContent = picked[0].dataset.label + ": “" + one(".text", picked[0]).textContent + "”";
  else line.textContent = "Click a line, or press j.";
}

// Offsets are code points, those of the browser UTF-16.
const points = (text) => [...text].length;

function place(node, offset) {
  const holder = (node.nodeType === Node.TEXT_NODE ? node.parentElement : node).closest(".text");
  if (!holder || !article.contains(holder)) return null;
  const before = document.createRange();
  before.setStart(holder, 0);
  before.setEnd(node, offset);
  return Number(holder.closest(".stretch").dataset.start) + points(before.toString());
}

function pickWords() {
  const picked = document.getSelection();
  if (!article || !picked || picked.isCollapsed || !picked.rangeCount) return false;
  const range = picked.getRangeAt(0);
  const [start, end] = [place(range.startContainer, range.startOffset), place(range.endContainer, range.endOffset)];
  if (start === null || end === null || start >= end || !picked.toString().trim()) return false;
  stops().forEach((each) => each.setAttribute("aria-selected", "false"));
  words = { start, end, text: picked.toString() };
  describe();
  return true;
}

// Saying -----------------------------------------------------------------------------------------

async function say(verdict, scope = "text") {
  if (list) return sayLine(current(), verdict);
  const picked = chosen();
  const part = Boolean(words);
  const spans = part ? [[words.start, words.end]] : picked.map((each) => [Number(each.dataset.start), Number(each.dataset.end)]);
  if (!spans.length) return tell("Choose a line first: click it, or press j.");
  draw(await ask("/api/say", { n: Number(article.dataset.n), spans, verdict, scope, part }));
}

async function sayLine(line, verdict) {
  if (!line) return tell("Choose a line first: click it, or press j.");
  const answer = await ask("/api/line", { line: Number(line.dataset.line), verdict });
  if (answer) redraw(line, answer.html);
}

function redraw(line, html) {
  const id = line.id;
  line.outerHTML = html;
  choose(document.getElementById(id), { scroll: false });
}

function draw(answer) {
  if (!answer) return;
  const at = board.dataset.at;
  article.innerHTML = answer.html;
  words = anchor = null;
  document.getSelection()?.removeAllRanges();
  const again = document.getElementById(at);
  if (again) choose(again, { scroll: false });
  else describe();
}

async function undo() {
  if (list) {
    if (await ask("/api/undo", {})) location.reload();
    return;
  }
  if (article) draw(await ask("/api/undo", { n: Number(article.dataset.n) }));
}

async function review(turn) {
  const button = one("#reviewed");
  const done = turn || button.getAttribute("aria-pressed") !== "true";
  if (!(await ask("/api/reviewed", { n: Number(article.dataset.n), done }))) return;
  button.setAttribute("aria-pressed", String(done));
  const after = one("#after");
  if (turn && after) location.assign(after.href);
}

function toggle() {
  const line = current();
  if (line || words) say(line?.classList.contains("gone") ? "keep" : "remove");
}

// Mouse and keys ---------------------------------------------------------------------------------

board?.addEventListener("click", (event) => {
  if (event.target.closest("a")) return;
  const stop = event.target.closest(choices);
  const verdict = event.target.closest("button")?.dataset.verdict;
  if (verdict) return sayLine(stop, verdict);
  if (event.shiftKey) document.getSelection()?.removeAllRanges();
  if (!pickWords()) choose(stop, { extend: event.shiftKey, scroll: false });
});
document.addEventListener("selectionchange", () => { // by a finger there is no click
  if (article && matchMedia("(pointer: coarse)").matches) pickWords();
});
all(".tools [data-verdict]").forEach((button) => {
  button.addEventListener("mousedown", (event) => event.preventDefault()); // the words stay chosen
  button.addEventListener("click", () => say(button.dataset.verdict, button.dataset.scope));
});
one("#label")?.addEventListener("change", (event) => {
  if (event.target.value) say(event.target.value);
  event.target.value = "";
});
one("#undo")?.addEventListener("click", undo);
one("#reviewed")?.addEventListener("click", () => review(false));
one("#who").addEventListener("submit", (event) => { event.preventDefault(); one("#who input").blur(); });
one("#who input").addEventListener("change", (event) => ask("/api/name", { who: event.target.value }));
one("#invite").addEventListener("click", async () => {
  const answer = await ask("/api/invite", {});
  if (answer) tell("For one more browser on this machine, once: " + answer.address);
});

const labels = all("#label option").map((option) => option.value)
  .filter((value) => value && /\((\d)\)$/.test(one(`#label option[value="${value}"]`).textContent));
const keyed = new Map(labels.map((value) => [one(`#label option[value="${value}"]`).textContent.at(-2), value]));

const KEYS = {
  j: (event) => step(1, event.shiftKey), k: (event) => step(-1, event.shiftKey),
  " ": toggle, u: undo, a: () => say("remove", "source"), n: () => say("keep", "source"),
  r: () => article && review(true),
  "[": () => one("#before")?.click(), "]": () => one("#after")?.click(),
  "/": () => (one("#search") ? one("#search").focus() : location.assign("/")),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
  if (event.key === " " && event.target.closest("button, a, summary")) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const act = keyed.has(key) && article ? () => say(keyed.get(key)) : KEYS[key];
  if (!act) return;
  event.preventDefault();
  act(event);
});

document.documentElement.dataset.ready = "yes"; // keys and clicks are heard from here on
