"""Where a context begins and where it rolled, in the words of the transcript."""

from __future__ import annotations

from dataclasses import dataclass

from conversations.wire import RollReason

# Said where nothing can be added.
ROLL_WORDS = {
    RollReason.FULL: "it was full",
    RollReason.TOO_LONG: "the gateway found it too long",
    RollReason.PROMPT: "another system prompt",
    RollReason.MODEL: "another model",
    RollReason.HAND: "by hand",
    RollReason.FILES: "newer files take up the room of older ones",
}

# More than about three lines.
SHORT_LETTERS = 240
SHORT_LINES = 3


@dataclass(frozen=True, slots=True)
class SummaryCard:
    """What was said before the context, in short. `by` wrote it; `cost` in words.

    `is_newer` than what the model was shown; `is_sent` in any version; `is_asked` to
    go with the next message. `is_on` says that summaries are sent here at all.
    """

    text: str
    by: str
    cost: str = ""
    has_versions: bool = False
    is_newer: bool = False
    is_sent: bool = True
    is_asked: bool = False
    is_on: bool = True

    @property
    def is_long(self) -> bool:
        """Whether it has more than the few lines that are shown at first."""
        return len(self.text) > SHORT_LETTERS or self.text.count("\n") >= SHORT_LINES

    @property
    def standing(self) -> str:
        """Return whether the model sees it, where that needs saying."""
        if not self.is_on:
            return "Switched off: it is left out from the next roll on."
        if not self.is_newer:
            return ""
        if self.is_asked:
            return "The next message goes with it."
        if self.is_sent:
            return "The model sees it from the next roll on, until then the one before."
        return "The model does not see it yet, but from the next roll on."


@dataclass(frozen=True, slots=True)
class Beginning:
    """Where the context begins: how many turns are before it, and what of them is sent."""

    turns: int
    summarised: int = 0
    card: SummaryCard | None = None

    @property
    def words(self) -> str:
        """Return what became of the turns before, in words."""
        dropped = self.turns - self.summarised
        if not self.summarised:
            return f"{_turns(dropped)} not sent"
        if not dropped:
            return f"{_turns(self.summarised)} summarised"
        return f"{_turns(self.summarised)} summarised, {dropped:,} not sent"


@dataclass(frozen=True, slots=True)
class Roll:
    """Why an epoch began later than the first. Sizes in tokens, None where unknown.

    `name` is that of the model or of the system prompt's revision.
    """

    reason: RollReason
    name: str = ""
    predicted: int | None = None
    budget: int | None = None
    turns: int = 0

    @property
    def words(self) -> str:
        """Return why the context rolled, in words."""
        words = ROLL_WORDS[self.reason]
        if self.reason is RollReason.FULL and self.predicted and self.budget:
            words = f"{words} ({self.predicted:,} of {self.budget:,} tokens)"
        elif self.reason is RollReason.PROMPT:
            named = f"new version of the system prompt ({self.name})"
            words = named if self.name else "no system prompt any more"
        elif self.reason is RollReason.MODEL and self.name:
            words = f"{words} ({self.name})"
        if not self.turns:
            return words
        have = "turn has" if self.turns == 1 else "turns in all have"
        return f"{words} · {self.turns:,} {have} left it"


def _turns(count: int) -> str:
    return (
        f"{count:,} earlier turn is" if count == 1 else f"{count:,} earlier turns are"
    )
