"""What the test gateway remembers from one request to the next."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.gateway.economy import Economy


@dataclass(frozen=True)
class Hold:
    """Where answers of a model wait: after so many words, or thoughts."""

    after: int
    gate: asyncio.Event = field(default_factory=asyncio.Event)


class State:
    """Shared by all requests; `clear` forgets all but the aliases and what waits."""

    def __init__(self) -> None:
        # Whether requests are checked as the real gateways check them.
        self.checks = True
        # How a key must be shown: "" not at all, else `bearer`, `x-api-key`, `flavour`.
        self.auth = ""
        self.key = ""
        # None: every prompt has 100 tokens, and nothing costs anything.
        self.economy: Economy | None = None
        # The name of a model → the scenario that answers for it.
        self.aliases: dict[str, str] = {}
        # The name of a model → what its answers wait for.
        self.holds: dict[str, Hold] = {}
        self.failures: Counter[str] = Counter()
        self._scripts: dict[str, deque[str]] = {}

    def script(self, model: str, scenarios: tuple[str, ...]) -> None:
        """Have the next requests for `model` answered by these, in this order."""
        self._scripts.setdefault(model, deque()).extend(scenarios)

    def take_script(self, model: str) -> str:
        """Return the next scenario scripted for `model`, "" where there is none."""
        waiting = self._scripts.get(model)
        return waiting.popleft() if waiting else ""

    def clear(self) -> None:
        self.failures.clear()
        self._scripts.clear()
        if self.economy is not None:
            self.economy.clear()
