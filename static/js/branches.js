// Which branch this page shows, and the ways to another one.
import { attempt } from "./attempt.js";
import { isPlain } from "./plain.js";

const transcript = document.getElementById("transcript");
const scroller = document.getElementById("scroll");
const KEY = `branch ${transcript.dataset.conversation}`;

const shown = () => [...transcript.querySelectorAll("article")].at(-1)?.dataset.message;

// Whether the page has the end of its branch.
export const isWhole = () => document.getElementById("newer") === null;

const newest = () => (isWhole() ? shown() : transcript.dataset.end);
const stays = () => "stay" in transcript.dataset && transcript.dataset.stay === newest();

export const branch = () => ({ at: newest() || null, stay: stays() });

// Another branch is another page: the message keeps its place.
export function leave(where) {
  attempt(() => sessionStorage.setItem(KEY, JSON.stringify(where)));
}

function arrive() {
  const { top, rel } = attempt(() => JSON.parse(sessionStorage.getItem(KEY))) ?? {};
  attempt(() => sessionStorage.removeItem(KEY));
  const article = document.getElementById(location.hash.slice(1));
  if (top !== undefined && article) place(article, top, rel);
}

// Whether the page stands where a message was on the page before it.
export let isPlaced = false;

// Before the browser goes to the fragment, which would also take the focus away.
function place(article, top, rel) {
  history.replaceState(null, "", location.pathname + location.search);
  scroller.scrollTop += article.getBoundingClientRect().top - top;
  isPlaced = true;
  if (!rel) return;
  const links = [...article.querySelectorAll(".siblings a")];
  (links.find((link) => link.rel === rel) ?? links[0])?.focus({ preventScroll: true });
}

// By keys one goes on from where one was.
function stepped(event) {
  const link = event.target.closest(".siblings a");
  if (!link || !isPlain(event)) return;
  const { top } = link.closest("article").getBoundingClientRect();
  leave({ top, rel: event.detail ? "" : link.rel });
}

// Who asks again for an answer chosen among several wants to see the new one.
function retried({ detail: { successful, pathInfo } }) {
  if (!successful || !pathInfo.requestPath.endsWith("/retry/") || !stays()) return;
  history.replaceState(null, "", `${location.pathname}#latest`);
  location.reload();
}

// What is sent goes on from what is seen.
function sending({ formData }) {
  if (formData.has("after")) formData.set("after", newest() ?? "");
}

// What stands beside the page is of its branch.
function asking({ detail: { target, parameters } }) {
  if (target?.closest("#side")) parameters.after = newest() ?? "";
}

// Who looks at the newest branch follows it, also after a reload.
if (location.search && isWhole() && !stays())
  history.replaceState(null, "", location.pathname + location.hash);
transcript.addEventListener("click", stepped);
document.body.addEventListener("htmx:afterRequest", retried);
document.addEventListener("formdata", sending);
document.body.addEventListener("htmx:configRequest", asking);
arrive();
