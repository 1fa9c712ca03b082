"""What comes from a gateway, piece by piece."""

from __future__ import annotations

from dataclasses import dataclass

from conversations.wire.states import FinishReason
from conversations.wire.usage import Usage

# What JSON objects are in Python.
Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Citation:
    """A page that an answer refers to."""

    url: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class TextDelta:
    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    text: str


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(frozen=True, slots=True)
class Counted:
    """What a gateway says of the prompt before the answer has ended."""

    usage: Usage


@dataclass(frozen=True, slots=True)
class Finished:
    """The last delta of every stream; `raw_reason` is the gateway's own word."""

    reason: FinishReason
    raw_reason: str = ""
    usage: Usage | None = None
    # The model that answered, as the gateway names it.
    model: str = ""
    # Why it was refused or filtered, in the gateway's words.
    detail: str = ""
    # The reply in its protocol's own items, to be replayed verbatim; () where it has
    # none that plain text would not do for.
    items: tuple[Json, ...] = ()
    citations: tuple[Citation, ...] = ()
    # The gateway's own name for this answer.
    answer_id: str = ""


Delta = TextDelta | ReasoningDelta | ToolCallDelta | Counted | Finished
