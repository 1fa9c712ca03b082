// Copies code, or an answer without the captions of its code blocks.
const SHOWN_MILLISECONDS = 1500;

function words(button) {
  if (button.hasAttribute("data-copy"))
    return button.closest("figure").querySelector("pre").textContent;
  const content = button.closest("article").querySelector('[data-part="content"]');
  content.classList.add("copying");
  const text = content.innerText.trim();
  content.classList.remove("copying");
  return text;
}

// Plain http has no clipboard other than on this machine itself.
function copyBySelection(text) {
  const area = document.createElement("textarea");
  area.className = "visually-hidden";
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

async function copy(button) {
  const text = words(button);
  if (navigator.clipboard) await navigator.clipboard.writeText(text);
  else copyBySelection(text);
  const label = button.textContent;
  button.textContent = "Copied";
  setTimeout(() => (button.textContent = label), SHOWN_MILLISECONDS);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy], [data-copy-answer]");
  if (button && button.textContent !== "Copied") copy(button);
});
