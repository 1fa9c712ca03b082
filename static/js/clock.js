// Times as the reader's own clock shows them, and the seconds an answer takes.
const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;
const HOUR = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });

const firstSeen = new Map();
const deadlines = new Map();

export function localise(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const when = new Date(time.dateTime);
    const today = when.toDateString() === new Date().toDateString();
    const hour = HOUR.format(when);
    time.textContent = today ? hour : `${DAY.format(when)}, ${hour}`;
  }
}

function since(node) {
  const { message, attempt } = node.closest("article").dataset;
  const key = `${message} ${attempt} ${node.dataset.elapsed}`;
  if (!firstSeen.has(key)) {
    const now = Date.now();
    const said = Number(node.dataset.since) * 1000 || now;
    firstSeen.set(key, Math.min(said, now));
  }
  return firstSeen.get(key);
}

export const secondsSince = (node) => Math.floor((Date.now() - since(node)) / 1000);

// The server says how long it is from now: this clock may show another time.
function secondsLeft({ dataset: { until, left } }) {
  if (!deadlines.has(until)) deadlines.set(until, Date.now() + Number(left) * 1000);
  return Math.ceil((deadlines.get(until) - Date.now()) / 1000);
}

function tick() {
  for (const node of document.querySelectorAll("[data-elapsed]"))
    if (!node.closest("[hidden]")) node.textContent = `${secondsSince(node)} s`;
  for (const node of document.querySelectorAll("[data-left]")) {
    const seconds = secondsLeft(node);
    node.textContent = seconds > 0 ? `${seconds} s` : "a moment";
  }
}

// The server groups conversations by the reader's days.
if (ZONE)
  document.cookie = `timezone=${ZONE}; path=/; max-age=31536000; samesite=lax`;
localise(document);
tick();
setInterval(tick, 1000);
