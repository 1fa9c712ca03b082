// What is typed: kept in this browser until the server has it, sent there, put back.
import { attempt } from "./attempt.js";

const SOON_MILLISECONDS = 10_000;

let forgetting = null;

export const form = () => document.getElementById("composer");
export const field = () => document.getElementById("content");
const key = () => `draft ${form().dataset.draftOf} ${form().dataset.draft}`;

// One's own newest message in the page.
const newest = () =>
  [...document.querySelectorAll(`article:has([data-only="${form().dataset.draftOf}"])`)].at(-1);

// What is on its way: as which message, and which one was the newest before it.
const onItsWay = () => ({ sent: form().elements.client_id.value, after: newest()?.id });

// Where the browser keeps nothing, the server has it soon.
function keep(text, more) {
  clearTimeout(forgetting);
  const { draftVersion: version } = form().dataset;
  const kept = { text, version, ...more };
  attempt(() => localStorage.setItem(key(), JSON.stringify(kept)));
}

export const keepHere = (text, isSent = false) => keep(text, isSent ? onItsWay() : {});

// It has arrived, though the page that sent it was left before it knew.
function isThere({ text, sent, after }) {
  if (!sent) return false;
  const here = newest();
  const words = here?.querySelector('[data-part="tail"]').textContent;
  if (here && here.id !== after && words === text.trim()) return true;
  return document.querySelector(`.row[data-conversation="${sent}"]`) !== null;
}

export function forget() {
  clearTimeout(forgetting);
  attempt(() => localStorage.removeItem(key()));
}

// The server has it now. A page that is loading already may be from before.
export function forgetSoon(text) {
  keep(text, { isSaved: true });
  forgetting = setTimeout(forget, SOON_MILLISECONDS);
}

// Known to the page, or to another one that has gone on from it.
const isOld = ({ isSaved, version }) =>
  isSaved && Number(version) <= Number(form().dataset.draftVersion);

// What another page could not save any more, unless that is what is here already.
export function findKept(here) {
  const kept = attempt(() => JSON.parse(localStorage.getItem(key()))) ?? {};
  if (kept.text === undefined || kept.text === here || isThere(kept) || isOld(kept))
    return forget();
  if (kept.isSaved) form().dataset.draftVersion = kept.version;
  return kept;
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
