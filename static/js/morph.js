// Turns one element into another and keeps what is equal, so that a selection, an
// opened disclosure or the reader's place survives an article's next version.
const KEPT = new Set(["open"]);
const WHOLE = new Set(["BUTTON", "FORM", "TIME"]);

function copyAttributes(from, to) {
  for (const { name } of [...from.attributes])
    if (!to.hasAttribute(name) && !KEPT.has(name)) from.removeAttribute(name);
  for (const { name, value } of to.attributes)
    if (from.getAttribute(name) !== value) from.setAttribute(name, value);
}

function morphChildren(from, to) {
  const [old, fresh] = [[...from.childNodes], [...to.childNodes]];
  old.forEach((node, index) => {
    if (index < fresh.length) morph(node, fresh[index]);
    else node.remove();
  });
  from.append(...fresh.slice(old.length));
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
