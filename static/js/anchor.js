// Keeps what is being read where it is while the page changes above it.
import { moved, remember, top } from "./scroll.js";

const scroller = document.getElementById("scroll");
const column = document.getElementById("transcript");

function firstInView() {
  const edge = top(scroller);
  const all = [...column.querySelectorAll(":scope > article")];
  return all.find((node) => node.getBoundingClientRect().bottom > edge + 1);
}

// The browser's own way of it would move the page once more.
export function keep(change) {
  // What the reader has done meanwhile is not taken for what is done here.
  moved();
  const node = firstInView();
  const before = node && top(node);
  scroller.style.overflowAnchor = "none";
  change();
  if (node?.isConnected) scroller.scrollTop += top(node) - before;
  requestAnimationFrame(() => (scroller.style.overflowAnchor = ""));
  remember();
}
