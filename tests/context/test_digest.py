"""What a model is asked about turns that leave, and how its answer is read."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations import limits
from conversations.context.digest import (
    LINE_TOKENS,
    MOST_FACTS,
    FoundFact,
    Piece,
    ask_facts,
    ask_summary,
    cut_pieces,
    read_facts,
)
from conversations.wire import History, HistoryMessage, Json, Role, Turn
from tests.context.histories import histories

ROOM = 400


def said(name: str, content: str, *, role: Role = Role.USER) -> HistoryMessage:
    return HistoryMessage(name, role, content, len(content) // 4)


def turn(number: int, question: str = "Why?", answer: str = "Because.") -> Turn:
    reply = said(f"a{number}", answer, role=Role.ASSISTANT)
    return Turn((said(f"q{number}", question),), reply)


def piece_of(*turns: Turn) -> Piece:
    (piece,) = cut_pieces(turns, 10_000)
    return piece


def record_in(request: str) -> list[Json]:
    """The lines between the tags, each of which must be JSON."""
    opening, *lines, closing, _ = request.split("\n")
    assert (opening, closing) == ("<record>", "</record>")
    return [json.loads(line) for line in lines]


def facts(*entries: object) -> str:
    return json.dumps({"facts": entries}, ensure_ascii=False)


def test_a_record_has_everything_said_in_order_with_a_number() -> None:
    piece = piece_of(turn(1, "Who?", "I."), turn(2, "Where?", "Here."))

    _, asked = ask_summary(piece, "", None)

    lines = record_in(asked.content)
    assert [line["message"] for line in lines] == [1, 2, 3, 4]
    assert [line["text"] for line in lines] == ["Who?", "I.", "Where?", "Here."]
    assert [line["from"] for line in lines] == ["user", "assistant"] * 2


def test_the_notes_so_far_come_before_what_is_new() -> None:
    _, asked = ask_summary(piece_of(turn(1)), "Alice asked why.", None)

    assert record_in(asked.content)[0] == {"notes_so_far": "Alice asked why."}


def test_what_is_remembered_already_is_named() -> None:
    _, asked = ask_facts(piece_of(turn(1)), ["Alice likes tea."])

    assert record_in(asked.content)[0] == {"remembered_already": ["Alice likes tea."]}


@given(histories(contents=st.text(max_size=60)), st.text())
def test_nothing_that_was_said_can_leave_its_line(history: History, notes: str) -> None:
    turns = history.turns
    for piece in cut_pieces(turns, 10_000):
        _, asked = ask_summary(piece, notes, None)

        lines = record_in(asked.content)
        texts = [line["text"] for line in lines if "text" in line]
        assert texts == [one.content for one in piece.messages]


@pytest.mark.parametrize(
    ("budget", "words"), [(None, 400), (1_000, 60), (8_000, 320), (10**6, 400)]
)
def test_a_small_budget_asks_for_short_notes(budget: int | None, words: int) -> None:
    instruction, _ = ask_summary(piece_of(turn(1)), "", budget)

    assert instruction.role == "system"
    assert f"at most {words} words" in instruction.content


def test_turns_are_parted_into_pieces_that_fit() -> None:
    turns = [turn(number, "why " * 80, "so " * 80) for number in range(6)]

    pieces = cut_pieces(turns, ROOM)

    assert [piece.until for piece in pieces] == ["a1", "a3", "a5"]
    for piece in pieces:
        assert sum(one.tokens + LINE_TOKENS for one in piece.messages) <= ROOM


@given(histories(), st.integers(min_value=200, max_value=1_000))
def test_a_piece_is_never_larger_than_its_room(history: History, room: int) -> None:
    turns = history.turns
    for piece in cut_pieces(turns, room):
        tokens = sum(one.tokens + LINE_TOKENS for one in piece.messages)
        assert tokens <= room
        assert piece.until in {one.reply.id for one in turns if one.reply}


def test_of_a_long_message_the_middle_is_left_out() -> None:
    long = "first " + "and so on " * 5_000 + "last"

    (piece,) = cut_pieces([turn(1, long)], ROOM)

    question = piece.messages[0].content
    assert question.startswith("first ")
    assert question.endswith("last")
    assert "[…]" in question
    assert len(question) < ROOM * 4


def test_a_turn_without_an_answer_waits_for_one() -> None:
    unanswered = Turn((said("q2", "And?"),))

    assert piece_of(turn(1), unanswered).until == "a1"


def test_silence_is_no_piece() -> None:
    assert cut_pieces([turn(1, "", " \n")], ROOM) == []


READ = FoundFact("Alice likes tea.", "q1")
ENTRY = {"text": "Alice likes tea.", "message": 1}


@pytest.mark.parametrize(
    "answer",
    [
        facts(ENTRY),
        f"```json\n{facts(ENTRY)}\n```",
        f"Here they are:\n{facts(ENTRY)}\nAnything else?",
        f"I think {{so}}: {facts(ENTRY)}",
        json.dumps([ENTRY]),
        json.dumps(ENTRY),
        facts(ENTRY, ENTRY),
        facts(ENTRY)[:-2] + ', {"text": "It broke',
        facts({"text": " Alice\nlikes  tea. ", "message": 1}),
        facts({"text": "Alice likes tea.", "message": "1"}),
    ],
    ids=[
        "plain",
        "fenced",
        "in prose",
        "after braces",
        "a list",
        "one",
        "twice",
        "broken off",
        "spaces",
        "a number as text",
    ],
)
def test_facts_are_found_whatever_is_around_them(answer: str) -> None:
    assert read_facts(answer, piece_of(turn(1))) == [READ]


@pytest.mark.parametrize(
    "entry",
    [
        "Alice likes tea.",
        {"text": "From nowhere."},
        {"text": "From another place.", "message": 3},
        {"text": "From before the first.", "message": 0},
        {"text": "From a truth.", "message": True},
        {"text": "From a half.", "message": 1.5},
        {"text": "From a lot.", "message": "9" * 5_000},
        {"text": "", "message": 1},
        {"text": ["Not a text."], "message": 1},
        {"text": "x" * (limits.FACT_CHARACTERS + 1), "message": 1},
        None,
    ],
)
def test_what_is_no_fact_of_a_message_is_left_out(entry: object) -> None:
    assert read_facts(facts(entry, ENTRY), piece_of(turn(1))) == [READ]


@pytest.mark.parametrize(
    "answer",
    ["", "I cannot help with that.", "{" * 5_000, '{"a":' * 5_000, '{"facts": 7}'],
)
def test_an_answer_without_facts_gives_none(answer: str) -> None:
    assert read_facts(answer, piece_of(turn(1))) == []


@given(st.text())
def test_no_answer_breaks_the_reading(answer: str) -> None:
    assert read_facts(answer, piece_of(turn(1))) == []


def test_of_many_facts_the_first_are_taken() -> None:
    many = [{"text": f"Fact {number}.", "message": 1} for number in range(20)]

    assert len(read_facts(facts(*many), piece_of(turn(1)))) == MOST_FACTS


def test_a_nul_in_a_fact_is_replaced() -> None:
    (found,) = read_facts(facts({"text": "a\0b", "message": 1}), piece_of(turn(1)))

    assert found.text == "a�b"
