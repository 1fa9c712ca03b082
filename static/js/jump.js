// To a message, wherever it is: also above or below what is in the page, or on another
// branch.
import { article } from "./articles.js";
import { branch, isWhole } from "./branches.js";
import { touch } from "./composer.js";
import { follow, isAtEnd, stayAt } from "./scroll.js";
import { show } from "./windows.js";

const MARKED_MILLISECONDS = 2000;
const DEEP = /^#m-([0-9a-f-]{36})$/;

const scroller = document.getElementById("scroll");
const button = document.getElementById("jump");

function mark(node) {
  node.dataset.found = "";
  setTimeout(() => delete node.dataset.found, MARKED_MILLISECONDS);
}

// Returns whether it is there. Whoever writes meanwhile keeps the focus.
export async function jumpTo(id, { focus = true } = {}) {
  if (!article(id)) await show(id);
  const node = article(id);
  if (!node) return false;
  stayAt(node);
  mark(node);
  if (focus) node.focus({ preventScroll: true });
  return true;
}

export async function toLatest() {
  if (!isWhole() && !(await show())) return;
  follow();
}

function deep() {
  const [, id] = location.hash.match(DEEP) ?? [];
  if (id) jumpTo(id);
}

// Who has gone on from a message is at the end after a reload, too.
function goneOn() {
  const { at } = branch();
  if (location.search && at && isAtEnd())
    history.replaceState(null, "", `${location.pathname}?at=${at}`);
}

// The end of the branch, not that of what is in the page.
function pressed(event) {
  if (event.key !== "End" || isWhole() || event.target !== scroller) return;
  event.preventDefault();
  toLatest();
}

scroller.addEventListener("keydown", pressed);
button.addEventListener("click", async () => {
  await toLatest();
  // On touch it would bring the keyboard.
  if (!touch.matches) document.getElementById("content")?.focus({ preventScroll: true });
});
document.body.addEventListener("roundtable:sent", toLatest);
document.body.addEventListener("roundtable:news", goneOn);
addEventListener("hashchange", deep);
deep();
