// The socket of a conversation's page: tells when it is cut off, and brings it back.
import { isShown, learnToken, notice } from "./composer.js";

const AWAY_MILLISECONDS = 1500;
// How a socket ends for good; after anything else it comes back.
const ENDS = { 4401: "signed-out", 4403: "no-right", 4404: "gone", 4429: "many-tabs" };
const LOSSES = new Set(["no-right", "gone"]);
const HTMX_RECONNECTS = new Set([1006, 1011, 1012, 1013]);

// Another socket, for the lists of a page without one, is not this one's.
const transcript = document.getElementById("transcript");

let socket = null;
let line = null;
let ended = null;

// One that is closing hears nothing any more, though it is not yet said to be closed.
const isOpen = () => line?.readyState === WebSocket.OPEN;

// False where there is nobody to hear it.
export function send(frame) {
  if (!isOpen()) return false;
  line.send(JSON.stringify(frame));
  return true;
}

function opened(event) {
  if (event.target !== transcript) return;
  socket = event.detail.socketWrapper;
  line = event.detail.event.target;
  ended = null;
  notice(null);
  document.body.dispatchEvent(new CustomEvent("roundtable:open"));
}

function closed(event) {
  if (event.target !== transcript) return;
  const { code } = event.detail.event;
  ended = ENDS[code] ?? null;
  if (ended) notice(ended);
  if (LOSSES.has(ended)) document.body.dispatchEvent(new CustomEvent("roundtable:lost"));
  else setTimeout(() => isOpen() || ended || notice(reason(code)), AWAY_MILLISECONDS);
  if (!ended && !HTMX_RECONNECTS.has(code)) setTimeout(reconnect, AWAY_MILLISECONDS);
  comeBack();
}

function reason(code) {
  if (!navigator.onLine) return "offline";
  return code === 1012 ? "restarting" : "away";
}

const reconnect = () => isOpen() || socket?.reconnect();

// A socket may still be open, or close only now, when somebody has signed out.
async function comeBack() {
  if (!isShown("signed-out") || !(await learnToken())) return;
  notice(null);
  reconnect();
}

// Sent, but nothing can come down: show it by loading the newest messages.
function sent() {
  setTimeout(() => {
    if (isOpen() || document.getElementById("content")?.value) return;
    history.replaceState(null, "", `${location.pathname}#latest`);
    location.reload();
  }, AWAY_MILLISECONDS);
}

htmx.config.wsReconnectDelay = (tries) =>
  Math.random() * Math.min(5000, 250 * 2 ** tries);
document.body.addEventListener("htmx:wsOpen", opened);
document.body.addEventListener("htmx:wsClose", closed);
document.body.addEventListener("roundtable:sent", sent);
addEventListener("focus", comeBack);
addEventListener("offline", () => notice("offline"));
addEventListener("online", () => isOpen() && notice(null));
