// Turns one element into another and keeps what is equal, so that a selection, an
// opened disclosure or the reader's place survives its next version.
// What a page decides for itself.
const KEPT = new Set(["data-editing", "data-up", "data-end", "open"]);
const WHOLE = new Set(["BUTTON", "FORM", "TIME"]);

const isKept = (node) => node instanceof Element && "kept" in node.dataset;
const withId = (parent, id) => id && [...parent.children].find((node) => node.id === id);
const isBefore = (node, other) =>
  Boolean(node?.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING);

function copyAttributes(from, to) {
  for (const { name } of [...from.attributes])
    if (!to.hasAttribute(name) && !KEPT.has(name)) from.removeAttribute(name);
  for (const { name, value } of to.attributes)
    if (!KEPT.has(name) && from.getAttribute(name) !== value) from.setAttribute(name, value);
}

function dropUntil(node, end) {
  let here = node;
  while (here && here !== end) {
    const next = here.nextSibling;
    if (!isKept(here)) here.remove();
    here = next;
  }
  return here;
}

// What has an id stays the same element, whatever comes or goes before it.
function morphChildren(from, to) {
  let here = from.firstChild;
  for (const fresh of [...to.childNodes]) {
    const same = withId(from, fresh.id);
    if (same && isBefore(here, same)) here = dropUntil(here, same);
    if (!here || (here !== same && withId(to, here.id))) from.insertBefore(fresh, here);
    else {
      const next = here.nextSibling;
      morph(here, fresh);
      here = next;
    }
  }
  dropUntil(here, null);
}

export function morph(from, to) {
  if (from.isEqualNode(to)) return;
  const same = from.nodeName === to.nodeName && !WHOLE.has(to.nodeName);
  if (same && from.nodeType === Node.TEXT_NODE) from.data = to.data;
  else if (same && from.nodeType === Node.ELEMENT_NODE) {
    copyAttributes(from, to);
    morphChildren(from, to);
  } else from.replaceWith(to);
}
