"""Random histories: people who talk to each other, silence, answers cut off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from conversations.wire import ContextSettings, History, HistoryMessage, Role, Turn

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

CONTENTS = st.sampled_from(["Hello.", "汉字", "x" * 50, "", " \n"])
SPOKEN = st.sampled_from(["Hello.", "汉字", "x" * 50])
TOKENS = st.integers(min_value=0, max_value=60)
SETTINGS = st.builds(
    ContextSettings,
    system_prompt=st.sampled_from(["", " ", "Be kind.", "Be brief.\nBe right."]),
    system_prompt_ref=st.just("revision"),
    system_prompt_tokens=TOKENS,
    window_share=st.sampled_from([0.5, 0.8, 1.0]),
)


@st.composite
def histories(
    draw: DrawFn,
    asking: SearchStrategy[str] = SPOKEN,
    contents: SearchStrategy[str] = CONTENTS,
) -> History:
    """Draw a history in which every message has its own id."""
    turns = tuple(
        draw(_turn(f"t{number}", contents)) for number in range(draw(st.integers(0, 8)))
    )
    asked = draw(_spoken("q", asking, at_least=1))
    partial = draw(st.none() | _message("p", Role.ASSISTANT, contents))
    return History(turns, asked, partial, draw(st.integers(0, 3)))


@st.composite
def _turn(draw: DrawFn, name: str, contents: SearchStrategy[str]) -> Turn:
    asked = draw(_spoken(name, contents, at_least=0))
    reply = draw(st.none() | _message(f"{name}a", Role.ASSISTANT, contents))
    return Turn(asked, reply)


@st.composite
def _spoken(
    draw: DrawFn, name: str, contents: SearchStrategy[str], at_least: int
) -> tuple[HistoryMessage, ...]:
    many = draw(st.integers(at_least, 3))
    return tuple(
        draw(_message(f"{name}u{number}", Role.USER, contents))
        for number in range(many)
    )


@st.composite
def _message(
    draw: DrawFn, name: str, role: Role, contents: SearchStrategy[str]
) -> HistoryMessage:
    # The id is part of the text, so that each message can be told apart when sent.
    text = draw(contents)
    return HistoryMessage(
        name, role, text + name if text.strip() else text, draw(TOKENS)
    )
