// What became of a copy: seen where one pressed, above the composer where that is out of
// sight, and heard once.
const SHOWN_MILLISECONDS = 1500;
// A menu has closed by then, and the region is known where it speaks.
const PAUSE_MILLISECONDS = 100;

const busy = new WeakSet();
const region = document.createElement("p");
let clearing = null;

function hush() {
  region.className = "visually-hidden";
  region.textContent = "";
}

function isSeen(control) {
  const { left, top, width, height } = control.getBoundingClientRect();
  return control.contains(document.elementFromPoint(left + width / 2, top + height / 2));
}

function say(control, words) {
  region.className = isSeen(control) ? "visually-hidden" : "copied";
  region.textContent = words;
}

// What is outside a dialog may not be heard.
function settle(control) {
  const place = control?.closest("dialog") ?? document.querySelector(".desk") ?? document.body;
  if (region.parentNode !== place) place.append(region);
}

function show(control, words) {
  const label = control.textContent;
  control.textContent = words;
  settle(control);
  hush();
  setTimeout(say, PAUSE_MILLISECONDS, control, words);
  clearTimeout(clearing);
  clearing = setTimeout(hush, PAUSE_MILLISECONDS + SHOWN_MILLISECONDS);
  setTimeout(() => {
    control.textContent = label;
    busy.delete(control);
  }, SHOWN_MILLISECONDS);
}

// Copies by `copy` and says at `control` how that went.
export async function copied(control, copy) {
  if (busy.has(control)) return;
  busy.add(control);
  show(control, await copy().then(() => "Copied", () => "Could not be copied"));
}

region.role = "status";
hush();
settle();
