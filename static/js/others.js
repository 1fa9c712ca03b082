// An article is the same for everybody who looks on; what only its author may do, or
// beside them the owner of the conversation, is not shown to the others.
const { reader } = document.getElementById("transcript").dataset;
const others = new CSSStyleSheet();
others.replaceSync(`[data-only]:not([data-only="${reader}"]),
  [data-may]:not([data-may~="own"]) [data-of]:not([data-of="${reader}"]) { display: none; }`);
document.adoptedStyleSheets.push(others);
