from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations import limits
from conversations.rendering.highlight import LANGUAGES
from conversations.rendering.markdown import closed_blocks, render
from tests.rendering.costly import CODE, UNITS, WHOLES
from tests.rendering.reading import faults_in

MAXIMUM_SECONDS = 0.5


def fill(unit: str, size: int) -> str:
    """Repeat `unit` up to `size` bytes."""
    whole = unit.encode() * (size // len(unit.encode()) + 1)
    return whole[:size].decode(errors="ignore")


def cpu_seconds(render_it: Callable[[], object]) -> float:
    start = time.thread_time()
    render_it()
    return time.thread_time() - start


@pytest.mark.parametrize("unit", UNITS)
def test_no_repeated_piece_takes_long(unit: str) -> None:
    text = fill(unit, limits.RICH_BYTES)

    assert cpu_seconds(lambda: render(text, "m-1-")) < MAXIMUM_SECONDS
    assert cpu_seconds(lambda: closed_blocks(text, "m-1-")) < MAXIMUM_SECONDS


@pytest.mark.parametrize("text", WHOLES)
def test_no_costly_construction_takes_long(text: str) -> None:
    text = fill(text, limits.RICH_BYTES)

    assert cpu_seconds(lambda: render(text, "m-1-")) < MAXIMUM_SECONDS
    assert cpu_seconds(lambda: closed_blocks(text, "m-1-")) < MAXIMUM_SECONDS


@given(st.lists(st.sampled_from(UNITS), min_size=1, max_size=5).map("".join))
def test_no_mixture_takes_long(unit: str) -> None:
    text = fill(unit, limits.RICH_BYTES)
    seconds = cpu_seconds(lambda: render(text, "m-1-"))

    assert seconds < MAXIMUM_SECONDS
    assert faults_in(render(text[:2_000], "m-1-")) == []


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_no_language_takes_long_on_fences_at_the_limit(language: str) -> None:
    for unit in CODE:
        code = fill(unit, limits.FENCE_BYTES - 1)
        text = fill(f"```{language}\n{code}\n```\n", limits.RICH_BYTES)

        assert cpu_seconds(lambda: render(text, "m-1-")) < MAXIMUM_SECONDS, unit  # noqa: B023 (called at once)


def test_text_that_is_too_costly_is_shown_whole() -> None:
    text = fill("a@b.c\n> ---\na@b.c**[a](http://b.c)", limits.RICH_BYTES)

    assert render(text, "m-1-").startswith('<pre class="plain">a@b.c\n&gt; ---')
