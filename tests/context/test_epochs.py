from __future__ import annotations

from dataclasses import replace

import pytest

from conversations.context.assembly import assemble
from conversations.context.epochs import leaving
from conversations.wire import (
    HistoryMessage,
    ModelFacts,
    Native,
    Outcome,
    Refusal,
    Role,
    RollReason,
    Sample,
)
from tests.context.filled import (
    BUDGET,
    EXACT,
    MODEL,
    SETTINGS,
    first_turn,
    history,
    lines,
    saved,
    started_at,
    turn,
)


def test_an_epoch_goes_on_while_all_of_it_fits() -> None:
    context = assemble(history(19), SETTINGS, MODEL, started_at(0))

    assert not context.is_new
    assert context.predicted == pytest.approx(19 * 400 + 13, abs=2)
    assert context.share == context.predicted / BUDGET


def test_a_full_context_rolls_to_half_of_its_budget() -> None:
    context = assemble(history(20), SETTINGS, MODEL, started_at(0))

    assert (context.is_new, context.epoch.reason) == (True, RollReason.FULL)
    assert context.epoch.predicted_before is not None
    assert context.epoch.predicted_before > BUDGET
    assert BUDGET / 2 - 400 < context.predicted <= BUDGET / 2
    assert first_turn(context) == context.epoch.first_message == "u11"
    assert context.epoch.turns_before == 11
    assert lines(context, "turns") == [
        (Outcome.DROPPED, "u0", "a10", 11),
        (Outcome.SENT, "u11", "a19", 9),
    ]


def test_admins_say_how_much_stays_at_a_roll() -> None:
    settings = replace(SETTINGS, keep_share=0.8)

    context = assemble(history(20), settings, MODEL, started_at(0))

    assert 0.8 * BUDGET - 400 < context.predicted <= 0.8 * BUDGET


def test_after_a_roll_the_next_turns_are_only_added() -> None:
    rolled = assemble(history(20), SETTINGS, MODEL, started_at(0))

    context = assemble(history(21), SETTINGS, MODEL, saved(rolled))

    assert not context.is_new
    assert context.messages[: len(rolled.messages) - 1] == rolled.messages[:-1]
    assert lines(context, "turns")[0] == (Outcome.DROPPED, "u0", "a10", 11)


def test_a_roll_by_hand_leaves_out_nothing_that_fits() -> None:
    state = replace(started_at(0), must_roll=True)

    context = assemble(history(15), SETTINGS, MODEL, state)

    assert context.epoch.reason is RollReason.HAND
    assert context.epoch.predicted_before is None
    assert first_turn(context) == "u0"


def test_a_roll_by_hand_leaves_out_nothing_that_was_sent() -> None:
    state = replace(started_at(12), must_roll=True)

    context = assemble(history(30), SETTINGS, MODEL, state)

    assert context.predicted > BUDGET / 2
    assert first_turn(context) == "u12"


def test_a_smaller_model_is_shown_half_of_its_own_budget() -> None:
    small = ModelFacts("small", 5_000)

    context = assemble(history(15), SETTINGS, small, started_at(0))

    assert context.epoch.reason is RollReason.MODEL
    assert context.predicted <= 2_000


def test_after_a_refusal_without_a_word_no_more_than_half_is_sent_again() -> None:
    state = replace(started_at(0), refused=Refusal(6_000))

    context = assemble(history(15), SETTINGS, MODEL, state)

    assert context.epoch.reason is RollReason.TOO_LONG
    assert 3_000 - 400 < context.predicted <= 3_000
    assert context.budget == pytest.approx(6_000, abs=3)


def test_what_its_gateway_has_counted_is_rolled_to_what_it_says_it_reads() -> None:
    """It counts twice as much as was expected, and reads half of what one thought."""
    refused = Refusal(6_013, counted=12_000, window=5_000)
    state = replace(started_at(0), refused=refused)

    context = assemble(history(15), SETTINGS, MODEL, state)

    assert context.epoch.reason is RollReason.TOO_LONG
    assert context.epoch.predicted_before == 12_000
    assert context.budget == 4_000
    # Twice our own count, and 45 % to 50 % of what fits.
    assert 2 * context.tokens == pytest.approx(context.predicted, abs=30)
    assert 2_000 - 800 < context.predicted <= 2_000


