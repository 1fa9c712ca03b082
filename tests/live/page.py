"""A page of the browser, as a model: what it would show of the frames it got."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from conversations.live.room import Cursor


@dataclass
class Page:
    """Applies frames by the page's rule; text is closed + tail, never lost."""

    message_id: str = ""
    attempt: int = 0
    offset: int = 0
    closed: int = 0
    closed_text: str = ""
    tail: str = ""
    reasoning: str = ""
    reasoning_offset: int = 0
    seen: int = 0
    articles: dict[str, str] = field(default_factory=dict)
    asked_again: int = 0

    @property
    def text(self) -> str:
        return self.closed_text + self.tail

    @property
    def cursor(self) -> Cursor:
        return Cursor(
            self.message_id,
            self.attempt,
            self.offset,
            self.closed,
            self.reasoning_offset,
        )

    def take(self, raw: str) -> None:
        frame = json.loads(raw)
        kind = frame["t"]
        if kind == "a":
            self.articles[frame["m"]] = frame["h"]
        elif kind == "v":
            self.seen = frame["v"]
        elif kind in "dbr":
            self._take_text(frame)

    def _take_text(self, frame: dict[str, object]) -> None:
        if self.message_id != frame["m"]:
            self.message_id, self.attempt = str(frame["m"]), int(str(frame["a"]))
            self.offset, self.closed, self.closed_text, self.tail = 0, 0, "", ""
            self.reasoning, self.reasoning_offset = "", 0
        if frame["t"] == "r":
            self._take_reasoning(frame)
        elif frame["t"] == "d":
            self._take_delta(frame)
        else:
            self._take_blocks(frame)

    def _take_reasoning(self, frame: dict[str, object]) -> None:
        if frame["e"] <= self.reasoning_offset:  # type: ignore[operator]
            return
        if frame["o"] != self.reasoning_offset:
            self.asked_again += 1
            return
        self.reasoning += str(frame["x"])
        self.reasoning_offset = int(str(frame["e"]))

    def _take_delta(self, frame: dict[str, object]) -> None:
        if frame["e"] <= self.offset:  # type: ignore[operator]
            return
        if frame["o"] != self.offset:
            self.asked_again += 1
            return
        self.tail += str(frame["x"])
        self.offset = int(str(frame["e"]))

    def _take_blocks(self, frame: dict[str, object]) -> None:
        if frame["f"] == 0:
            self.closed_text = ""
        elif frame["f"] != self.closed:
            self.asked_again += 1
            return
        self.closed_text += str(frame["h"])
        self.tail = str(frame["x"])
        self.closed, self.offset = int(str(frame["c"])), int(str(frame["e"]))
