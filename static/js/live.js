// Says where this page is, and hands on what comes down the socket.
import { branch } from "./branches.js";
import { notice } from "./composer.js";
import { showPresence } from "./presence.js";
import { settle } from "./scroll.js";
import { send } from "./socket.js";
import { apply, cursor } from "./transcript.js";

const ASK_AGAIN_MILLISECONDS = 300;
const SHOW_MILLISECONDS = 50, SHOW_AT_LAST_MILLISECONDS = 200;
const SHARE_OF_TIME = 1 / 50;
const WRITTEN = new Set(["d", "b", "r"]);

const transcript = document.getElementById("transcript");

let asked = 0;
let acknowledged = "";
let waiting = [], timer = null, next = 0;

function subscribe() {
  asked = Date.now();
  send({ t: "sub", seen: Number(transcript.dataset.seen), ...branch(), ...cursor() });
}

function askAgain() {
  if (Date.now() - asked > ASK_AGAIN_MILLISECONDS) subscribe();
}

// What is written is shown so often at most: each time costs the whole page a frame,
// and the more of it the longer the answer and the slower the machine.
function show() {
  clearTimeout(timer);
  timer = null;
  const began = performance.now();
  const frames = waiting;
  waiting = [];
  for (const frame of frames) if (!apply(frame)) askAgain();
  settle();
  const fair = (performance.now() - began) / SHARE_OF_TIME;
  next = began + Math.min(Math.max(fair, SHOW_MILLISECONDS), SHOW_AT_LAST_MILLISECONDS);
}

function take(frame) {
  waiting.push(frame);
  if (!WRITTEN.has(frame.t)) show();
  else timer ??= setTimeout(show, next - performance.now());
}

function received(event) {
  if (event.target !== transcript) return;
  event.preventDefault();
  const frame = JSON.parse(event.detail.message);
  if (frame.t === "e") notice("said", frame.x);
  else if (frame.t === "p") showPresence(frame);
  else take(frame);
}

function acknowledge() {
  const { m, o, r } = cursor();
  if (!m || acknowledged === `${m} ${o} ${r}`) return;
  acknowledged = `${m} ${o} ${r}`;
  send({ t: "k", m, o, r });
}

for (const name of ["open", "stale"])
  document.body.addEventListener(`roundtable:${name}`, subscribe);
document.body.addEventListener("htmx:wsBeforeMessage", received);
// What has come is shown with the news that nothing more will.
document.body.addEventListener("htmx:wsClose", () => timer && show());
setInterval(acknowledge, 1000);
