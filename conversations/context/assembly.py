"""What the model is shown for one turn, decided without a database or a network."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conversations.context.branch import lay_out
from conversations.context.epochs import begin
from conversations.context.parts import (
    CONTINUE_LINE,
    CONTINUE_LINE_TOKENS,
    PRIMING_TOKENS,
    Part,
    head_of,
    messages_in,
    tail_of,
    tokens_of,
)
from conversations.context.remembering import remember_anew, remember_on
from conversations.context.turns import (
    leave_out_empty,
    messages_of,
    native_size,
    render,
    size,
)
from conversations.wire import (
    Context,
    ContextState,
    Epoch,
    Item,
    Outcome,
    RequestMessage,
    RollReason,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conversations.context.branch import Branch
    from conversations.context.epochs import Beginning
    from conversations.context.remembering import Remembered
    from conversations.wire import ContextSettings, History, ModelFacts, Turn

__all__ = ["CONTINUE_LINE", "CONTINUE_LINE_TOKENS", "PRIMING_TOKENS", "assemble"]

OLDER = "Older than what fits."
OLDER_THAN_LAST = "Older than the last turns that are kept."
SUMMARISED = "In the summary."
EMPTY = "Nothing was asked."
TOO_LARGE = "Larger than what fits, even without earlier turns."


def assemble(
    history: History,
    settings: ContextSettings,
    model: ModelFacts,
    state: ContextState | None = None,
) -> Context:
    """Return what to send: system prompt, memory, whole newest turns, the question.

    The epoch of `state` goes on while it can: then the request begins with the bytes
    of the one before. A new epoch has no id yet. Sizes are in tokens. Raises nothing:
    where system prompt and question alone are too large, `is_too_large` says so.
    """
    branch = lay_out(history, settings, model, state or ContextState())
    beginning = begin(branch)
    epoch = branch.state.epoch
    if beginning.reason is None and epoch is not None:
        return _context(branch, beginning, remember_on(branch, epoch, beginning.start))
    return _context(branch, beginning, remember_anew(branch, beginning))


def _context(branch: Branch, beginning: Beginning, memory: Remembered) -> Context:
    epoch = _epoch(branch, beginning, memory)
    head, tail = head_of(branch.settings), tail_of(branch.history)
    if branch.is_over_budget:
        tail = tuple(_because(part, TOO_LARGE) for part in tail)
    turns = _sent_turns(branch, beginning.start, epoch.id)
    sent = (*turns, *tail)
    tokens = PRIMING_TOKENS + tokens_of((*head, *sent)) + memory.tokens
    sealed = native_size(branch.turns[beginning.start :], epoch.id)
    noted = [RequestMessage("user", memory.text)] if memory.text else []
    return Context(
        messages=(*messages_in(head), *noted, *messages_in(sent)),
        items=(
            *(part.item for part in head),
            *_left(branch, beginning.start, epoch),
            *memory.items,
            *memory.new,
            *(part.item for part in sent),
        ),
        tokens=tokens,
        predicted=branch.gauge.predict(tokens, sealed),
        budget=branch.budget,
        epoch=epoch,
        is_new=beginning.reason is not None,
        sealed=sealed,
        is_too_large=branch.is_too_large,
    )


def _epoch(branch: Branch, beginning: Beginning, memory: Remembered) -> Epoch:
    if beginning.reason is None and branch.state.epoch is not None:
        return branch.state.epoch
    return Epoch(
        id="",
        model=branch.model.name,
        endpoint=branch.model.endpoint,
        prompt_ref=branch.settings.system_prompt_ref,
        files_since=branch.files_since,
        reason=beginning.reason or RollReason.START,
        first_message=_first_message(branch, beginning.start),
        turns_before=branch.history.turns_before + beginning.start,
        turns_summarised=_turns_summarised(branch, beginning.start, memory),
        memory=memory.text,
        memory_tokens=memory.tokens,
        summary=memory.summary,
        noted=memory.items,
        predicted_before=beginning.predicted_before,
    )


def _first_message(branch: Branch, start: int) -> str:
    turns = branch.turns[start : start + 1]
    asked = turns[0].messages if turns else branch.history.asking
    said = leave_out_empty(asked)
    return said[0].id if said else ""


def _because(part: Part, reason: str) -> Part:
    return replace(part, item=replace(part.item, reason=reason))


def _sent_turns(branch: Branch, start: int, epoch: str) -> tuple[Part, ...]:
    turns = branch.turns[start:]
    if not turns:
        return ()
    tokens = sum(branch.sizes[start:]) + native_size(turns, epoch)
    sent = tuple(render(turns, epoch))
    return (Part(_run(turns, tokens, Outcome.SENT), sent),)


def _left(branch: Branch, start: int, epoch: Epoch) -> list[Item]:
    """Name the runs that are not sent; of those not read only the number is known."""
    before = branch.history.turns_before
    before_summarised = min(before, epoch.turns_summarised)
    summarised = min(start, epoch.turns_summarised - before_summarised)
    older = OLDER_THAN_LAST if epoch.reason is RollReason.LAST_TURNS else OLDER
    empty = branch.empty
    said = sum(size(messages_of(turn)) for turn in empty)
    named = (
        replace(
            _left_run(branch, 0, summarised, before_summarised),
            outcome=Outcome.SUMMARISED,
            reason=SUMMARISED,
        ),
        replace(
            _left_run(branch, summarised, start, before - before_summarised),
            reason=older,
        ),
        replace(_run(empty, said, Outcome.DROPPED), reason=EMPTY),
    )
    return [run for run in named if run.turns]


def _turns_summarised(branch: Branch, start: int, memory: Remembered) -> int:
    """Return how many of the turns that left are in the summary that is sent."""
    summary = branch.history.memory.summary
    if memory.summary is None or summary is None:
        return 0
    before = max(0, branch.history.turns_before - summary.turns_after)
    return before + min(start, branch.covered)


def _left_run(branch: Branch, start: int, end: int, before: int) -> Item:
    run = _run(branch.turns[start:end], sum(branch.sizes[start:end]), Outcome.DROPPED)
    return replace(run, first="" if before else run.first, turns=run.turns + before)


def _run(turns: Sequence[Turn], tokens: int, outcome: Outcome) -> Item:
    ids = [one.id for turn in (*turns[:1], *turns[-1:]) for one in messages_of(turn)]
    first, last = (ids[0], ids[-1]) if ids else ("", "")
    return Item("turns", outcome, tokens, "", first, last, len(turns))
