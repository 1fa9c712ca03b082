// The files of a message as its composer lists them: there, on their way, or refused.
export const list = () => document.getElementById("files");
const field = () => document.getElementById("content");

const COUNTED = "[data-file], .pending";
export const hasFiles = () => Boolean(list()?.querySelector(COUNTED));
export const isListed = ({ dataset: { file } }) =>
  Boolean(file && list().querySelector(`[data-file="${file}"]`));
export const isEmpty = () => !field().value.trim() && !hasFiles();
export const room = () => Math.max(0, list().dataset.most - list().querySelectorAll(COUNTED).length);

// For all to hear; what the list does not show is seen too.
export function say(words, isShown = false) {
  const line = document.getElementById("files-said");
  line.toggleAttribute("data-shown", isShown);
  line.textContent = words;
}

// A message needs words only where it has no files.
export function changed() {
  if (field()) field().required = !hasFiles();
}

export function show(item) {
  list().append(item);
  changed();
  return item;
}

const made = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true);

export function problem(sentence) {
  const item = made("file-problem");
  item.querySelector(".file-sentence").textContent = sentence;
  return item;
}

export function pending(file) {
  const item = made("file-pending");
  item.querySelector(".file-name").textContent = file.name;
  item.querySelector("[data-dismiss]").setAttribute("aria-label", `Do not add ${file.name}`);
  return item;
}

export function tooMany(count) {
  const { most } = list().dataset;
  return problem(`A message takes ${most} files, so ${count} were left out. Send them with the next one.`);
}

export function tooLarge(file) {
  const { mostBytes } = list().dataset;
  return problem(
    `“${file.name}” is ${Math.ceil(file.size / 1e6)} MB large, and ${mostBytes / 1e6} MB fit. ` +
      "Make it smaller, and add it once more.",
  );
}

export const isSignedOut = ({ responseURL }) => responseURL.includes("/login/");

function lost(request, { name }) {
  if (!isSignedOut(request)) return `“${name}” did not reach the server. Add it once more.`;
  return `You’re signed out. Sign in in a new tab, then add “${name}” once more.`;
}

// What the server made of a file, or why it did not take it.
export function answeredItems(request, file) {
  const page = new DOMParser().parseFromString(request.responseText, "text/html");
  const found = [...page.querySelectorAll("li.file")];
  if (found.some((one) => one.matches("[data-file]"))) say(`Added ${file.name}.`);
  if (found.length) return found;
  const sentence = page.querySelector("[data-sentence]")?.textContent;
  return [problem(sentence ?? lost(request, file))];
}
