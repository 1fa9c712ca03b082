"""A reply as an article: its text, what was thought, and what it took."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

from django.db.models import BooleanField, IntegerField, Value
from django.utils import timezone
from django.utils.safestring import SafeString

from conversations import limits
from conversations.models import Delta, Generation, Message
from conversations.rendering.articles import Article, Reasoning, Wait
from conversations.rendering.citations import link_targets, list_sources
from conversations.rendering.headings import order_headings
from conversations.rendering.markdown import closed_blocks, render, render_aside
from conversations.services.measures import is_another_model, measure
from conversations.services.notes import detail_for, name_detail, note_for, wait_reason
from conversations.wire import ACTIVE, CONTINUABLE, Citation, State

if TYPE_CHECKING:
    from collections.abc import Sequence

ASSISTANT = "Roundtable"


def show_reply(
    message: Message, generation: Generation, earlier: Sequence[Generation]
) -> Article:
    """Return a reply as an article: its newest attempt, and what came before it."""
    active = generation.state in ACTIVE
    text, thought = message.content, generation.reasoning
    if active:
        text, thought = read_so_far(generation)
    cited = [] if active else list_citations([*earlier, generation])
    html, closed = _render(message, text, cited, active=active)
    article = Article(
        id=message.pk,
        conversation_id=message.conversation_id,
        parent_id=message.parent_id,
        role=message.role,
        state=generation.state,
        attempt=message.attempt,
        created_at=message.created_at,
        author=ASSISTANT,
        initials="",
        face=0,
        closed_html=order_headings(html),
        tail=text[closed:],
        offset=len(text),
        closed=closed,
        reasoning=(
            *(_settled(one, one.reasoning) for one in earlier if one.reasoning),
            *_newest(generation, thought, has_text=len(text) > generation.start),
        ),
        reasoning_offset=len(thought),
        sources=tuple(list_sources(list(chain(*cited)))),
    )
    article = _with_actions(article, text)
    return _with_facts(article, generation, earlier, text)


def read_so_far(generation: Generation) -> tuple[str, str]:
    """Read text and reasoning, folded and not, in one SELECT.

    Two would race with the end, which folds the deltas.
    """
    is_text = Value(value=False, output_field=BooleanField())
    is_reasoning = Value(value=True, output_field=BooleanField())
    before = Value(-1, output_field=IntegerField())
    content = Message.objects.filter(pk=generation.message_id).values_list(
        is_text, before, "content"
    )
    folded = Generation.objects.filter(pk=generation.pk).values_list(
        is_reasoning, before, "reasoning"
    )
    deltas = Delta.objects.filter(generation=generation.pk).values_list(
        "is_reasoning", "offset", "text"
    )
    # Nothing at all where the conversation was deleted meanwhile.
    rows = sorted(content.union(folded, deltas, all=True))
    text = "".join(piece for thought, _, piece in rows if not thought)
    return text, "".join(piece for thought, _, piece in rows if thought)


def _render(
    message: Message, text: str, cited: list[list[Citation]], *, active: bool
) -> tuple[SafeString, int]:
    if not active:
        # Every attempt counts its sources from 1: of several, none can be linked.
        targets = link_targets(cited[0]) if len(cited) == 1 else ()
        return render(text, targets, message.pk.hex), len(text)
    blocks = closed_blocks(text)
    html = SafeString("".join(block.html for block in blocks))
    return html, blocks[-1].end if blocks else 0


def list_citations(attempts: Sequence[Generation]) -> list[list[Citation]]:
    """Return what each attempt that cites anything cites."""
    return [
        [Citation(one["url"], one["title"]) for one in attempt.citations]
        for attempt in attempts
        if attempt.citations
    ]


def _newest(
    generation: Generation, thought: str, *, has_text: bool
) -> tuple[Reasoning, ...]:
    if generation.state == State.RUNNING:
        is_open = bool(thought) and not has_text
        return (Reasoning(text=thought, is_live=True, is_open=is_open),)
    return (_settled(generation, thought),) if thought else ()


def _settled(generation: Generation, thought: str) -> Reasoning:
    seconds = None
    until = generation.first_text_at or generation.ended_at
    if generation.first_delta_at and until:
        seconds = (until - generation.first_delta_at).total_seconds()
    return Reasoning(html=order_headings(render_aside(thought)), seconds=seconds)


def _with_actions(article: Article, text: str) -> Article:
    ended = article.state not in ACTIVE
    return replace(
        article,
        can_stop=not ended,
        can_retry=ended,
        can_continue=article.state in CONTINUABLE and bool(text),
    )


def _with_facts(
    article: Article,
    generation: Generation,
    earlier: Sequence[Generation],
    text: str,
) -> Article:
    revision = generation.revision
    ended = article.state not in ACTIVE
    return replace(
        article,
        model=generation.model_title,
        answered_by=generation.echoed_model if is_another_model(generation) else "",
        prompt=str(revision) if revision else "",
        note=note_for(generation, text=text),
        detail=detail_for(generation, text=text),
        detail_title=name_detail(generation),
        wait=_wait(generation),
        trimmed=generation.trimmed,
        figures=measure(generation, earlier) if ended else None,
        started_at=generation.started_at,
    )


def _wait(generation: Generation) -> Wait | None:
    until, now = generation.retry_at, timezone.now()
    if generation.state != State.RUNNING or until is None or until <= now:
        return None
    return Wait(
        reason=wait_reason(generation.error_kind),
        until=until,
        seconds=max(1, round((until - now).total_seconds())),
        next_try=generation.tries,
        most_tries=limits.RETRY_TRIES,
    )
