// Keeps the end in view while the reader is there, and never moves them otherwise.
import { isPlaced, isWhole } from "./branches.js";

const NEAR_PIXELS = 64;
const CONTROLS = "a, button, summary";

const scroller = document.getElementById("scroll");
const column = document.getElementById("transcript");
const jump = document.getElementById("jump");

let following = true, held = false, lastTop = 0;
// Of the message that is being edited, while that is in view.
let edited = null;

const distance = () =>
  scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
export const isAtEnd = () => isWhole() && distance() < NEAR_PIXELS;

export const top = (node) => node.getBoundingClientRect().top;

function editing() {
  const form = document.activeElement?.closest("form.edit");
  return form && column.contains(form) ? form : null;
}

function see(form) {
  const above = top(form) - top(scroller);
  return -above < form.offsetHeight && above < scroller.clientHeight ? { form, above } : null;
}

export function remember() {
  lastTop = scroller.scrollTop;
  edited = editing() && see(editing());
  const isHidden = following || isAtEnd();
  if (jump.hidden !== isHidden) jump.hidden = isHidden;
  const words = "below" in column.dataset && !isWhole() ? "New below" : "Jump to latest";
  if (jump.textContent !== words) jump.textContent = words;
}

function toEnd() {
  scroller.scrollTop = scroller.scrollHeight;
  remember();
}

export function follow() {
  following = true;
  toEnd();
}

export function stayAt(node) {
  node.scrollIntoView();
  following = false;
  remember();
}

// Growing text moves the end away without a scroll: only moving up means leaving.
export function moved() {
  const top = scroller.scrollTop;
  const back = top > lastTop && isAtEnd();
  if (back || (isWhole() && distance() < 2)) following = true;
  else if (top < lastTop - 1) following = false;
  remember();
}

// Whoever edits a message stays with it, also while an answer above it grows.
const stay = ({ form, above }) => (scroller.scrollTop += top(form) - top(scroller) - above);

// At once after each change: an article that gets shorter moves the page up by
// itself, which must not look like the reader's doing.
export function settle() {
  if (edited && edited.form === editing()) stay(edited);
  else if (following && !held && isWhole() && !editing()) toEnd();
}

function resized() {
  settle();
  remember();
}

function leave() {
  if (scroller.scrollTop > 0) following = false;
}

const upward = new Set(["ArrowUp", "PageUp", "Home"]);
const passive = { passive: true };
scroller.addEventListener("scroll", moved, passive);
scroller.addEventListener("wheel", (event) => event.deltaY < 0 && leave(), passive);
scroller.addEventListener("keydown", (event) => upward.has(event.key) && leave());
// A control that is pressed stays under the pointer only while the end is followed.
for (const name of ["pointerdown", "touchstart"])
  scroller.addEventListener(name, ({ target }) => (held = !target.closest(CONTROLS)), passive);
for (const name of ["pointerup", "pointercancel", "touchend", "touchcancel"])
  addEventListener(name, () => (held = false), passive);
document.body.addEventListener("roundtable:news", remember);
const sizes = new ResizeObserver(resized);
sizes.observe(column);
sizes.observe(scroller);

if (isWhole() && !isPlaced && (!location.hash || location.hash === "#latest")) follow();
else following = isWhole() && distance() < 2;
