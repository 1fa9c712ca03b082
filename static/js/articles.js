// Puts the server's articles into the page.
const KEPT = new Set(["open"]);
const WHOLE = new Set(["BUTTON", "FORM", "TIME"]);

const transcript = document.getElementById("transcript");
export const article = (id) => document.getElementById(`m-${id}`);

// The one place where the server's HTML enters the page.
export function trusted(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}

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

// Turns one element into another and keeps what is equal, so that a selection, an
// opened disclosure or the reader's place survives an article's next version.
function morph(from, to) {
  if (from.isEqualNode(to)) return;
  const same = from.nodeName === to.nodeName && !WHOLE.has(to.nodeName);
  if (same && from.nodeType === Node.TEXT_NODE) from.data = to.data;
  else if (same && from.nodeType === Node.ELEMENT_NODE) {
    copyAttributes(from, to);
    morphChildren(from, to);
  } else from.replaceWith(to);
}

// A new message takes the place of whatever followed its parent: another branch.
function insert(fresh, parent) {
  const before = parent && article(parent);
  if (before) {
    while (before.nextElementSibling) before.nextElementSibling.remove();
    before.after(fresh);
  } else if (!document.getElementById("older")) transcript.append(fresh);
}

// Returns the article, or nothing where it belongs above what is loaded.
export function place(id, parent, html) {
  const fresh = trusted(html).firstElementChild;
  let known = article(id);
  if (known && known.dataset.parent !== parent) known = known.remove();
  const hadFocus = known?.contains(document.activeElement);
  if (known) morph(known, fresh);
  else insert(fresh, parent);
  if (hadFocus && document.activeElement === document.body)
    document.getElementById("content")?.focus({ preventScroll: true });
  return article(id);
}
