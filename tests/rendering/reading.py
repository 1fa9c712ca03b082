"""Reads HTML back as a browser would, and says what must not be in it."""

from __future__ import annotations

import re
from html.parser import HTMLParser

VOID = {"br", "hr", "input"}
TAGS = {"a", "blockquote", "button", "code", "div", "em", "figcaption", "figure"}
TAGS |= {"h3", "h4", "h5", "h6", "li", "ol", "p", "pre", "s", "span", "strong", "ul"}
TAGS |= {"table", "tbody", "td", "th", "thead", "tr"} | VOID
ATTRIBUTES = {
    ("a", "href"): re.compile(r"https?://[\w.\[]|mailto:\S+@", re.IGNORECASE),
    ("a", "rel"): re.compile(r"noopener noreferrer nofollow ugc\Z"),
    ("a", "target"): re.compile(r"_blank\Z"),
    ("a", "title"): re.compile(""),
    ("button", "class"): re.compile(r"copy\Z"),
    ("button", "data-copy"): re.compile(r"\Z"),
    ("button", "type"): re.compile(r"button\Z"),
    ("code", "class"): re.compile(r"language-[a-z]+\Z"),
    ("div", "class"): re.compile(r"table-scroll\Z"),
    ("figure", "class"): re.compile(r"code\Z"),
    ("input", "aria-label"): re.compile(r"(Done|Not done)\Z"),
    ("input", "checked"): re.compile(r"\Z"),
    ("input", "disabled"): re.compile(r"\Z"),
    ("input", "type"): re.compile(r"checkbox\Z"),
    ("li", "class"): re.compile(r"task\Z"),
    ("ol", "start"): re.compile(r"\d+\Z"),
    ("pre", "class"): re.compile(r"plain\Z"),
    ("span", "class"): re.compile(r"([cdefghiknopstva]|host|mark)\Z"),
    ("td", "align"): re.compile(r"(left|center|right)\Z"),
    ("th", "align"): re.compile(r"(left|center|right)\Z"),
}


class Reader(HTMLParser):
    """Collects text, links and everything that is not listed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []
        self.words: list[str] = []
        self.links: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self.faults.append(f"<{tag}>")
        for name, value in attrs:
            allowed = ATTRIBUTES.get((tag, name))
            if allowed is None or not allowed.match(value or ""):
                self.faults.append(f"<{tag} {name}={value!r}>")
        if tag == "input" and "disabled" not in dict(attrs):
            self.faults.append("a checkbox that can be changed")
        if tag == "a":
            self._take_link({name: value or "" for name, value in attrs})
        if tag not in VOID:
            self.open.append(tag)

    def _take_link(self, attrs: dict[str, str]) -> None:
        self.links.append(attrs.get("href", ""))
        if not {"rel", "target"} <= attrs.keys():
            self.faults.append(f"a link with no more than {attrs}")

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_comment(self, data: str) -> None:
        self.faults.append(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self.faults.append(f"<!{decl}>")

    def handle_pi(self, data: str) -> None:
        self.faults.append(f"<?{data}>")


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    reader.faults += [f"unclosed <{tag}>" for tag in reader.open]
    return reader


def faults_in(html: str) -> list[str]:
    return read(html).faults


def text_of(html: str) -> str:
    return "".join(read(html).words)
