// Folders in the rail: which are closed is remembered; rows are dragged into them.
const KIND = "text/x-conversation";
const YEAR_SECONDS = 31_536_000;

const rows = document.getElementById("rail-rows");

// A cookie, so that the server draws them so.
function toggled({ target }) {
  if (!target.dataset?.fold) return;
  const known = document.cookie.match(/(?:^|; )closed_folders=([^;]*)/)?.[1] ?? "";
  const closed = new Set(known.split(".").filter(Boolean));
  if (target.open) closed.delete(target.dataset.fold);
  else closed.add(target.dataset.fold);
  document.cookie = `closed_folders=${[...closed].join(".")}; path=/; max-age=${YEAR_SECONDS}; samesite=lax`;
}

function begin({ target, dataTransfer }) {
  const row = target.closest?.(".row");
  if (!row) return;
  // Until it ends the list stays as it is (rail.js): a row that is gone is not told of that.
  row.dataset.dragged = "";
  dataTransfer.setData(KIND, row.dataset.conversation);
  dataTransfer.effectAllowed = "copyMove";
}

const dragged = () => rows.querySelector("[data-dragged]");

function end() {
  delete dragged()?.dataset.dragged;
}

const place = ({ target }) => target.closest?.("[data-drop]");

function over(event) {
  const here = place(event);
  mark(null);
  if (!here || !dragged()) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = "move";
  mark(here);
}

function mark(here) {
  for (const one of rows.querySelectorAll("[data-over]")) delete one.dataset.over;
  if (here) here.dataset.over = "";
}

function dropped(event) {
  const here = place(event);
  // What the drag brings may be from anywhere.
  const pk = dragged()?.dataset.conversation;
  mark(null);
  end();
  if (!here || !pk) return;
  event.preventDefault();
  const values = { do: here.dataset.drop, folder: here.dataset.folder ?? "" };
  htmx.ajax("POST", `/c/${pk}/place/`, { source: rows, target: rows, swap: "innerHTML", values });
}

// What was asked for is not in the page any more, but still knows where it stood.
function stoodIn({ elt, parameters }) {
  const { conversation, folder } = elt.closest(".row, .folder")?.dataset ?? {};
  const row = conversation && rows.querySelector(`[data-conversation="${conversation}"]`);
  return row || rows.querySelector(`[data-folder="${folder ?? parameters.folder}"]`);
}

// Whoever uses keys goes on from what they have named or moved, or from where it went;
// whoever has gone on elsewhere meanwhile stays there.
function shown({ detail: { requestConfig } }) {
  if (document.activeElement !== document.body) return;
  if (requestConfig?.verb !== "post" || !requestConfig.elt.closest(".row, .folder")) return;
  const again = stoodIn(requestConfig);
  const wrong = again?.querySelector("form:has(> .problem) [name=title]");
  (wrong ?? again?.querySelector(":scope > details:not([data-fold]) > summary"))?.focus();
}

rows.addEventListener("toggle", toggled, true);
rows.addEventListener("dragstart", begin);
rows.addEventListener("dragend", end);
rows.addEventListener("dragover", over);
rows.addEventListener("dragleave", () => mark(null));
rows.addEventListener("drop", dropped);
document.body.addEventListener("htmx:afterSwap", shown);
