// Says to who cannot see it that an answer begins or has ended and that somebody has
// written: once each, how many where they come all at once, and never what is still being
// written.
const PAUSE_MILLISECONDS = 300;
const MOST_SENTENCES = 3;
const MOST_CHARACTERS = 240;

const region = document.getElementById("announcement");
const { reader } = document.getElementById("transcript").dataset;
const BEGINS = "Roundtable is answering.";
const isActive = (state) => state === "running" || state === "queued";

let waiting = null, sentences = [];

function flush() {
  const begins = sentences.filter((sentence) => sentence === BEGINS);
  const count = sentences.length - begins.length;
  if (count > MOST_SENTENCES) sentences = [`${count} new messages.`, ...begins];
  region.textContent = sentences.join(" ");
  sentences = [];
}

function beginning(node) {
  const words = node.querySelector('[data-part="content"]').textContent.trim();
  return words.length > MOST_CHARACTERS ? `${words.slice(0, MOST_CHARACTERS)} …` : words;
}

function ofAnswer(node, was) {
  const { state } = node.dataset;
  if (state === was || state === "queued") return "";
  if (state === "running") return BEGINS;
  if (was && !isActive(was)) return "";
  sentences = sentences.filter((sentence) => sentence !== BEGINS);
  const note = node.querySelector(".state p")?.textContent.trim() ?? "";
  return `Roundtable has answered: ${beginning(node)} ${note}`.trim();
}

function ofPerson(node, was) {
  if (was || node.querySelector(`[data-only="${reader}"]`)) return "";
  return `${node.querySelector(".by h2").textContent} wrote: ${beginning(node)}`;
}

// Does what shows a message anew, and announces what is new about it.
export function told(id, show) {
  const was = document.getElementById(`m-${id}`)?.dataset.state;
  const node = show();
  const say = node?.dataset.role === "assistant" ? ofAnswer : ofPerson;
  const sentence = node ? say(node, was) : "";
  if (!sentence) return node;
  sentences.push(sentence);
  clearTimeout(waiting);
  waiting = setTimeout(flush, PAUSE_MILLISECONDS);
  return node;
}
