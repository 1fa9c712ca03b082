// Keeps the end in view while the reader is there, and never moves them otherwise.
const NEAR_PIXELS = 64;

const scroller = document.getElementById("scroll");
const column = document.getElementById("transcript");
const jump = document.getElementById("jump");

let following = true;
let lastTop = 0;

const distance = () =>
  scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;

function showJump() {
  jump.hidden = following || distance() < NEAR_PIXELS;
}

function toEnd() {
  scroller.scrollTop = scroller.scrollHeight;
  lastTop = scroller.scrollTop;
}

function follow() {
  following = true;
  toEnd();
  showJump();
}

// Growing text moves the end away without a scroll: only moving up means leaving.
function moved() {
  const near = distance() < NEAR_PIXELS;
  if (near) following = true;
  else if (scroller.scrollTop < lastTop - 1) following = false;
  lastTop = scroller.scrollTop;
  showJump();
}

function resized() {
  if (following) toEnd();
  showJump();
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
  lastTop = scroller.scrollTop;
  fromEnd = null;
}

const leaves = { ArrowUp: true, PageUp: true, Home: true };

scroller.addEventListener("scroll", moved, { passive: true });
scroller.addEventListener(
  "wheel",
  (event) => {
    if (event.deltaY < 0 && scroller.scrollTop > 0) following = false;
  },
  { passive: true },
);
scroller.addEventListener("keydown", (event) => {
  if (leaves[event.key] && scroller.scrollTop > 0) following = false;
});
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
