from __future__ import annotations

from dataclasses import replace

import pytest

from conversations.context.assembly import assemble
from conversations.context.memory import Note, read_memory
from conversations.context.remembering import PIN_NO_ROOM
from conversations.wire import (
    Fact,
    HistoryMessage,
    Item,
    Memory,
    Outcome,
    Pin,
    Refusal,
    Role,
    RollReason,
)
from tests.context.filled import (
    BUDGET,
    EXACT,
    MODEL,
    QUESTION,
    SETTINGS,
    first_turn,
    history,
    lines,
    saved,
    started_at,
    summary,
    turn,
)


def test_a_summary_stands_for_the_turns_it_covers() -> None:
    memory = Memory(summary=summary(until=10))

    context = assemble(history(20, memory), SETTINGS, MODEL, started_at(0))

    assert read_memory(context.epoch.memory) == (
        Note("summary", "They spoke of much."),
    )
    assert context.messages[0].content == context.epoch.memory
    assert context.messages[0].role == "user"
    assert context.epoch.summary == 7
    assert lines(context, "turns") == [
        (Outcome.SUMMARISED, "u0", "a10", 11),
        (Outcome.SENT, "u11", "a19", 9),
    ]


def test_turns_a_summary_has_not_yet_stay_if_they_have_room() -> None:
    memory = Memory(summary=summary(until=6))

    context = assemble(history(20, memory), SETTINGS, MODEL, started_at(0))

    assert first_turn(context) == "u7"
    assert context.predicted <= 0.75 * BUDGET


def test_turns_between_a_summary_and_what_fits_are_named() -> None:
    memory = Memory(summary=summary(until=2))

    context = assemble(history(20, memory), SETTINGS, MODEL, started_at(0))

    assert [line[:3] for line in lines(context, "turns")[:2]] == [
        (Outcome.SUMMARISED, "u0", "a2"),
        (Outcome.DROPPED, "u3", "a10"),
    ]


def test_a_summary_is_not_sent_while_all_it_covers_is() -> None:
    memory = Memory(summary=summary(until=3))
    state = replace(started_at(0), must_roll=True)

    context = assemble(history(5, memory), SETTINGS, MODEL, state)

    assert context.epoch.memory == ""
    assert [one.reason for one in context.items if one.kind == "summary"] == [
        "What it covers is sent in full."
    ]


def test_a_summary_of_turns_that_are_no_longer_read_is_sent() -> None:
    memory = Memory(summary=replace(summary(0), until="long ago"))
    state = replace(started_at(0), must_roll=True)

    context = assemble(history(5, memory, before=30), SETTINGS, MODEL, state)

    assert context.epoch.turns_before == 30
    assert lines(context, "turns")[0] == (Outcome.SUMMARISED, "", "", 30)


def test_a_pin_is_copied_when_its_turn_leaves_and_not_before() -> None:
    left, stays = turn(0).messages[0], turn(19).messages[0]
    memory = Memory(pins=(Pin(left, 0), Pin(stays, 38), Pin(QUESTION[0], 40)))

    context = assemble(history(20, memory), SETTINGS, MODEL, started_at(0))

    assert read_memory(context.epoch.memory) == (Note("pin", "Question 0?", Role.USER),)
    assert lines(context, "pin") == [(Outcome.SENT, "u0", "u0", 0)]


def test_pins_have_a_quarter_of_what_fits_and_the_newest_go_first() -> None:
    pins = [Pin(turn(number, 900).messages[0], number) for number in range(4)]
    said = (*(turn(number, 900) for number in range(4)), *map(turn, range(4, 20)))
    full = replace(history(0, Memory(pins=tuple(pins))), turns=said)

    context = assemble(full, SETTINGS, MODEL, started_at(0))

    pinned = [item for item in context.items if item.kind == "pin"]
    assert [(one.first, one.reason) for one in pinned] == [
        ("u2", ""),
        ("u3", ""),
        ("u0", PIN_NO_ROOM),
        ("u1", PIN_NO_ROOM),
    ]


