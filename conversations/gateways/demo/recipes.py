"""What the demo answers: one table from words in a message to an answer."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from conversations.gateways.demo import answers as demo_answers
from conversations.gateways.demo import thoughts as demo_thoughts
from conversations.gateways.demo.given import FILE_TOKENS, name_files
from conversations.text import shorten

if TYPE_CHECKING:
    from collections.abc import Callable

Messages = tuple[tuple[str, str], ...]

# Pieces a second; a piece is about a token.
PACE = 45.0
SLOW_PACE = 3.0
# A longer message is no request for a trick, though it may contain its word.
MOST_WORDS = 12
MOST_NUMBERS = 2_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What the demo will send. `stops_at` is the share of `text` that is given.

    `thought` comes before it, as reasoning.
    """

    text: str
    pace: float = PACE
    finish: str | None = "stop"
    stops_at: float = 1.0
    status: int = 200
    error: str = ""
    thought: str = ""

    @property
    def shown(self) -> str:
        return self.text[: round(len(self.text) * self.stops_at)]


@dataclass(frozen=True)
class Asked:
    """What was sent: pairs of role and content, and who counts their tokens.

    `files` are those of each message, by what they are.
    """

    messages: Messages
    count: Callable[[Messages], int]
    files: tuple[tuple[str, ...], ...] = ()

    @property
    def newest(self) -> str:
        roles = {"user"}
        return next((text for role, text in self.messages[::-1] if role in roles), "")

    @property
    def system_prompt(self) -> str:
        roles = {"system", "developer"}
        return next((text for role, text in self.messages if role in roles), "")

    @cached_property
    def tokens(self) -> int:
        files = sum(map(len, self.files))
        return self.count(self.messages) + FILE_TOKENS * files


def answer(asked: Asked) -> Answer:
    """Return the answer to what was asked; the same question has the same answer."""
    return _continue(asked) or _answer(asked)


def _answer(asked: Asked) -> Answer:
    words = asked.newest.lower()
    if len(words.split()) <= MOST_WORDS:
        for pattern, recipe in _RECIPES:
            if match := pattern.search(words):
                return recipe(asked, match)
    return _ordinary(asked)


_GO_ON = re.compile(r"\b(continue|go on|carry on)\b", re.IGNORECASE)


def _continue(asked: Asked) -> Answer | None:
    """Go on with an answer that broke off, by making it again from its question."""
    if len(asked.messages) < 3 or not _GO_ON.search(asked.newest):
        return None
    role, partial = asked.messages[-2]
    whole = _answer(Asked(asked.messages[:-2], asked.count))
    if role != "assistant" or not partial or not whole.text.startswith(partial):
        return None
    rest = whole.text[len(partial) :]
    return Answer(rest, whole.pace) if rest else None


def _ordinary(asked: Asked) -> Answer:
    number = len(asked.messages)
    given = name_files(asked.files[-1]) if asked.files else ""
    prompt = shorten(asked.system_prompt, 60)
    return Answer(
        demo_answers.ORDINARY.format(
            messages="one message" if number == 1 else f"{number} messages",
            tokens=f"{asked.tokens:,}",
            prompt=f"the system prompt “{prompt}”" if prompt else "no system prompt",
            newest=shorten(asked.newest, 80),
            files=f", and comes with {given}" if given else "",
        )
    )


def _count_to(_: Asked, match: re.Match[str]) -> Answer:
    most = min(int(match[1]), MOST_NUMBERS)
    numbers = ", ".join(str(number) for number in range(1, most + 1))
    return Answer(f"{numbers}." if numbers else "There is nothing to count.")


def _always(fixed: Answer) -> Callable[[Asked, re.Match[str]], Answer]:
    return lambda _asked, _match: fixed


_LONG = Answer(demo_answers.LONG)
_BROKEN = replace(_LONG, stops_at=0.12)

# The first pattern that fits decides.
_RECIPES = [
    (re.compile(pattern), recipe)
    for pattern, recipe in [
        (r"^\W*help\b|what can you do|^\s*\?+\s*$", _always(Answer(demo_answers.HELP))),
        (
            r"\berror\b.*(midway|half|middle|late)|(midway|half|late)\b.*\berror\b",
            _always(replace(_BROKEN, error=demo_answers.LATE_ERROR)),
        ),
        (
            r"\b(error|fail)\b",
            _always(Answer("", status=500, error=demo_answers.ERROR)),
        ),
        (r"\bcut\b|\bbreak off\b", _always(replace(_BROKEN, finish=None))),
        (
            r"\bfilter(ed)?\b",
            _always(Answer(demo_answers.FILTERED, finish="content_filter")),
        ),
        (r"\blength\b", _always(replace(_BROKEN, finish="length"))),
        (r"\bslow(ly)?\b", _always(Answer(demo_answers.SLOW, SLOW_PACE))),
        (
            r"\bthink\b",
            _always(Answer(demo_thoughts.THOUGHTFUL, thought=demo_thoughts.THOUGHT)),
        ),
        (r"\blong\b", _always(_LONG)),
        (r"\bcount (?:up )?to (\d{1,6})\b", _count_to),
        (r"\bmarkdown\b", _always(Answer(demo_answers.MARKDOWN))),
        (r"\btable\b", _always(Answer(demo_answers.TABLE))),
        (r"\bcode\b", _always(Answer(demo_answers.CODE))),
    ]
]
