// What a message will take, said below it while it is written. The server knows; it
// is asked when the writing pauses, once at a time, and only for what is new.
const PAUSE_MILLISECONDS = 400;

let timer = 0;
let asking = false;
let next = null;
// What each meter has been told, by the form it was told for.
const told = new WeakMap();

const meterOf = (form) => form?.querySelector("[data-meter]");

// Words, or files beside them.
const isWritten = ({ elements }) =>
  Boolean(elements.content.value.trim() || elements.attachments || elements.keep);

function later(form) {
  if (!meterOf(form)) return;
  clearTimeout(timer);
  if (isWritten(form))
    timer = setTimeout(measure, PAUSE_MILLISECONDS, form);
  else show(form, "");
}

async function measure(form) {
  const meter = meterOf(form);
  if (!meter?.isConnected) return;
  if (asking) {
    next = form;
    return;
  }
  const body = new URLSearchParams(new FormData(form));
  if (told.get(meter) === String(body)) return;
  asking = true;
  const said = await ask(meter.dataset.meter, body);
  asking = false;
  // A message that was sent meanwhile needs no meter any more.
  if (meter.isConnected && isWritten(form)) {
    show(form, said);
    told.set(meter, String(body));
  }
  if (next) measure(next);
  next = null;
}

// Where it cannot be known just now, nothing is said.
async function ask(url, body) {
  const answer = await fetch(url, { method: "POST", body }).catch(() => null);
  return answer?.ok && !answer.redirected ? answer.text().catch(() => "") : "";
}

// A note is announced when it is new, and not at each pause.
function show(form, html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  const notes = form.querySelector("[data-meter-notes]");
  const found = page.querySelectorAll(".notice");
  const words = [...found].map((note) => note.textContent).join();
  told.delete(meterOf(form));
  meterOf(form).replaceChildren(...page.querySelectorAll(".measure"));
  if (notes.dataset.words === words) return;
  notes.dataset.words = words;
  notes.replaceChildren(...found);
}

document.addEventListener("input", ({ target }) => {
  if (target.name === "content") later(target.form);
});
// Another model, another system prompt.
document.addEventListener("change", ({ target }) => later(target.form));
document.body.addEventListener("htmx:afterSwap", ({ target }) =>
  later(target.closest("form")),
);
later(document.getElementById("composer"));
