"""What it costs to render an answer while it comes, and when it has ended.

Runs in `manage.py shell`; prints JSON.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from statistics import median
from typing import TYPE_CHECKING
from uuid import uuid4

from conversations.live.buffer import Buffer
from conversations.rendering.markdown import closed_blocks, keep_written, render
from tests.rendering.documents import ANSWER

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LETTERS_A_TOKEN = 4
# So much comes at a tick, at 200 tokens a second.
TOKENS_A_TICK = 10


def run(sizes: Sequence[int], repeats: int) -> None:
    """Render answers of so many tokens, and print how long it took in milliseconds."""
    _render(_text(sizes[0], "first"))
    gc.collect()
    gc.freeze()
    found = [
        [_render(_text(tokens, f"{number}")) for number in range(repeats)]
        for tokens in sizes
    ]
    kinds = found[0][0].keys()
    json.dump(
        [{kind: median(one[kind] for one in each) for kind in kinds} for each in found],
        sys.stdout,
    )


def _text(tokens: int, name: str) -> str:
    """Return an answer like others, and like none before: it is not remembered."""
    letters = tokens * LETTERS_A_TOKEN
    text = f"Answer {name}.\n\n" + ANSWER * (letters // len(ANSWER) + 1)
    return text[:letters]


def _render(text: str) -> dict[str, float]:
    buffer = Buffer(1, uuid4(), 1)
    streamed = sum(_clock(piece) for piece in _pieces(buffer, text))
    keep_written(text, buffer.blocks)
    ended = _clock(lambda: render(text))
    # It begins otherwise, so nothing of it was kept.
    anew = _clock(lambda: render(f"Again: {text}"))
    return {"streamed": streamed, "ended": ended, "anew": anew}


def _pieces(buffer: Buffer, text: str) -> Sequence[Callable[[], None]]:
    step = TOKENS_A_TICK * LETTERS_A_TOKEN

    def land(at: int) -> None:
        """Do what the hub does at a tick."""
        buffer.append(text[at : at + step])
        list(buffer.take())
        buffer.land()
        if buffer.wants_closing():
            start, tail = buffer.closed, buffer.slice(buffer.closed)
            buffer.close_blocks(start, len(tail), closed_blocks(tail))

    return [lambda at=at: land(at) for at in range(0, len(text), step)]  # type: ignore[misc]


def _clock(work: Callable[[], object]) -> float:
    began = time.thread_time()
    work()
    return (time.thread_time() - began) * 1000
