// Editing a message where it stands.
import { notice } from "./composer.js";
import { forget, note, restore } from "./edits_here.js";

const FAILED = "This message can’t be edited just now. Please load this page anew.";

// Whether one came from the composer, to which one goes back then.
let isFromComposer = false;

const form = (node) => node?.closest?.("form.edit");
const edited = (article) => article?.querySelector(":scope > form.edit");

function resize(area) {
  if (CSS.supports("field-sizing", "content")) return;
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight}px`;
}

function close(node) {
  const article = node.closest("article");
  node.remove();
  delete article.dataset.editing;
  const back = isFromComposer ? "#content" : `#${article.id} .foot [hx-get$='/edit/']`;
  document.querySelector(back)?.focus({ preventScroll: true });
}

function clicked(event) {
  if (!event.target.closest("[data-cancel]") || !form(event.target)) return;
  event.preventDefault();
  forget(form(event.target));
  close(form(event.target));
}

function typed({ target }) {
  if (!form(target) || target.name !== "content") return;
  note(form(target), target);
  resize(target);
}

function pressed(event) {
  const node = form(event.target);
  if (!node || event.isComposing || event.keyCode === 229) return;
  const sends = event.key === "Enter" && (event.ctrlKey || event.metaKey);
  if (sends && event.target.value?.trim()) node.requestSubmit();
  // What was typed is there again when one goes on.
  if (event.key === "Escape") close(node);
}

// A log-in page, for one, is not for here.
function answered(event) {
  const { target, xhr, pathInfo, requestConfig } = event.detail;
  if (!pathInfo.requestPath.endsWith("/edit/")) return;
  if (xhr.responseText.includes('class="edit"') && !edited(target)) return;
  event.detail.shouldSwap = false;
  event.detail.isError = xhr.status >= 400;
  if (event.detail.isError && requestConfig.verb === "get") notice("said", FAILED);
  if (new URL(xhr.responseURL).pathname.startsWith("/login/")) notice("signed-out");
}

// Sent: the page of the new branch comes next. What waited has its new words already.
function sent({ target, detail: { requestConfig, xhr } }) {
  const node = form(target);
  if (!node || !(xhr.status === 204 || xhr.getResponseHeader("HX-Redirect"))) return;
  const { content } = requestConfig.parameters;
  if (node.elements.content.value === content) forget(node);
  if (xhr.status === 204) close(node);
}

function asking({ detail: { pathInfo, requestConfig } }) {
  if (requestConfig.verb === "get" && pathInfo.requestPath.endsWith("/edit/"))
    isFromComposer = document.activeElement.id === "content";
}

function swapped({ target }) {
  const node = form(target) ?? edited(target);
  const area = node?.querySelector("textarea");
  if (!area) return;
  node.parentElement.dataset.editing = "";
  restore(node, area);
  area.dispatchEvent(new Event("input", { bubbles: true }));
  area.focus();
  area.setSelectionRange(area.value.length, area.value.length);
  node.scrollIntoView({ block: "nearest" });
}

document.addEventListener("click", clicked);
document.addEventListener("keydown", pressed);
document.addEventListener("input", typed);
document.body.addEventListener("htmx:beforeRequest", asking);
document.body.addEventListener("htmx:beforeOnLoad", sent);
document.body.addEventListener("htmx:beforeSwap", answered);
document.body.addEventListener("htmx:afterSwap", swapped);
