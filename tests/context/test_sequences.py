"""What holds for every request of a conversation, whatever happens in it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given

from conversations.context.assembly import CONTINUE_LINE, PRIMING_TOKENS, assemble
from conversations.context.memory import read_memory
from conversations.gateways.base import request_bytes
from conversations.wire import (
    Context,
    History,
    HistoryMessage,
    Item,
    Outcome,
    Protocol,
    Request,
    RequestMessage,
    RollReason,
    Turn,
)
from tests.context.stories import Shown, Story, stories


def says(text: str) -> bool:
    return bool(text.strip())


def messages_of(turn: Turn) -> list[HistoryMessage]:
    return [*turn.messages, *([turn.reply] if turn.reply else [])]


def sendable(history: History) -> list[Turn]:
    return [
        turn
        for turn in history.turns
        if any(says(one.content) for one in turn.messages)
    ]


def ids_said(messages: list[HistoryMessage]) -> list[str]:
    return [one.id for one in messages if says(one.content)]


def closing_ids(history: History) -> list[str]:
    """Return what a request has to end with; the line to go on has no id."""
    asked = ids_said(list(history.asking))
    partial = ids_said([history.partial]) if history.partial else []
    return [*asked, *partial, ""] if asked and partial else asked


def beginning(context: Context) -> int:
    """Return how many messages come before the turns."""
    return sum(not one.id and one.content != CONTINUE_LINE for one in context.messages)


def items(context: Context, kind: str, *outcomes: Outcome) -> list[Item]:
    return [
        one
        for one in context.items
        if one.kind == kind and (not outcomes or one.outcome in outcomes)
    ]


def noted(context: Context) -> list[str]:
    return [one.text for one in read_memory(context.epoch.memory)]


@given(stories())
def test_the_system_prompt_is_first_and_whole_and_says_no_more(story: Story) -> None:
    for shown in story.shown:
        system = [one for one in shown.context.messages if one.role == "system"]
        prompt = shown.settings.system_prompt
        expected = [RequestMessage("system", prompt)] if prompt else []
        assert list(shown.context.messages[: len(expected)]) == expected == system


@given(stories())
def test_the_newest_message_is_last_and_whole(story: Story) -> None:
    for shown in story.shown:
        closing = closing_ids(shown.history)
        messages = shown.context.messages
        last = messages[len(messages) - len(closing) :]
        assert [one.id for one in last] == closing
        said = {one.id: one.content for one in shown.history.asking}
        assert all(one.content == said[one.id] for one in last if one.id in said)
        assert not closing or messages[-1].role == "user"


@given(stories())
def test_between_them_are_the_newest_turns_and_each_is_whole(story: Story) -> None:
    for shown in story.shown:
        messages = shown.context.messages
        end = len(messages) - len(closing_ids(shown.history))
        sent = [one.id for one in messages[beginning(shown.context) : end]]
        kept = sum(one.turns for one in items(shown.context, "turns", Outcome.SENT))
        turns = sendable(shown.history)
        newest = turns[len(turns) - kept :]
        assert sent == [name for one in newest for name in ids_said(messages_of(one))]


@given(stories())
def test_no_context_opens_with_an_answer_or_has_two_in_a_row(story: Story) -> None:
    for shown in story.shown:
        roles = [m.role for m in shown.context.messages if m.role != "system"]
        assert roles[:1] != ["assistant"]
        assert ("assistant", "assistant") not in pairwise(roles)
        assert all(says(message.content) for message in shown.context.messages)


@given(stories())
def test_the_budget_holds_unless_the_question_alone_exceeds_it(story: Story) -> None:
    for shown in story.shown:
        context = shown.context
        if context.over_budget:
            closing = len(closing_ids(shown.history))
            assert len(context.messages) == closing + bool(shown.settings.system_prompt)
            assert not context.epoch.memory
        else:
            assert context.predicted <= context.budget


@given(stories())
def test_within_an_epoch_a_request_only_grows(story: Story) -> None:
    for shown in story.shown:
        if shown.context.is_new:
            continue
        before = as_sent_before(shown)
        assert shown.context.messages[: len(before)] == before
        if closing_ids(shown.history):
            assert len(shown.context.messages) > len(before)


def as_sent_before(shown: Shown) -> tuple[RequestMessage, ...]:
    """Return what the turn before was shown, less the end that was not to stay."""
    assert shown.before is not None
    assert shown.before.context is not None
    messages = shown.before.context.messages
    ends = [one.content for one in messages[-1:]]
    return messages[:-2] if ends == [CONTINUE_LINE] else messages


@pytest.mark.parametrize(
    ("protocol", "field"),
    [(Protocol.CHAT_COMPLETIONS, b'"messages":['), (Protocol.RESPONSES, b'"input":[')],
)
@given(story=stories())
def test_within_an_epoch_the_bytes_before_what_is_new_stay_the_same(
    protocol: Protocol, field: bytes, story: Story
) -> None:
    _, _, closing = request_bytes(protocol, Request("any", ())).partition(field)
    for shown in story.shown:
        if not shown.context.is_new:
            before = request_bytes(protocol, Request("any", as_sent_before(shown)))
            now = request_bytes(protocol, Request("any", shown.context.messages))
            assert before.endswith(closing)
            assert now.startswith(before.removesuffix(closing))


@given(stories())
def test_an_epoch_goes_on_only_where_nothing_at_its_beginning_changed(
    story: Story,
) -> None:
    for shown in story.shown:
        epoch, context = shown.state.epoch, shown.context
        if context.is_new:
            assert not context.epoch.id
            continue
        assert epoch is not None
        assert context.epoch == epoch
        assert not shown.state.must_roll
        assert (epoch.model, epoch.endpoint, epoch.prompt_ref) == (
            shown.model.name,
            shown.model.endpoint,
            shown.settings.system_prompt_ref,
        )


@given(stories())
def test_a_new_epoch_says_truly_why_it_began(story: Story) -> None:
    for shown in story.shown:
        context, old = shown.context, shown.state.epoch
        if not context.is_new:
            continue
        reason = context.epoch.reason
        assert (reason is RollReason.START) <= (old is None)
        assert (reason is RollReason.HAND) <= shown.state.must_roll
        if reason is RollReason.TOO_LONG:
            assert shown.state.refused is not None
        if reason is RollReason.FULL:
            assert context.epoch.predicted_before is not None
            assert context.epoch.predicted_before > context.budget
        if reason is RollReason.LAST_TURNS:
            assert shown.settings.last_turns is not None


@given(stories())
def test_answers_are_replayed_as_they_came_only_within_their_epoch(
    story: Story,
) -> None:
    for shown in story.shown:
        context = shown.context
        for message in context.messages:
            if message.items:
                assert not context.is_new
        replies = [turn.reply for turn in shown.history.turns if turn.reply]
        native = {one.id: one.native for one in replies if one.native}
        for message in context.messages:
            made = native.get(message.id)
            here = bool(made) and not context.is_new
            replayed = made and here and made.epoch == context.epoch.id
            assert message.items == (made.items if made and replayed else ())


@given(stories())
def test_what_is_pinned_is_shown_or_named_with_a_reason(story: Story) -> None:
    for shown in story.shown:
        context = shown.context
        sent = {message.id for message in context.messages}
        lines = items(context, "pin")
        for pin in shown.history.memory.pins:
            name, text = pin.message.id, pin.message.content
            if not says(text):
                continue
            named = [one for one in lines if one.first == one.last == name]
            assert len(named) == (name not in sent)
            for one in named:
                is_sent = one.outcome is Outcome.SENT
                assert is_sent == (text in noted(context)) or one.reason
                assert is_sent or one.reason


@given(stories())
def test_what_is_remembered_is_frozen_until_the_next_roll(story: Story) -> None:
    for shown in story.shown:
        context, memory = shown.context, shown.context.epoch.memory
        carriers = [one for one in context.messages if memory and one.content == memory]
        assert [one.role for one in carriers] == (["user"] if memory else [])
        if not context.is_new:
            assert shown.state.epoch is not None
            assert memory == shown.state.epoch.memory


@given(stories())
def test_every_turn_is_accounted_for_once(story: Story) -> None:
    for shown in story.shown:
        history, lines = shown.history, items(shown.context, "turns")
        turns = sendable(history)
        empty = [turn for turn in history.turns if turn not in turns]
        before = history.turns_before
        assert sum(one.turns for one in lines) == len(history.turns) + before
        runs = [one for one in lines if one.reason != "Nothing was asked."]
        rest = list(turns)
        for run in runs:
            unread = before if not run.first else 0
            read = [rest.pop(0) for _ in range(run.turns - unread)]
            ids = [one.id for turn in read for one in messages_of(turn)]
            if ids:
                assert run.first in ("", ids[0])
                assert run.last == ids[-1]
        assert not rest
        assert sum(one.turns for one in lines if one not in runs) == len(empty)


@given(stories())
def test_every_token_is_accounted_for_and_all_that_is_left_out_has_a_reason(
    story: Story,
) -> None:
    for shown in story.shown:
        context = shown.context
        sent = [one for one in context.items if one.outcome is Outcome.SENT]
        assert sum(one.tokens for one in sent) + PRIMING_TOKENS == context.tokens
        assert all(one.tokens >= 0 for one in context.items)
        assert all(one.reason for one in context.items if one not in sent)


@given(stories())
def test_the_same_turn_asked_again_is_shown_the_same(story: Story) -> None:
    for shown in story.shown:
        again = assemble(shown.history, shown.settings, shown.model, shown.state)
        assert again == shown.context


@given(stories())
def test_what_was_too_long_is_asked_again_with_less(story: Story) -> None:
    for shown in story.shown:
        refused, context = shown.state.refused, shown.context
        if refused is None or context.over_budget:
            continue
        assert context.is_new
        assert context.tokens < refused.estimate
