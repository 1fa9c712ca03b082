// The list of models: searched as one types, walked through by arrow keys.
const STEPS = { ArrowDown: 1, ArrowUp: -1 };

const find = (id) => document.getElementById(id);
const rows = () => [...find("model-rows").querySelectorAll(".model")];
const shown = () => rows().filter((row) => !row.hidden);

function wordsOf(row) {
  const gateway = row.parentElement.querySelector("legend").textContent;
  return `${gateway} ${row.querySelector(".names").textContent}`.toLowerCase();
}

// Enter takes what is checked: so something is, wherever there is a row.
export function filter() {
  const query = find("model-search").value.trim();
  const wanted = query.toLowerCase().split(/\s+/);
  for (const row of rows()) {
    const words = wordsOf(row);
    row.hidden = !wanted.every((word) => words.includes(word));
  }
  for (const group of find("model-rows").querySelectorAll("fieldset"))
    group.hidden = !group.querySelector(".model:not([hidden])");
  const found = shown();
  const best = found.find((row) => isNamed(row, wanted.join(" ")));
  if (wanted[0] && best) best.control.checked = true;
  else if (found.length && !found.some((row) => row.control.checked))
    found[0].control.checked = true;
  say(query, found.length);
}

// A whole name comes before one that only contains it.
const isNamed = (row, query) =>
  [...row.querySelector(".names").childNodes].some(
    (name) => name.textContent.trim().toLowerCase() === query,
  );

function say(query, count) {
  const models = count === 1 ? "1 model" : `${count} models`;
  const words = count ? models : `No model matches “${query}”.`;
  find("model-found").textContent = query ? words : "";
  const take = find("model-form").querySelector("[type=submit]");
  if (take) take.disabled = !count;
}

// The search field emptied, and `value` checked.
export function check(value) {
  find("model-search").value = "";
  for (const row of rows()) row.control.checked = row.control.value === value;
  filter();
}

function step(by) {
  const found = shown();
  const at = found.findIndex((row) => row.control.checked);
  const next = found[(at + by + found.length) % found.length]?.control;
  if (!next) return;
  next.checked = true;
  next.focus();
}

function pressed(event) {
  const { key, target, ctrlKey, metaKey } = event;
  const isLetter = key.length === 1 && key !== " " && !ctrlKey && !metaKey;
  if (target.id === "model-search" && key in STEPS) {
    event.preventDefault();
    step(STEPS[key]);
  } else if (isLetter && target.matches("#model-rows input")) find("model-search").focus();
}

document.addEventListener("input", ({ target }) => target.id === "model-search" && filter());
document.addEventListener("keydown", pressed);
