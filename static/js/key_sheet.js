// The sheet of all keys, made of their table when it is opened first.
import { KEYS } from "./keys.js";
import { areLettersOn, isMac, turnLetters } from "./shortcuts.js";

const NAMES = {
  mod: isMac ? "⌘" : "Ctrl",
  shift: isMac ? "⇧" : "Shift",
  alt: isMac ? "⌥" : "Alt",
  Escape: "Esc",
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
};

const sheet = document.getElementById("keys");
const letters = document.getElementById("letters");

function element(name, ...children) {
  const node = document.createElement(name);
  node.append(...children);
  return node;
}

const cap = (part) => element("kbd", NAMES[part] ?? (part.length === 1 ? part.toUpperCase() : part));
const stroke = (key) => key.split("+").flatMap((part, at) => (at ? [" ", cap(part)] : [cap(part)]));
const strokes = (keys) => keys.split(" ").flatMap((key, at) => (at ? [" ", ...stroke(key)] : stroke(key)));
const ways = (keys) => keys.flatMap((each, at) => (at ? [" or ", ...strokes(each)] : strokes(each)));

const lineOf = ({ keys, says }) =>
  element("div", element("dt", ...ways(keys)), element("dd", says));

function group([name, lines]) {
  const section = element("section", element("h3", name), element("dl", ...lines.map(lineOf)));
  return section;
}

function fill() {
  const groups = new Map();
  for (const line of KEYS) groups.set(line.group, [...(groups.get(line.group) ?? []), line]);
  document.getElementById("keys-groups").replaceChildren(...[...groups].map(group));
}

function open(event) {
  event.preventDefault();
  if (sheet.open) return;
  fill();
  letters.checked = areLettersOn();
  sheet.showModal();
}

letters?.addEventListener("change", () => turnLetters(letters.checked));
sheet?.addEventListener("click", ({ target }) => target === sheet && sheet.close());
document.body.addEventListener("roundtable:keys", open);
document.addEventListener("click", (event) => event.target.closest("[data-keys]") && open(event));
