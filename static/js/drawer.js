// The list of conversations beside the page or, where one has hidden it, over it.
const YEAR_SECONDS = 365 * 24 * 60 * 60;

const rail = document.getElementById("rail");
const button = document.querySelector("[data-rail-toggle]");
const opener = document.querySelector('[popovertarget="rail"]:not([popovertargetaction])');
const narrow = matchMedia("(max-width: 48rem)");
const page = document.documentElement;

const isHidden = () => page.dataset.rail === "hidden";

function keep(isKept) {
  if (isKept) delete page.dataset.rail;
  else page.dataset.rail = "hidden";
  document.cookie = `rail=${isKept ? "; max-age=0" : `hidden; max-age=${YEAR_SECONDS}`}; path=/; samesite=lax`;
  button.setAttribute("aria-pressed", isKept);
  if (rail.matches(":popover-open")) rail.hidePopover();
}

// From the drawer it goes beside the page and keeps the focus; from there, away.
function pressed() {
  keep(isHidden());
  (isHidden() ? opener : button)?.focus();
}

function toggle(event) {
  event.preventDefault();
  if (narrow.matches) rail.togglePopover();
  else keep(isHidden());
}

button.addEventListener("click", pressed);
document.body.addEventListener("roundtable:rail", toggle);
