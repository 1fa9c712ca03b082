"""A branch as it is weighed: what it holds, what that takes, and what may be sent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TYPE_CHECKING

from conversations.context.budget import budget_beside, is_too_large
from conversations.context.choosing import choose
from conversations.context.parts import PRIMING_TOKENS, head_of, tail_of, tokens_of
from conversations.context.refusals import (
    as_refused,
    below,
    gauge_of,
    half,
    is_vague,
)
from conversations.context.turns import (
    messages_of,
    says_something,
    size,
    split_by_asked,
)
from conversations.context.withholding import withhold_files
from conversations.wire import Memory, Turn

if TYPE_CHECKING:
    from conversations.context.choosing import Choice
    from conversations.context.prediction import Gauge
    from conversations.wire import (
        ContextSettings,
        ContextState,
        History,
        HistoryMessage,
        ModelFacts,
    )


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch with all that decides where its context begins.

    `turns` can be sent, their text takes `sizes`; `empty` ones cannot. The summary ends
    with the first `covered` of them, or before if that is 0. `fixed` is our estimate of
    what cannot be left out, `most` that of all that may be sent, and `safe` as much of
    that as is likely to be taken; `budget` is in the gateway's tokens. Files of messages
    before `files_since` are withheld.
    """

    history: History
    settings: ContextSettings
    model: ModelFacts
    state: ContextState
    turns: list[Turn]
    sizes: list[int]
    empty: list[Turn]
    covered: int
    fixed: int
    gauge: Gauge
    budget: int
    most: int
    safe: int
    choice: Choice
    files_since: str = ""

    @property
    def is_over_budget(self) -> bool:
        """Whether there is more than wanted even without any earlier turn."""
        return self.gauge.predict(self.fixed) > self.budget

    @property
    def is_too_large(self) -> bool:
        """Whether there is more than can be sent even without any earlier turn."""
        # What was refused is asked again with less, whatever may come of it.
        predicted = 0 if self.state.refused else self.gauge.predict(self.fixed)
        return is_too_large(self.settings, self.model, self.fixed, predicted)


def lay_out(
    history: History, settings: ContextSettings, model: ModelFacts, state: ContextState
) -> Branch:
    """Return the branch with its sizes; takes time in proportion to its length.

    Posts beside which a question would not fit are a turn before it, so they can leave.
    """
    history, files_since = withhold_files(history, settings, model, state)
    branch = _weigh(history, settings, model, state)
    while branch.is_over_budget and (posts := _count_leaving_posts(branch)):
        history = part_posts(history, posts)
        branch = _weigh(history, settings, model, state)
    return replace(branch, files_since=files_since)


def part_posts(history: History, posts: int) -> History:
    """Return a history in which that many of the oldest posts are a turn of their own.

    The others stay with the question that is asked now.
    """
    left, asking = history.asking[:posts], history.asking[posts:]
    turns = list(history.turns)
    if turns and turns[-1].reply is None:
        left = (*turns.pop().messages, *left)
    return replace(history, turns=(*turns, Turn(left)), asking=asking)


def _count_leaving_posts(branch: Branch) -> int:
    """Return how many posts must leave so that the rest may fit; 0 if there is none."""
    over, posts = branch.fixed - branch.most, 0
    for one in _leading_posts(branch.history):
        if posts and over <= 0:
            break
        over -= size((one,))
        posts += 1
    return posts


def _leading_posts(history: History) -> tuple[HistoryMessage, ...]:
    """Return what was posted before the question that is asked now."""
    return tuple(takewhile(lambda one: one.is_post, history.asking[:-1]))


def _weigh(
    history: History, settings: ContextSettings, model: ModelFacts, state: ContextState
) -> Branch:
    history = replace(history, memory=_memory(history))
    turns, empty = split_by_asked(history.turns)
    model = as_refused(model, state.refused)
    fixed = PRIMING_TOKENS + tokens_of((*head_of(settings), *tail_of(history)))
    measure = gauge_of(state, model)
    # Posts can leave: for them nothing is sent that is not wanted otherwise.
    alone = measure.predict(fixed - size(_leading_posts(history)))
    budget = budget_beside(settings, model, alone, measure.hidden)
    if state.refused is not None:
        budget = min(budget, below(state.refused, measure))
    most = safe = measure.most(budget)
    if is_vague(state):
        safe = min(most, measure.most(half(budget, alone)))
    return Branch(
        history=history,
        settings=settings,
        model=model,
        state=state,
        turns=turns,
        sizes=[size(messages_of(turn)) for turn in turns],
        empty=empty,
        covered=_covered(history),
        fixed=fixed,
        gauge=measure,
        budget=budget,
        most=most,
        safe=safe,
        choice=choose(history.memory, turns, safe - fixed, most, most - fixed),
    )


def _memory(history: History) -> Memory:
    """Return what is to be remembered; what is asked now is sent anyway."""
    memory = history.memory
    sent = {one.id for one in (*history.asking, history.partial) if one}
    summary = memory.summary
    return Memory(
        pins=tuple(one for one in memory.pins if one.message.id not in sent),
        facts=tuple(one for one in memory.facts if says_something(one.text)),
        summary=summary if summary and says_something(summary.text) else None,
    )


def _covered(history: History) -> int:
    summary = history.memory.summary
    until = summary.until if summary else None
    for number, turn in enumerate(history.turns, start=1):
        if turn.reply is not None and turn.reply.id == until:
            return len(split_by_asked(history.turns[:number])[0])
    return 0
