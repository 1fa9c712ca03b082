// The palette: to a conversation, a message or a team by typing.
import { isComposing, nameOf } from "./shortcuts.js";
import { trusted } from "./trusted.js";

const WAIT_MILLISECONDS = 120;
const palette = document.getElementById("palette");
const field = document.getElementById("palette-search");
const rows = document.getElementById("palette-rows");
const count = document.getElementById("palette-count");
const options = () => [...rows.querySelectorAll("[role=option]")];

let waiting = 0, asking = null, isStale = false;

function choose(option) {
  for (const one of options()) one.setAttribute("aria-selected", one === option);
  if (option) field.setAttribute("aria-activedescendant", option.id);
  else field.removeAttribute("aria-activedescendant");
  option?.scrollIntoView({ block: "nearest" });
}

const chosen = () => rows.querySelector("[aria-selected=true]");

function step(by) {
  const all = options();
  if (all.length) choose(all.at((all.indexOf(chosen()) + by) % all.length));
}

// Returns whether the rows are those of what stands in the field now.
async function ask() {
  clearTimeout(waiting);
  asking?.abort();
  const here = (asking = new AbortController());
  const query = field.value;
  const address = `${palette.dataset.url}?${new URLSearchParams({ q: query })}`;
  const how = { headers: { "HX-Request": "true" }, signal: here.signal };
  const answer = await fetch(address, how).catch(() => null);
  const html = answer?.ok && !answer.redirected ? await answer.text().catch(() => null) : null;
  if (here !== asking) return false;
  rows.ariaBusy = null;
  count.classList.toggle("visually-hidden", html !== null);
  if (html === null) {
    count.textContent = "That could not be looked for. Please try again.";
    return false;
  }
  rows.replaceChildren(trusted(html));
  isStale = field.value !== query;
  count.textContent = `${options().length} to choose from`;
  choose(options()[0]);
  return !isStale;
}

function typed() {
  isStale = true;
  clearTimeout(waiting);
  waiting = setTimeout(ask, WAIT_MILLISECONDS);
}

// What is typed fast and ended by Enter goes where its own rows lead.
async function take() {
  if (isStale && !(await ask())) return;
  chosen()?.click();
}

function pressed(event) {
  if (isComposing(event)) return;
  const does = { ArrowDown: () => step(1), ArrowUp: () => step(-1), Enter: take, Escape: () => palette.close() };
  const act = does[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

function open(event) {
  event.preventDefault();
  if (palette.open) return palette.close();
  field.value = "";
  rows.replaceChildren();
  rows.ariaBusy = "true";
  palette.showModal();
  field.focus();
  ask();
}

field.addEventListener("input", typed);
field.addEventListener("keydown", pressed);
rows.addEventListener("click", () => palette.close());
palette.addEventListener("click", ({ target }) => target === palette && palette.close());
// While it is open, keys do not reach the page below it.
palette.addEventListener("keydown", (event) => {
  if (event.key && nameOf(event) === "mod+k") open(event);
});
document.body.addEventListener("roundtable:palette", open);
