from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversations import limits
from conversations.rendering.budget import Budget
from conversations.rendering.highlight import LANGUAGES, coloured_code
from conversations.rendering.markdown import closed_blocks, keep_written, render
from tests.rendering.costly import CODE, UNITS, WHOLES
from tests.rendering.documents import ANSWER

MAXIMUM_SECONDS = 0.5

# Tracing lines would be measured too.
pytestmark = [pytest.mark.no_cover, pytest.mark.usefixtures("loaded")]


def fill(unit: str, size: int) -> str:
    """Repeat `unit` up to `size` bytes."""
    whole = unit.encode() * (size // len(unit.encode()) + 1)
    return whole[:size].decode(errors="ignore")


def cpu_seconds(render_it: Callable[[], object]) -> float:
    start = time.thread_time()
    render_it()
    return time.thread_time() - start


@pytest.mark.parametrize("text", [*UNITS, *WHOLES])
def test_no_text_takes_long(text: str) -> None:
    text = fill(text, limits.RICH_BYTES)

    assert cpu_seconds(lambda: render(text)) < MAXIMUM_SECONDS


@pytest.mark.parametrize("text", [*UNITS[::6], *WHOLES])
def test_no_search_for_closed_blocks_takes_long(text: str) -> None:
    text = fill(text, limits.RICH_BYTES)

    assert cpu_seconds(lambda: closed_blocks(text)) < MAXIMUM_SECONDS


@settings(max_examples=settings().max_examples // 4)
@given(st.lists(st.sampled_from(UNITS), min_size=1, max_size=5).map("".join))
def test_no_mixture_takes_long(unit: str) -> None:
    text = fill(unit, limits.RICH_BYTES)

    assert cpu_seconds(lambda: render(text)) < MAXIMUM_SECONDS


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_no_code_at_the_limit_takes_long(language: str) -> None:
    for unit in CODE:
        code = fill(unit, limits.FENCE_BYTES)
        seconds = cpu_seconds(partial(coloured_code, code, language, Budget()))

        assert seconds < MAXIMUM_SECONDS, unit


def test_many_fences_share_one_budget() -> None:
    fence = f"```typescript\n{fill('a.b?', limits.FENCE_BYTES - 200)}\n```\n"
    text = fence * 16

    assert cpu_seconds(lambda: render(text)) < MAXIMUM_SECONDS
    assert render(text).count("<figure") == 16


@pytest.mark.parametrize("unit", ["[", "[]", "![", ">", "{", "$", "a", "**a** b c\n\n"])
def test_no_text_far_over_the_limit_takes_long(unit: str) -> None:
    text = fill(unit, 1_000_000)

    assert cpu_seconds(lambda: render(text)) < MAXIMUM_SECONDS


def test_text_that_is_too_costly_is_shown_whole() -> None:
    text = fill("a@b.c\n> ---\na@b.c**[a](http://b.c)", limits.RICH_BYTES)

    assert render(text).startswith('<pre class="plain">a@b.c\n&gt; ---')


def close_while_streaming(text: str, step: int) -> int:
    """Look for blocks at every line, as the hub does; return what is closed."""
    closed = 0
    for end in range(step, len(text), step):
        if "\n" in text[end - step : end]:
            blocks = closed_blocks(text[closed:end])
            closed += blocks[-1].end if blocks else 0
    return closed


def test_a_streamed_answer_costs_little() -> None:
    text = ANSWER * 60
    seconds = cpu_seconds(lambda: close_while_streaming(text, 40))

    assert seconds < 2
    assert close_while_streaming(text, 40) > len(text) - len(ANSWER)


def test_the_end_of_a_streamed_answer_costs_nearly_nothing() -> None:
    text = ANSWER * 30
    keep_written(text, closed_blocks(text))

    ended = cpu_seconds(lambda: render(text))
    anew = cpu_seconds(lambda: render(f"Again: {text}"))

    assert ended < anew / 4
