// Copies code, or an answer without the captions of its code blocks, formulas as LaTeX; the
// address of a message; and what the server has: a message as it was written, a request.
import { copied } from "./copied.js";
import { isPlain } from "./plain.js";

function words(button) {
  if (button.hasAttribute("data-copy"))
    return button.closest("figure").querySelector("pre").textContent;
  const content = button.closest("article").querySelector('[data-part="content"]');
  const written = [...content.querySelectorAll("math")].map(asWritten);
  content.classList.add("copying");
  const text = content.innerText.trim();
  content.classList.remove("copying");
  for (const node of written) node.remove();
  return text;
}

function asWritten(math) {
  const mark = math.getAttribute("display") === "block" ? "$$" : "$";
  const node = new Text(`${mark}${math.getAttribute("alttext")}${mark}`);
  math.before(node);
  return node;
}

// Plain http has no clipboard other than on this machine itself.
function copyBySelection(text, place) {
  const before = document.activeElement;
  const area = document.createElement("textarea");
  area.className = "visually-hidden";
  area.value = text;
  place.append(area);
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  before?.focus({ preventScroll: true });
  if (!isCopied) throw new Error("refused");
}

// `place` is where text can be selected: around a dialog it cannot. A browser may refuse,
// for one what comes so long after the click.
export async function copyText(text, place = document.body) {
  if (navigator.clipboard) await navigator.clipboard.writeText(text);
  else copyBySelection(text, place);
}

// A log-in page, for one, is not what was asked for.
async function textAt(url) {
  const answer = await fetch(url);
  if (!answer.ok || answer.redirected) throw new Error(answer.status);
  return answer.text();
}

const KINDS = {
  "[data-copy], [data-copy-answer]": async (button) => copyText(words(button)),
  "[data-copy-link]": ({ href }) => copyText(href),
  "[data-copy-source]": async ({ href }) => copyText((await textAt(href)).trimEnd()),
  "[data-copy-from]": async ({ dataset, parentElement }) =>
    copyText(await textAt(dataset.copyFrom), parentElement),
};

document.addEventListener("click", (event) => {
  if (!isPlain(event)) return;
  for (const [selector, copy] of Object.entries(KINDS)) {
    const control = event.target.closest(selector);
    if (!control) continue;
    event.preventDefault();
    copied(control, () => copy(control));
  }
});
