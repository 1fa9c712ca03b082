// What is typed: kept in this browser until the server has it, sent there, put back.
import { attempt } from "./attempt.js";

export const form = () => document.getElementById("composer");
export const field = () => document.getElementById("content");
const key = () => `draft ${form().dataset.draftOf} ${form().dataset.draft}`;

// One's own newest message in the page.
const newest = () =>
  [...document.querySelectorAll(`article:has([data-only="${form().dataset.draftOf}"])`)].at(-1);

// What is on its way: as which message, and which one was the newest before it.
const onItsWay = () => ({ sent: form().elements.client_id.value, after: newest()?.id });

function keep(storage, text, more) {
  const { draftVersion: version } = form().dataset;
  const kept = JSON.stringify({ text, version, ...more });
  attempt(() => window[storage].setItem(key(), kept));
}

const read = (storage) => attempt(() => JSON.parse(window[storage].getItem(key())));

// Where the browser keeps nothing, the server has it soon.
export const keepHere = (text, isSent = false) =>
  keep("localStorage", text, isSent ? onItsWay() : {});

// It has arrived, though the page that sent it was left before it knew.
function isThere({ text, sent, after }) {
  if (!sent) return false;
  const here = newest();
  const words = here?.querySelector('[data-part="tail"]').textContent;
  if (here && here.id !== after && words === text.trim()) return true;
  return document.querySelector(`.row[data-conversation="${sent}"]`) !== null;
}

export function forget() {
  for (const storage of ["localStorage", "sessionStorage"])
    attempt(() => window[storage].removeItem(key()));
}

// The server has it now. The page that is loading here already may be from before.
export function noteSaved(text) {
  forget();
  keep("sessionStorage", text);
}

function findSaved() {
  const { dataset } = form();
  const saved = read("sessionStorage");
  if (!saved || Number(saved.version) <= Number(dataset.draftVersion)) return null;
  dataset.draftVersion = saved.version;
  return saved;
}

// What the page before could not save any more, or saved too late for this one.
export function findKept(here) {
  const saved = findSaved();
  const kept = read("localStorage");
  if (kept && kept.text !== (saved ?? { text: here }).text && !isThere(kept)) return kept;
  forget();
  return saved;
}

export function body(content) {
  const { draftVersion: version } = form().dataset;
  const csrfmiddlewaretoken = form().querySelector("[name=csrfmiddlewaretoken]").value;
  return new URLSearchParams({ content, version, csrfmiddlewaretoken });
}

export async function post(text) {
  const asked = { method: "POST", body: body(text) };
  const answer = await fetch(form().dataset.draft, asked).catch(() => null);
  const said = await answer?.json().catch(() => null);
  return { status: said && answer.status, said };
}

export function put(text) {
  field().value = text;
  field().dispatchEvent(new Event("input", { bubbles: true }));
}

// Sent once more, it is the same message.
export function bringBack({ text, sent }) {
  if (sent) form().elements.client_id.value = sent;
  put(text);
}
