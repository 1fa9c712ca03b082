"""From a queued row to a request: which model, which prompt, what context."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from django.utils import timezone

from conversations import limits
from conversations.context.manifest import to_json
from conversations.context.tokens import count
from conversations.gateways.base import Gateways, Route, request_bytes
from conversations.gateways.prices import highest_cost
from conversations.models import LanguageModel, PromptRevision
from conversations.services.attachments.heavy import find_heavy, say_too_heavy
from conversations.services.attachments.sending import load_files
from conversations.services.attachments.unseen import (
    UNREADABLE,
    find_unseen,
    name_largest,
    say_unseen,
)
from conversations.services.contexts import Chosen, build_context, expect_cached
from conversations.services.endings import TOO_LARGE, Ending
from conversations.services.errors import RefusedError
from conversations.services.gateways import model_for, reach
from conversations.services.prices import find_prices, fit_effort
from conversations.wire import Protocol, Request, State

if TYPE_CHECKING:
    from decimal import Decimal
    from uuid import UUID

    from conversations.models import Generation
    from conversations.services.gateways import Reach
    from conversations.wire import Context, Epoch, ModelFacts, Refusal

# The messages protocol wants a bound; this where nobody knows the model's own.
OUTPUT_TOKENS = 4_096
MOST_OUTPUT_TOKENS = 32_000
LEAST_OUTPUT_TOKENS = 1_024
# An answer is ended at so many: no token has less than a byte, most have four.
MOST_ANSWER_TOKENS = limits.ANSWER_BYTES // 4
# A foreign tokenizer may count half as much again as ours.
TOKENIZER_RATIO = 1.5


@dataclass(frozen=True, slots=True)
class Job:
    """A generation with all it needs; after this no row is read until its end.

    `tokens` is the predicted prompt, `share` that as a share of the model's `window`;
    `trimmed` says that this is the request after one that was too long.
    """

    generation_id: int
    conversation_id: UUID
    message_id: UUID
    attempt: int
    text: str
    endpoint_id: int
    route: Route
    request: Request
    # The request as it is sent, byte for byte.
    body: bytes
    tokens: int
    window: int
    # Whether that window is no more than an assumption.
    is_assumed: bool = False
    trimmed: bool = False
    # The message that is to be answered, and how people call the model.
    question: str = ""
    model_title: str = ""

    @property
    def share(self) -> float:
        return self.tokens / self.window

    @property
    def effort(self) -> str:
        """The effort that is sent; "" where the endpoint has refused to take one."""
        bare = replace(self.request, messages=())
        plain = replace(bare, effort="")
        protocol = self.route.protocol
        is_sent = request_bytes(protocol, bare) != request_bytes(protocol, plain)
        return self.request.effort if is_sent else ""

    @property
    def described(self) -> dict[str, object]:
        """What the request holds beside its messages, as JSON: it can be rebuilt."""
        request, dialect = self.request, asdict(self.request.dialect)
        return {
            "model": request.model,
            "max_output_tokens": request.max_output_tokens,
            "effort": request.effort,
            "replays": any(message.items for message in request.messages),
            "dialect": dialect | {"without": sorted(request.dialect.without)},
        }

    @property
    def request_sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest()


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be sent for a generation, or why nothing can be.

    `highest_cost` is what it may cost at most, in US dollars; `cached` how many tokens
    of the prompt a cache should serve; None is unknown. `left_epoch` ends with it.
    """

    model: LanguageModel | None
    revision: PromptRevision | None
    context: Context | None = None
    job: Job | None = None
    refusal: Ending | None = None
    highest_cost: Decimal | None = None
    cached: int | None = None
    left_epoch: Epoch | None = None

    @property
    def manifest(self) -> dict[str, object] | None:
        if self.context is None:
            return None
        return {
            "tokens": self.context.tokens,
            "predicted": self.context.predicted,
            "budget": self.context.budget,
            "items": to_json(self.context.items),
            "request": self.job.described if self.job else None,
        }


