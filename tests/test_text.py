from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.text import clean_line, clean_text, first_words, shorten


@given(st.text(alphabet=st.characters()))
def test_cleaned_text_can_be_stored_and_sent_anywhere(text: str) -> None:
    cleaned = clean_text(text)

    cleaned.encode()
    assert "\x00" not in cleaned
    assert "\r" not in cleaned
    assert clean_text(cleaned) == cleaned


def test_nul_and_lone_surrogates_are_replaced() -> None:
    assert clean_text("a\x00b\ud800c") == "a\ufffdb\ufffdc"


def test_a_line_has_no_breaks() -> None:
    assert clean_line(" a\r\nb\tc ") == "a b c"


@pytest.mark.parametrize("text", ["\u200b", " \u2060\ufeff ", "\u3164", "\u202e"])
def test_a_line_of_which_nothing_is_seen_is_empty(text: str) -> None:
    assert clean_line(text) == ""


def test_a_line_cannot_turn_what_stands_beside_it() -> None:
    assert clean_line("\u202eevil\u202c \u2067name\u2069") == "evil name"
    assert clean_line("👩‍👩‍👧 שלום") == "👩‍👩‍👧 שלום"


@given(st.text(), st.integers(2, 40))
def test_a_shortened_text_is_short(text: str, limit: int) -> None:
    assert len(shorten(text, limit)) <= limit


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("## What we *agreed*\n\nShip it", "What we agreed"),
        ("\n\n- first thing\n- second", "first thing"),
        ("1. first", "first"),
        ("2025 was 3 > 2 years", "2025 was 3 2 years"),
        ("```python\nprint()\n```", "python"),
        ("***", "***"),
    ],
)
def test_the_first_words_are_without_markdown(text: str, words: str) -> None:
    assert first_words(text) == words
