// What a model thinks: shown while it does, folded away when its answer begins,
// unless the reader has opened or closed it, or is reading further up.
import { secondsSince } from "./clock.js";

const NEAR_PIXELS = 24;

const chosen = new WeakSet();

const live = (node) => node.querySelector("details[data-live]");
const box = (details) => details.querySelector('[data-part="reasoning"]');
const isAtEnd = ({ scrollHeight, scrollTop, clientHeight }) =>
  scrollHeight - scrollTop - clientHeight < NEAR_PIXELS;
const toEnd = (words) => (words.scrollTop = words.scrollHeight);

function open(details, isOpen) {
  if (!chosen.has(details)) details.open = isOpen;
}

// After each version of an article; the server cannot know what a reader has opened.
export function showThoughts(node) {
  for (const details of node.querySelectorAll("details.thought")) {
    const isThinking = details.dataset.live === "" && !details.hidden;
    open(details, isThinking);
    if (isThinking) toEnd(box(details));
  }
}

// False where the frame does not fit what is here.
export function extendThought(node, frame) {
  if (!node) return false;
  const [attempt, offset] = [Number(node.dataset.attempt), Number(node.dataset.reasoning)];
  if (frame.a !== attempt) return frame.a < attempt;
  if (frame.e <= offset) return true;
  const details = live(node);
  if (frame.o !== offset || !details) return false;
  node.dataset.reasoning = frame.e;
  append(details, frame.x);
  return true;
}

function append(details, text) {
  const words = box(details);
  const follow = isAtEnd(words);
  if (words.lastChild) words.lastChild.appendData(text);
  else words.textContent = text;
  if (details.hidden) {
    details.hidden = false;
    open(details, details.dataset.live === "");
  }
  if (follow) toEnd(words);
}

// The answer begins.
export function endThought(node) {
  const details = live(node);
  if (!details || details.dataset.live !== "") return;
  details.dataset.live = "done";
  if (details.hidden) return;
  const clock = details.querySelector("[data-elapsed]");
  const seconds = clock ? secondsSince(clock) : 0;
  const words = seconds > 0 ? `Thought for ${seconds} s` : "Thought for a moment";
  details.querySelector("summary").textContent = words;
  if (!isAtEnd(box(details))) chosen.add(details);
  open(details, false);
}

document.addEventListener("click", (event) => {
  const summary = event.target.closest(".thought > summary");
  if (summary) chosen.add(summary.parentElement);
});