def plan_request(generation: Generation, *, refused: Refusal | None = None) -> Plan:
    """Assemble the context and the request of a generation; reads only.

    After the gateway has `refused` it as too long, it is planned with less. Where it is
    impossible the plan holds a refusal in the words of the service that refused.
    """
    conversation = generation.conversation
    model, revision, effort = generation.model, generation.revision, generation.effort
    if refused is None:
        model, effort = (
            model_for(conversation, generation.asked_by, wanted=generation.model),
            conversation.effort,
        )
        revision = conversation.prompt.newest if conversation.prompt else None
    if model is None:
        return Plan(model, revision, refusal=Ending(State.FAILED, kind="no_model"))
    try:
        reached = reach(model)
    except RefusedError as error:
        refusal = Ending(State.FAILED, kind="no_key", detail=str(error))
        return Plan(model, revision, refusal=refusal)
    prices = find_prices(model=model, at=timezone.now())
    chosen = Chosen(model, reached, revision, prices)
    context, past = build_context(generation=generation, chosen=chosen, refused=refused)
    why = _refusal(generation, chosen, context)
    if why is not None:
        planned = context if why.kind == TOO_LARGE else None
        return Plan(model, revision, planned, refusal=why)
    effort = fit_effort(model=model, effort=effort)
    job = _job(generation, chosen, context, effort)
    job = replace(job, trimmed=refused is not None)
    return Plan(
        model,
        revision,
        context,
        job,
        highest_cost=_highest_cost(chosen, context),
        cached=expect_cached(chosen=chosen, context=context, past=past),
        left_epoch=past.state.epoch if context.is_new else None,
    )


def _refusal(generation: Generation, chosen: Chosen, context: Context) -> Ending | None:
    """Return why a request is not sent at all; None where it is."""
    question, dialect = str(generation.message.parent_id), chosen.reached.dialect
    messages = context.messages
    if files := find_unseen(messages=messages, question=question, dialect=dialect):
        detail = say_unseen(model=chosen.model.title, files=files)
        return Ending(State.FAILED, kind=UNREADABLE, detail=detail)
    heavy = find_heavy(messages=messages, question=question)
    if detail := say_too_heavy(files=heavy):
        return Ending(State.FAILED, kind=UNREADABLE, detail=detail)
    if not context.is_too_large:
        return None
    detail = f"{context.predicted:,} tokens; the limit here is {context.budget:,}."
    asked = [message.files for message in messages if message.id == question]
    detail += name_largest(files=[file for files in asked for file in files])
    return Ending(State.CONTEXT_FULL, kind=TOO_LARGE, detail=detail)


def with_request(job: Job, request: Request) -> Job:
    """Return a job that sends another request; slow for a long one."""
    return replace(job, request=request, body=_body(job.route.protocol, request))


def _body(protocol: str, request: Request) -> bytes:
    """Return a request as it is sent, with its files, which are kept nowhere else."""
    messages = load_files(messages=request.messages, dialect=request.dialect)
    return request_bytes(protocol, replace(request, messages=messages))


def _job(generation: Generation, chosen: Chosen, context: Context, effort: str) -> Job:
    reached, facts = chosen.reached, chosen.facts
    request = Request(
        facts.name,
        context.messages,
        _output_limit(reached, facts, context),
        effort,
        str(generation.conversation_id),
        reached.dialect,
    )
    return Job(
        generation_id=generation.pk,
        conversation_id=generation.conversation_id,
        message_id=generation.message_id,
        attempt=generation.attempt,
        text=generation.message.content[: generation.start],
        endpoint_id=reached.endpoint_id,
        route=reached.route,
        request=request,
        body=_body(reached.route.protocol, request),
        tokens=context.predicted,
        window=facts.window,
        is_assumed=facts.is_assumed,
        question=str(generation.message.parent_id),
        model_title=chosen.model.title,
    )


def _output_limit(reached: Reach, facts: ModelFacts, context: Context) -> int | None:
    if reached.route.protocol != Protocol.MESSAGES:
        return None
    most = min(facts.max_output or OUTPUT_TOKENS, MOST_OUTPUT_TOKENS)
    # Prompt and answer share the window.
    room = facts.window - _most_tokens(context)
    return min(most, max(LEAST_OUTPUT_TOKENS, room))


def _highest_cost(chosen: Chosen, context: Context) -> Decimal | None:
    if chosen.prices is None:
        return None
    facts = chosen.facts
    asked = min(_most_tokens(context), facts.window)
    written = facts.max_output or min(facts.window, MOST_ANSWER_TOKENS)
    return highest_cost(asked, written, chosen.prices)


def _most_tokens(context: Context) -> int:
    """Return what a prompt may take at most, as far as one can tell beforehand."""
    return max(context.predicted, int(context.tokens * TOKENIZER_RATIO))


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
