// One line above the composer. The words are in the page; this shows them.
const notices = document.querySelectorAll("[data-notice]");

export function notice(name, words) {
  for (const node of notices) {
    node.hidden = node.dataset.notice !== name;
    if (words && !node.hidden) node.textContent = words;
  }
}
