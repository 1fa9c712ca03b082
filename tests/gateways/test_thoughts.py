from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations import limits
from conversations.gateways.chat_completions.decoder import ChatDecoder
from conversations.gateways.chat_completions.reasoning_details import (
    MOST_DETAILS,
    ReasoningDetails,
)
from conversations.gateways.items import storable
from conversations.wire import Finished, Json, ReasoningDelta, TextDelta

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"))


def listen(*deltas: object) -> tuple[str, str, Finished]:
    """Return the thoughts, the text and the end of a stream of `deltas`."""
    decoder = ChatDecoder()
    heard = []
    for delta in deltas:
        data = json.dumps({"choices": [{"delta": delta}]}).encode()
        heard += decoder.decode("", data)
    *heard, finished = [*heard, *decoder.finish()]
    assert isinstance(finished, Finished)
    thoughts = [each.text for each in heard if isinstance(each, ReasoningDelta)]
    texts = [each.text for each in heard if isinstance(each, TextDelta)]
    return "".join(thoughts), "".join(texts), finished


def say(text: str, places: list[int]) -> tuple[str, str]:
    """Return thoughts and text of `text` that comes cut at `places`."""
    bounds = [0, *sorted(place % (len(text) + 1) for place in places), len(text)]
    pieces = [{"content": text[a:b]} for a, b in pairwise(bounds)]
    return listen(*pieces)[:2]


PLACES = st.lists(st.integers(min_value=0), max_size=12)


@pytest.mark.parametrize(
    ("content", "thoughts", "text"),
    [
        ("<think>\nHm.</think>\n\nYes.", "Hm.", "Yes."),
        ("\n<think>Hm.</think>Yes.", "Hm.", "Yes."),
        ("<think></think>Yes.", "", "Yes."),
        ("<think>Hm.</think>", "Hm.", ""),
        ("<think>Hm. Or", "Hm. Or", ""),
        ("<think>Hm.</thin", "Hm.</thin", ""),
        ("<think>a</think>b <think>c</think>", "a", "b <think>c</think>"),
        ("<think>a <think> b</think>c", "a <think> b", "c"),
        ("Say <think>so</think>.", "", "Say <think>so</think>."),
        ("<thinking>no</thinking>", "", "<thinking>no</thinking>"),
        ("<thin", "", "<thin"),
        (" \n", "", " \n"),
        ("  Yes.", "", "  Yes."),
        (" " * 100 + "<think>a</think>", "", " " * 100 + "<think>a</think>"),
    ],
)
@given(places=PLACES)
def test_thoughts_between_tags_are_told_from_the_text(
    content: str, thoughts: str, text: str, places: list[int]
):
    assert say(content, places) == (thoughts, text)


@given(text=TEXT, places=PLACES)
def test_text_that_does_not_begin_with_the_tag_is_said_as_it_is(
    text: str, places: list[int]
):
    text = "." + text + "<think>"

    assert say(text, places) == ("", text)


@given(thoughts=TEXT, text=TEXT, places=PLACES)
def test_nothing_is_lost_between_thoughts_and_text(
    thoughts: str, text: str, places: list[int]
):
    thoughts = thoughts.replace("</think>", "").strip()

    heard = say(f"<think>{thoughts}</think>{text}", places)

    assert heard == (thoughts, text.lstrip())


def test_who_has_a_field_for_thoughts_puts_none_into_the_text():
    thoughts, text, _ = listen(
        {"reasoning_content": "Hm."}, {"content": "<think>"}, {"content": " is a tag."}
    )

    assert (thoughts, text) == ("Hm.", "<think> is a tag.")


def test_a_pair_cut_in_two_is_joined_beside_tags():
    assert listen({"content": "<think>\ud83d"}, {"content": "\ude00</think>a"})[:2] == (
        "😀",
        "a",
    )


def detail(index: int, kind: str, **more: object) -> Json:
    return {"type": f"reasoning.{kind}", "index": index, **more}


def details(*parts: Json) -> Json:
    return {"reasoning_details": list(parts)}


def test_details_are_put_together_by_their_index_and_kept_in_order():
    thoughts, _, finished = listen(
        details(detail(0, "text", text="Let ", format="anthropic-claude-v1")),
        details(detail(0, "text", text="me.", signature=None)),
        details(detail(0, "text", signature="c2ln", text=None)),
        details(detail(1, "summary", summary="In "), detail(2, "encrypted", data="AA")),
        details(detail(1, "summary", summary="short.")),
        details(detail(2, "encrypted", data="BB", id="rs_1")),
    )

    assert thoughts == "Let me.In short."
    assert finished.items == (
        {
            "type": "reasoning.text",
            "index": 0,
            "text": "Let me.",
            "format": "anthropic-claude-v1",
            "signature": "c2ln",
        },
        {"type": "reasoning.summary", "index": 1, "summary": "In short."},
        {"type": "reasoning.encrypted", "index": 2, "data": "AABB", "id": "rs_1"},
    )


def test_details_of_one_index_are_told_apart_by_type_and_id():
    parts = [
        detail(0, "summary", summary="a"),
        detail(0, "encrypted", data="b", id="rs_1"),
        detail(0, "encrypted", data="c", id="rs_2"),
    ]

    assert listen(*(details(part) for part in parts))[2].items == tuple(parts)


def test_a_whole_message_keeps_its_details_as_they_came():
    parts: tuple[Json, ...] = (
        {"type": "reasoning.text", "text": "a", "signature": "s", "id": None},
        {"type": "reasoning.text", "text": "b", "signature": "t"},
    )

    assert listen(details(*parts))[2].items == parts


@pytest.mark.parametrize(
    "delta",
    [
        {"reasoning_content": "Hm."},
        {"reasoning": "Hm."},
        details(detail(0, "text", text="Hm.")),
        details(detail(0, "summary", summary="Hm.")),
    ],
)
def test_thoughts_nobody_vouches_for_are_not_sent_back(delta: Json):
    thoughts, _, finished = listen(delta)

    assert (thoughts, finished.items) == ("Hm.", ())


def test_a_pair_cut_in_two_is_joined_in_a_detail():
    first, second = '"\\ud83d"', '"\\ude00"'
    parts = [
        detail(0, "text", text=json.loads(half), signature="s")
        for half in (first, second)
    ]

    assert listen(*(details(part) for part in parts))[2].items[0]["text"] == "😀"


@pytest.mark.parametrize("value", ["a\0", "\ud83d", float("nan"), "a" * 2_000])
def test_items_no_database_takes_are_left_out_altogether(
    value: object, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(limits, "ANSWER_BYTES", 1_000)
    good: Json = {"type": "reasoning", "data": "b"}

    assert storable((good,)) == (good,)
    assert storable((good, {"data": value})) == ()


def test_details_without_end_are_given_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "ANSWER_BYTES", 1_000)
    some = ReasoningDetails()

    for _ in range(100):
        some.add(detail(0, "encrypted", data="a" * 20), 0)

    assert some.items() == ()


def test_of_too_many_details_none_is_kept():
    some = ReasoningDetails()

    for index in range(MOST_DETAILS * 2):
        some.add(detail(index, "encrypted", data="a"), 0)

    assert some.items() == ()
