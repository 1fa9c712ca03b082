// The one place where the server's HTML enters the page.

// Without scripts they submit a form of the page. For each that does, the browser looks
// through the whole page for that form's first one.
const ACTS = "button[form=act][hx-post]";

export function trusted(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  for (const button of template.content.querySelectorAll(ACTS)) button.type = "button";
  return template.content;
}
