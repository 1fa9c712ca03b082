"""A request, made again from what is stored, and compared with what was sent."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any
from uuid import UUID

from conversations.context.assembly import assemble
from conversations.gateways.base import request_bytes
from conversations.models import Generation
from conversations.services.attachments.sending import load_files
from conversations.services.epochs import as_facts
from conversations.services.history import Stretch, read_history, read_path
from conversations.wire import (
    ContextSettings,
    ContextState,
    Dialect,
    ModelFacts,
    Request,
)

if TYPE_CHECKING:
    from conversations.wire import Context

# So large that nothing has to leave: what was left out then is left out already.
NO_LIMIT = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A request as it was sent, where `matches`; otherwise `problem` says what differs.

    `context` holds its messages; None where there is nothing to rebuild.
    """

    protocol: str
    body: bytes = b""
    context: Context | None = None
    matches: bool = False
    problem: str = ""
    dialect: Dialect = field(default_factory=Dialect)


def rebuild_request(*, generation: Generation) -> Rebuilt:
    """Return a generation's request from its rows, checked by its SHA-256; reads only.

    Slow for a long one.
    """
    described = (generation.manifest or {}).get("request")
    if generation.epoch is None or not described or not generation.request_sha256:
        problem = "Nothing was sent, or it was sent before requests could be rebuilt."
        return Rebuilt(generation.protocol, problem=problem)
    dialect = _dialect(described["dialect"])
    context = _context(generation, dialect, replays=bool(described["replays"]))
    request = Request(
        described["model"],
        load_files(messages=context.messages, dialect=dialect),
        described["max_output_tokens"],
        described["effort"],
        str(generation.conversation_id),
        dialect,
    )
    body = request_bytes(generation.protocol, request)
    matches = hashlib.sha256(body).hexdigest() == generation.request_sha256
    problem = "" if matches else "Something it was made of has changed since."
    return Rebuilt(generation.protocol, body, context, matches, problem, dialect)


def _context(generation: Generation, dialect: Dialect, *, replays: bool) -> Context:
    assert generation.epoch is not None
    assert generation.message.parent_id is not None
    epoch, revision = as_facts(generation.epoch), generation.revision
    stretch = Stretch(
        NO_LIMIT,
        since=UUID(epoch.first_message) if epoch.first_message else None,
        turns_before=epoch.turns_before,
        epoch=generation.epoch.pk if replays else None,
        refused_after=generation.started_at,
        dialect=dialect,
    )
    path = read_path(generation.message.parent_id)
    history = read_history(generation=generation, path=path, stretch=stretch)
    settings = ContextSettings(
        system_prompt=revision.text if revision else "",
        system_prompt_ref=epoch.prompt_ref,
        window_share=1,
    )
    facts = ModelFacts(epoch.model, NO_LIMIT, endpoint=epoch.endpoint)
    return assemble(history, settings, facts, ContextState(epoch))


def dialect_of(generation: Generation) -> Dialect:
    """Return how a generation's gateway was asked; the usual way where nobody knows."""
    described = (generation.manifest or {}).get("request") or {}
    return _dialect(described.get("dialect", {}))


def _dialect(described: dict[str, Any]) -> Dialect:
    known = {each.name for each in fields(Dialect)}
    values = {name: value for name, value in described.items() if name in known}
    return Dialect(**values | {"without": frozenset(values.get("without", ()))})
