"""From a queued row to a request: which model, which prompt, what context."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from conversations.context.assembly import assemble
from conversations.context.manifest import to_json
from conversations.context.tokens import count
from conversations.gateways.base import Gateways, Route, request_bytes
from conversations.models import Generation, LanguageModel, PromptRevision
from conversations.services.endings import Ending
from conversations.services.errors import RefusedError
from conversations.services.gateways import model_for, route_for
from conversations.services.history import read_history
from conversations.wire import ContextSettings, ModelFacts, Request, State

if TYPE_CHECKING:
    from uuid import UUID

    from conversations.wire import Context

# What we allow ourselves where nobody knows the model's window (tokens).
UNKNOWN_WINDOW_TOKENS = 16_000
TOO_LARGE = "too_large"


@dataclass(frozen=True, slots=True)
class Job:
    """A generation with all it needs; after this no row is read until its end."""

    generation_id: int
    conversation_id: UUID
    message_id: UUID
    attempt: int
    text: str
    route: Route
    request: Request


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be sent for a generation, or why nothing can be."""

    model: LanguageModel | None
    revision: PromptRevision | None
    context: Context | None = None
    job: Job | None = None
    refusal: Ending | None = None

    @property
    def manifest(self) -> dict[str, object] | None:
        if self.context is None:
            return None
        return {
            "tokens": self.context.tokens,
            "budget": self.context.budget,
            "items": to_json(self.context.items),
        }

    @property
    def request_sha256(self) -> str:
        if self.job is None:
            return ""
        body = request_bytes(self.job.route.protocol, self.job.request)
        return hashlib.sha256(body).hexdigest()


def plan_request(generation: Generation) -> Plan:
    """Assemble the context and the request of a generation; reads only.

    Where that is impossible the plan holds a refusal in the words of the service
    that refused.
    """
    conversation = generation.conversation
    model = model_for(conversation)
    revision = conversation.prompt.newest if conversation.prompt else None
    if model is None:
        return Plan(model, revision, refusal=Ending(State.FAILED, kind="no_model"))
    try:
        route = route_for(model)
    except RefusedError as error:
        refusal = Ending(State.FAILED, kind="no_key", detail=str(error))
        return Plan(model, revision, refusal=refusal)
    context = _assemble(generation, model, revision)
    if context.over_budget:
        detail = f"{context.tokens:,} tokens; the limit here is {context.budget:,}."
        refusal = Ending(State.CONTEXT_FULL, kind=TOO_LARGE, detail=detail)
        return Plan(model, revision, context, refusal=refusal)
    job = _job(generation, model, route, context)
    return Plan(model, revision, context, job)


def _assemble(
    generation: Generation, model: LanguageModel, revision: PromptRevision | None
) -> Context:
    window = model.window or UNKNOWN_WINDOW_TOKENS
    return assemble(
        read_history(generation=generation, window=window),
        replace(_settings(revision), window_share=_window_share(generation)),
        ModelFacts(model.name, window, model.max_output),
    )


def _window_share(generation: Generation) -> float:
    """Half as much again for each time the gateway found the same turn too long."""
    reply = generation.message
    assert reply.parent is not None
    if reply.seq == reply.parent.seq + 1:
        # The first answer to its question.
        return ContextSettings().window_share
    too_long = Generation.objects.filter(
        message__parent=reply.parent, state=State.CONTEXT_FULL
    ).exclude(error_kind=TOO_LARGE)
    return ContextSettings().window_share / (1 << too_long.count())


def _settings(revision: PromptRevision | None) -> ContextSettings:
    if revision is None or not revision.text:
        return ContextSettings()
    if revision.tokens is None:
        revision.tokens = count(revision.text)
        PromptRevision.objects.filter(pk=revision.pk).update(tokens=revision.tokens)
    return ContextSettings(revision.text, str(revision.pk), revision.tokens)


def _job(
    generation: Generation, model: LanguageModel, route: Route, context: Context
) -> Job:
    return Job(
        generation_id=generation.pk,
        conversation_id=generation.conversation_id,
        message_id=generation.message_id,
        attempt=generation.attempt,
        text=generation.message.content[: generation.start],
        route=route,
        request=Request(model.name, context.messages),
    )


_gateways: list[Gateways] = []


def get_gateways() -> Gateways:
    """Return this process's connections to gateways, made on first use."""
    if not _gateways:
        _gateways.append(Gateways(count))
    return _gateways[0]


async def close_gateways() -> None:
    """Close the connections; the next use makes new ones."""
    while _gateways:
        await _gateways.pop().aclose()
