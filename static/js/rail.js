// Keeps the lists in the rail as they are now, on every page that has one.
import { trusted } from "./trusted.js";

// So that not everybody asks at once.
const SOONEST_MILLISECONDS = 100;
const SPREAD_MILLISECONDS = 500;

// As the server says it: deltas, which are many, are not parsed here.
const LISTS_CHANGED = '{"t":"u"}';
const rows = document.getElementById("rail-rows");

let waiting = null;
let isOld = false;
let wasOpen = false;

// Somebody is about to do something with a row or drags it, or looks at another page.
const isBusy = () =>
  document.hidden ||
  rows.contains(document.activeElement) ||
  rows.querySelector("details:not([data-fold])[open], .htmx-request, [data-dragged]") !== null;

async function read() {
  const address = { "HX-Request": "true", "HX-Current-URL": location.origin + location.pathname };
  const answer = await fetch(rows.dataset.url, { headers: address }).catch(() => null);
  if (!answer?.ok || answer.redirected) return null;
  return trusted(await answer.text().catch(() => ""));
}

async function refresh() {
  waiting = null;
  if (!isOld || isBusy()) return;
  isOld = false;
  const fresh = await read();
  if (fresh === null) return;
  if (isBusy()) {
    isOld = true;
    return;
  }
  rows.replaceChildren(fresh);
  htmx.process(rows);
}

function soon() {
  if (!isOld) return;
  const wait = SOONEST_MILLISECONDS + Math.random() * SPREAD_MILLISECONDS;
  waiting ??= setTimeout(refresh, wait);
}

function told(event) {
  if (event.detail.message !== LISTS_CHANGED) return;
  event.preventDefault();
  isOld = true;
  soon();
}

// What happened while there was no socket is not told again.
function opened() {
  isOld = wasOpen || rows.querySelector("[data-shared]") !== null;
  wasOpen = true;
  soon();
}

document.body.addEventListener("htmx:wsBeforeMessage", told);
document.body.addEventListener("htmx:wsOpen", opened);
document.addEventListener("visibilitychange", soon);
rows.addEventListener("focusout", () => setTimeout(soon));
rows.addEventListener("toggle", soon, true);
rows.addEventListener("dragend", soon);
document.body.addEventListener("htmx:afterSettle", soon);
