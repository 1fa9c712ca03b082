// What a page does for articles that the server has sent.
import { localise } from "./clock.js";
import { showThoughts } from "./thoughts.js";

const FENCE = /^ {0,3}(`{3,}|~{3,})/;

export function showTail(node) {
  if (node.dataset.role !== "assistant") return;
  const tail = node.querySelector('[data-part="tail"]');
  tail.classList.toggle("is-code", FENCE.test(tail.textContent));
}

export function prepare(node) {
  const steps = [htmx.process, localise, showTail, showThoughts];
  steps.forEach((step) => step(node));
}
