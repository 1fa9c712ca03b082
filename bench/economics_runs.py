"""A conversation with each way to trim it, against gateways that tell the truth."""

from __future__ import annotations

import os
from array import array
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field

from bench.economics_caches import Gateway, Shape, Tokenizer
from bench.economics_policies import SYSTEM, WAYS, Sent
from bench.economics_talks import PROFILES, SYSTEM_TOKENS, Talk, make_talk, make_tokens
from bench.machine import CORES
from conversations.wire import Usage


@dataclass(frozen=True, slots=True)
class Task:
    """One conversation and one way to trim it; `budget` is in tokens."""

    way: str
    budget: int
    seed: int
    profile: str = "everyday"
    turns: int = 300
    caches: tuple[str, ...] = ("none", "automatic", "implicit", "5m", "1h")
    tokenizer: Tokenizer = field(default_factory=Tokenizer)
    noise: float = 0.0


@dataclass(frozen=True, slots=True)
class Run:
    """What each turn took: one number, or one usage of each cache, a turn."""

    task: Task
    kept: list[int] = field(default_factory=list)
    predicted: list[int] = field(default_factory=list)
    rolls: list[bool] = field(default_factory=list)
    extras: list[float] = field(default_factory=list)
    usages: list[dict[str, Usage]] = field(default_factory=list)

    def cost(self, shape: Shape, first: int = 0, end: int | None = None) -> float:
        """Return what a turn cost from `first` to `end`, in tokens at full price."""
        rows = [row[shape.cache] for row in self.usages[first:end]]
        extras = sum(self.extras[first:end])
        return (shape.cost(_sum(rows)) + extras) / len(rows)

    def held(self, end: int | None = None) -> float:
        """Return the tokens of earlier turns that a request held up to `end`."""
        kept = self.kept[:end]
        return sum(kept) / len(kept)

    @property
    def errors(self) -> list[float]:
        """How far each prediction was off, as a share; nothing is known at first."""
        actual = [next(iter(row.values())).input_tokens or 0 for row in self.usages]
        pairs = zip(self.predicted, actual, strict=True)
        return [abs(one - other) / other for one, other in pairs][1:]


def run_tasks(tasks: Sequence[Task]) -> list[Run]:
    """Simulate on all cores; nothing here is timed."""
    with ProcessPoolExecutor(len(CORES), initializer=_use_all_cores) as pool:
        return list(pool.map(simulate, tasks))


def simulate(task: Task) -> Run:
    """Return what a conversation takes, turn by turn."""
    talk = make_talk(task.seed, PROFILES[task.profile], task.turns, noise=task.noise)
    gateway = Gateway(task.caches, task.tokenizer)
    policy = WAYS[task.way](task.budget)
    reader = _Reader(talk)
    run = Run(task)
    for turn, pause in enumerate(talk.pauses):
        gateway.clock.advance(pause)
        sent = policy.send(talk, turn)
        usages = gateway.ask(*reader.read(sent))
        policy.hear(talk, turn, next(iter(usages.values())).input_tokens or 0)
        run.kept.append(sent.kept)
        run.predicted.append(sent.predicted)
        run.rolls.append(sent.is_new)
        run.extras.append(sent.extra)
        run.usages.append(usages)
    return run


class _Reader:
    """Turns messages into the tokens that a gateway reads."""

    def __init__(self, talk: Talk) -> None:
        self._tokens = dict(talk.tokens)
        self._tokens[SYSTEM] = make_tokens("system", SYSTEM_TOKENS, SYSTEM)

    def read(self, sent: Sent) -> tuple[list[array[int]], list[str]]:
        names = [message.id or message.content for message in sent.messages]
        for name in names[:2]:
            if name not in self._tokens:
                # What is remembered, as one message of the user's.
                memory = make_tokens("user", sent.memory_tokens, name)
                self._tokens[name] = memory
        return [self._tokens[name] for name in names], names


def _sum(rows: Sequence[Usage]) -> Usage:
    return Usage(
        sum(row.input_tokens or 0 for row in rows),
        sum(row.cached_input_tokens or 0 for row in rows),
        sum(row.cache_write_tokens or 0 for row in rows),
        sum(row.cache_write_1h_tokens or 0 for row in rows),
        0,
    )


def _use_all_cores() -> None:
    os.sched_setaffinity(0, set(CORES))
