// Says how far one has read: to the end, where the end is in view and looked at.
import { isAtEnd, stayAt } from "./scroll.js";
import { send } from "./socket.js";

const WAIT_MILLISECONDS = 300;
// So that not everybody says it at once.
const SPREAD_MILLISECONDS = 400;
const ACTIVE = new Set(["queued", "running"]);

const transcript = document.getElementById("transcript");
const scroller = document.getElementById("scroll");

let waiting = null;

const isDone = ({ dataset: { state } }) => !ACTIVE.has(state);
const newest = () => [...transcript.querySelectorAll("article")].filter(isDone).at(-1);

function say() {
  waiting = null;
  if (document.visibilityState !== "visible" || !isAtEnd()) return;
  const message = newest()?.dataset.message;
  if (!message || message === transcript.dataset.read) return;
  if (send({ t: "read", m: message })) transcript.dataset.read = message;
}

function look() {
  waiting ??= setTimeout(say, WAIT_MILLISECONDS + Math.random() * SPREAD_MILLISECONDS);
}

// What is new is read from its beginning, where that is not in view.
function begin() {
  const since = document.getElementById("since");
  if (location.hash || !since) return;
  const [top, edge] = [since, scroller].map((node) => node.getBoundingClientRect().top);
  if (top < edge) stayAt(since);
}

begin();
scroller.addEventListener("scroll", look, { passive: true });
document.addEventListener("visibilitychange", look);
document.body.addEventListener("roundtable:news", look);
document.body.addEventListener("roundtable:open", () => {
  delete transcript.dataset.read;
  look();
});
