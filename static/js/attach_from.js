// Where files come from: the button, the clipboard, and whatever is dropped on the page.
import { add } from "./attach.js";
import { changed, list } from "./attach_items.js";
import { notice } from "./composer.js";

const NOT_HERE = "An edit takes no new files. Add them to your next message.";

const drop = () => document.getElementById("drop");
const brings = ({ dataTransfer }) => list() && dataTransfer?.types.includes("Files");

document.addEventListener("change", ({ target }) => {
  if (target.name !== "file" || !target.files.length) return;
  add([...target.files]);
  target.value = "";
});

// What is copied from a page or a sheet has words too: then those are meant.
document.addEventListener("paste", (event) => {
  const { files, types } = event.clipboardData ?? {};
  if (!files?.length || types.includes("text/plain") || !list()) return;
  event.preventDefault();
  if (event.target.closest?.("form.edit")) notice("said", NOT_HERE);
  else add([...files]);
});

function over(event) {
  if (!brings(event)) return;
  event.preventDefault();
  drop().hidden = false;
}

// Off the page; what goes away under the pointer says nothing at all.
function left({ relatedTarget }) {
  if (!relatedTarget) drop().hidden = true;
}

function dropped(event) {
  if (!brings(event)) return;
  event.preventDefault();
  drop().hidden = true;
  // Folders have no bytes of their own.
  const items = [...event.dataTransfer.items].filter((one) => !one.webkitGetAsEntry?.()?.isDirectory);
  add(items.map((one) => one.getAsFile()).filter(Boolean));
  document.getElementById("content").focus({ preventScroll: true });
}

for (const name of ["dragenter", "dragover"]) document.addEventListener(name, over);
document.addEventListener("dragleave", left);
document.addEventListener("drop", dropped);

// Focus goes on to what is next, not to the top of the page.
function leave(item) {
  const beside = item.nextElementSibling ?? item.previousElementSibling;
  (beside?.querySelector("button") ?? document.getElementById("content")).focus();
}

document.addEventListener("click", ({ target }) => {
  const item = target.closest?.("[data-dismiss]")?.closest(".file");
  if (!item) return;
  leave(item);
  item.remove();
  item.dispatchEvent(new Event("roundtable:dismissed"));
  changed();
});
document.body.addEventListener("htmx:beforeSwap", ({ detail: { target, xhr } }) => {
  if (target.matches?.("[data-file]") && xhr.status < 300) leave(target);
});
document.body.addEventListener("htmx:afterSettle", changed);
changed();
