"""Stretches of a branch whose context only grows, and what became of each candidate."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class RollReason(StrEnum):
    """Why an epoch began."""

    START = "start"
    FULL = "full"
    TOO_LONG = "too_long"
    PROMPT = "prompt"
    MODEL = "model"
    HAND = "hand"
    # The simple mode leaves out a turn with each new one.
    LAST_TURNS = "last_turns"
    # Nothing leaves but files of older messages, for which there is no more room.
    FILES = "files"


@dataclass(frozen=True, slots=True)
class Epoch:
    """A stretch of turns whose context only grows: all its requests begin alike.

    `memory` is the text that stands for what left, frozen until the next roll;
    `first_message` the first one sent after it; `turns_before` how many turns of the
    branch are not sent, of which the first `turns_summarised` are in the summary.
    `prompt_ref` is the system prompt's revision. Files of messages before `files_since`
    are not sent as they are.
    """

    id: str
    model: str
    endpoint: str
    prompt_ref: str
    reason: RollReason
    first_message: str = ""
    turns_before: int = 0
    turns_summarised: int = 0
    memory: str = ""
    memory_tokens: int = 0
    summary: int | None = None
    # The manifest's lines of what is in `memory`, and of what had no room there.
    noted: tuple[Item, ...] = ()
    files_since: str = ""
    # What the request would have taken without the roll.
    predicted_before: int | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """A request as we estimated it and as its gateway counted it, in tokens.

    `sealed` of the `estimate` are thoughts that were sent back.
    """

    estimate: int
    actual: int
    sealed: int = 0

    @property
    def text(self) -> int:
        """What of the estimate is no thoughts."""
        return self.estimate - self.sealed


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that its gateway has found too long, as we estimated it, in tokens.

    `counted` is its own count of it, and `window` what it says it can read; None where
    it does not say. `by_size` says that it were bytes that were too many, of its files.
    """

    estimate: int
    sealed: int = 0
    counted: int | None = None
    window: int | None = None
    by_size: bool = False

    @property
    def is_exact(self) -> bool:
        """Whether the gateway has told all that there is to know of it."""
        return None not in (self.counted, self.window)

    @property
    def samples(self) -> tuple[Sample, ...]:
        """What it teaches of how its gateway counts."""
        if self.counted is None:
            return ()
        return (Sample(self.estimate, self.counted, self.sealed),)


@dataclass(frozen=True, slots=True)
class ContextState:
    """What is carried from one turn of a branch to the next.

    `epoch` is that of the newest answered turn; `samples` are requests of this model
    on this branch, oldest first. `must_roll` ends the epoch, for a person asked; so
    does `refused`, than which the next request has to be smaller. `spares_files` sends
    no files but those of the question, for a gateway found them too large.
    """

    epoch: Epoch | None = None
    samples: tuple[Sample, ...] = ()
    must_roll: bool = False
    refused: Refusal | None = None
    spares_files: bool = False


class Outcome(StrEnum):
    SENT = "sent"
    DROPPED = "dropped"
    SUMMARISED = "summarised"


ItemKind = Literal[
    "system", "summary", "facts", "pin", "turns", "asking", "partial", "continue"
]


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the manifest: a candidate for the context and what became of it.

    A run of whole turns is one item, from message `first` to message `last`, so
    that a manifest stays small however long the conversation is.
    """

    kind: ItemKind
    outcome: Outcome
    tokens: int
    reason: str = ""
    first: str = ""
    last: str = ""
    turns: int = 0
