// Marks words in the messages that are in the page, without touching them.
const NAME = "found";
// In one message: nobody looks at more, and to paint them takes long.
const MOST = 2000;
const LETTER = /[\p{L}\p{N}]/u;
const PLAIN = /^[\0-\x7f]*$/;
const PARTS = "#transcript > article [data-part=content]";
// Written without spaces: they stand anywhere.
const UNSPACED = /[\u0e00-\u0eff\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\u{20000}-\u{3ffff}]/u;

// What has been read for these ids, by node, with the words it had then.
let marks = null, askedFor = null, read = new WeakMap();

const bare = (letter) => letter.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
const fold = (letter) => (PLAIN.test(letter) ? letter.toLowerCase() : bare(letter).replaceAll("ß", "ss"));

// Each folded letter and, where that may be elsewhere, where in the text it begins and ends.
function folded(text) {
  if (PLAIN.test(text)) return { words: text.toLowerCase() };
  let words = "", at = 0;
  const starts = [], ends = [];
  for (const letter of text) {
    for (const unit of fold(letter)) {
      for (let index = 0; index < unit.length; index += 1) {
        starts.push(at);
        ends.push(at + letter.length);
      }
      words += unit;
    }
    at += letter.length;
  }
  return { words, starts, ends };
}

function isFound(words, at, part, isBegun) {
  if (UNSPACED.test(part)) return true;
  const before = words[at - 1] ?? " ";
  const after = words[at + part.length] ?? " ";
  return !LETTER.test(before) && (isBegun || !LETTER.test(after));
}

function* rangesIn(node, parts) {
  const { words, starts, ends } = folded(node.data);
  for (const [part, isBegun] of parts) {
    for (let at = words.indexOf(part); at >= 0; at = words.indexOf(part, at + part.length)) {
      if (!isFound(words, at, part, isBegun)) continue;
      const range = new StaticRange({
        startContainer: node,
        startOffset: starts?.[at] ?? at,
        endContainer: node,
        endOffset: ends?.[at + part.length - 1] ?? at + part.length,
      });
      yield range;
    }
  }
}

export function unmark() {
  CSS.highlights?.delete(NAME);
  askedFor = marks = null;
}

function begin(ids) {
  askedFor = ids;
  read = new WeakMap();
  marks = new Highlight();
  CSS.highlights.set(NAME, marks);
}

const isRead = (node) => read.get(node) === node.data;

function readIn(content, parts) {
  const texts = document.createTreeWalker(content, NodeFilter.SHOW_TEXT);
  let left = MOST;
  while (texts.nextNode()) {
    const node = texts.currentNode;
    if (isRead(node)) continue;
    read.set(node, node.data);
    for (const range of left ? rangesIn(node, parts) : []) {
      marks.add(range);
      left -= 1;
      if (!left) break;
    }
  }
}

// In the messages with these ids: all the words stand there. For the same ids once more
// only what is new in the page is read.
export function mark(words, begun, ids) {
  if (!CSS.highlights) return;
  const parts = words.map((word) => [fold(word), false]);
  if (begun) parts.push([fold(begun), true]);
  if (askedFor !== ids) begin(ids);
  const isGone = ({ startContainer: node }) => !node.isConnected || !isRead(node);
  for (const range of [...marks]) if (isGone(range)) marks.delete(range);
  const wanted = new Set(ids);
  for (const content of document.querySelectorAll(PARTS)) {
    if (wanted.has(content.closest("article").dataset.message)) readIn(content, parts);
  }
}
