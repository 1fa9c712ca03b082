// Long lines of code: they scroll, or wrap where their reader wants that, everywhere.
import { attempt } from "./attempt.js";

const KEY = "roundtable.wrap";

function show(wraps) {
  document.documentElement.toggleAttribute("data-wrap-code", wraps);
}

function choose(button) {
  // What the reader looks at stays where it is, however the code above it grows.
  const top = button.getBoundingClientRect().top;
  const wraps = !document.documentElement.hasAttribute("data-wrap-code");
  show(wraps);
  const scroller = document.getElementById("scroll");
  scroller?.scrollBy({ top: button.getBoundingClientRect().top - top, behavior: "instant" });
  attempt(() => localStorage.setItem(KEY, wraps ? "1" : "0"));
}

show(attempt(() => localStorage.getItem(KEY)) === "1");
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-wrap]");
  if (button) choose(button);
});
window.addEventListener("storage", (event) => {
  if (event.key === KEY) show(event.newValue === "1");
});
