// A conversation that is gone from its page, deleted or no longer shared: it is shown
// again when it comes back. That, and what else changes, is told to the lists.
const SPREAD_MILLISECONDS = 500;

let lists = null, timer = null;

async function look() {
  timer = null;
  const answer = await fetch(location.pathname, { method: "HEAD" }).catch(() => null);
  if (answer?.ok && !answer.redirected) location.reload();
}

// What was typed is kept in this browser.
function soon() {
  if (lists) timer ??= setTimeout(look, Math.random() * SPREAD_MILLISECONDS);
}

function listen() {
  if (lists) return;
  lists = document.createElement("div");
  lists.hidden = true;
  lists.setAttribute("hx-ext", "ws");
  lists.setAttribute("ws-connect", "/ws/");
  document.body.append(lists);
  htmx.process(lists);
}

function told({ target }) {
  if (target === lists) soon();
}

document.body.addEventListener("roundtable:lost", listen);
// It may have come back before anybody listened.
document.body.addEventListener("htmx:wsOpen", told);
document.body.addEventListener("htmx:wsBeforeMessage", told);
addEventListener("focus", soon);
