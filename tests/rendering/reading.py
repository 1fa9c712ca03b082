"""Reads HTML back as a browser would, and says what must not be in it."""

from __future__ import annotations

import re
from html.parser import HTMLParser

VOID = {"br", "hr", "input"}
TAGS = {"a", "blockquote", "button", "code", "div", "em", "figcaption", "figure"}
TAGS |= {"h3", "h4", "h5", "h6", "li", "ol", "p", "pre", "s", "span", "strong", "ul"}
TAGS |= {"table", "tbody", "td", "th", "thead", "tr", "section", "sup"} | VOID
MATHS = {
    "math",
    "mfrac",
    "mi",
    "mmultiscripts",
    "mn",
    "mo",
    "mover",
    "mpadded",
    "mroot",
}
MATHS |= {
    "mphantom",
    "mprescripts",
    "mrow",
    "mspace",
    "msqrt",
    "mstyle",
    "msub",
    "msup",
}
MATHS |= {"msubsup", "mtable", "mtd", "mtext", "mtr", "munder", "munderover"}
TAGS |= MATHS
FLAG = re.compile(r"(true|false)\Z")
# No formula moves or grows far from its place.
LENGTH = re.compile(r"(\+?\d?(\.\d{1,4})?(em|ex)|-0?\.\d{1,4}(em|ex)|0(px)?)\Z")
VARIANT = re.compile(r"(normal|bold|italic|bold-italic|monospace)\Z")
OF_FORMULAS = {
    ("math", "alttext"): re.compile(""),
    ("math", "display"): re.compile(r"(block|inline)\Z"),
    ("mfrac", "linethickness"): re.compile(r"0(px|pt|em)?\Z"),
    ("mi", "mathvariant"): VARIANT,
    ("mn", "mathvariant"): VARIANT,
    ("mtext", "mathvariant"): VARIANT,
    ("mo", "fence"): FLAG,
    ("mo", "form"): re.compile(r"(prefix|postfix|infix)\Z"),
    ("mo", "largeop"): FLAG,
    ("mo", "maxsize"): LENGTH,
    ("mo", "minsize"): LENGTH,
    ("mo", "movablelimits"): FLAG,
    ("mo", "stretchy"): FLAG,
    ("mover", "accent"): FLAG,
    ("mpadded", "depth"): LENGTH,
    ("mpadded", "height"): LENGTH,
    ("mpadded", "lspace"): LENGTH,
    ("mpadded", "voffset"): LENGTH,
    ("mpadded", "width"): LENGTH,
    ("mrow", "class"): re.compile(r"(boxed|struck)\Z"),
    ("mspace", "depth"): LENGTH,
    ("mspace", "height"): LENGTH,
    ("mspace", "width"): LENGTH,
    ("mstyle", "displaystyle"): FLAG,
    ("mstyle", "scriptlevel"): re.compile(r"[0-3]\Z"),
    ("mtable", "displaystyle"): FLAG,
    ("mtd", "class"): re.compile(r"(left|right)\Z"),
    ("munder", "accentunder"): FLAG,
}
# A footnote and the way back from it: places of the same message.
NOTE = re.compile(r"#fn(ref-scope1-\d+-\d+|-scope1-\d+)\Z")
ATTRIBUTES = {
    **OF_FORMULAS,
    ("a", "aria-label"): re.compile(r"(Footnote \d+|Back to the text)\Z"),
    ("a", "id"): re.compile(r"fnref-scope1-\d+-\d+\Z"),
    ("button", "data-wrap"): re.compile(r"\Z"),
    ("div", "aria-label"): re.compile(r"(Formula|Table)\Z"),
    ("div", "role"): re.compile(r"group\Z"),
    ("div", "tabindex"): re.compile(r"0\Z"),
    ("li", "id"): re.compile(r"fn-scope1-\d+\Z"),
    ("li", "value"): re.compile(r"\d+\Z"),
    ("pre", "tabindex"): re.compile(r"0\Z"),
    ("section", "class"): re.compile(r"notes\Z"),
    ("a", "href"): re.compile(
        rf"https?://[\w.\[]|mailto:\S+@|{NOTE.pattern}", re.IGNORECASE
    ),
    ("a", "rel"): re.compile(r"noopener noreferrer nofollow ugc\Z"),
    ("a", "target"): re.compile(r"_blank\Z"),
    ("a", "title"): re.compile(""),
    ("button", "class"): re.compile(r"(copy|wrap)\Z"),
    ("button", "data-copy"): re.compile(r"\Z"),
    ("button", "type"): re.compile(r"button\Z"),
    ("code", "class"): re.compile(r"language-[a-z]+\Z"),
    ("div", "class"): re.compile(r"(formula|table-scroll)\Z"),
    ("figure", "class"): re.compile(r"code\Z"),
    ("input", "aria-label"): re.compile(r"(Done|Not done)\Z"),
    ("input", "checked"): re.compile(r"\Z"),
    ("input", "disabled"): re.compile(r"\Z"),
    ("input", "type"): re.compile(r"checkbox\Z"),
    ("li", "class"): re.compile(r"task\Z"),
    ("ol", "start"): re.compile(r"\d+\Z"),
    ("pre", "class"): re.compile(r"plain\Z"),
    ("span", "class"): re.compile(r"([cdefghiknopstva]|host|mark|long|wrapped)\Z"),
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
        self.notes: list[str] = []
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
        href = attrs.get("href", "")
        if NOTE.match(href):
            self.notes.append(href)
            return
        self.links.append(href)
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
