// All keys that do something, one line each: by this table they act (shortcuts.js), and
// the sheet that `?` opens shows it. To add one, add a line:
//   group  where the sheet shows it, with its neighbours
//   keys   as `KeyboardEvent.key` names them, each of them enough: letters in lower case,
//          "shift+", "alt+" and "mod+" (Ctrl, on a Mac ⌘) before them, and a space
//          between two that are pressed one after the other. A letter alone acts only
//          outside fields, and not for who has turned that off.
//   says   the words of the sheet
//   does   is given the message that has the focus, and returns false where it did
//          nothing: then the key is the browser's. Without it the line is only shown.
//   on     "message" where it needs one that has the focus
// What lives in a module of its own listens for the event that `tell` sends, and says
// by `preventDefault()` that it has done it.
import { leaveField, neighbour, row, write } from "./steps.js";

const seen = (node) => node.checkVisibility({ visibilityProperty: true });

export const press =
  (selector) =>
  (root = document) => {
    const found = [...root.querySelectorAll(selector)].find(seen);
    found?.click();
    return Boolean(found);
  };

const tell = (name) => (message) => {
  const event = new CustomEvent(`roundtable:${name}`, { cancelable: true, detail: message });
  return !document.body.dispatchEvent(event);
};

// In the menu of a message, which may be closed.
const line = (selector) => (message) => {
  const found = message.querySelector(`.more-lines ${selector}`);
  const isThere = found && getComputedStyle(found.closest(".acts") ?? found).display !== "none";
  if (isThere) found.click();
  return Boolean(isThere);
};

const foot = (button) => press(`.foot ${button}`);
const either = (...deeds) => (message) => deeds.some((deed) => deed(message));
const anywhere = (deed) => () => deed(document);

// Also where the list it stands in is not shown.
const begin = () => {
  document.querySelector("a.new").click();
  return true;
};

const newest = (selector) => () => {
  const found = [...document.querySelectorAll(selector)].filter(seen).at(-1);
  found?.click();
  return Boolean(found);
};

export const KEYS = [
  { group: "Anywhere", keys: ["?", "mod+/"], says: "Show these keys", does: tell("keys") },
  { group: "Anywhere", keys: ["n", "mod+shift+o"], says: "New conversation", does: begin },
  { group: "Anywhere", keys: ["mod+k"], says: "Find a conversation or a message", does: tell("palette") },
  { group: "Anywhere", keys: ["shift+k"], says: "Previous conversation", does: () => row(-1) },
  { group: "Anywhere", keys: ["shift+j"], says: "Next conversation", does: () => row(1) },
  { group: "Anywhere", keys: ["l"], says: "Show or hide the list of conversations", does: tell("rail") },
  { group: "Anywhere", keys: ["t"], says: "Light, dark, or as your system has it", does: tell("theme") },

  { group: "Writing", keys: ["/"], says: "Write a message", does: write },
  { group: "Writing", keys: ["Enter"], says: "Send it" },
  { group: "Writing", keys: ["shift+Enter"], says: "A new line" },
  { group: "Writing", keys: ["ArrowUp"], says: "In an empty field: edit your last message" },
  { group: "Writing", keys: ["@"], says: "Name somebody who takes part" },
  { group: "Writing", keys: ["Escape"], says: "Leave the field, for the newest message", does: leaveField },

  { group: "Reading", keys: ["j"], says: "Next message", does: () => neighbour(1) },
  { group: "Reading", keys: ["k"], says: "Previous message", does: () => neighbour(-1) },
  { group: "Reading", keys: ["mod+f"], says: "Find in this conversation", does: tell("find") },
  { group: "Reading", keys: ["i"], says: "Open or close what stands beside it", does: either(anywhere(press("#side[open] > form button")), newest(".foot a[hx-target='#side-body']")) },
  { group: "Reading", keys: ["mod+.", "Escape Escape"], says: "Stop the answer", does: newest(".foot [formaction$='/stop/'].strong") },

  { group: "The message with the focus", on: "message", keys: ["ArrowLeft"], says: "Previous version", does: press(".siblings a[rel=prev]") },
  { group: "The message with the focus", on: "message", keys: ["ArrowRight"], says: "Next version", does: press(".siblings a[rel=next]") },
  { group: "The message with the focus", on: "message", keys: ["c"], says: "Copy", does: foot("[data-copy-answer]") },
  { group: "The message with the focus", on: "message", keys: ["e"], says: "Edit", does: foot("[hx-get$='/edit/']") },
  { group: "The message with the focus", on: "message", keys: ["r"], says: "Retry", does: press("[formaction$='/retry/']") },
  { group: "The message with the focus", on: "message", keys: ["p"], says: "Pin or unpin", does: line("[name=pinned]") },
];
