// Acts by the table of keys.
import { attempt } from "./attempt.js";
import { KEYS } from "./keys.js";
import { focused } from "./steps.js";

const TWICE_MILLISECONDS = 1000;
const LETTERS_OFF = "keys of one letter are off";
export const isMac = /Mac|iPhone|iPad/.test(navigator.platform);

const isField = (node) => node.closest?.("input, textarea, select, [contenteditable]") ?? false;
// One character, which whoever speaks to their machine or trembles may type unawares.
const isLetter = (key) => /^(shift\+)?.$/u.test(key);
const OVER = "dialog:modal, :popover-open:not([popover=manual])";
const isOver = () => document.querySelector(OVER) !== null;
// Where Escape closes something of its own.
const closes = ({ key, target }) => key === "Escape" && target.closest?.("dialog, .edit, details");

// Also the key that ends a composition, of which some browsers only say 229.
export const isComposing = (event) => event.isComposing || event.keyCode === 229;

let last = "", pressedAt = 0;

export const areLettersOn = () => attempt(() => localStorage.getItem(LETTERS_OFF)) === null;

export function turnLetters(isOn) {
  attempt(() => (isOn ? localStorage.removeItem(LETTERS_OFF) : localStorage.setItem(LETTERS_OFF, "1")));
}

// Where letters are not Latin, what stands at that place of a Latin keyboard.
const latin = ({ key, code }) => (/^[^\0-\x7f]$/.test(key) && code?.match(/^Key(.)$/)?.[1]) || key;

// Shift is part of what a sign is, not of a letter or of a key with a name.
export function nameOf(event) {
  const { altKey, ctrlKey, metaKey, shiftKey } = event;
  const withGraph = event.getModifierState?.("AltGraph");
  const key = withGraph ? event.key : latin(event);
  const isSign = key.length === 1 && key.toLowerCase() === key.toUpperCase();
  const name = key.length === 1 ? key.toLowerCase() : key;
  const parts = [
    (isMac ? metaKey : ctrlKey && !withGraph) && "mod",
    (isMac ? ctrlKey : metaKey) && "other",
    altKey && !withGraph && "alt",
    shiftKey && !isSign && "shift",
    name,
  ];
  return parts.filter(Boolean).join("+");
}

function holds(line, key, target) {
  if (!line.does || !line.keys.includes(key)) return false;
  if (isLetter(key) && (isField(target) || !areLettersOn())) return false;
  if (key.startsWith("Arrow") && target !== focused()) return false;
  return line.on !== "message" || focused() !== null;
}

function act(key, target) {
  const line = KEYS.find((one) => holds(one, key, target));
  return line ? line.does(focused() ?? undefined) !== false : false;
}

function pressed(event) {
  if (isComposing(event) || event.defaultPrevented || !event.key) return;
  const key = nameOf(event);
  const isSoon = event.timeStamp - pressedAt < TWICE_MILLISECONDS;
  const both = isSoon && !event.repeat ? `${last} ${key}` : "";
  [last, pressedAt] = [key, event.timeStamp];
  if (act(both, event.target) || act(key, event.target)) event.preventDefault();
}

// What closes by Escape has closed before that key arrives here: so this looks first.
let wasOver = false;
document.addEventListener("keydown", (event) => (wasOver = isOver() || closes(event)), true);
document.addEventListener("keydown", (event) => {
  if (wasOver) last = "";
  else pressed(event);
});
