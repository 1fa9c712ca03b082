// The model menu, for once: which model is to answer again.
const menu = document.getElementById("model-menu");
const isForOnce = () => menu.querySelector("[data-again]") !== null;

let isOpening = false;

function loaded() {
  if (!isForOnce()) return;
  isOpening = true;
  menu.showPopover();
  isOpening = false;
}

// Opened for the next turn, it loads its own list.
function opening({ newState }) {
  if (newState === "open" && !isOpening && isForOnce()) menu.replaceChildren();
}

menu?.addEventListener("htmx:afterSwap", loaded);
menu?.addEventListener("beforetoggle", opening);
