"""Simulated conversations: how much is said, in which tokens, and how people pause."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass
from random import Random

from conversations.wire import HistoryMessage, Role, Turn

# The system prompt of every conversation, in tokens.
SYSTEM_TOKENS = 600
# What a message costs beside its words, as the test gateway counts it.
OPENING = {"system": 300_000, "user": 300_002, "assistant": 300_003}
OPENING_TOKENS = 3
# Half of all pauses are shorter; 18 % are above 5 minutes, 1 % above 30.
PAUSE_SECONDS, PAUSE_SIGMA = 90.0, 1.316


@dataclass(frozen=True, slots=True)
class Profile:
    """How long messages are: mean and standard deviation, in tokens, log-normal."""

    asked: tuple[float, float]
    answered: tuple[float, float]


PROFILES = {
    "everyday": Profile((295, 900), (441, 411)),
    "work": Profile((500, 1_500), (900, 800)),
}


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation; `pauses` are the seconds before each question.

    `tokens` are what a gateway reads for each message, by its id.
    """

    turns: tuple[Turn, ...]
    pauses: tuple[float, ...]
    tokens: dict[str, array[int]]


def make_talk(seed: int, profile: Profile, turns: int, *, noise: float = 0.0) -> Talk:
    """Return the conversation of this seed.

    With `noise` a gateway's tokenizer and ours differ by so much, message by message.
    """
    source = _Source(Random(seed), noise)  # noqa: S311 - no secret
    said = tuple(source.turn(number, profile) for number in range(turns))
    pauses = tuple(
        source.random.lognormvariate(math.log(PAUSE_SECONDS), PAUSE_SIGMA)
        for _ in range(turns)
    )
    return Talk(said, pauses, source.tokens)


def make_tokens(role: str, count: int, seed: object) -> array[int]:
    """Return a message of `count` tokens that no other seed gives."""
    random = Random(repr(seed))  # noqa: S311 - no secret
    words = array("I", random.randbytes(4 * count))
    return array("I", (OPENING[role],)) * OPENING_TOKENS + words


class _Source:
    def __init__(self, random: Random, noise: float) -> None:
        self.random = random
        self.tokens: dict[str, array[int]] = {}
        self._noise = noise
        self._seed = random.random()

    def turn(self, number: int, profile: Profile) -> Turn:
        asked = self._message(f"{number}-asked", Role.USER, *profile.asked)
        answered = self._message(
            f"{number}-answered", Role.ASSISTANT, *profile.answered
        )
        return Turn((asked,), answered)

    def _message(
        self, name: str, role: Role, mean: float, deviation: float
    ) -> HistoryMessage:
        spread = math.log(1 + (deviation / mean) ** 2)
        middle = math.log(mean) - spread / 2
        count = max(1, round(self.random.lognormvariate(middle, math.sqrt(spread))))
        true = max(1, round(count * self.random.lognormvariate(0, self._noise)))
        self.tokens[name] = make_tokens(role, true, (self._seed, name))
        return HistoryMessage(name, role, f"What was said as {name}.", count)
