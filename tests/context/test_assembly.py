from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from conversations.context.assembly import (
    CONTINUE_LINE,
    CONTINUE_LINE_TOKENS,
    PRIMING_TOKENS,
    assemble,
)
from conversations.context.prediction import Gauge
from conversations.context.tokens import count
from conversations.context.turns import MESSAGE_TOKENS
from conversations.wire import (
    Context,
    ContextSettings,
    ContextState,
    History,
    HistoryMessage,
    ModelFacts,
    Native,
    Outcome,
    Role,
    RollReason,
    Turn,
)


def asked(name: str, content: str = "Why?", tokens: int = 10) -> HistoryMessage:
    return HistoryMessage(name, Role.USER, content, tokens)


def answered(name: str, content: str = "Because.", tokens: int = 10) -> HistoryMessage:
    return HistoryMessage(name, Role.ASSISTANT, content, tokens)


def model(window: int) -> ModelFacts:
    return ModelFacts("any", window)


def test_people_may_talk_to_each_other_before_an_answer() -> None:
    turns = (
        Turn((asked("1", "Is it late?"), asked("2", "Not yet."))),
        Turn(
            (asked("3", "Good."), asked("4", "And now?")), answered("5", "Now it is.")
        ),
    )

    context = assemble(
        History(turns, (asked("6", "Thanks."),)), ContextSettings(), model(1_000)
    )

    assert [(m.role, m.content) for m in context.messages] == [
        ("user", "Is it late?"),
        ("user", "Not yet."),
        ("user", "Good."),
        ("user", "And now?"),
        ("assistant", "Now it is."),
        ("user", "Thanks."),
    ]


def test_a_failed_answer_leaves_its_question_in_the_context() -> None:
    turns = (Turn((asked("1", "First?"),), answered("2", "", 0)),)

    context = assemble(
        History(turns, (asked("3", "Second?"),)), ContextSettings(), model(1_000)
    )

    assert [m.content for m in context.messages] == ["First?", "Second?"]


def test_an_answer_to_nothing_is_dropped_and_named() -> None:
    turns = (
        Turn((asked("1"),), answered("2")),
        Turn((asked("3", " ", 1),), answered("4")),
    )

    context = assemble(History(turns, (asked("5"),)), ContextSettings(), model(1_000))

    empty = next(item for item in context.items if item.outcome is Outcome.DROPPED)
    assert (empty.first, empty.last, empty.turns) == ("3", "4", 1)
    assert empty.reason == "Nothing was asked."
    assert [m.content for m in context.messages] == ["Why?", "Because.", "Why?"]


def test_the_context_begins_at_the_first_message_that_is_sent() -> None:
    turns = tuple(Turn((asked(f"u{n}"),), answered(f"a{n}")) for n in range(10))
    history = History(turns, (asked("q"),), turns_before=4)

    context = assemble(history, ContextSettings(keep_share=0.9), model(125))

    dropped = next(item for item in context.items if item.outcome is Outcome.DROPPED)
    assert context.budget == 100
    assert context.tokens == PRIMING_TOKENS + 5 * (10 + MESSAGE_TOKENS)
    assert context.predicted == math.ceil(1.15 * context.tokens)
    assert context.epoch.first_message == "u8"
    assert context.epoch.turns_before == 12
    assert (dropped.first, dropped.last, dropped.turns) == ("", "a7", 12)


def test_a_turn_that_fits_exactly_is_sent() -> None:
    history = History((Turn((asked("1"),), answered("2")),), (asked("3"),))
    exact = Gauge().predict(PRIMING_TOKENS + 3 * (10 + MESSAGE_TOKENS))
    whole = ContextSettings(window_share=1.0)

    assert len(assemble(history, whole, model(exact)).messages) == 3
    assert len(assemble(history, whole, model(exact - 1)).messages) == 1


