// Where what is in the page ends, above and below: links to what comes next.
import { isWhole } from "./branches.js";

const AHEAD = "1200px 0px";
const WORDS = { older: "Older messages", newer: "Newer messages" };
const SIDES = { older: "before", newer: "after" };

const transcript = document.getElementById("transcript");
const scroller = document.getElementById("scroll");

export const edge = (name) => document.getElementById(name);
export const all = () => [...transcript.querySelectorAll(":scope > article")];

// What one writes in stays.
export const isHeld = (node) => node.querySelector("form.edit") !== null;

export function makeEdge(name, { dataset: { message } }) {
  const page = new URL("../", new URL(transcript.dataset.around, location)).pathname;
  const link = document.createElement("a");
  const query = `?${SIDES[name]}=${message}`;
  Object.assign(link, { id: name, className: "older", textContent: WORDS[name] });
  link.href = `${page}${query}`;
  link.dataset.load = `${page}${name}/${query}`;
  return link;
}

// So many articles at one end, with what stands between them and beyond.
export function span(name, count) {
  const nodes = [...transcript.children];
  const articles = all();
  if (name === "newer") return nodes.slice(nodes.indexOf(articles.at(-count)));
  return nodes.slice(0, nodes.indexOf(articles[count - 1]) + 1);
}

const within = (rootMargin, load) =>
  new IntersectionObserver(
    (seen) => seen.forEach(({ isIntersecting, target }) => isIntersecting && load(target)),
    { root: scroller, rootMargin },
  );

// Has what comes next loaded before it is reached; who only reads the end needs nothing
// ahead. What it returns looks anew: what is in view already is then loaded, too.
export function watch(load) {
  let observer = within("0px", load);
  let lastTop = scroller.scrollTop;

  function observe() {
    observer.disconnect();
    for (const node of [edge("older"), edge("newer")]) if (node) observer.observe(node);
  }

  function scrolled() {
    const top = scroller.scrollTop;
    const isLeaving = isWhole() ? top < lastTop - 1 : top !== lastTop;
    lastTop = top;
    if (!isLeaving) return;
    scroller.removeEventListener("scroll", scrolled);
    observer.disconnect();
    observer = within(AHEAD, load);
    observe();
  }

  scroller.addEventListener("scroll", scrolled, { passive: true });
  return observe;
}
