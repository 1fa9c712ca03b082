"""Where the context of a turn begins, and when that moves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TYPE_CHECKING

from conversations.context.branch import lay_out
from conversations.context.refusals import is_vague
from conversations.context.turns import native_size
from conversations.wire import RollReason

if TYPE_CHECKING:
    from conversations.context.branch import Branch
    from conversations.wire import (
        ContextSettings,
        ContextState,
        Epoch,
        History,
        ModelFacts,
        Turn,
    )

# A summary may reach less far than what leaves. So as not to lose what is between, this
# much more of the budget may stay, up to this much in all.
MORE_SHARE = 0.25
MOST_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class Beginning:
    """The first turn that is sent, as an index. Without a `reason` an epoch goes on.

    So many of those before it are `summarised`; None if there is no use for the
    summary. `predicted_before` is what the old epoch would have taken, in tokens.
    """

    start: int
    summarised: int | None = None
    reason: RollReason | None = None
    predicted_before: int | None = None

    @property
    def has_summary(self) -> bool:
        return self.summarised is not None


def begin(branch: Branch) -> Beginning:
    """Decide whether the epoch goes on, or else where the new one begins and why."""
    reason, epoch = _ended(branch), branch.state.epoch
    if reason is not None or epoch is None:
        return _roll(branch, reason or RollReason.START)
    start = find_start(branch, epoch)
    if start is None:
        return _roll(branch, _lost(branch))
    predicted = _predict_from(branch, start, epoch)
    reason = _outgrown(branch, start, predicted)
    if reason is None:
        return Beginning(start)
    return replace(_roll(branch, reason), predicted_before=predicted)


def leaving(
    history: History, settings: ContextSettings, model: ModelFacts, state: ContextState
) -> tuple[Turn, ...]:
    """Return the turns that would leave if the context were full now, oldest first."""
    branch = lay_out(history, settings, model, state)
    start = None
    if _ended(branch) is None and state.epoch is not None:
        start = find_start(branch, state.epoch)
    end = _cut(branch, _needs(branch), RollReason.FULL)
    return tuple(branch.turns[start or 0 : end])


def find_start(branch: Branch, epoch: Epoch) -> int | None:
    """Return the index of the turn an epoch begins with; None if it is not here."""
    history, first = branch.history, epoch.first_message
    for index, turn in enumerate(branch.turns):
        for one in turn.messages:
            if one.id == first:
                return index
    if any(one.id == first for one in history.asking):
        return len(branch.turns)
    is_whole = not history.turns_before and not epoch.turns_before
    return 0 if not first and is_whole else None


def _ended(branch: Branch) -> RollReason | None:
    """Return why the epoch ends whatever its size."""
    epoch, model = branch.state.epoch, branch.model
    if epoch is None:
        return RollReason.START
    if (epoch.model, epoch.endpoint) != (model.name, model.endpoint):
        return RollReason.MODEL
    if epoch.prompt_ref != branch.settings.system_prompt_ref:
        return RollReason.PROMPT
    if branch.state.must_roll:
        return RollReason.HAND
    return RollReason.FILES if branch.files_since != epoch.files_since else None


def _lost(branch: Branch) -> RollReason:
    """Return why an epoch ends whose first message is not read."""
    is_full = branch.history.turns_before or _needs(branch)[0] > branch.most
    return RollReason.FULL if is_full else RollReason.START


def _outgrown(branch: Branch, start: int, predicted: int) -> RollReason | None:
    if predicted > branch.budget:
        return RollReason.FULL
    last = branch.settings.last_turns
    is_long = last is not None and len(branch.turns) - start > last
    return RollReason.LAST_TURNS if is_long else None


def _predict_from(branch: Branch, start: int, epoch: Epoch) -> int:
    """Return what the epoch would take, as its gateway is likely to count it."""
    text = branch.fixed + epoch.memory_tokens + sum(branch.sizes[start:])
    sealed = native_size(branch.turns[start:], epoch.id)
    return branch.gauge.predict(text + sealed, sealed)


def _roll(branch: Branch, reason: RollReason) -> Beginning:
    needs = _needs(branch)
    start = _cut(branch, needs, reason)
    if branch.settings.last_turns is None and not is_vague(branch.state):
        start = _sooner(branch, needs, start)
    if branch.state.refused and (reason is RollReason.FULL or needs[0] > branch.most):
        reason = RollReason.TOO_LONG
    return Beginning(start, _summarised(branch, start), reason)


def _cut(branch: Branch, needs: list[int], reason: RollReason) -> int:
    """Return how many turns leave, as far as their size alone decides."""
    last, newest = branch.settings.last_turns, len(branch.turns) - 1
    if last is not None:
        return max(newest + 1 - max(0, last), _first_within(needs, branch.safe))
    if is_vague(branch.state):
        return _first_within(needs, branch.safe)
    if reason is not RollReason.FULL and needs[0] <= branch.most:
        return 0
    start = _first_within(needs, _low(branch, needs))
    # The newest turn stays where it fits at all: that is what one speaks of.
    if start > newest >= 0 and needs[newest] <= branch.most:
        start = newest
    return start if reason is RollReason.FULL else _no_later(branch, needs, start)


def _no_later(branch: Branch, needs: list[int], start: int) -> int:
    """Return where the old epoch began, if that is earlier and still fits.

    What ends it is not its size, so nothing that was sent has to leave.
    """
    epoch = branch.state.epoch
    old = find_start(branch, epoch) if epoch else None
    fits = old is not None and needs[old] <= branch.most
    return min(start, old) if old is not None and fits else start


def _needs(branch: Branch) -> list[int]:
    """Return what a new epoch takes in which 0, 1, … turns have left; in tokens."""
    kept = [*accumulate(reversed(branch.sizes), initial=branch.fixed)][::-1]
    remembered = branch.choice.sizes(
        len(branch.turns), left_before=branch.history.turns_before > 0
    )
    return [one + other for one, other in zip(kept, remembered, strict=True)]


def _low(branch: Branch, needs: list[int]) -> int:
    """Return to what a context shrinks that is full, as our estimate.

    Where what cannot leave is itself large, turns get a part of the room beside it:
    else each roll would leave none of them, and the next would soon follow.
    """
    budget, keep = branch.budget, min(1.0, max(0.0, branch.settings.keep_share))
    fixed = branch.gauge.predict(needs[-1])
    target = max(keep * budget, fixed + keep / 2 * (budget - fixed))
    return min(branch.most, branch.gauge.most(int(target)))


def _first_within(needs: list[int], tokens: int) -> int:
    for start, needed in enumerate(needs):
        if needed <= tokens:
            return start
    return len(needs) - 1


def _sooner(branch: Branch, needs: list[int], start: int) -> int:
    """Return where the summary ends, if it ends before `start` and little is between."""
    covered = _summarised(branch, start)
    if covered is None or covered == start:
        return start
    share = min(MOST_SHARE, branch.settings.keep_share + MORE_SHARE)
    most = min(branch.most, branch.gauge.most(int(share * branch.budget)))
    return covered if needs[covered] <= most else start


def _summarised(branch: Branch, start: int) -> int | None:
    if branch.choice.summary is None or not (start or branch.history.turns_before):
        return None
    covered = min(start, branch.covered)
    return covered if covered or branch.history.turns_before else None
