// Loads what comes before and after what is shown, and lets go of what is far away.
import { keep } from "./anchor.js";
import { isWhole } from "./branches.js";
import { all, isHeld, makeEdge, span, watch } from "./edges.js";
import { isPlain } from "./plain.js";
import { prepare } from "./prepare.js";
import { read, tell } from "./windows.js";

const MOST_ARTICLES = 150;
const AGAIN_MILLISECONDS = 3000;

const transcript = document.getElementById("transcript");
const scroller = document.getElementById("scroll");
const data = transcript.dataset;

let isLoading = false;

const observe = watch(load);

const isNew = ({ id }) => id === "older" || id === "newer" || !document.getElementById(id);

function put(link, found) {
  const nodes = [...found.children].filter(isNew);
  const hadFocus = link === document.activeElement;
  const near = link.id === "older" ? nodes.at(-1) : nodes[0];
  link.replaceWith(...nodes);
  nodes.filter((node) => node.matches("article")).forEach(prepare);
  if (!hadFocus || !near) return;
  near.tabIndex = -1;
  near.focus({ preventScroll: true });
}

// Of the other end, where that is far away.
function letGo(loaded) {
  const extra = all().length - MOST_ARTICLES;
  if (extra <= 0) return;
  const [far, near] = loaded === "older" ? ["newer", -1] : ["older", 0];
  const gone = span(far, extra);
  if (gone.some(isHeld)) return;
  if (isWhole()) data.end = all().at(-1).dataset.message;
  const hadFocus = gone.some((node) => node.contains(document.activeElement));
  gone.forEach((node) => node.remove());
  // So that keys go on to scroll.
  if (hadFocus) scroller.focus({ preventScroll: true });
  transcript[far === "newer" ? "append" : "prepend"](makeEdge(far, all().at(near)));
}

// What changed while it was on its way is asked for again, and what is being written.
function catchUp({ dataset: { seen } }, wasWhole) {
  const isBehind = Number(seen) < Number(data.seen);
  if (isBehind) data.seen = seen;
  if (isBehind || isWhole() !== wasWhole) tell("stale");
}

async function load(link) {
  if (isLoading || !link.isConnected) return;
  isLoading = true;
  link.ariaBusy = "true";
  const found = await read(new URL(link.dataset.load, location));
  isLoading = false;
  link.ariaBusy = null;
  if (!found) setTimeout(observe, AGAIN_MILLISECONDS);
  if (!found || !link.isConnected) return;
  const wasWhole = isWhole();
  keep(() => {
    put(link, found);
    letGo(link.id);
  });
  catchUp(found, wasWhole);
  observe();
}

function clicked(event) {
  const link = event.target.closest("#older, #newer");
  if (!link || !isPlain(event)) return;
  event.preventDefault();
  load(link);
}

transcript.addEventListener("click", clicked);
for (const name of ["open", "shown"])
  document.body.addEventListener(`roundtable:${name}`, observe);
observe();
