// Before anything is drawn: Django's pages in the theme that the person has chosen.
const { content } = document.querySelector("meta[name=theme]");
if (content) document.documentElement.dataset.theme = content;