def test_the_context_begins_at_the_question_where_no_turn_fits() -> None:
    history = History((Turn((asked("1", tokens=900),)),), (asked("2"),))

    context = assemble(history, ContextSettings(), model(1_000))

    assert context.epoch.first_message == "2"


def test_an_answer_is_continued_by_a_line_of_the_user() -> None:
    history = History((), (asked("1", "Count."),), answered("2", "One, tw"))

    context = assemble(history, ContextSettings(), model(1_000))

    assert [(m.role, m.content) for m in context.messages] == [
        ("user", "Count."),
        ("assistant", "One, tw"),
        ("user", CONTINUE_LINE),
    ]
    assert [item.kind for item in context.items] == ["asking", "partial", "continue"]


def test_nothing_asked_is_nothing_sent() -> None:
    history = History((), (), answered("1", "Half an answ"))

    context = assemble(history, ContextSettings(), model(1_000))

    assert context.messages == ()
    assert context.epoch.first_message == ""


def test_the_line_to_continue_is_counted_rightly() -> None:
    assert count(CONTINUE_LINE) == CONTINUE_LINE_TOKENS


def with_items(name: str, epoch: str, tokens: int = 0) -> HistoryMessage:
    return replace(answered(name), native=Native(epoch, ({"of": name},), tokens))


def begun(context: Context) -> ContextState:
    """What the next turn goes on from, once the epoch has been saved."""
    return ContextState(replace(context.epoch, id="epoch"))


def test_what_a_model_sent_is_replayed_as_it_came_within_its_epoch() -> None:
    first = assemble(History((), (asked("u1"),)), ContextSettings(), model(1_000))
    history = History((Turn((asked("u1"),), with_items("a1", "epoch")),), (asked("q"),))

    context = assemble(history, ContextSettings(), model(1_000), begun(first))

    assert context.messages[1].items == ({"of": "a1"},)
    assert context.epoch.id == "epoch"
    assert not context.is_new


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"facts": ModelFacts("another", 1_000)}, RollReason.MODEL),
        ({"facts": ModelFacts("any", 1_000, endpoint="elsewhere")}, RollReason.MODEL),
        ({"settings": ContextSettings(system_prompt_ref="new")}, RollReason.PROMPT),
        ({"must_roll": True}, RollReason.HAND),
        ({"first": "gone"}, RollReason.START),
    ],
)
def test_after_any_change_at_the_beginning_text_alone_is_sent(
    change: dict[str, Any], reason: RollReason
) -> None:
    first = assemble(History((), (asked("u1"),)), ContextSettings(), model(1_000))
    state = begun(first)
    assert state.epoch is not None
    history = History((Turn((asked("u1"),), with_items("a1", "epoch")),), (asked("q"),))

    context = assemble(
        history,
        change.get("settings", ContextSettings()),
        change.get("facts", model(1_000)),
        ContextState(
            replace(state.epoch, first_message=change.get("first", "u1")),
            must_roll=change.get("must_roll", False),
        ),
    )

    assert (context.is_new, context.epoch.reason) == (True, reason)
    assert not any(message.items for message in context.messages)
    assert [one.content for one in context.messages] == ["Why?", "Because.", "Why?"]


def test_what_is_replayed_takes_its_room() -> None:
    first = assemble(History((), (asked("u1"),)), ContextSettings(), model(1_000))
    turns = (Turn((asked("u1"),), with_items("a1", "epoch", tokens=600)),)
    history = History(turns, (asked("q"),))

    context = assemble(history, ContextSettings(), model(1_000), begun(first))
    full = assemble(history, ContextSettings(), model(800), begun(first))

    assert context.tokens == PRIMING_TOKENS + 3 * (10 + MESSAGE_TOKENS) + 600
    assert full.epoch.reason is RollReason.FULL
    assert full.epoch.predicted_before == context.predicted
    # Without what was replayed the text has room.
    assert [message.id for message in full.messages] == ["u1", "a1", "q"]
