// Keeps the end in view while the reader is there, and never moves them otherwise.
const NEAR_PIXELS = 64;

const scroller = document.getElementById("scroll");
const column = document.getElementById("transcript");
const jump = document.getElementById("jump");

let following = true;
let held = false;
let lastTop = 0;

const distance = () =>
  scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;

function remember() {
  lastTop = scroller.scrollTop;
  jump.hidden = following || distance() < NEAR_PIXELS;
}

function toEnd() {
  scroller.scrollTop = scroller.scrollHeight;
  remember();
}

function follow() {
  following = true;
  toEnd();
}

// Growing text moves the end away without a scroll: only moving up means leaving.
function moved() {
  const top = scroller.scrollTop;
  const back = top > lastTop && distance() < NEAR_PIXELS;
  if (back || distance() < 2) following = true;
  else if (top < lastTop - 1) following = false;
  remember();
}

// At once after each change: an article that gets shorter moves the page up by
// itself, which must not look like the reader's doing.
export function settle() {
  if (following && !held) toEnd();
}

function resized() {
  settle();
  remember();
}

// Older messages arrive above: keep what is being read where it is.
let fromEnd = null;

function beforeOlder(event) {
  if (event.target.id === "older")
    fromEnd = scroller.scrollHeight - scroller.scrollTop;
}

function afterOlder() {
  if (fromEnd === null) return;
  scroller.scrollTop = scroller.scrollHeight - fromEnd;
  fromEnd = null;
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
for (const name of ["pointerdown", "touchstart"])
  scroller.addEventListener(name, () => (held = true), passive);
for (const name of ["pointerup", "pointercancel", "touchend", "touchcancel"])
  addEventListener(name, () => (held = false), passive);
jump.addEventListener("click", () => {
  follow();
  document.getElementById("content")?.focus({ preventScroll: true });
});
document.body.addEventListener("roundtable:sent", follow);
document.body.addEventListener("htmx:beforeSwap", beforeOlder);
document.body.addEventListener("htmx:afterSwap", afterOlder);
const sizes = new ResizeObserver(resized);
sizes.observe(column);
sizes.observe(scroller);

if (!location.hash || location.hash === "#latest") follow();