def test_the_newest_turn_stays_where_it_is_known_to_fit() -> None:
    said = replace(history(2), turns=(turn(0, 1_000), turn(1, 1_400)))
    silent = replace(started_at(0), refused=Refusal(4_820))
    told = Refusal(4_820, counted=4_820, window=4_500)
    exact = replace(started_at(0), refused=told)

    careful = assemble(said, SETTINGS, MODEL, silent)
    known = assemble(said, SETTINGS, MODEL, exact)

    assert lines(careful, "turns") == [(Outcome.DROPPED, "u0", "a1", 2)]
    assert lines(known, "turns")[-1] == (Outcome.SENT, "u1", "a1", 1)


def test_what_a_gateway_hides_cannot_be_halved() -> None:
    hidden = tuple(replace(one, actual=one.actual + 5_000) for one in EXACT)
    state = replace(started_at(0), samples=hidden, refused=Refusal(2_000))

    context = assemble(history(5), SETTINGS, MODEL, state)

    assert 5_000 < context.predicted < 6_000
    assert lines(context, "turns")[-1][3] == 1


def test_after_a_refusal_the_simple_mode_too_sends_less() -> None:
    settings = replace(SETTINGS, last_turns=10)
    state = replace(started_at(0), refused=Refusal(4_000))

    context = assemble(history(10), settings, MODEL, state)

    assert context.epoch.reason is RollReason.TOO_LONG
    assert 0 < context.predicted <= 2_000


def test_thoughts_that_go_back_count_as_their_gateway_counts_them() -> None:
    """It makes half as many tokens again of a text, and bills no thought twice."""
    thought = Native("epoch", ({"type": "reasoning"},), 1_000)
    said = history(10)
    replies = [replace(one.reply, native=thought) for one in said.turns if one.reply]
    turns = tuple(
        replace(one, reply=reply)
        for one, reply in zip(said.turns, replies, strict=True)
    )
    sizes = [(n % 6 * 900, n % 4 * 3_000) for n in range(1, 40)]
    samples = tuple(
        Sample(text + sealed, text * 3 // 2, sealed) for text, sealed in sizes
    )
    state = replace(started_at(0), samples=samples)

    context = assemble(replace(said, turns=turns), SETTINGS, MODEL, state)

    assert not context.is_new
    assert (context.tokens, context.sealed) == (14_013, 10_000)
    assert context.predicted == pytest.approx(1.5 * 4_013, rel=0.02)


def test_the_simple_mode_keeps_just_the_newest_turns() -> None:
    settings = replace(SETTINGS, last_turns=3)

    first = assemble(history(3), settings, MODEL, started_at(0))
    context = assemble(history(4), settings, MODEL, saved(first))

    assert not first.is_new
    assert context.epoch.reason is RollReason.LAST_TURNS
    assert first_turn(context) == "u1"
    assert [one.reason for one in context.items if one.outcome is Outcome.DROPPED] == [
        "Older than the last turns that are kept."
    ]


def test_a_large_hidden_prompt_leaves_room_for_some_turns() -> None:
    hidden = tuple(replace(one, actual=one.actual + 5_000) for one in EXACT)
    state = replace(started_at(0), samples=hidden)

    context = assemble(history(20), SETTINGS, MODEL, state)

    # Half of the budget is less than what the gateway adds by itself.
    assert context.epoch.reason is RollReason.FULL
    assert 5_000 < context.predicted < 6_000
    assert lines(context, "turns")[-1][3] == 1


def test_a_dearer_tier_ends_an_epoch_but_refuses_no_question() -> None:
    facts = replace(MODEL, dearer_above=4_000)
    long = (HistoryMessage("long", Role.USER, "Read this.", 5_000),)

    rolled = assemble(history(10), SETTINGS, facts, started_at(0))
    alone = assemble(
        replace(history(10), asking=long),
        replace(SETTINGS, cap=4_000),
        MODEL,
        started_at(0),
    )

    assert rolled.predicted <= 1_900
    assert not alone.over_budget
    assert [one.id for one in alone.messages] == ["long"]


def test_it_is_known_beforehand_which_turns_will_leave() -> None:
    state = started_at(0)

    early = leaving(history(18), SETTINGS, MODEL, state)
    late = leaving(replace(history(20), asking=()), SETTINGS, MODEL, state)

    assert (early[0], early[-1]) == (turn(0), turn(8))
    assert late[-1] == turn(10)


def test_turns_that_have_left_do_not_leave_again() -> None:
    gone = leaving(history(30), SETTINGS, MODEL, started_at(11))

    assert (gone[0], gone[-1]) == (turn(11), turn(20))


def test_where_all_fits_nothing_leaves() -> None:
    assert leaving(history(3), SETTINGS, MODEL, started_at(0)) == ()
