// A panel that is long in coming: its place is shown before, once one notices.
import { open } from "./side.js";

const NOTICED_MILLISECONDS = 200;
const side = document.getElementById("side");
const body = document.getElementById("side-body");

let asker = null, timer = null;

const isForHere = ({ detail: { target } }) => target === body;
const isEmpty = () => side.open && !body.hasChildNodes();

function asked(event) {
  if (!isForHere(event)) return;
  asker = event.detail.elt;
  body.ariaBusy = "true";
  clearTimeout(timer);
  if (!side.open) timer = setTimeout(open, NOTICED_MILLISECONDS);
}

// What went wrong is then said where one was.
function refused(event) {
  if (!isForHere(event) || event.detail.xhr.responseText.includes("data-panel")) return;
  if (isEmpty()) side.close();
}

function ended(event) {
  if (!isForHere(event)) return;
  clearTimeout(timer);
  asker = body.ariaBusy = null;
  if (isEmpty()) side.close();
}

// Who closes it does not want it any more.
function closed() {
  if (asker && !side.open) htmx.trigger(asker, "htmx:abort");
}

document.body.addEventListener("htmx:beforeRequest", asked);
document.body.addEventListener("htmx:beforeOnLoad", refused);
document.body.addEventListener("htmx:afterRequest", ended);
side.addEventListener("close", closed);
