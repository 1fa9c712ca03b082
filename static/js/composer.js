// Writing and sending. What was typed stays until the server has it.
import { isEmpty } from "./attach_items.js";
const notices = document.querySelectorAll("[data-notice]");
export const touch = matchMedia("(hover: none) and (pointer: coarse)");
const field = () => document.getElementById("content");
const isComposer = (node) => node?.id === "composer";
let sentText = "", typedText = "";

// One line above the composer. The words are in the page; this shows them. With
// nothing else to say, an answer that was on its way must not hide that one is offline.
export function notice(name, words) {
  const shown = name ?? (navigator.onLine ? null : "offline");
  for (const node of notices) {
    node.hidden = node.dataset.notice !== shown;
    if (words && !node.hidden) node.textContent = words;
  }
}

export const isShown = (name) =>
  [...notices].some((node) => node.dataset.notice === name && !node.hidden);

// Signed in again in another tab: the forms here learn the new token.
export async function learnToken() {
  const answer = await fetch(location.pathname).catch(() => null);
  if (!answer?.ok || answer.redirected) return false;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const token = page.querySelector("[name=csrfmiddlewaretoken]").value;
  document.body.setAttribute("hx-headers", page.body.getAttribute("hx-headers"));
  for (const each of document.getElementsByName("csrfmiddlewaretoken")) each.value = token;
  return true;
}

function resize() {
  const area = field();
  if (!area || CSS.supports("field-sizing", "content")) return;
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight}px`;
}

// A key that confirms an input method's word (229) does not send.
function pressed(event) {
  if (event.target.id !== "content" || event.key !== "Enter") return;
  const modified = event.shiftKey || event.altKey || event.ctrlKey || event.metaKey;
  if (modified || event.isComposing || event.keyCode === 229 || touch.matches) return;
  event.preventDefault();
  if (!isEmpty()) event.target.form.requestSubmit();
}

function sending(event) {
  if (!isComposer(event.target)) return;
  if (isEmpty()) event.preventDefault();
  sentText = field().value;
}

// Whatever is not a composer is not for here: a log-in page, a proxy's error.
function answered(event) {
  const { xhr, target } = event.detail;
  if (target.closest(xhr.status === 422 ? "#side, .edit, #rail" : "#side, .edit")) return;
  const { pathname } = new URL(xhr.responseURL);
  const isSignedOut = pathname.startsWith("/login/");
  if (!isSignedOut && !isComposer(target))
    return xhr.status < 400 ? notice(null) : failed(event);
  typedText = field()?.value;
  if (xhr.responseText.includes('id="composer"')) return;
  event.detail.shouldSwap = false;
  if (isSignedOut) notice("signed-out");
  else if (xhr.status < 400) location.assign(pathname);
  else failed(event);
}

function swapped(event) {
  if (!isComposer(event.target)) return;
  const area = field();
  if (typedText !== sentText) area.value = typedText;
  if (event.detail.xhr.status < 300)
    document.body.dispatchEvent(new CustomEvent("roundtable:sent"));
  notice(null);
  resize();
  if (document.activeElement === document.body) area.focus({ preventScroll: true });
}

// Our own error pages say in one sentence what is wrong.
function failed(event) {
  const { requestConfig, target, xhr } = event.detail;
  if (requestConfig?.verb === "get" || target?.closest?.("#side")) return;
  const page = new DOMParser().parseFromString(xhr?.responseText ?? "", "text/html");
  const sentence = page.querySelector("[data-sentence]")?.textContent;
  if (sentence) notice("said", sentence);
  else notice(navigator.onLine ? "unsent" : "offline");
}

document.addEventListener("keydown", pressed);
document.addEventListener("input", (event) => event.target.id === "content" && resize());
document.body.addEventListener("htmx:beforeRequest", sending);
document.body.addEventListener("htmx:beforeSwap", answered);
document.body.addEventListener("htmx:afterSwap", swapped);
document.body.addEventListener("htmx:responseError", failed);
document.body.addEventListener("htmx:sendError", failed);
resize();
if (!touch.matches && !field()?.autofocus) field()?.focus({ preventScroll: true });
