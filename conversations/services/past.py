"""What earlier requests of a branch tell the next one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from conversations.models import Epoch, Generation
from conversations.services.branching.branches import on_path_or_beside
from conversations.services.epochs import as_facts
from conversations.wire import ContextState, RollReason, Sample, State

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

# So many requests back are looked at, to learn how a gateway counts.
SAMPLES = 50
# Why epochs begin whose first request begins like no other but for its system prompt.
OPENS = frozenset(
    {
        RollReason.START,
        RollReason.FULL,
        RollReason.TOO_LONG,
        RollReason.LAST_TURNS,
    }
)


@dataclass(frozen=True, slots=True)
class Past:
    """What earlier requests of a branch tell the next one.

    `tokens` is what the newest request of the epoch took, that of it which its gateway
    `kept`; None where it did not say. `opened` is what a cache served of its first one,
    None where that is not known. `at` is when a request of it was last sent;
    `is_more_known` says that it also held a part of the answer that comes next.
    """

    state: ContextState
    tokens: int | None = None
    at: datetime | None = None
    kept: int | None = None
    is_more_known: bool = False
    opened: int | None = None


class _Asked(NamedTuple):
    epoch_id: int
    model_name: str
    endpoint: str
    estimate: int | None
    actual: int | None
    is_estimated: bool | None
    at: datetime | None
    start: int = 0
    cached: int | None = None
    written: int | None = None
    written_1h: int | None = None
    sealed: int = 0
    state: str = ""
    # Whether its epoch began with this answer.
    is_first: bool = False

    def is_beginning_of(self, newest: _Asked) -> bool:
        """Whether a gateway has read it, and what comes after `newest` begins so too.

        What goes on with a partial answer ends with words that are not sent again.
        """
        return (
            self.actual is not None
            and self.epoch_id == newest.epoch_id
            and not self.start
        )

    @property
    def is_whole(self) -> bool:
        """Whether the gateway has counted all of it; what is too long it may cut."""
        return not self.is_estimated and self.state != State.CONTEXT_FULL

    @property
    def counted(self) -> int | None:
        """The prompt as its gateway counted it."""
        return None if self.is_estimated else self.actual

    @property
    def kept(self) -> int | None:
        """What the gateway read from its cache and wrote there; None: it is silent."""
        if self.written is None and self.written_1h is None:
            return None
        return (self.cached or 0) + (self.written or 0) + (self.written_1h or 0)


def read_past(
    *,
    generation: Generation,
    path: Sequence[UUID],
    model_name: str,
    endpoint: str,
    with_own: bool = False,
) -> Past:
    """Read what was asked before on the branch `path` (ids of its newest messages).

    `with_own` counts the generation itself, which has ended then. The epoch is the
    newest one of this model at this endpoint, else the newest of any.
    """
    asked = _read_asked(generation, path, with_own=with_own)
    same = [
        one for one in asked if (one.model_name, one.endpoint) == (model_name, endpoint)
    ]
    newest = next(iter(same or asked), None)
    if newest is None:
        return Past(ContextState())
    epoch = Epoch.objects.get(pk=newest.epoch_id)
    state = ContextState(
        as_facts(epoch), _samples(same), must_roll=_must_roll(generation, epoch)
    )
    read = next((one for one in same or asked if one.is_beginning_of(newest)), None)
    if read is None:
        return Past(state)
    return Past(
        state,
        read.counted,
        newest.at,
        read.kept,
        is_more_known=read is not newest,
        opened=_opened(asked, epoch),
    )


def _read_asked(
    generation: Generation, path: Sequence[UUID], *, with_own: bool
) -> list[_Asked]:
    """Read the requests above a reply, those of its siblings and of itself before."""
    reply = generation.message
    assert reply.parent_id is not None
    rows = Generation.objects.filter(
        message__in=on_path_or_beside(
            leaf=path[0], limit=len(path), of=reply.parent_id
        ),
        epoch__isnull=False,
    )
    if not with_own:
        rows = rows.exclude(pk=generation.pk)
    fields = rows.values_list(
        "message",
        "pk",
        "epoch_id",
        "epoch__model_name",
        "epoch__endpoint",
        "estimate",
        "usage__input_tokens",
        "usage__estimated",
        "started_at",
        "start",
        "usage__cached_input_tokens",
        "usage__cache_write_tokens",
        "usage__cache_write_1h_tokens",
        "sealed",
        "state",
        "epoch__message",
    )
    above = {pk: index for index, pk in enumerate(path) if pk != reply.pk}
    # Of one message, and of its siblings, the newest is the one that was made last.
    found = sorted(fields, key=lambda row: (above.get(row[0], -1), -row[1]))
    return [_Asked(*row[2:-1], is_first=row[0] == row[-1]) for row in found[:SAMPLES]]


def _samples(asked: list[_Asked]) -> tuple[Sample, ...]:
    return tuple(
        Sample(one.estimate, one.actual, one.sealed)
        for one in reversed(asked)
        if one.estimate and one.actual and one.is_whole
    )


def _opened(asked: list[_Asked], epoch: Epoch) -> int | None:
    """Return what was served of the first request of an epoch, if it is among these."""
    if epoch.reason not in OPENS:
        return None
    here = (one for one in asked if one.epoch_id == epoch.pk)
    first = next((one for one in here if one.is_first and not one.start), None)
    return first.cached if first else None


def _must_roll(generation: Generation, epoch: Epoch) -> bool:
    asked_at = generation.conversation.roll_asked_at
    return asked_at is not None and epoch.created_at < asked_at
