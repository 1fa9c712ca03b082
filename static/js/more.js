// The menu of a message: it closes when something else is done, and stays in view.
const scroller = document.getElementById("scroll");
const isRightToLeft = (node) => getComputedStyle(node).direction === "rtl";
const opened = () => document.querySelector(".more[open]");

function close(menu, focuses) {
  menu.open = false;
  if (focuses) menu.querySelector("summary").focus({ preventScroll: true });
}

function clicked({ target }) {
  const menu = opened();
  if (!menu || target.closest("summary")) return;
  const line = target.closest(".more-lines a, .more-lines button");
  if (line && menu.contains(line)) setTimeout(close, 0, menu, line.matches(":focus"));
  else if (!menu.contains(target)) close(menu, false);
}

function pressed(event) {
  const menu = opened();
  if (event.key !== "Escape" || !menu) return;
  event.preventDefault();
  close(menu, menu.contains(document.activeElement));
}

// Upwards, or to the other side, where there is no room.
function toggled({ target }) {
  if (!target.matches?.(".more") || !target.open) return;
  for (const side of ["up", "end"]) delete target.dataset[side];
  const lines = target.querySelector(".more-lines").getBoundingClientRect();
  const room = scroller.getBoundingClientRect();
  if (lines.bottom > room.bottom) target.dataset.up = "";
  const isOver = isRightToLeft(target) ? lines.left < room.left : lines.right > room.right;
  if (isOver) target.dataset.end = "";
}

function left({ relatedTarget }) {
  const menu = opened();
  if (menu && relatedTarget && !menu.contains(relatedTarget)) close(menu, false);
}

document.addEventListener("click", clicked);
document.addEventListener("keydown", pressed);
document.addEventListener("toggle", toggled, true);
document.addEventListener("focusout", left);
