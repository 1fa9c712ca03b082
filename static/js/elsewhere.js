// One line where somebody goes on in another version than the one that is shown here.
const transcript = document.getElementById("transcript");
const line = document.getElementById("elsewhere");

function show() {
  const [id, author, ...name] = (transcript.dataset.elsewhere ?? "").split(" ");
  const isNews = Boolean(id) && author !== transcript.dataset.reader;
  line.hidden = !isNews;
  if (!isNews) return;
  line.querySelector("b").textContent = name.join(" ");
  line.querySelector("a").href = `?at=${id}#m-${id}`;
}

document.body.addEventListener("roundtable:news", show);
