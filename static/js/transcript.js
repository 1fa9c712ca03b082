// Applies what the server says to the transcript. Offsets are the server's own
// numbers: they are compared and handed back, never computed.
import { article, place, trusted } from "./articles.js";
import { localise } from "./clock.js";

const FENCE = /^ {0,3}(`{3,}|~{3,})/;

const transcript = document.getElementById("transcript");

const part = (node, name) => node.querySelector(`[data-part="${name}"]`);
const number = (node, name) => Number(node.dataset[name]);
const withoutLeadingLines = (text) => text.replace(/^\n+/, "");

export function cursor() {
  const node = transcript.querySelector('[data-state="running"]');
  if (!node) return { m: null, a: 0, o: 0, c: 0 };
  const [a, o, c] = ["attempt", "offset", "closed"].map((name) => number(node, name));
  return { m: node.dataset.message, a, o, c };
}

const moveCursor = (node, { a, e, c = node.dataset.closed }) =>
  Object.assign(node.dataset, { attempt: a, offset: e, closed: c });

function showTail(node) {
  if (node.dataset.role !== "assistant") return;
  const tail = part(node, "tail");
  tail.classList.toggle("is-code", FENCE.test(tail.textContent));
}

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
  if (!node) return false;
  if (isKnown(node, frame)) return true;
  if (!write(node, frame)) return false;
  moveCursor(node, frame);
  showTail(node);
  return true;
}

function showArticle(frame) {
  const node = place(frame.m, frame.p, frame.h);
  if (node) [htmx.process, localise, showTail].forEach((prepare) => prepare(node));
  return true;
}

function showVersion(frame) {
  transcript.dataset.seen = frame.v;
  const { conversation } = transcript.dataset;
  const row = `[data-title], .row[data-conversation="${conversation}"] > a`;
  for (const node of document.querySelectorAll(row)) node.textContent = frame.title;
  document.title = `${frame.title} · Roundtable`;
  return true;
}

const kinds = {
  a: showArticle,
  b: (frame) => extend(frame, closeBlocks),
  d: (frame) => extend(frame, appendDelta),
  v: showVersion,
};

// False where the frame does not fit what is here: ask the server again.
export const apply = (frame) => kinds[frame.t]?.(frame) ?? true;

transcript.querySelectorAll("article").forEach(showTail);
