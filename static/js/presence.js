// Who is here, and who is typing.
import { send } from "./socket.js";

const MOST_FACES = 4;
const TYPING_MILLISECONDS = 3000;

const line = document.getElementById("typing");
const { reader } = document.getElementById("transcript").dataset;

const faces = () => document.getElementById("faces");

let known = [], present = [], said = 0;

// Those whom the server names, here or not.
function learn() {
  known = [...faces().querySelectorAll("[data-person]")].map((node) => ({
    id: Number(node.dataset.person),
    face: node.dataset.face,
    name: node.title,
    initials: node.textContent,
  }));
}

function face({ id, face: colour, name, initials }, isHere) {
  const node = document.createElement("span");
  node.className = isHere ? "face here" : "face";
  Object.assign(node.dataset, { person: id, face: colour });
  node.title = name;
  node.textContent = initials;
  return node;
}

function more(number) {
  const node = document.createElement("span");
  node.className = "face more";
  node.textContent = `+${number}`;
  return node;
}

const inWords = (names) =>
  names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;

function showFaces(here) {
  const row = faces();
  const ids = new Set(here.map(({ id }) => id));
  const away = known.filter(({ id }) => !ids.has(id));
  const number = Math.max(Number(row.dataset.count), here.length + away.length);
  const shown = [...here, ...away].slice(0, MOST_FACES);
  const nodes = shown.map((person) => face(person, ids.has(person.id)));
  if (number > shown.length) nodes.push(more(number - shown.length));
  row.replaceChildren(...nodes);
  row.hidden = number < 2;
  const others = here.filter(({ id }) => String(id) !== reader).map(({ name }) => name);
  row.setAttribute(
    "aria-label",
    others.length ? `Here now: ${inWords(["you", ...others])}` : "Nobody else is here",
  );
}

function showTyping(here) {
  const names = here
    .filter(({ id, typing }) => typing && String(id) !== reader)
    .map(({ name }) => name);
  const who = names.length > 3 ? `${names.length} people` : inWords(names);
  line.textContent = names.length ? `${who} ${names.length > 1 ? "are" : "is"} typing …` : "";
}

export function showPresence({ here }) {
  present = here;
  showFaces(here);
  showTyping(here);
}

// Said again and again while keys are pressed: the server forgets it by itself.
function typed({ target }) {
  if (target.id !== "content" || !target.value.trim()) return;
  if (Date.now() - said < TYPING_MILLISECONDS) return;
  if (send({ t: "y" })) said = Date.now();
}

// Who may see it has changed.
function relearned({ target }) {
  if (target.id !== "faces") return;
  learn();
  showFaces(present);
}

learn();
document.addEventListener("input", typed);
document.body.addEventListener("htmx:oobAfterSwap", relearned);
document.body.addEventListener("roundtable:sent", () => (said = 0));
