"""A conversation's page as a model: it applies what the server says as the page does.

The rules are those of static/js/transcript.js; what is shown is kept as text.
"""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass, field

ARTICLE = re.compile(r"<article .*?</article>", re.DOTALL)
ATTRIBUTE = re.compile(r'data-([a-z]+)="([^"]*)"')
PARTS = re.compile(
    r'<div data-part="closed">(.*?)</div><div data-part="tail"[^>]*>(.*?)</div>',
    re.DOTALL,
)
REASONING = re.compile(
    r'<div data-part="reasoning"[^>]*>(.*?)</div></div>\s*</details>', re.DOTALL
)
TAG = re.compile(r"<[^>]+>")
SEEN = re.compile(r'data-seen="(\d+)"')


def text_of(markup: str) -> str:
    return html.unescape(TAG.sub(" ", markup))


@dataclass
class Shown:
    """One article. Offsets are the server's numbers, handed back and compared."""

    id: str
    role: str
    state: str
    parent: str
    attempt: int
    offset: int
    closed: int
    closed_text: str
    tail: str
    html: str
    # Of the newest attempt.
    reasoning: str = ""
    reasoning_offset: int = 0

    @classmethod
    def of(cls, markup: str) -> Shown:
        data = dict(ATTRIBUTE.findall(markup.partition(">")[0]))
        parts = PARTS.search(markup)
        assert parts is not None, markup
        thoughts = REASONING.findall(markup)
        return cls(
            id=data["message"],
            role=data["role"],
            state=data["state"],
            parent=data["parent"],
            attempt=int(data["attempt"]),
            offset=int(data["offset"]),
            closed=int(data["closed"]),
            closed_text=text_of(parts[1]),
            tail=html.unescape(parts[2]),
            html=markup,
            reasoning=text_of(thoughts[-1]) if thoughts else "",
            reasoning_offset=int(data["reasoning"]),
        )

    @property
    def text(self) -> str:
        return f"{self.closed_text} {self.tail}"

    @property
    def words(self) -> list[str]:
        return self.text.split()

    @property
    def active(self) -> bool:
        return self.state in ("queued", "running")


@dataclass
class Page:
    """What a person sees of one conversation."""

    seen: int = 0
    articles: dict[str, Shown] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    # The version of who may see it, as frames say it.
    sharing: int = 0
    # Who is here, and how often it was said that a list has changed.
    here: list[dict[str, object]] = field(default_factory=list)
    news: int = 0

    @classmethod
    def of(cls, markup: str) -> Page:
        """The page as the server renders it."""
        seen = SEEN.search(markup)
        shown = [Shown.of(article) for article in ARTICLE.findall(markup)]
        return cls(int(seen[1]) if seen else 0, {one.id: one for one in shown})

    @property
    def replies(self) -> list[Shown]:
        return [one for one in self.articles.values() if one.role == "assistant"]

    @property
    def questions(self) -> list[Shown]:
        return [one for one in self.articles.values() if one.role == "user"]

    @property
    def reply(self) -> Shown:
        """The newest answer."""
        return self.replies[-1]

    @property
    def states(self) -> list[str]:
        return [one.state for one in self.replies]

    @property
    def subscription(self) -> str:
        """The frame that says where this page is."""
        place: dict[str, object] = {"m": None, "a": 0, "o": 0, "c": 0, "r": 0}
        for one in self.articles.values():
            if one.role == "assistant" and one.state == "running":
                place = {"m": one.id, "a": one.attempt, "o": one.offset}
                place |= {"c": one.closed, "r": one.reasoning_offset}
                break
        return json.dumps({"t": "sub", "seen": self.seen, **place})

    def take(self, raw: str | bytes) -> bool:
        """Apply a frame; False where it does not fit and the page must ask again."""
        frame = json.loads(raw)
        match frame["t"]:
            case "a":
                self._place(Shown.of(frame["h"]))
            case "v":
                self.seen, self.sharing = frame["v"], frame["sharing"]
            case "p":
                self.here = frame["here"]
            case "u":
                self.news += 1
            case "e":
                self.errors.append(frame["x"])
            case _:
                return self._extend(frame)
        return True

    def _place(self, fresh: Shown) -> None:
        if fresh.id not in self.articles and fresh.parent in self.articles:
            ids = list(self.articles)
            for gone in ids[ids.index(fresh.parent) + 1 :]:
                del self.articles[gone]
        self.articles[fresh.id] = fresh

    def _extend(self, frame: dict[str, object]) -> bool:
        shown = self.articles.get(str(frame["m"]))
        if shown is None:
            return False
        attempt, end = int(str(frame["a"])), int(str(frame["e"]))
        if frame["t"] == "r":
            return _think(shown, frame, attempt, end)
        is_delta = frame["t"] == "d"
        known = end <= shown.offset if is_delta else end < shown.offset
        if attempt < shown.attempt or (attempt == shown.attempt and known):
            return True
        if not (_append if is_delta else _close)(shown, frame):
            return False
        shown.attempt, shown.offset = attempt, end
        return True


def _think(shown: Shown, frame: dict[str, object], attempt: int, end: int) -> bool:
    if attempt != shown.attempt:
        return attempt < shown.attempt
    if end <= shown.reasoning_offset:
        return True
    if frame["o"] != shown.reasoning_offset:
        return False
    shown.reasoning += str(frame["x"])
    shown.reasoning_offset = end
    return True


def _append(shown: Shown, frame: dict[str, object]) -> bool:
    if frame["o"] != shown.offset:
        return False
    shown.tail += str(frame["x"])
    return True


def _close(shown: Shown, frame: dict[str, object]) -> bool:
    if frame["f"] == 0:
        shown.closed_text = ""
    elif frame["f"] != shown.closed:
        return False
    shown.closed_text += text_of(str(frame["h"]))
    shown.tail = str(frame["x"])
    shown.closed = int(str(frame["c"]))
    return True
