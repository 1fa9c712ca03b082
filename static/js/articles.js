// Puts the server's articles into the page.
import { isWhole } from "./branches.js";
import { morph } from "./morph.js";
import { arrived, isOnItsWay } from "./sending.js";
import { trusted } from "./trusted.js";

const transcript = document.getElementById("transcript");
export const article = (id) => document.getElementById(`m-${id}`);

// Returns what had the focus, if that went with it.
function dropAfter(node) {
  const { activeElement } = document;
  let here = node.nextElementSibling;
  while (here) {
    const next = here.nextElementSibling;
    if (!isOnItsWay(here)) here.remove();
    here = next;
  }
  return activeElement.isConnected ? null : activeElement;
}

// Who was writing there goes on writing: to a message their letters would be keys.
function handOn(lost, node) {
  const next = lost?.closest("form.edit") ? document.getElementById("content") : node;
  if (lost) next?.focus({ preventScroll: true });
}

// A new message takes the place of whatever followed its parent: another branch.
function insert(fresh, parent) {
  const before = article(parent);
  // What comes after the last that is in the page is loaded with what is between.
  if (before && !isWhole() && before.nextElementSibling?.id === "newer") return;
  if (before) {
    const lost = dropAfter(before);
    before.after(fresh);
    handOn(lost, fresh);
  } else if (!parent && !document.getElementById("older"))
    transcript.replaceChildren(fresh);
}

// Where the branch ends: what was deleted after it is gone here too. False where its end
// belongs here and is not: the branch was deleted further up than what is loaded.
export function cut(end) {
  const last = article(end);
  if (!last) return !end || !isWhole();
  // Who has deleted it goes on from where it can be undone (undo.js).
  const isOwn = transcript.querySelector(".htmx-request") !== null;
  const lost = dropAfter(last);
  if (!isOwn) handOn(lost, last);
  return true;
}

// Returns the article, or nothing where it belongs above or below what is loaded.
export function place(id, parent, html) {
  const fresh = trusted(html).firstElementChild;
  let known = article(id);
  if (known && known.dataset.parent !== parent) known = known.remove();
  const hadFocus = known?.contains(document.activeElement);
  arrived(id, fresh);
  if (known) morph(known, fresh);
  else insert(fresh, parent);
  if (hadFocus && document.activeElement === document.body)
    document.getElementById("content")?.focus({ preventScroll: true });
  return article(id);
}
