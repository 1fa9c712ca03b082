// What is typed is kept on the server, for every machine of its person.
import { isOffered, offer, showAgain, withdraw } from "./draft_newer.js";
import {
  body, bringBack, field, findKept, forget, form, keepHere, noteSaved, post, put,
} from "./drafts_here.js";

const WAIT_MILLISECONDS = 800;

let timer = null, saved = field()?.value ?? "", brought = "";
let isSaving = false, isSending = false, turn = 0;

function later(wait = WAIT_MILLISECONDS) {
  clearTimeout(timer);
  timer = setTimeout(save, wait);
}

async function save() {
  const text = field()?.value, mine = turn;
  if (text === undefined || text === saved || isOffered() || isSaving || isSending) return;
  isSaving = true;
  const { status, said } = await post(text);
  isSaving = false;
  // Sent meanwhile: the next composer knows its version. Typed while it failed: try again.
  if (mine !== turn) later();
  else if (status === 200) taken(text, said.version);
  else if (status === 409) refused(said);
  else if (field()?.value !== text) later();
}

function taken(text, version) {
  form().dataset.draftVersion = version;
  saved = text;
  if (field().value === text) return noteSaved(text);
  // On the version that is there now.
  if (!isSending) typed({ target: field() });
}

// Nothing is lost where the newer one is what this page has kept itself, or was sent.
function refused(said) {
  if (said.draft && ![saved, brought].includes(said.draft)) return offer(said, decided);
  form().dataset.draftVersion = said.version;
  later(0);
}

function decided(newer, isUsed) {
  form().dataset.draftVersion = newer.version;
  saved = newer.draft;
  if (isUsed) put(saved);
  field().focus();
  later(0);
}

function arrive() {
  const kept = findKept(saved);
  if (!kept) return;
  const { draftVersion: version } = form().dataset;
  if (saved && kept.version !== version) offer({ draft: saved, version }, decided);
  brought = kept.text;
  bringBack(kept);
}

function typed({ target }) {
  if (target.id !== "content") return;
  if (target.value === saved) forget();
  else keepHere(target.value);
  later();
}

function leave() {
  if (!field() || field().value === saved || isOffered() || isSending) return;
  navigator.sendBeacon(form().dataset.draft, body(field().value));
}

function sending({ target }) {
  isSending ||= target.id === "composer";
  if (target.id === "composer" && field().value !== saved) keepHere(field().value, true);
}

function answered({ detail: { requestConfig, xhr } }) {
  if (requestConfig?.elt.id !== "composer") return;
  const isSent = xhr.status >= 200 && xhr.status < 300;
  // A new conversation has begun: this page goes.
  isSending = Boolean(xhr.getResponseHeader("HX-Redirect"));
  if (!isSent) return showAgain(), later();
  turn += 1;
  saved = "";
  withdraw();
  forget();
  if (field().value && !isSending) typed({ target: field() });
}

if (form()) {
  arrive();
  document.addEventListener("input", typed);
  document.addEventListener("focusout", ({ target }) => target.id === "content" && later(0));
  document.body.addEventListener("htmx:beforeSend", sending);
  document.body.addEventListener("htmx:afterRequest", answered);
  addEventListener("pagehide", leave);
  addEventListener("online", () => later());
}
