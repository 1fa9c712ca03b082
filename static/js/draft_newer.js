// Another page of the same person has kept something newer: they say which one stays.
let newer = null, decide = null;

const line = () => document.querySelector("#composer [data-newer]");

export const isOffered = () => newer !== null;

export function offer(said, then) {
  newer = said;
  decide = then;
  line().hidden = false;
}

// Where another composer is in the place of the one that said it.
export function showAgain() {
  if (newer) line().hidden = false;
}

export function withdraw() {
  newer = null;
}

function clicked({ target }) {
  const isUsed = target.matches("[data-newer-use]");
  if (!newer || (!isUsed && !target.matches("[data-newer-keep]"))) return;
  const said = newer;
  newer = null;
  line().hidden = true;
  decide(said, isUsed);
}

document.addEventListener("click", clicked);