def test_facts_are_few_and_pinned_ones_go_first() -> None:
    facts = [Fact(n, f"Fact {n}.", 5, pinned=n == 3) for n in range(1, 80)]
    state = replace(started_at(0), must_roll=True)

    context = assemble(history(2, Memory(facts=tuple(facts))), SETTINGS, MODEL, state)

    sent = [one.text for one in read_memory(context.epoch.memory)]
    assert sent == ["Fact 3.", *(f"Fact {n}." for n in range(21, 80))]


def test_what_is_new_to_remember_waits_for_the_next_roll() -> None:
    rolled = assemble(
        history(20, Memory(facts=(Fact(1, "Old.", 2),))), SETTINGS, MODEL, started_at(0)
    )
    memory = Memory(
        pins=(Pin(turn(0).messages[0], 0),),
        facts=(Fact(1, "Old.", 2), Fact(2, "New.", 2)),
        summary=summary(until=10),
    )

    context = assemble(history(20, memory), SETTINGS, MODEL, saved(rolled))

    assert not context.is_new
    assert context.messages == rolled.messages
    waiting: list[Item] = [one for one in context.items if "since" in one.reason]
    assert [(one.kind, one.first) for one in waiting] == [
        ("summary", "7"),
        ("pin", "u0"),
        ("facts", "2"),
    ]


def test_what_is_remembered_is_left_out_before_a_question_is_refused() -> None:
    long = (HistoryMessage("long", Role.USER, "Read this.", 7_900),)
    memory = Memory(
        (Pin(turn(0).messages[0], 0),), (Fact(1, "Old.", 2),), summary(until=10)
    )
    asked = replace(history(20, memory), asking=long)

    context = assemble(asked, SETTINGS, MODEL, started_at(0))

    assert not context.over_budget
    assert [one.id for one in context.messages] == ["long"]
    assert {one.kind for one in context.items if "No room" in one.reason} == {
        *("summary", "facts", "pin"),
    }


def test_a_pin_goes_before_a_summary() -> None:
    """A person chose it; and whatever is left out for it can be written anew."""
    asked = (HistoryMessage("long", Role.USER, "Read this.", 7_300),)
    memory = Memory((Pin(turn(0).messages[0], 0),), (), summary(until=10, tokens=500))

    context = assemble(
        replace(history(20, memory), asking=asked), SETTINGS, MODEL, started_at(0)
    )

    assert [one.kind for one in read_memory(context.epoch.memory)] == ["pin"]
    assert (Outcome.DROPPED, "7", "7", 0) in lines(context, "summary")


@pytest.mark.parametrize("hidden", [0, 4_000])
@pytest.mark.parametrize("more", [None, 1.0, 1.6])
def test_a_small_pin_survives_an_overflow_whatever_is_known_of_it(
    more: float | None, hidden: int
) -> None:
    """Its gateway is silent, or says that it counted so many times what was expected."""
    samples = tuple(replace(one, actual=one.actual + hidden) for one in EXACT)
    turns = (turn(0, 20), *map(turn, range(1, (7_600 - hidden) // 400)))
    memory = Memory(pins=(Pin(turns[0].messages[0], 0),))
    asked = replace(history(0, memory), turns=turns)
    state = replace(started_at(0), samples=samples)
    sent = assemble(asked, SETTINGS, MODEL, state)
    refused = Refusal(sent.tokens)
    if more:
        counted, window = int(more * sent.predicted), sent.predicted - 10
        refused = replace(refused, counted=counted, window=window)

    context = assemble(asked, SETTINGS, MODEL, replace(state, refused=refused))

    assert not sent.is_new
    assert context.epoch.reason is RollReason.TOO_LONG
    assert lines(context, "pin") == [(Outcome.SENT, "u0", "u0", 0)]
    assert context.tokens < 0.6 * sent.tokens
    assert context.predicted < 0.8 * (refused.counted or sent.predicted)
