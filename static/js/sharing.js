// Who can see this conversation, and what this page may do in it, when that changes.
import { leave } from "./branches.js";

const KEPT = " What you typed is still here.";
const TOOLS = "button, select, input:not([type=hidden])";

const transcript = document.getElementById("transcript");
const scroller = document.getElementById("scroll");
const line = document.getElementById("read-only");
const audience = () => document.getElementById("audience");
const composer = () => document.getElementById("composer");
const field = () => document.getElementById("content");

const mayWrite = (rights) => rights.split(" ").includes("write");

// A frame says which version of the sharing it is; ours may be newer already.
function compare() {
  const said = Number(transcript.dataset.sharing ?? 0);
  if (said > Number(audience().dataset.sharing)) htmx.trigger(audience(), "stale");
}

function follow() {
  const { may } = audience().dataset;
  const could = mayWrite(transcript.dataset.may);
  transcript.dataset.may = may;
  if (mayWrite(may) === could) return;
  if (could || composer()) allow(!could);
  else arriveAnew();
}

// What was typed stays where it is, to be read, copied, or sent later.
function allow(isAllowed, words = line.dataset.words) {
  const area = field();
  const isTyped = !isAllowed && area.value.trim();
  composer().toggleAttribute("data-closed", !isAllowed);
  area.readOnly = !isAllowed;
  for (const tool of composer().querySelectorAll(TOOLS)) tool.disabled = !isAllowed;
  line.textContent = isAllowed ? "" : words + (isTyped ? KEPT : "");
}

// Nothing comes any more: nothing here may look as if it went on.
function lose() {
  transcript.dataset.may = "";
  document.querySelector(".talk").toggleAttribute("data-lost", true);
  for (const clock of document.querySelectorAll("[data-elapsed], [data-left]"))
    clock.remove();
  if (composer()) allow(false, "");
  else line.textContent = "";
}

// A page without a composer has nothing typed: it comes anew, and stays where it was.
function arriveAnew() {
  const edge = scroller.getBoundingClientRect().top;
  const isEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 64;
  const articles = [...transcript.querySelectorAll("article")];
  const here = articles.find((one) => one.getBoundingClientRect().bottom > edge);
  if (here && !isEnd) leave({ top: here.getBoundingClientRect().top });
  const place = here && !isEnd ? here.id : "latest";
  history.replaceState(null, "", `${location.pathname}${location.search}#${place}`);
  location.reload();
}

function swapped({ target }) {
  if (target.id !== "audience") return;
  follow();
  compare();
}

// Refused: what this page may do has changed since it last asked.
function refused({ detail: { xhr } }) {
  if (xhr.status === 403) htmx.trigger(audience(), "stale");
}

// An error page has no place under the title.
function answered(event) {
  const { target, xhr } = event.detail;
  if (target.id !== "audience" || xhr.responseText.includes('id="audience"')) return;
  event.detail.shouldSwap = false;
  if (xhr.status === 404) lose();
}

document.body.addEventListener("roundtable:lost", lose);
document.body.addEventListener("roundtable:news", compare);
document.body.addEventListener("htmx:afterSwap", swapped);
document.body.addEventListener("htmx:beforeSwap", answered);
document.body.addEventListener("htmx:responseError", refused);
