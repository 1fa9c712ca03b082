// Marks the answers to the last question: only they can be tried again, whatever people
// said to each other since. A page that ends further up has none.
import { isWhole } from "./branches.js";

const ASKED = '[data-role="user"]:not([data-state="queued"], [data-posted])';
const ANSWER = '[data-role="assistant"]';

const transcript = document.getElementById("transcript");

let marked = [...transcript.querySelectorAll("[data-last]")];

function answers() {
  const found = [];
  let node = isWhole() ? transcript.lastElementChild : null;
  for (; node && !node.matches(ASKED); node = node.previousElementSibling)
    if (node.matches(ANSWER)) found.push(node);
  return found;
}

// An article that comes anew has no mark.
function mark() {
  const now = answers();
  for (const node of marked) if (!now.includes(node)) node.removeAttribute("data-last");
  for (const node of now) if (!("last" in node.dataset)) node.dataset.last = "";
  marked = now;
}

new MutationObserver(mark).observe(transcript, {
  attributeFilter: ["data-last", "data-state"],
  childList: true,
  subtree: true,
});
mark();
