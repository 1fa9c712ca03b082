from __future__ import annotations

from itertools import pairwise
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations import limits
from conversations.live.buffer import Buffer
from conversations.rendering.markdown import closed_blocks, keep_written, render
from tests.rendering.documents import DOCUMENTS

pytestmark = pytest.mark.usefixtures("loaded")

LINES = st.sampled_from(
    [
        "text", "**bold", "text*", "# heading", "===", "---", "***", "> quote", "lazy",
        "- item", "  - inner", "    code", "1. one", "2. two", "2) two", "```",
        "```python", "~~~", "| a | b |", "|---|---|", "a | b", "  indented", "\t tab",
        "+", "[x]", "    ", "\t", "", "", "", "<b>", "`code", "\\", ">", "-", "|",
        "$$", "$$ x", "x $$", "$$x$$", "\\[", "\\]", "> $$", "  $$", "$a$",
    ]
)  # fmt: skip
TEXTS = st.lists(LINES, max_size=14).map("\n".join)


def stream(text: str, step: int = 1) -> str:
    """Close blocks as the text grows; return their HTML and that of the rest."""
    html, closed = "", 0
    for end in range(1, len(text) + 1, step):
        blocks = closed_blocks(text[closed:end])
        html += "".join(block.html for block in blocks)
        closed += blocks[-1].end if blocks else 0
    return html + render(text[closed:])


def write(text: str, step: int) -> Buffer:
    """Let a text come piece by piece, and close its blocks where the hub would."""
    buffer = Buffer(1, uuid4(), 1)
    for start in range(0, len(text), step):
        buffer.append(text[start : start + step])
        list(buffer.take())
        buffer.land()
        if buffer.wants_closing():
            tail = buffer.slice(buffer.closed)
            buffer.close_blocks(buffer.closed, len(tail), closed_blocks(tail))
    return buffer


@pytest.mark.parametrize("text", DOCUMENTS)
@pytest.mark.parametrize("step", [1, 7])
def test_closed_blocks_and_the_rest_are_the_whole(text: str, step: int) -> None:
    assert stream(text, step) == render(text)


@given(TEXTS)
def test_no_later_line_changes_a_closed_block(text: str) -> None:
    assert stream(text) == render(text)


@given(TEXTS, st.sampled_from([1, 3, 40]))
def test_the_lines_that_are_looked_at_close_what_all_lines_would(
    text: str, step: int
) -> None:
    text = f"{text}\n\n"
    *_, end = [0, *(block.end for block in closed_blocks(text))]

    # A blank line more or less belongs to no block.
    assert text[write(text, step).closed :].strip() == text[end:].strip()


@pytest.mark.parametrize("step", [1, 3])
def test_a_list_is_closed_by_the_first_letter_after_it(step: int) -> None:
    assert write("- a\n\nT", step).closed == 5


@given(TEXTS)
def test_what_was_rendered_while_it_was_written_is_its_end_too(text: str) -> None:
    # Of no use to a text without markers, and so rendered by itself.
    whole = render(text, cited=("https://a.example",))
    keep_written(text, closed_blocks(text))

    assert render(text) == whole


def test_a_definition_that_comes_last_is_not_forgotten() -> None:
    text = "See [it].\n\n[it]: https://c.example\n"
    keep_written(text, closed_blocks(text))

    assert 'href="https://c.example"' in render(text)


@given(TEXTS)
def test_blocks_follow_one_another_up_to_the_open_one(text: str) -> None:
    ends = [0, *(block.end for block in closed_blocks(text))]

    assert all(start < end <= len(text) for start, end in pairwise(ends))
    assert all(text[end - 1] == "\n" for end in ends[1:])


@pytest.mark.parametrize(
    ("tail", "ends"),
    [
        ("", []),
        ("text", []),
        ("text\n", []),
        ("text\nmore\n", []),
        ("text\n\n", [6]),
        ("text\n\n\n", [7]),
        ("text\n\nmore\n\nand", [6, 12]),
        ("# heading", []),
        ("# heading\n", [10]),
        ("a\n---\n", [6]),
        ("***\n", [4]),
        ("```\na\n\nb\n", []),
        ("```\na\n\nb\n```", []),
        ("```\na\n\nb\n```\n", [13]),
        ("```\n```\n", [8]),
        ("```\n", []),
        ("- a\n\n", []),
        ("- a\n\n2", []),
        ("- a\n\n2. b\n", [5]),
        ("- a\n\n-", []),
        ("- a\n\nText", [5]),
        ("- a\nlazy", []),
        ("    code\n\n", []),
        ("> a\n\n", [5]),
        ("| a |\n|---|\n| 1 |\n", []),
        ("| a |\n|---|\n| 1 |\n\n", [19]),
        ("a\n\n[b]: https://c.example\n\nd\n\n", [3, 30]),
        ("a\r\n\r\nb\r\n", []),
    ],
)
def test_a_block_is_closed_when_nothing_can_change_it(
    tail: str, ends: list[int]
) -> None:
    assert [block.end for block in closed_blocks(tail)] == ends


def test_a_definition_serves_the_block_it_stands_before() -> None:
    tail = "a\n\n[b]: https://c.example\n\nsee [b]\n\n"

    assert 'href="https://c.example"' in closed_blocks(tail)[1].html


def test_a_tail_over_the_limit_has_no_closed_blocks() -> None:
    paragraph = "text\n\n"
    count = limits.RICH_BYTES // len(paragraph)

    assert closed_blocks(paragraph * (count + 1)) == []


def test_a_costly_block_is_closed_as_it_was_written_and_stops_nothing() -> None:
    costly = "![" * 30_000 + "\n\n"
    tail = f"first\n\n{costly}last\n\n"
    html, closed = "", 0
    while blocks := closed_blocks(tail[closed:]):
        html += "".join(block.html for block in blocks)
        closed += blocks[-1].end

    plain = f'<pre class="plain">{costly}</pre>'
    assert html == f"<p>first</p>\n{plain}<p>last</p>\n"


def test_a_tail_nested_too_deep_has_no_closed_blocks() -> None:
    assert closed_blocks(">" * 40 + " deep\n\nlast\n\n") == []
