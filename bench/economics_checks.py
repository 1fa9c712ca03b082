"""What the economics rest on: predictions, equal bytes, and little work."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean

from bench.economics_caches import Tokenizer
from bench.economics_policies import MODEL, OURS, SETTINGS, SUMMARISED, WAYS
from bench.economics_runs import Run, Task, run_tasks
from bench.economics_talks import PROFILES, make_talk
from bench.figures import NONE_AT_ALL, Figure, Goal
from conversations.context.assembly import assemble
from conversations.gateways.base import request_bytes
from conversations.wire import (
    ContextSettings,
    ContextState,
    History,
    HistoryMessage,
    Protocol,
    Request,
    RequestMessage,
    Role,
    Turn,
)

SECTION = "economics"
PREDICTION = Goal(0.01, 0.02)
# What is hidden before a prompt, and how much more a tokenizer makes of a text.
TOKENIZERS = (
    Tokenizer(),
    Tokenizer(0, 1.5),
    Tokenizer(600, 1.5),
    Tokenizer(23_000, 1.0),
    Tokenizer(23_000, 1.5),
)
PREDICTED_TURNS, PREDICTED_BUDGET = 120, 64_000
# A message may count for so much more or less than our tokenizer says.
NOISE = 0.25

LONG_MESSAGES, REPEATS = 10_000, 15
MILLISECONDS = 1e3
ASSEMBLE = Goal(20, 20)


def measure_checks(talks: int) -> list[Figure]:
    """Measure what a budget is worth nothing without."""
    return [*_predictions(4 * talks), _bytes(talks), *_times()]


def _predictions(talks: int) -> list[Figure]:
    tasks = [
        Task(
            OURS,
            PREDICTED_BUDGET,
            seed,
            turns=PREDICTED_TURNS,
            caches=("none",),
            tokenizer=tokenizer,
            noise=NOISE,
        )
        for tokenizer in TOKENIZERS
        for seed in range(talks)
    ]
    runs = run_tasks(tasks)
    return [
        _prediction([run for run in runs if run.task.tokenizer == tokenizer])
        for tokenizer in TOKENIZERS
    ]


def _prediction(runs: Sequence[Run]) -> Figure:
    tokenizer = runs[0].task.tokenizer
    errors = sorted(error for run in runs for error in run.errors)
    name = f"prediction's error, {tokenizer.hidden:,} hidden × {tokenizer.ratio}"
    note = f"95 % below {errors[len(errors) * 95 // 100]:.1%}"
    goal = PREDICTION if tokenizer == TOKENIZERS[-1] else None
    return Figure(SECTION, name, fmean(errors), "", goal, note)


def _bytes(talks: int) -> Figure:
    """Count the bytes of a request that the next one of its epoch does not repeat."""
    changed = requests = 0
    for seed in range(talks):
        for protocol in Protocol:
            found, compared = _changed_bytes(seed, protocol)
            changed, requests = changed + found, requests + compared
    name, note = "bytes that change within an epoch", f"{requests:,} requests compared"
    return Figure(SECTION, name, changed, "", NONE_AT_ALL, note)


def _changed_bytes(seed: int, protocol: Protocol) -> tuple[int, int]:
    talk = make_talk(seed, PROFILES["everyday"], PREDICTED_TURNS)
    policy = WAYS[SUMMARISED](PREDICTED_BUDGET // 4)
    changed, compared, before = 0, 0, b""
    for turn in range(len(talk.turns)):
        sent = policy.send(talk, turn)
        request = Request(MODEL.name, tuple(sent.messages), conversation="one")
        body = request_bytes(protocol, request)
        if not sent.is_new:
            same = _same_bytes(before, body)
            changed, compared = changed + len(before) - same, compared + 1
        before = body.removesuffix(_closing(protocol, request))
        policy.hear(talk, turn, sent.predicted)
    return changed, compared


def _same_bytes(one: bytes, other: bytes) -> int:
    if other.startswith(one):
        return len(one)
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))


def _closing(protocol: Protocol, request: Request) -> bytes:
    """Return what follows the words of a request's newest message."""
    asking = RequestMessage("user", "Here the messages end.")
    body = request_bytes(protocol, replace(request, messages=(asking,)))
    _, words, closing = body.rpartition(json.dumps(asking.content).encode())
    assert words
    return closing


def _times() -> list[Figure]:
    history = _long_history()
    everything = replace(SETTINGS, cap=None)
    little = replace(SETTINGS, cap=32_000)
    return [
        _time("everything kept", history, everything),
        _time("most left out", history, little),
    ]


def _time(what: str, history: History, settings: ContextSettings) -> Figure:
    first = assemble(history, settings, MODEL, ContextState())
    state = ContextState(replace(first.epoch, id="1"))
    times = []
    for carried in (ContextState(), state) * REPEATS:
        began = time.process_time()
        assemble(history, settings, MODEL, carried)
        times.append(time.process_time() - began)
    # Of the two ways, to begin and to go on, the slower one; the best of a few times.
    slower = max(min(times[::2]), min(times[1::2])) * MILLISECONDS
    name = f"assemble, {LONG_MESSAGES:,} messages, {what}"
    return Figure(SECTION, name, slower, "ms", ASSEMBLE)


def _long_history() -> History:
    turns = tuple(
        Turn(
            (HistoryMessage(f"{number}-asked", Role.USER, "What?", 300),),
            HistoryMessage(f"{number}-answered", Role.ASSISTANT, "That.", 440),
        )
        for number in range(LONG_MESSAGES // 2)
    )
    return History(turns, (HistoryMessage("asking", Role.USER, "And now?", 10),))
