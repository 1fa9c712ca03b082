// A link that is shown once: chosen whole, copied by its button.
import { copied } from "./copied.js";
import { copyText } from "./copy.js";

const field = document.querySelector("[data-once]");
const button = document.querySelector("[data-copy-once]");

field.addEventListener("focus", () => field.select());

button.hidden = false;
button.addEventListener("click", () => copied(button, () => copyText(field.value)));
