// Find in this conversation: in all of it, also in what is not in the page.
import { article } from "./articles.js";
import { mark, unmark } from "./found.js";
import { jumpTo } from "./jump.js";
import { isComposing } from "./shortcuts.js";

const WAIT_MILLISECONDS = 120;
const MOST = 1000;
const bar = document.getElementById("find");
const field = document.getElementById("find-words");
const count = document.getElementById("find-count");
const scroller = document.getElementById("scroll");

let found = [], at = -1, words = [], begun = "", waiting = 0, asking = null, opener = null;

const say = (text) => (count.textContent = text);
const total = () => (found.length < MOST ? found.length : `${MOST}+`);

async function go(index) {
  if (!found.length) return;
  at = (index + found.length) % found.length;
  say(`${at + 1} of ${total()}`);
  const wanted = asking;
  const isThere = await jumpTo(found[at], { focus: false });
  if (wanted !== asking || bar.hidden) return;
  if (!isThere) say("This one could not be shown");
  mark(words, begun, found);
}

// The first one in view or after it, else the last before.
function nearest() {
  const { top } = scroller.getBoundingClientRect();
  const here = found.findIndex((id) => article(id)?.getBoundingClientRect().bottom > top);
  return here < 0 ? found.length - 1 : here;
}

async function ask() {
  clearTimeout(waiting);
  waiting = 0;
  asking?.abort();
  const here = (asking = new AbortController());
  const address = `${bar.dataset.url}?${new URLSearchParams({ q: field.value })}`;
  const answer = await fetch(address, { signal: here.signal }).catch(() => null);
  const said = answer?.ok && !answer.redirected ? await answer.json().catch(() => null) : null;
  if (here !== asking || bar.hidden) return;
  if (!said) return say("That could not be looked for");
  ({ found, words, begun } = said);
  mark(words, begun, found);
  if (found.length) await go(nearest());
  else say(field.value.trim() ? "Nothing found" : "");
}

// What an input method has not ended yet is no word.
function typed(event) {
  if (event.isComposing) return;
  clearTimeout(waiting);
  waiting = setTimeout(ask, WAIT_MILLISECONDS);
}

function close() {
  bar.hidden = true;
  clearTimeout(waiting);
  asking?.abort();
  unmark();
  const back = article(found[at]) ?? opener;
  if (back?.isConnected) back.focus({ preventScroll: true });
}

// Once more, and the browser's own comes.
function open(event) {
  if (!bar.hidden && document.activeElement === field) return;
  event.preventDefault();
  opener = bar.hidden ? document.activeElement : opener;
  bar.hidden = false;
  field.focus();
  field.select();
  if (field.value) ask();
}

bar.addEventListener("keydown", (event) => {
  if (isComposing(event)) return;
  if (event.key === "Escape") close();
  else if (event.key !== "Enter" || event.target !== field) return;
  else if (waiting) ask();
  else go(at + (event.shiftKey ? -1 : 1));
  event.preventDefault();
});
bar.addEventListener("submit", (event) => event.preventDefault());
bar.addEventListener("click", ({ target }) => {
  const { find } = target.closest("[data-find]")?.dataset ?? {};
  if (find === "close") return close();
  if (!find) return;
  // It is still being looked for: the next Enter goes on.
  field.focus({ preventScroll: true });
  go(at + Number(find));
});
field.addEventListener("input", typed);
field.addEventListener("compositionend", typed);
document.body.addEventListener("roundtable:find", open);
