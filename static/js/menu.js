// The model menu: its list is loaded when it is opened first.
import { notice } from "./composer.js";
import { check } from "./models.js";

// What an answer must hold to be put into the page.
const EXPECTED = { "model-menu": "model-form", "chosen-model": "chosen-model" };

const touch = matchMedia("(hover: none) and (pointer: coarse)");
const menu = document.getElementById("model-menu");
const search = () => document.getElementById("model-search");

let choosing = 0, isWaiting = false, isStale = false;

function opened() {
  if (!search()) return htmx.trigger(menu, "list");
  check(document.querySelector("#chosen-model [name=model]").value);
  keepHeight();
  menu.querySelector(":checked")?.scrollIntoView({ block: "center" });
  if (!touch.matches) search().focus();
}

// The menu stands on the composer: with fewer rows its search field would come down.
function keepHeight() {
  menu.style.blockSize = "";
  menu.style.blockSize = `${menu.offsetHeight}px`;
}

// In a search field it would only empty that.
function pressed(event) {
  if (event.key !== "Escape") return;
  event.preventDefault();
  menu.hidePopover();
}

// A pointer takes a row at once. Keys check it, as they do in every form.
function clicked({ detail, target }) {
  if (detail && target.name === "model") target.form.requestSubmit();
}

function taken() {
  menu.hidePopover();
  if (!touch.matches) document.getElementById("content").focus({ preventScroll: true });
}

// A log-in page, for one, is not for here.
function answered(event) {
  const { target, xhr } = event.detail;
  const wanted = EXPECTED[target.id];
  if (!wanted || xhr.responseText.includes(`id="${wanted}"`)) return;
  event.detail.shouldSwap = false;
  if (new URL(xhr.responseURL).pathname.startsWith("/login/")) notice("signed-out");
}

// What is sent while a choice is on its way would be asked of the model before it.
function sending(event) {
  if (event.target.id !== "composer" || !choosing) return;
  event.preventDefault();
  event.stopPropagation();
  isWaiting = true;
}

// What is chosen elsewhere while a choice is on its way is asked for after it.
function changed({ target }) {
  if (target.id === "chosen-model" && choosing) isStale = true;
}

// The request tells of its own end, for what asked may be gone from the page by then.
function began({ detail: { target, xhr } }) {
  if (target.id !== "chosen-model") return;
  choosing += 1;
  // One that replaces it has begun by then.
  xhr.addEventListener("loadend", () => setTimeout(ended, 0, xhr));
}

function ended({ status }) {
  choosing -= 1;
  if (choosing) return;
  const wasWaiting = isWaiting;
  const wasStale = isStale;
  isWaiting = isStale = false;
  if (wasWaiting && status >= 200 && status < 300)
    document.getElementById("composer").requestSubmit();
  if (wasStale) refresh();
}

function refresh() {
  const chosen = document.getElementById("chosen-model");
  const { choice } = document.getElementById("transcript").dataset;
  if (chosen.dataset.choice !== choice) htmx.trigger(chosen, "stale");
}

menu?.addEventListener("keydown", pressed);
menu?.addEventListener("click", clicked);
menu?.addEventListener("submit", taken);
menu?.addEventListener("htmx:afterSwap", opened);
menu?.addEventListener("toggle", ({ newState }) => newState === "open" && opened());
document.addEventListener("submit", sending, true);
document.addEventListener("stale", changed, true);
document.body.addEventListener("htmx:beforeSend", began);
document.body.addEventListener("htmx:beforeSwap", answered);
