// The panel beside the transcript: what was sent, what is remembered. What opens it are
// links to pages of their own with `hx-target="#side-body"`.
import { notice } from "./composer.js";

// From here on it stands beside the transcript, below it over it.
const beside = matchMedia("(min-width: 72rem)");
const side = document.getElementById("side");
const body = document.getElementById("side-body");
const problem = document.getElementById("side-problem");

const SIGNED_OUT = "You’re signed out. Sign in in a new tab, then come back.";
const FAILED = "That did not work. Perhaps it was changed elsewhere: please open it anew.";

let opener = null;

const isLost = () => [null, document.body, side].includes(document.activeElement);
const isHere = (node) => node === body || body.contains(node);
const toTitle = () => (body.querySelector("h2") ?? body).focus({ preventScroll: true });

function show() {
  if (beside.matches) side.show();
  else side.showModal();
}

export function open() {
  if (!side.open) {
    opener = document.activeElement;
    show();
  }
  body.scrollTop = 0;
  const field = body.querySelector("[autofocus]");
  if (field) field.focus();
  else toTitle();
}

// The page's own notices may be behind the panel.
const tell = (words) => Object.assign(problem, { textContent: words, hidden: false });

function failed({ detail: { target } }) {
  if (!isHere(target)) return;
  if (side.open) tell(FAILED);
  else notice(navigator.onLine ? "said" : null, FAILED);
}

function closed() {
  if (side.open) return;
  body.replaceChildren();
  problem.hidden = true;
  const back = opener?.isConnected ? opener : document.getElementById("content");
  back?.focus({ preventScroll: true });
}

// A log-in page or an error, for two, is not for here.
function answered(event) {
  const { target, xhr } = event.detail;
  if (!isHere(target) || xhr.responseText.includes("data-panel")) return;
  event.detail.shouldSwap = false;
  if (!new URL(xhr.responseURL).pathname.startsWith("/login/")) return;
  notice("signed-out");
  tell(SIGNED_OUT);
}

// What was pressed may be gone with the panel that it was in.
function swapped({ detail: { target } }) {
  if (isHere(target) || !target.isConnected) problem.hidden = true;
  if (target === body) open();
  else if (side.open && isLost()) toTitle();
}

// To a message that is in the page, without leaving it.
function jump(event) {
  const { hash } = event.target.closest("a[data-jump]") ?? {};
  const found = hash && document.getElementById(hash.slice(1));
  if (!found) return;
  event.preventDefault();
  // What closes gives the focus back to it.
  opener = beside.matches ? opener : found;
  if (!beside.matches) side.close();
  found.scrollIntoView({ block: "start" });
  found.focus({ preventScroll: true });
}

side.addEventListener("close", closed);
side.addEventListener("click", (event) => {
  if (event.target === side) side.close();
  else jump(event);
});
side.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.defaultPrevented) side.close();
});
beside.addEventListener("change", () => {
  if (!side.open) return;
  side.close();
  show();
});
document.body.addEventListener("htmx:beforeSwap", answered);
document.body.addEventListener("htmx:afterSettle", swapped);
document.body.addEventListener("htmx:responseError", failed);
document.body.addEventListener("htmx:sendError", failed);
