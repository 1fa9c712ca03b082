// Names while one types `@`: the people of this conversation, by keys or by a tap.
import { isComposing } from "./shortcuts.js";

const WRITTEN = /(?<![\p{L}\p{N}_@.+-])@([\p{L}\p{N}_.+-]*)$/u;
const PAUSE_MILLISECONDS = 120;
const STEPS = { ArrowDown: 1, ArrowUp: -1 };

const field = () => document.getElementById("content");
const list = () => document.getElementById("names");
const options = () => [...list().querySelectorAll("[role=option]")];
const chosen = () => list().querySelector("[aria-selected=true]");
const isOpen = () => Boolean(list() && !list().hidden);
const isShared = () => document.querySelector("#audience[data-shared]") !== null;

let timer = 0;

// What is written of a name before the caret; null where no name is written.
function written() {
  const { selectionStart, selectionEnd, value } = field();
  if (selectionStart !== selectionEnd) return null;
  return value.slice(0, selectionStart).match(WRITTEN)?.[1] ?? null;
}

function close() {
  if (!list()) return;
  list().hidden = true;
  field().removeAttribute("aria-activedescendant");
}

function select(option) {
  for (const each of options()) each.setAttribute("aria-selected", each === option);
  field().setAttribute("aria-activedescendant", option.id);
  option.scrollIntoView({ block: "nearest" });
}

async function suggest() {
  const query = written();
  if (query === null) return close();
  const { url } = list().dataset;
  const answer = await fetch(`${url}?${new URLSearchParams({ q: query })}`).catch(() => null);
  if (!answer?.ok || answer.redirected) return close();
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!list() || written() !== query) return;
  list().replaceChildren(...page.querySelectorAll("[role=option]"));
  const found = options();
  // What is written in full needs no list.
  if (!found.length || (found.length === 1 && found[0].dataset.name === query)) return close();
  list().hidden = false;
  select(found[0]);
}

function take(option) {
  const area = field();
  const start = area.selectionStart - written().length;
  area.setRangeText(`${option.dataset.name} `, start, area.selectionStart, "end");
  close();
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

function step(by) {
  const all = options();
  select(all[(all.indexOf(chosen()) + by + all.length) % all.length]);
}

function pressed(event) {
  if (event.target.id !== "content" || !isOpen() || isComposing(event)) return;
  const { key, shiftKey } = event;
  const takes = !shiftKey && (key === "Enter" || key === "Tab") && written() !== null;
  if (key in STEPS) step(STEPS[key]);
  else if (key === "Escape") close();
  else if (takes && chosen().dataset.name !== written()) take(chosen());
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function typed({ target }) {
  if (target.id !== "content" || !list()) return;
  clearTimeout(timer);
  if (written() === null || !isShared()) close();
  else timer = setTimeout(suggest, PAUSE_MILLISECONDS);
}

// The field keeps the caret, and on touch its keyboard.
function tapped(event) {
  const option = event.target.closest("#names [role=option]");
  if (!option) return;
  event.preventDefault();
  take(option);
}

document.addEventListener("keydown", pressed, true);
document.addEventListener("input", typed);
document.addEventListener("pointerdown", tapped);
document.addEventListener("focusout", ({ target }) => target.id === "content" && close());
