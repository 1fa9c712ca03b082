// The notice of what can be undone: it stays for a while, and for as long as somebody is at it.
const LASTS_MILLISECONDS = 12_000;
// What is closer to the end of the page is at it.
const NEAR_PIXELS = 120;

const region = document.getElementById("undo");
const notice = () => region.querySelector(".undo-notice");

let timer = null, byKeys = false;

const isHeld = () => region.matches(":hover, :focus-within") || document.hidden;

function wait() {
  clearTimeout(timer);
  timer = setTimeout(() => (isHeld() ? wait() : dismiss()), LASTS_MILLISECONDS);
}

// Above whatever else is on top: lists, in which things are deleted, are on small screens.
// Beside what is shown alone nothing can be pressed, so it goes along in there.
function raise() {
  const alone = document.querySelector("dialog:modal") ?? document.body;
  if (region.parentNode !== alone) alone.append(region);
  if (!region.showPopover) return;
  region.popover = "manual";
  if (region.matches(":popover-open")) region.hidePopover();
  region.showPopover();
}

// Over neither what one writes nor what sends it.
function place() {
  const field = document.getElementById("composer")?.getBoundingClientRect();
  const isAtEnd = field && field.bottom > innerHeight - NEAR_PIXELS;
  region.style.setProperty("--above", `${isAtEnd ? innerHeight - field.top : 0}px`);
}

function show() {
  if (!notice()) return;
  raise();
  place();
  wait();
  // What had the focus may be gone with what was deleted.
  if (byKeys && !document.activeElement?.closest("main, .rail"))
    region.querySelector(".button")?.focus();
}

function dismiss() {
  clearTimeout(timer);
  const hadFocus = region.contains(document.activeElement);
  region.replaceChildren();
  const beside = region.closest("dialog")?.querySelector("h2");
  const back = beside ?? document.getElementById("content");
  if (hadFocus) back?.focus({ preventScroll: true });
}

function clicked({ target }) {
  if (target.closest("[data-dismiss]")) dismiss();
}

function pressed(event) {
  if (event.key !== "Escape" || !notice()) return;
  event.preventDefault();
  dismiss();
}

// Undone: the page follows by itself. An answer that says more has replaced the notice.
function undone({ detail: { elt, successful } }) {
  if (successful && region.contains(elt)) dismiss();
}

// Where a line of a list goes with the focus in it, the next one has it, or the heading:
// if nothing else took it, as what can be undone does.
function going({ detail: { shouldSwap }, target }) {
  if (!shouldSwap || !target.matches("main .kept > li") || !target.matches(":focus-within")) return;
  const beside = target.nextElementSibling ?? target.previousElementSibling;
  const next = beside?.querySelector(".button") ?? document.querySelector("main h1");
  if (!beside) next.tabIndex = -1;
  setTimeout(() => document.activeElement === document.body && next.focus());
}

function asking() {
  byKeys = document.activeElement?.matches(":focus-visible") ?? false;
}

region.addEventListener("click", clicked);
region.addEventListener("keydown", pressed);
region.addEventListener("pointerenter", wait);
region.addEventListener("focusin", wait);
document.body.addEventListener("htmx:beforeRequest", asking);
document.body.addEventListener("htmx:beforeSwap", going);
document.body.addEventListener("htmx:afterRequest", undone);
document.addEventListener("close", raise, true);
new MutationObserver(show).observe(region, { childList: true });
raise();
show();
addEventListener("resize", place);
