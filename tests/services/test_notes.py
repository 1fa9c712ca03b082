"""How an answer ended, in words that people understand."""

from __future__ import annotations

import pytest

from conversations.gateways.base import ErrorKind
from conversations.models import Generation
from conversations.services.notes import detail_for, note_for, wait_reason
from conversations.wire import State

OVER = "You have spent $20.00 of $20.00 this month. It renews on 1 December."


def note(
    state: State,
    kind: str = "",
    detail: str = "",
    raw: str = "",
    *,
    text: str = "Once upon",
) -> str:
    generation = Generation(
        state=state, error_kind=kind, error_detail=detail, raw_reason=raw
    )
    return note_for(generation, text=text)


def test_a_complete_and_a_running_answer_need_no_words() -> None:
    assert note(State.COMPLETE) == ""
    assert note(State.RUNNING, "rate_limited") == ""


def test_a_guard_that_let_something_through_says_that_it_is_kept() -> None:
    assert "what it let through is kept" in note(State.FILTERED, raw="content_filter")


def test_a_guard_that_let_nothing_through_is_told_from_a_model_that_declines() -> None:
    assert "withheld" in note(State.FILTERED, raw="content_filter", text="")
    assert note(State.FILTERED, detail="I would rather not.", text="") == (
        "The model declined to answer."
    )


@pytest.mark.parametrize("raw", ["stop", "refusal"])
def test_a_refusal_that_is_the_whole_text_is_said_once(raw: str) -> None:
    refusal = "I would rather not."
    generation = Generation(state=State.FILTERED, error_detail=refusal, raw_reason=raw)

    assert note_for(generation, text=refusal) == "The model declined to answer."
    assert detail_for(generation, text=refusal) == ""


def test_a_model_that_declines_in_mid_answer_keeps_what_it_wrote() -> None:
    declined = note(State.FILTERED, detail="cyber", raw="refusal")

    assert declined == "The model declined to go on; what it wrote is kept."


def test_a_call_of_a_tool_is_explained_whether_or_not_it_names_one() -> None:
    assert "asked for a tool and named none" in note(State.FAILED, "tool_calls")
    assert "there are none here" in note(State.FAILED, "tool_calls", "look")


def test_a_full_window_is_said_where_it_happened() -> None:
    assert "too long for this model" in note(State.CONTEXT_FULL, text="")
    assert "window was full here" in note(State.CONTEXT_FULL)


def test_a_pause_and_a_cancelled_answer_are_told_from_other_ends() -> None:
    assert "paused here" in note(State.LENGTH, "paused")
    assert "cancelled this answer" in note(State.CUT, "cancelled")


def test_a_limit_on_money_is_said_in_our_own_words_and_only_once() -> None:
    refused = Generation(state=State.FAILED, error_kind="over_limit", error_detail=OVER)

    assert note_for(refused, text="") == OVER
    assert detail_for(refused, text="") == ""


@pytest.mark.parametrize("kind", list(ErrorKind))
def test_every_error_has_a_sentence(kind: ErrorKind) -> None:
    assert note(State.FAILED, kind.value).endswith(".")
    assert wait_reason(kind.value).endswith(".")


def test_a_model_in_great_demand_is_waited_for_in_so_many_words() -> None:
    assert wait_reason("overloaded") == "The model is in great demand."


def test_an_unknown_kind_still_has_a_sentence() -> None:
    assert note(State.FAILED, "new") == "The gateway could not answer."
    assert wait_reason("") == "The gateway could not answer."
