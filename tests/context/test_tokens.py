from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.context import tokens
from conversations.context.tokens import (
    PIECE_CHARACTERS,
    RANK_FILE,
    RANKS,
    RanksError,
    count,
    count_about,
    load_encoding,
)

if TYPE_CHECKING:
    from pathlib import Path


def test_known_texts_have_their_known_counts() -> None:
    assert count("") == 0
    assert count("hello world") == 2


def test_a_special_token_is_plain_text() -> None:
    assert count("<|endoftext|>") > 1


@given(st.text())
def test_any_text_can_be_counted(text: str) -> None:
    assert 0 <= count(text) <= len(text.encode("utf-8", "surrogatepass"))


@given(st.text(st.characters(categories=["Cs"]), min_size=1))
def test_even_lone_surrogates_can_be_counted(text: str) -> None:
    assert count(text) > 0


@pytest.mark.parametrize(
    "letter", [" ", "\t", "\n", "x", "^", "1", "汉", "\u0301", "😀"]
)
def test_a_million_of_one_character_can_be_counted(letter: str) -> None:
    assert count(letter * 1_000_000) > 0


@given(st.lists(st.sampled_from(["Some", "words,", "and\n", "a", "Wort"]), min_size=1))
def test_cutting_between_words_costs_no_token(words: list[str]) -> None:
    text = " ".join(words * (PIECE_CHARACTERS // len(words)))

    whole = load_encoding(RANKS).encode(text, disallowed_special=())

    assert count(text) == len(whole)


def test_threads_may_ask_at_once() -> None:
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(count, ["hello world"] * 50)) == {2}


def test_a_missing_rank_file_is_named_and_not_downloaded(tmp_path: Path) -> None:
    with pytest.raises(RanksError, match="cannot be read"):
        load_encoding(tmp_path)


def test_a_damaged_rank_file_is_named_and_kept(tmp_path: Path) -> None:
    (tmp_path / RANK_FILE).write_bytes(b"damaged")

    with pytest.raises(RanksError, match="damaged"):
        load_encoding(tmp_path)

    assert (tmp_path / RANK_FILE).read_bytes() == b"damaged"


def test_of_a_long_text_about_so_many_are_counted() -> None:
    prose = "Every boat in the harbour has its rope, and each rope its number. " * 1_500
    code = "total = sum(rope.length for rope in ropes if not rope.is_lost)\n" * 800

    exactly = count(prose + code)

    assert count_about(prose + code) == pytest.approx(exactly, rel=0.05)
    assert count_about(prose[:PIECE_CHARACTERS]) == count(prose[:PIECE_CHARACTERS])


def test_nothing_is_loaded_before_the_first_count() -> None:
    script = (
        "from conversations.context import tokens\n"
        "print(tokens.load_encoding.cache_info().currsize, tokens.count('hello world'))"
    )
    env = {key: value for key, value in os.environ.items() if "TIKTOKEN" not in key}

    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tokens.RANKS.parents[2],
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split() == ["0", "2"]
