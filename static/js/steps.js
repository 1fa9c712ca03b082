// Where a step leads: to another message, another conversation, to the field or out of it.
const field = () => document.getElementById("content");
const scroller = () => document.getElementById("scroll");
const seen = (node) => node.checkVisibility();
const messages = () => [...document.querySelectorAll("#transcript > article")].filter(seen);

export const focused = () => document.activeElement?.closest("#transcript > article") ?? null;

// The last one of those that are in view.
function inView() {
  const { bottom } = scroller().getBoundingClientRect();
  return messages().findLast((node) => node.getBoundingClientRect().top < bottom);
}

function show(message) {
  const isHigh = message.offsetHeight > scroller().clientHeight;
  message.focus({ preventScroll: true });
  message.scrollIntoView({ block: isHigh ? "start" : "nearest" });
}

export function neighbour(by) {
  const all = messages();
  const here = focused();
  const next = here ? all[all.indexOf(here) + by] : scroller() && inView();
  if (next) show(next);
  return Boolean(next);
}

export function row(by) {
  const rows = [...document.querySelectorAll("#rail-rows .row > a")];
  const at = rows.findIndex((link) => link.getAttribute("aria-current") === "page");
  const next = rows[at < 0 ? 0 : at + by];
  next?.click();
  return Boolean(next);
}

export function write() {
  field()?.focus();
  return field() !== null;
}

export function leaveField() {
  if (document.activeElement !== field() || !field()) return false;
  const newest = scroller() && inView();
  if (newest) newest.focus({ preventScroll: true });
  else field().blur();
  return true;
}

// Going to the end by its fragment, a browser takes the focus from the field.
const isLost = () => location.hash === "#latest" && document.activeElement === document.body;
const touch = matchMedia("(hover: none) and (pointer: coarse)");
addEventListener("load", () => setTimeout(() => isLost() && !touch.matches && write()));
