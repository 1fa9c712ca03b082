// Keeps a team's list as it is now, for who looks at its beginning.
const SOONEST_MILLISECONDS = 300;
const SPREAD_MILLISECONDS = 700;

// As the server says it: deltas, which are many, are not parsed here.
const LISTS_CHANGED = '{"t":"u"}';
const list = () => document.getElementById("team-list");
const sheet = list().closest(".scroll");

let waiting = null;
let isOld = false;

// Lines must not move under who reads further down or is about to open one.
const isBusy = () =>
  document.hidden ||
  sheet.scrollTop > 0 ||
  list().matches(":hover") ||
  list().contains(document.activeElement) ||
  new URLSearchParams(location.search).has("before");

function refresh() {
  waiting = null;
  if (!isOld || isBusy()) return;
  isOld = false;
  const how = { target: "#team-list", select: "#team-list", swap: "outerHTML" };
  htmx.ajax("GET", location.pathname + location.search, how).catch(() => {});
}

function soon() {
  if (!isOld) return;
  const wait = SOONEST_MILLISECONDS + Math.random() * SPREAD_MILLISECONDS;
  waiting ??= setTimeout(refresh, wait);
}

function told(event) {
  if (event.detail.message !== LISTS_CHANGED) return;
  isOld = true;
  soon();
}

document.body.addEventListener("htmx:wsBeforeMessage", told);
document.addEventListener("visibilitychange", soon);
sheet.addEventListener("scroll", soon, { passive: true });
sheet.addEventListener("focusout", () => setTimeout(soon));
sheet.addEventListener("pointerout", soon);
