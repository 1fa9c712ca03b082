from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from conversations.context.assembly import CONTINUE_LINE, PRIMING_TOKENS, assemble
from conversations.context.prediction import Gauge
from conversations.context.turns import MESSAGE_TOKENS
from conversations.wire import (
    Context,
    ContextSettings,
    History,
    HistoryMessage,
    ModelFacts,
    Outcome,
    RequestMessage,
    Role,
    Turn,
)
from tests.context.histories import CONTENTS, SETTINGS, histories

WINDOWS = st.integers(min_value=0, max_value=1_500)


def model(window: int) -> ModelFacts:
    return ModelFacts("any", window)


def says(text: str) -> bool:
    return bool(text.strip())


def can_be_sent(turn: Turn) -> bool:
    return any(says(message.content) for message in turn.messages)


def sent_form(turn: Turn) -> list[RequestMessage]:
    messages = [*turn.messages, *([turn.reply] if turn.reply else [])]
    return [as_sent(message) for message in messages if says(message.content)]


def as_sent(message: HistoryMessage) -> RequestMessage:
    role: Literal["user", "assistant"] = (
        "assistant" if message.role is Role.ASSISTANT else "user"
    )
    return RequestMessage(role, message.content, message.id)


def turn_tokens(turn: Turn) -> int:
    messages = [*turn.messages, *([turn.reply] if turn.reply else [])]
    return sum(m.tokens + MESSAGE_TOKENS for m in messages if says(m.content))


def asking_form(history: History) -> list[RequestMessage]:
    form = sent_form(Turn(history.asking))
    if history.partial is None or not says(history.partial.content):
        return form
    partial = as_sent(history.partial)
    return [*form, partial, RequestMessage("user", CONTINUE_LINE)]


def middle_of(context: Context, history: History) -> list[RequestMessage]:
    """What was sent between the system prompt and the question."""
    start = 1 if context.messages[0].role == "system" else 0
    return list(
        context.messages[start : len(context.messages) - len(asking_form(history))]
    )


def kept_turns(context: Context) -> int:
    return sum(
        item.turns
        for item in context.items
        if item.kind == "turns" and item.outcome is Outcome.SENT
    )


@given(histories(), SETTINGS, WINDOWS)
def test_the_system_prompt_comes_first_and_whole(
    history: History, settings: ContextSettings, window: int
) -> None:
    context = assemble(history, settings, model(window))

    system = [message for message in context.messages if message.role == "system"]
    if says(settings.system_prompt):
        assert system == [RequestMessage("system", settings.system_prompt)]
        assert context.messages[0] == system[0]
    else:
        assert not system


@given(histories(), SETTINGS, WINDOWS)
def test_the_question_comes_last_and_whole(
    history: History, settings: ContextSettings, window: int
) -> None:
    context = assemble(history, settings, model(window))

    form = asking_form(history)
    assert list(context.messages[-len(form) :]) == form
    assert context.messages[-1].role == "user"


@given(histories(), SETTINGS, WINDOWS)
def test_the_newest_turns_are_sent_whole_and_as_many_as_fit(
    history: History, settings: ContextSettings, window: int
) -> None:
    context = assemble(history, settings, model(window))

    turns = [turn for turn in history.turns if can_be_sent(turn)]
    kept = kept_turns(context)
    newest = turns[len(turns) - kept :]
    assert middle_of(context, history) == [
        m for turn in newest for m in sent_form(turn)
    ]
    if kept < len(turns):
        # All of them do not fit; of these, one more is more than what is kept.
        every = context.tokens + sum(map(turn_tokens, turns[: len(turns) - kept]))
        more = context.tokens + turn_tokens(turns[-kept - 1])
        assert Gauge().predict(every) > context.budget
        assert Gauge().predict(more) > settings.keep_share * context.budget


@given(histories(), SETTINGS, WINDOWS)
def test_nothing_exceeds_the_budget_but_a_question_that_does_so_alone(
    history: History, settings: ContextSettings, window: int
) -> None:
    context = assemble(history, settings, model(window))

    alone = assemble(replace(history, turns=()), settings, model(window))
    assert context.over_budget == alone.over_budget
    assert context.over_budget == (context.predicted > context.budget)
    assert context.predicted == Gauge().predict(context.tokens)
    if context.over_budget:
        assert context.messages == alone.messages
        assert all(
            "Larger" in item.reason for item in context.items if item.kind == "asking"
        )


@given(histories(asking=CONTENTS), SETTINGS, WINDOWS)
def test_no_context_opens_with_an_answer_or_has_two_in_a_row(
    history: History, settings: ContextSettings, window: int
) -> None:
    context = assemble(history, settings, model(window))

    spoken = [message.role for message in context.messages if message.role != "system"]
    assert spoken[:1] != ["assistant"]
    assert ("assistant", "assistant") not in pairwise(spoken)
    assert all(says(message.content) for message in context.messages)


@given(histories(asking=CONTENTS), SETTINGS, WINDOWS)
def test_the_manifest_accounts_for_every_turn_and_token(
    history: History, settings: ContextSettings, window: int
) -> None:
    context = assemble(history, settings, model(window))

    turns = [item for item in context.items if item.kind == "turns"]
    sent = [item for item in context.items if item.outcome is Outcome.SENT]
    dropped = [item for item in context.items if item.outcome is Outcome.DROPPED]
    assert (
        sum(item.turns for item in turns) == len(history.turns) + history.turns_before
    )
    assert sum(item.tokens for item in turns) == sum(map(turn_tokens, history.turns))
    assert sum(item.tokens for item in sent) + PRIMING_TOKENS == context.tokens
    assert all(item.reason for item in dropped)


@given(histories(), SETTINGS, WINDOWS)
def test_the_same_question_gives_the_same_context(
    history: History, settings: ContextSettings, window: int
) -> None:
    first = assemble(history, settings, model(window))

    assert assemble(history, settings, model(window)) == first


@given(histories(), SETTINGS, WINDOWS, st.integers(0, 300))
def test_a_larger_window_never_sends_fewer_turns(
    history: History, settings: ContextSettings, window: int, more: int
) -> None:
    small = assemble(history, settings, model(window))
    large = assemble(history, settings, model(window + more))

    assert kept_turns(large) >= kept_turns(small)
