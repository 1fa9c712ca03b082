"""What every protocol can be made to say. Pure: words in, bytes out."""

from __future__ import annotations

import hashlib
import itertools
import json
from typing import TYPE_CHECKING, ClassVar

from conversations.gateways.demo import wire as demo_wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from conversations.wire import Json, Protocol, Usage
    from tests.gateway.problems import Problem
    from tests.gateway.style import Style

# No two answers have an id in common.
_NUMBERS = itertools.count()
ABSURD: dict[str, object] = {
    "input": -5,
    "cached": 10**30,
    "output": "many",
    "reasoning": 1.5,
    "cost": "NaN",
}


class Writer:
    """Says what a script says, in one protocol. `said` is the text so far.

    An answer is `opening`, then any of the verbs, then `closing`; after `closing`
    `whole` is the same answer as one JSON object. `seal` signs a thought.
    """

    protocol: ClassVar[Protocol]
    # Its own words for the ends that scripts know.
    reasons: ClassVar[dict[str, str]]

    def __init__(self, model: str, style: Style, seal: Callable[[], str]) -> None:
        self.model = style.model or model
        self.style = style
        self.said: list[str] = []
        self.thought: list[str] = []
        self._seal = seal
        self._number = next(_NUMBERS)
        self._ids = 0

    def read(self, usage: Usage) -> None:
        """Learn what reading the prompt took, before a word is said."""

    def opening(self) -> bytes:
        raise NotImplementedError

    def role(self) -> bytes:
        """What some gateways open with although nothing is said yet."""
        return b""

    def token(self, text: str) -> bytes:
        """Say `text`, which must need no escaping in JSON, at little cost."""
        return self.say(text)

    def say(self, text: str) -> bytes:
        raise NotImplementedError

    def begin_thought(self, kind: str) -> bytes:
        """Begin to think: `plain`, `details`, `summary`, `hidden` or `omitted`."""
        raise NotImplementedError

    def think(self, text: str) -> bytes:
        raise NotImplementedError

    def end_thought(self) -> bytes:
        raise NotImplementedError

    def cite(self, url: str, title: str) -> bytes:
        raise NotImplementedError

    def refuse(self, text: str) -> bytes:
        raise NotImplementedError

    def call(self, index: int, name: str, pieces: list[str]) -> bytes:
        """Ask for a tool; `pieces` are its arguments as they are cut."""
        raise NotImplementedError

    def ping(self) -> bytes:
        """A sign of life that says nothing."""
        return self.style.keep_alive

    def closing(self, reason: str, usage: Usage, detail: str = "") -> bytes:
        """End well, or with any word of the protocol's own as `reason`."""
        raise NotImplementedError

    def failing(self, problem: Problem) -> bytes:
        """End with an error in the middle of the stream."""
        raise NotImplementedError

    def whole(self) -> bytes:
        raise NotImplementedError

    def _id(self, prefix: str) -> str:
        if not self.style.ids:
            return ""
        self._ids += 1
        name = f"{self._number}.{self._ids}".encode()
        return prefix + hashlib.sha256(name).hexdigest()[:24]


def frame(value: Json, name: str = "") -> bytes:
    """Return one event; lone surrogates stand in it as escapes."""
    event = f"event: {name}\n".encode() if name else b""
    try:
        return event + demo_wire.event(value)
    except UnicodeEncodeError:
        return event + b"data: " + json.dumps(value).encode() + b"\n\n"


def without_none(**fields: object) -> Json:
    return {name: value for name, value in fields.items() if value is not None}
