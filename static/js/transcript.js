// Applies what the server says to the transcript. Offsets are the server's own
// numbers: they are compared and handed back, never computed.
import { keep } from "./anchor.js";
import { told } from "./announce.js";
import { article, cut, place } from "./articles.js";
import { isWhole } from "./branches.js";
import { prepare, showTail } from "./prepare.js";
import { endThought, extendThought, showThoughts } from "./thoughts.js";
import { trusted } from "./trusted.js";

const transcript = document.getElementById("transcript");

const part = (node, name) => node.querySelector(`[data-part="${name}"]`);
const number = (node, name) => Number(node.dataset[name]);
const withoutLeadingLines = (text) => text.replace(/^\n+/, "");

export function cursor() {
  const node = transcript.querySelector('[data-state="running"]');
  if (!node) return { m: null, a: 0, o: 0, c: 0, r: 0 };
  const names = ["attempt", "offset", "closed", "reasoning"];
  const [a, o, c, r] = names.map((name) => number(node, name));
  return { m: node.dataset.message, a, o, c, r };
}

const moveCursor = (node, { a, e, c = node.dataset.closed }) =>
  Object.assign(node.dataset, { attempt: a, offset: e, closed: c });

// Whether the text up to `frame.e` is here already.
function isKnown(node, frame) {
  const [attempt, offset] = [number(node, "attempt"), number(node, "offset")];
  if (frame.a !== attempt) return frame.a < attempt;
  return frame.t === "d" ? frame.e <= offset : frame.e < offset;
}

function appendDelta(node, frame) {
  if (frame.o !== number(node, "offset")) return false;
  const tail = part(node, "tail");
  if (tail.lastChild) tail.lastChild.appendData(frame.x);
  else tail.textContent = withoutLeadingLines(frame.x);
  return true;
}

function closeBlocks(node, frame) {
  const closed = part(node, "closed");
  if (frame.f === number(node, "closed")) closed.append(trusted(frame.h));
  else if (frame.f === 0) closed.replaceChildren(trusted(frame.h));
  else return false;
  part(node, "tail").textContent = withoutLeadingLines(frame.x);
  return true;
}

function extend(frame, write) {
  const node = article(frame.m);
  // It is further down than what is in the page.
  if (!node) return !isWhole();
  if (isKnown(node, frame)) return true;
  if (!write(node, frame)) return false;
  if (frame.e > number(node, "offset")) endThought(node);
  moveCursor(node, frame);
  showTail(node);
  return true;
}

function showArticle(frame) {
  keep(() => {
    const node = told(frame.m, () => place(frame.m, frame.p, frame.h));
    if (node) prepare(node);
  });
  return true;
}

function showVersion(frame) {
  const { v: seen, choice, sharing, elsewhere, end } = frame;
  if (!cut(end)) return location.replace(location.pathname);
  if (!isWhole() && end !== transcript.dataset.end) transcript.dataset.below = "";
  Object.assign(transcript.dataset, { seen, choice, sharing, elsewhere, end });
  transcript.toggleAttribute("data-busy", frame.busy);
  const { conversation } = transcript.dataset;
  const row = `[data-title], .row[data-conversation="${conversation}"] .title`;
  for (const node of document.querySelectorAll(row)) node.textContent = frame.title;
  document.title = `${frame.title} · Roundtable`;
  const chosen = document.getElementById("chosen-model");
  if (chosen && chosen.dataset.choice !== frame.choice) htmx.trigger(chosen, "stale");
  htmx.trigger(document.body, "roundtable:news");
  return true;
}

const kinds = {
  a: showArticle,
  b: (frame) => extend(frame, closeBlocks),
  d: (frame) => extend(frame, appendDelta),
  r: (frame) => extendThought(article(frame.m), frame) || (!article(frame.m) && !isWhole()),
  v: showVersion,
};

// False where the frame does not fit what is here: ask the server again.
export const apply = (frame) => kinds[frame.t]?.(frame) ?? true;

for (const node of transcript.querySelectorAll("article"))
  [showTail, showThoughts].forEach((step) => step(node));
