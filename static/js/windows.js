// Stretches of the transcript as the server gives them, and the way to another one.
import { all, isHeld } from "./edges.js";
import { morph } from "./morph.js";
import { prepare } from "./prepare.js";
import { trusted } from "./trusted.js";

const transcript = document.getElementById("transcript");
const data = transcript.dataset;

export const tell = (name) =>
  document.body.dispatchEvent(new CustomEvent(`roundtable:${name}`));

export async function read(url) {
  url.searchParams.set("end", data.end ?? "");
  const headers = { "HX-Request": "true" };
  const answer = await fetch(url, { headers }).catch(() => null);
  if (!answer?.ok || answer.redirected) return null;
  const text = await answer.text().catch(() => "");
  return trusted(text).querySelector("[data-window]");
}

// What one writes in stays, where it is in both.
function hold(node, found) {
  const fresh = found.querySelector(`#${node.id}`);
  if (!fresh) return;
  const place = document.createComment("");
  fresh.replaceWith(place);
  morph(node, fresh);
  place.replaceWith(node);
}

// Puts the messages around one in place of what is shown; without one the newest.
export async function show(id = "") {
  const url = new URL(data.around, location);
  url.searchParams.set("at", id);
  const found = await read(url);
  if (!found) return false;
  const { seen, end, stays } = found.dataset;
  for (const node of all().filter(isHeld)) hold(node, found);
  transcript.replaceChildren(...found.children);
  all().forEach(prepare);
  Object.assign(data, { seen, end });
  delete data.below;
  if (stays === undefined) delete data.stay;
  else data.stay = end;
  tell("stale");
  tell("shown");
  return true;
}
