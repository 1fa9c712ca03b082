"""The requests of a branch so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conversations.models import Generation
from conversations.services.endings import TOO_LARGE
from conversations.services.past import SAMPLES
from conversations.wire import ACTIVE, Sample, State

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime
    from uuid import UUID

_FIELDS = (
    "pk",
    "message_id",
    "state",
    "start",
    "error_kind",
    "started_at",
    "estimate",
    "predicted",
    "epoch_id",
    "epoch__model_name",
    "epoch__endpoint",
    "epoch__prompt_ref",
    "epoch__created_at",
    "usage__input_tokens",
    "usage__cached_input_tokens",
    "usage__cache_write_tokens",
    "usage__cache_write_1h_tokens",
    "usage__output_tokens",
    "usage__estimated",
    "sealed",
    "epoch__first_message",
)


@dataclass(frozen=True, slots=True)
class Earlier:
    """One request, as its rows have it. Sizes in tokens, None where nobody knows.

    `estimate` is our count of its prompt, `sealed` of it thoughts; `predicted` what was
    expected of the gateway and `actual` what it counted. `first` is the message that
    its epoch begins with. Without an epoch nothing was sent.
    """

    pk: int
    message_id: UUID
    state: str
    start: int
    error_kind: str
    at: datetime | None
    estimate: int | None
    predicted: int | None
    epoch_id: int | None
    model_name: str | None
    endpoint: str | None
    prompt_ref: str | None
    epoch_began: datetime | None
    counted: int | None
    cached: int | None
    written: int | None
    written_1h: int | None
    answered: int | None
    is_estimated: bool | None
    sealed: int
    first: UUID | None

    @property
    def was_sent(self) -> bool:
        return self.epoch_began is not None and self.estimate is not None

    @property
    def asked_of(self) -> tuple[str | None, str | None]:
        """The model and the endpoint."""
        return self.model_name, self.endpoint

    @property
    def actual(self) -> int | None:
        return None if self.is_estimated else self.counted

    @property
    def sample(self) -> Sample | None:
        if not self.estimate or not self.actual or self.state == State.CONTEXT_FULL:
            # What is too long a gateway may cut before it counts.
            return None
        return Sample(self.estimate, self.actual, self.sealed)

    @property
    def kept(self) -> int | None:
        """What a cache read and wrote, where its gateway says so."""
        parts = (self.cached, self.written, self.written_1h)
        known = [part for part in parts[1:] if part is not None]
        return sum(known) + (self.cached or 0) if known else None

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE

    @property
    def was_withdrawn(self) -> bool:
        """Whether its turn is never shown to a model."""
        withdrawn = self.state == State.STOPPED and self.at is None
        return withdrawn or self.error_kind == TOO_LARGE


def read_earlier(path: Collection[UUID]) -> list[Earlier]:
    """Return the newest requests on a path of message ids, newest first."""
    if not path:
        return []
    rows = Generation.objects.filter(message__in=list(path))
    newest = rows.order_by("-message__seq", "-attempt").values_list(*_FIELDS)
    return [Earlier(*row) for row in newest[:SAMPLES]]
