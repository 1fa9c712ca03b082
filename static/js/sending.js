// Shows at once what one sends, until the server's own article of it is here. Where it was
// refused it goes again: the words are still in the composer.
import { isWhole } from "./branches.js";
import { follow } from "./scroll.js";

const transcript = document.getElementById("transcript");
const { reader } = transcript.dataset;

const all = () => [...transcript.querySelectorAll(':scope > [data-state="sending"]')];
const isComposer = (node) => node?.id === "composer";

export const isOnItsWay = (node) => node.dataset.state === "sending";

// An article of one's own has come: not twice.
export function arrived(id, fresh) {
  if (!fresh.querySelector(`[data-only="${reader}"]`)) return;
  const waiting = all();
  const same = waiting.find(({ dataset }) => dataset.said === id);
  (same ?? waiting.find(({ dataset }) => !dataset.said))?.remove();
}

function show({ detail: { elt } }) {
  if (!isComposer(elt) || !isWhole()) return;
  const node = document.getElementById("as-sent").content.firstElementChild.cloneNode(true);
  node.querySelector("[data-part]").textContent = elt.elements.content.value.trim();
  transcript.append(node);
  follow();
}

// What was sent before already, though its answer got lost, is here.
function answered({ detail: { requestConfig, xhr } }) {
  const node = all().find(({ dataset }) => !dataset.said);
  // The composer of the request has gone by now: another is in its place.
  if (!node || !isComposer(requestConfig?.elt)) return;
  const [, said] = xhr.responseText.match(/<form id="composer"[^>]* data-said="([^"]+)"/) ?? [];
  if (said && !document.getElementById(`m-${said}`)) node.dataset.said = said;
  else node.remove();
}

if (document.getElementById("as-sent")) {
  document.body.addEventListener("htmx:beforeSend", show);
  document.body.addEventListener("htmx:afterRequest", answered);
}
