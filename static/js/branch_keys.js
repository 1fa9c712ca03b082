// Keys for branches: ← and → at the versions of a message, ↑ to edit one's last one.
import { isWhole } from "./branches.js";
import { toLatest } from "./jump.js";

const transcript = document.getElementById("transcript");
const { reader } = transcript.dataset;
const STEPS = { ArrowLeft: "prev", ArrowRight: "next" };

const isModified = ({ altKey, ctrlKey, metaKey, shiftKey }) =>
  altKey || ctrlKey || metaKey || shiftKey;

function step(event) {
  const siblings = event.target.closest(".siblings");
  if (!siblings || !STEPS[event.key]) return false;
  siblings.querySelector(`a[rel=${STEPS[event.key]}]`)?.click();
  return true;
}

const own = () => [...transcript.querySelectorAll(`[data-only="${reader}"] [hx-get$="/edit/"]`)];

// The last of all, not of what is in the page.
function editLast({ key, target }) {
  if (key !== "ArrowUp" || target.id !== "content" || target.value) return false;
  if (!isWhole()) toLatest().then(() => isWhole() && !target.value && own().at(-1)?.click());
  else own().at(-1)?.click();
  return !isWhole() || own().length > 0;
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || isModified(event)) return;
  if (step(event) || editLast(event)) event.preventDefault();
});
