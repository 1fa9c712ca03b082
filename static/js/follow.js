// Keeps what is open beside the transcript as it is: what is remembered may change anywhere.
import { article } from "./articles.js";
import { branch } from "./branches.js";
import { morph } from "./morph.js";
import { trusted } from "./trusted.js";

const ACTIVE = new Set(["queued", "running"]);
const FIELDS = "textarea, input:not([type=hidden], [type=checkbox])";
// What a person has opened stays as it is, too.
const OPENED = "#summary-text, #request.exact";
const WITH_AN_ID = "#request, li[id], form[id], section[id]";
const TOKEN = "[name=csrfmiddlewaretoken]";

const [transcript, side, body, changed] = ["transcript", "side", "side-body", "side-changed"]
  .map((id) => document.getElementById(id));
let isAsking = false, isWished = false;

const panel = () => body.querySelector("[data-follow]");
const all = (selector) => [...body.querySelectorAll(selector)];
const refusals = () => all("section [role=alert]");
const isTyped = (field) =>
  field === document.activeElement || field.value !== field.defaultValue;
const typed = () => all(FIELDS).filter(isTyped);
const isWriting = () => typed().length + refusals().length > 0;
const isPressed = () => body.querySelector(".htmx-request") !== null;

// What was sent for an answer that has ended changes no more; the answer may go on.
function isOld({ dataset: { version, of, was, attempt } }) {
  if (Number(transcript.dataset.seen) <= Number(version)) return false;
  const reply = of && article(of)?.dataset;
  if (!reply || ACTIVE.has(was)) return true;
  return reply.state !== was || reply.attempt !== attempt;
}

async function ask({ dataset: { follow } }) {
  const url = new URL(follow, location);
  url.searchParams.set("after", branch().at ?? "");
  const answer = await fetch(url, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (!answer?.ok || answer.redirected) return null;
  return trusted(await answer.text().catch(() => "")).querySelector("[data-follow]");
}

function hold(now, fresh) {
  if (now.dataset.attempt !== fresh.dataset.attempt) return;
  for (const node of [...typed(), ...refusals(), ...all(OPENED)]) {
    const held = node.closest(WITH_AN_ID).cloneNode(true);
    const place = fresh.querySelector(`#${held.id}`);
    if (place) place.replaceWith(held);
    // Forgotten elsewhere: what was typed is not.
    else fresh.querySelector(".facts-list")?.append(held);
  }
}

function show(now, fresh) {
  const token = now.querySelector(TOKEN)?.value;
  if (token)
    for (const each of fresh.querySelectorAll(TOKEN)) each.setAttribute("value", token);
  hold(now, fresh);
  const hadFocus = body.contains(document.activeElement);
  morph(now, fresh);
  htmx.process(now);
  if (hadFocus && !body.contains(document.activeElement))
    now.querySelector("h2").focus({ preventScroll: true });
}

// The line that says so must not hide what one is writing.
function tell(isChanged) {
  if (changed.hidden !== isChanged) return;
  changed.hidden = !isChanged;
  const field = document.activeElement;
  if (isChanged && body.contains(field)) field.scrollIntoView({ block: "nearest" });
}

// One request at a time. Where somebody writes, when that is done or they wish it.
async function refresh() {
  const now = panel();
  const isBehind = now !== null && isOld(now);
  isWished &&= isBehind;
  tell(isBehind && isWriting());
  if (!isBehind || !(isWished || changed.hidden)) return;
  if (isAsking || isPressed()) return;
  isAsking = true;
  const fresh = await ask(now);
  const isWelcome = (isWished || !isWriting()) && !isPressed();
  isAsking = isWished = false;
  if (fresh && panel() === now && isWelcome) show(now, fresh);
  if (fresh) refresh();
}

async function wish() {
  isWished = true;
  await refresh();
  (typed()[0] ?? body.querySelector("h2"))?.focus();
}

for (const news of ["htmx:afterSettle", "roundtable:news"])
  document.body.addEventListener(news, refresh);
side.addEventListener("close", refresh);
side.addEventListener("focusout", () => setTimeout(refresh));
changed.querySelector("button").addEventListener("click", wish);
