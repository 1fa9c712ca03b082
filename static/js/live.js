// The socket: says where this page is, hands frames on, and tells when it is cut off.
import { isShown, learnToken, notice } from "./composer.js";
import { settle } from "./scroll.js";
import { apply, cursor } from "./transcript.js";

const AWAY_MILLISECONDS = 1500;
const ASK_AGAIN_MILLISECONDS = 300;
// How a socket ends for good; after anything else it comes back.
const ENDS = { 4401: "signed-out", 4403: "no-right", 4404: "gone", 4429: "many-tabs" };
const HTMX_RECONNECTS = new Set([1006, 1011, 1012, 1013]);

const transcript = document.getElementById("transcript");

let socket = null;
let isOpen = false;
let asked = 0;
let acknowledged = "";
let ended = null;

const send = (frame) => isOpen && socket.sendImmediately(JSON.stringify(frame));

function subscribe() {
  asked = Date.now();
  send({ t: "sub", seen: Number(transcript.dataset.seen), ...cursor() });
}

function askAgain() {
  if (Date.now() - asked > ASK_AGAIN_MILLISECONDS) subscribe();
}

function received(event) {
  event.preventDefault();
  const frame = JSON.parse(event.detail.message);
  if (frame.t === "e") notice("said", frame.x);
  else if (!apply(frame)) askAgain();
  settle();
}

function acknowledge() {
  const { m, o } = cursor();
  if (!m || acknowledged === `${m} ${o}`) return;
  acknowledged = `${m} ${o}`;
  send({ t: "k", m, o });
}

function opened(event) {
  socket = event.detail.socketWrapper;
  isOpen = true;
  ended = null;
  notice(null);
  subscribe();
}

function closed(event) {
  const { code } = event.detail.event;
  isOpen = false;
  ended = ENDS[code] ?? null;
  if (ended) notice(ended);
  else setTimeout(() => isOpen || ended || notice(reason(code)), AWAY_MILLISECONDS);
  if (!ended && !HTMX_RECONNECTS.has(code)) setTimeout(reconnect, AWAY_MILLISECONDS);
  comeBack();
}

function reason(code) {
  if (!navigator.onLine) return "offline";
  return code === 1012 ? "restarting" : "away";
}

const reconnect = () => isOpen || socket?.reconnect();

// A socket may still be open, or close only now, when somebody has signed out.
async function comeBack() {
  if (!isShown("signed-out") || !(await learnToken())) return;
  notice(null);
  reconnect();
}

// Sent, but nothing can come down: show it by loading the newest messages.
function sent() {
  setTimeout(() => {
    if (isOpen || document.getElementById("content")?.value) return;
    history.replaceState(null, "", `${location.pathname}#latest`);
    location.reload();
  }, AWAY_MILLISECONDS);
}

htmx.config.wsReconnectDelay = (tries) =>
  Math.random() * Math.min(5000, 250 * 2 ** tries);
document.body.addEventListener("htmx:wsOpen", opened);
document.body.addEventListener("htmx:wsClose", closed);
document.body.addEventListener("htmx:wsBeforeMessage", received);
document.body.addEventListener("roundtable:sent", sent);
addEventListener("focus", comeBack);
addEventListener("offline", () => notice("offline"));
addEventListener("online", () => isOpen && notice(null));
setInterval(acknowledge, 1000);
