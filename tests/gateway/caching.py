"""How gateways keep what they have read of a prompt: three semantics, one clock.

- automatic (OpenAI up to 5.5 and most others): the longest known prefix, in blocks of
  128 tokens from 1,024 on; writing costs nothing.
- breakpoints (Anthropic; OpenAI from 5.6, with an implicit one): only prefixes that end
  at a mark are kept, and only they are found again; writing costs more than reading.
- none.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.gateway.counting import Counted

LIFETIMES = {"5m": 300.0, "30m": 1_800.0, "1h": 3_600.0, "12h": 43_200.0}
LONG = ("1h", "12h")


class VirtualClock:
    """Time in seconds, which passes when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def advance(self, seconds: float) -> None:
        self.now += seconds


@dataclass(frozen=True)
class Policy:
    """What is kept and how it is found. Sizes in tokens, `lifetime` in seconds.

    `floor` is the shortest prefix that is kept; `lookback` how many blocks before a
    mark an earlier one is looked for (None: all); `implicit` is the lifetime of the
    mark that the newest block has without being asked ("" for none).
    """

    kind: str
    floor: int = 1_024
    block: int = 128
    lifetime: float = 3_600.0
    lookback: int | None = 20
    implicit: str = ""


POLICIES = {
    "automatic": Policy("automatic"),
    "breakpoint": Policy("breakpoint"),
    "implicit": Policy("breakpoint", lookback=None, implicit="30m"),
    "none": Policy("none"),
}


@dataclass(frozen=True)
class Prompt:
    """A prompt as a cache sees it. `scope` holds what must be equal anyway.

    `prefixes` name what comes before each block and, last, all; `marks` are the
    lifetimes of marked blocks by their number. `hidden` tokens come before the first
    block; the rest is `ratio` times as long as counted.
    """

    scope: str
    counted: Counted
    prefixes: Sequence[str]
    marks: dict[int, str] = field(default_factory=dict)
    hidden: int = 0
    ratio: float = 1.0

    @property
    def total(self) -> int:
        return self.scaled(self.counted.total)

    def scaled(self, tokens: int) -> int:
        return self.hidden + math.ceil(tokens * self.ratio)


@dataclass(frozen=True)
class Taken:
    """What of a prompt came from the cache and what went into it, in tokens."""

    cached: int = 0
    written: int = 0
    written_long: int = 0


class PromptCache:
    """Everything that is kept of the prompts so far."""

    def __init__(self, policy: Policy, clock: VirtualClock) -> None:
        self.policy = policy
        self._clock = clock
        # The name of a prefix → when it is forgotten, and how long it lives.
        self._kept: dict[str, tuple[float, float]] = {}

    def take(self, prompt: Prompt) -> Taken:
        """Read a prompt: find what is known of it, and keep what may be kept."""
        if self.policy.kind == "automatic":
            return self._take_blocks(prompt)
        if self.policy.kind == "breakpoint":
            return self._take_marked(prompt)
        return Taken()

    def clear(self) -> None:
        self._kept.clear()

    def _take_blocks(self, prompt: Prompt) -> Taken:
        names = list(self._block_names(prompt))
        known = [end for end, name in names if self._knows(name)]
        for _, name in names:
            self._keep(name, self.policy.lifetime)
        return Taken(max(known, default=0))

    def _block_names(self, prompt: Prompt) -> list[tuple[int, str]]:
        """Return where each block that may be kept ends, and a name for all before."""
        tokens = b"".join(each.tobytes() for each in prompt.counted.blocks)
        size = prompt.counted.blocks[0].itemsize if prompt.counted.blocks else 1
        digest = hashlib.sha256(prompt.scope.encode())
        names, done, whole = [], 0, len(tokens) // size
        end, total = self.policy.block, prompt.total
        while end <= total:
            reach = math.ceil(max(end - prompt.hidden, 0) / prompt.ratio)
            if reach > whole:
                break
            digest.update(tokens[done * size : reach * size])
            done = reach
            if end >= self.policy.floor:
                names.append((end, f"{end} {digest.hexdigest()}"))
            end += self.policy.block
        return names

    def _take_marked(self, prompt: Prompt) -> Taken:
        ends = [prompt.scaled(end) for end in prompt.counted.ends]
        marks = dict(prompt.marks)
        if self.policy.implicit and ends:
            marks.setdefault(len(ends) - 1, self.policy.implicit)
        cached = max((self._found(prompt, ends, mark) for mark in marks), default=0)
        written = {False: 0, True: 0}
        reached = cached
        for mark in sorted(marks):
            if ends[mark] < self.policy.floor:
                continue
            written[marks[mark] in LONG] += max(ends[mark] - reached, 0)
            reached = max(reached, ends[mark])
            self._keep(_name(prompt, mark), LIFETIMES[marks[mark]])
        return Taken(cached, written[False], written[True])

    def _found(self, prompt: Prompt, ends: list[int], mark: int) -> int:
        """Return how much before a mark is known, looking back block by block."""
        lookback = self.policy.lookback
        first = 0 if lookback is None else max(mark - lookback, 0)
        for number in range(mark, first - 1, -1):
            name = _name(prompt, number)
            if self._knows(name):
                self._keep(name, self._kept[name][1])
                return ends[number]
        return 0

    def _knows(self, name: str) -> bool:
        return name in self._kept and self._kept[name][0] > self._clock.now

    def _keep(self, name: str, lifetime: float) -> None:
        self._kept[name] = (self._clock.now + lifetime, lifetime)


def _name(prompt: Prompt, block: int) -> str:
    return f"{prompt.scope} {prompt.prefixes[block + 1]}"
