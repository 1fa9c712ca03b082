"""What was sent for an answer and why, told from its rows alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conversations.models import Endpoint, Generation
from conversations.services.inspection.costs import CacheAndCost, read_costs
from conversations.services.inspection.differences import Difference, compare
from conversations.services.inspection.items import (
    Row,
    items_of,
    read_path_of,
    read_rows,
)
from conversations.services.inspection.sizes import Sizes, measure_request
from conversations.services.notes import detail_for, note_for
from conversations.wire import State

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from conversations.models import Message

WAITS = "Nothing has been sent yet: this turn waits."
NOT_YET = "Nothing has been sent yet."
NOT_SENT = "Nothing was sent."


@dataclass(frozen=True, slots=True)
class Inspection:
    """One request for an answer. Where nothing was sent, `not_sent` says why.

    `attempts` are the numbers of all requests for the same answer. Without `rows` it
    was never decided what would be sent.
    """

    generation: Generation
    attempts: tuple[int, ...]
    not_sent: str
    detail: str
    gateway: str
    rows: tuple[Row, ...]
    sizes: Sizes | None
    costs: CacheAndCost
    difference: Difference | None

    @property
    def is_sent(self) -> bool:
        return not self.not_sent

    @property
    def is_over(self) -> bool:
        return self.generation.ended_at is not None

    @property
    def prompt(self) -> str:
        """Which version of which system prompt was sent, in words."""
        is_sent = any(row.kind == "system" for row in self.rows)
        revision = self.generation.revision
        return str(revision) if revision else "no longer known" if is_sent else "none"

    @property
    def what(self) -> str:
        """What was sent, in words."""
        names = [_in_words(row) for row in self.rows if row.is_sent]
        if len(names) < 2:
            return "".join(names)
        return f"{', '.join(names[:-1])} and {names[-1]}"


def inspect_context(*, reply: Message, attempt: int | None = None) -> Inspection | None:
    """Return what was sent for an attempt at a reply, the newest where none is named.

    None where there is no such attempt. Reads only.
    """
    attempts = tuple(
        reply.generations.order_by("attempt").values_list("attempt", flat=True)
    )
    generation = find_generation(reply=reply, attempt=attempt)
    if generation is None:
        return None
    items = items_of(generation)
    path = read_path_of(generation=generation, items=items)
    rows = read_rows(generation=generation, items=items, path=path)
    why = _why_not(generation)
    return Inspection(
        generation=generation,
        attempts=attempts,
        not_sent=why,
        detail=detail_for(generation, text="") if why else "",
        gateway=_gateway(generation),
        rows=rows,
        sizes=measure_request(generation=generation, rows=rows),
        costs=read_costs(generation=generation),
        difference=None
        if why
        else compare(generation=generation, path=path, rows=rows),
    )


def find_generation(*, reply: Message, attempt: int | None = None) -> Generation | None:
    """Return an attempt at a reply with all that tells of its request, or None."""
    rows = _inspected().filter(message=reply).order_by("-attempt")
    return (rows if attempt is None else rows.filter(attempt=attempt)).first()


def _inspected() -> QuerySet[Generation]:
    return Generation.objects.select_related(
        "message", "epoch", "usage", "revision__prompt", "model__gateway", "stopped_by"
    ).defer("items", "reasoning", "citations")


def _why_not(generation: Generation) -> str:
    """Say why nothing was sent; "" where something was."""
    if generation.request_sha256:
        return ""
    if generation.state == State.QUEUED:
        return WAITS
    if generation.state == State.RUNNING:
        return NOT_YET
    return f"{NOT_SENT} {note_for(generation, text='')}".strip()


def _gateway(generation: Generation) -> str:
    """Name the gateway that was asked and the protocol it was asked by."""
    protocol = dict(Endpoint.Protocol.choices).get(generation.protocol, "")
    gateway = generation.model.gateway.name if generation.model else ""
    return ", ".join(name for name in (gateway, protocol.lower()) if name)


def _in_words(row: Row) -> str:
    if row.kind == "turns":
        return row.name
    if row.kind == "continue":
        return "a line that asks to go on"
    sent = sum(one.is_sent for one in row.said)
    if row.kind == "asking" and sent > 1:
        return f"{sent} new messages"
    name = f"{row.name[:1].lower()}{row.name[1:]}"
    return name if row.kind == "memory" else f"the {name}"
