// What one withdraws goes back to where it was written.
const { reader } = document.getElementById("transcript").dataset;
const field = () => document.getElementById("content");

// Read before it is withdrawn: the article may be another one after that.
const words = new WeakMap();
const isFree = () => field() && !field().value.trim();

function own(elt) {
  const article = elt.matches("[data-withdraw]") ? elt.closest("article") : null;
  return article?.querySelector(`[data-only="${reader}"]`) ? article : null;
}

// Its files come with the answer.
function wishing({ detail: { elt, parameters } }) {
  if (own(elt) && isFree()) parameters.back = "1";
}

function asking({ detail: { elt, xhr } }) {
  const tail = own(elt)?.querySelector('[data-part="tail"]');
  if (tail) words.set(xhr, tail.textContent);
}

function answered({ detail: { xhr, successful } }) {
  const area = field();
  if (!successful || !words.has(xhr) || !isFree()) return;
  area.value = words.get(xhr);
  area.dispatchEvent(new Event("input", { bubbles: true }));
  area.focus({ preventScroll: true });
}

document.body.addEventListener("htmx:configRequest", wishing);
document.body.addEventListener("htmx:beforeRequest", asking);
document.body.addEventListener("htmx:afterRequest", answered);
