// Files go to the server one by one, in their order, as soon as they are chosen; it
// answers with what the message will have, or with one sentence.
import * as items from "./attach_items.js";
import { notice } from "./composer.js";

const AGAIN_MILLISECONDS = 2000;
const form = () => document.getElementById("composer");
const waiting = [];
let isSending = false, sender = null;

const isPending = () => isSending || waiting.length > 0;

export function add(files) {
  const fitting = files.slice(0, items.room());
  for (const file of fitting) {
    if (file.size > items.list().dataset.mostBytes) items.show(items.tooLarge(file));
    else waiting.push({ file, item: items.show(items.pending(file)) });
  }
  const left = files.length - fitting.length;
  if (left) items.show(items.tooMany(left));
  next();
}

function next() {
  if (!isSending && waiting.length) {
    isSending = true;
    send(waiting.shift());
  }
  if (isPending() || !sender) return;
  const button = sender;
  sender = null;
  const failed = items.list().querySelector(".failed");
  if (failed) items.say("Not all files could be added. Look at them, then send.", true);
  if (!failed) form().requestSubmit(button.isConnected ? button : undefined);
}

function send({ file, item }) {
  const request = new XMLHttpRequest(), body = new FormData();
  if (!item.isConnected) return answered(request, { file, item });
  body.append("csrfmiddlewaretoken", form().elements.csrfmiddlewaretoken.value);
  body.append("file", file, file.name);
  request.open("POST", items.list().dataset.url);
  request.setRequestHeader("HX-Request", "true");
  const bar = item.querySelector("progress");
  request.upload.onprogress = (event) => (bar.value = event.loaded / event.total);
  request.onloadend = () => answered(request, { file, item });
  item.addEventListener("roundtable:dismissed", () => request.abort());
  request.send(body);
}

function answered(request, { file, item }) {
  if (request.status === 503 && item.isConnected)
    return setTimeout(send, AGAIN_MILLISECONDS, { file, item });
  isSending = false;
  if (items.isSignedOut(request)) notice("signed-out");
  const found = item.isConnected ? items.answeredItems(request, file) : [];
  // The next composer may have it already.
  item.replaceWith(...found.filter((one) => !items.isListed(one)));
  window.htmx.process(items.list());
  items.changed();
  next();
}

// What is added while a message is on its way goes with the next one: it leaves the
// composer that goes. One that is refused comes back with all that the server has.
let sent = new Set(), added = [];
const whereComposer = (act) => (event) => event.target.id === "composer" && act(event);

function leave({ detail: { shouldSwap } }) {
  if (shouldSwap) added = [...items.list().children].filter((item) => !sent.has(item));
  if (shouldSwap) added.forEach((item) => item.remove());
}

function arrive() {
  items.list().append(...added.filter((item) => !items.isListed(item)));
  added = [];
}

const moments = {
  "htmx:beforeSend": () => (sent = new Set(items.list().children)),
  "htmx:beforeSwap": leave,
  "htmx:afterSwap": arrive,
};
for (const [name, act] of Object.entries(moments))
  document.body.addEventListener(name, whereComposer(act));

// Sending waits for files that are still on their way.
document.addEventListener("submit", (event) => {
  if (event.target.id !== "composer" || !isPending()) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  sender = event.submitter ?? form().querySelector(".send");
  items.say("This is sent as soon as its files are there.", true);
}, true);
