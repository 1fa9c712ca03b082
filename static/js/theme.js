// Light, dark, or as the machine has it: seen at once, kept by the server.
const form = document.getElementById("theme");
const page = document.documentElement;
const choices = [...form.elements].filter(({ name }) => name === "theme");

// Of what is around the page, in some browsers.
function paint() {
  const { backgroundColor } = getComputedStyle(document.body);
  for (const meta of document.querySelectorAll("meta[name=theme-color]"))
    meta.content = backgroundColor;
}

function show(theme) {
  if (theme) page.dataset.theme = theme;
  else delete page.dataset.theme;
  for (const each of choices) each.setAttribute("aria-pressed", each.value === theme);
  paint();
}

function next() {
  const at = choices.findIndex(({ value }) => value === (page.dataset.theme ?? ""));
  return choices[(at + 1) % choices.length];
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
form.addEventListener("submit", ({ submitter }) => submitter && show(submitter.value));
document.body.addEventListener("roundtable:theme", (event) => {
  event.preventDefault();
  form.requestSubmit(next());
});
