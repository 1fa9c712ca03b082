// What is typed in an edit: kept in this tab, by article, until it is sent or let go.
import { attempt } from "./attempt.js";

const transcript = document.getElementById("transcript");
const OPEN = `edits ${transcript.dataset.conversation}`;
// For as long as the page lasts, where the browser keeps nothing.
const words = new Map();
const key = (id) => `edit ${id}`;
const of = (form) => form.closest("article").id;
const find = (id) => words.get(id) ?? attempt(() => sessionStorage.getItem(key(id)));

export function forget(form) {
  words.delete(of(form));
  attempt(() => sessionStorage.removeItem(key(of(form))));
}

// What was refused is not what the server has.
export function note(form, { value, defaultValue }) {
  if (value === defaultValue && !form.querySelector("#edit-error")) return forget(form);
  words.set(of(form), value);
  attempt(() => sessionStorage.setItem(key(of(form)), value));
}

export function restore(form, area) {
  const text = find(of(form)) ?? area.value;
  if (text === area.value) return;
  area.value = text;
  form.querySelector("[data-restored]").hidden = false;
}

// Whatever takes the page away: who comes back goes on where they were.
function leave() {
  const edited = [...transcript.querySelectorAll("[data-editing]")].map(({ id }) => id);
  const open = edited.filter((id) => find(id) !== null);
  attempt(() => sessionStorage.setItem(OPEN, open.join(" ")));
}

// A link to another message leads there.
function arrive() {
  const open = attempt(() => sessionStorage.getItem(OPEN))?.split(" ") ?? [];
  attempt(() => sessionStorage.removeItem(OPEN));
  for (const id of open.filter(Boolean))
    if (!location.hash.startsWith("#m-") || location.hash === `#${id}`)
      document.querySelector(`#${id} .foot [hx-get$='/edit/']`)?.click();
}

addEventListener("pagehide", leave);
// What has an address of its own is the browser's until htmx has seen it.
document.addEventListener("DOMContentLoaded", arrive);
