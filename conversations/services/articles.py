"""From rows to articles: what a message looks like now, the same for everyone."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.db.models import F, Q
from django.utils.safestring import SafeString

from conversations.models import Generation, Message
from conversations.rendering.articles import Article
from conversations.rendering.markdown import closed_blocks, render
from conversations.services.notes import note_for
from conversations.services.queue import is_held
from conversations.wire import ACTIVE, CONTINUABLE, State

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from uuid import UUID

    from conversations.models import Conversation

ASSISTANT = "Roundtable"
NOTHING = SafeString("")


@dataclass(frozen=True, slots=True)
class _Branch:
    """What an article must know of its neighbours."""

    conversation: Conversation
    generations: dict[UUID, Generation]
    # Questions whose reply waits, oldest last.
    waiting: tuple[UUID, ...]
    held: bool


def read_articles(
    *,
    conversation: Conversation,
    path: Sequence[UUID],
    only: Collection[UUID] | None = None,
) -> list[Article]:
    """Read messages of a branch (ids, newest first) as articles, oldest first.

    With `only`, the articles of those messages alone.
    """
    wanted = [pk for pk in path if only is None or pk in only]
    if not wanted:
        return []
    branch = _look_around(conversation, path, wanted)
    rows = Message.objects.filter(pk__in=wanted).select_related("author")
    found = {message.pk: message for message in rows}
    return [_article(branch, found[pk]) for pk in reversed(wanted) if pk in found]


def _look_around(
    conversation: Conversation, path: Sequence[UUID], wanted: list[UUID]
) -> _Branch:
    rows = Generation.objects.filter(
        Q(message__in=wanted) | Q(conversation=conversation, state=State.QUEUED),
        attempt=F("message__attempt"),
    ).select_related("revision__prompt", "stopped_by", "usage")
    generations = {row.message_id: row for row in rows}
    waiting = tuple(
        question
        for reply, question in itertools.pairwise(path)
        if reply in generations and _waits(generations[reply])
    )
    held = bool(waiting) and is_held(conversation.pk)
    return _Branch(conversation, generations, waiting, held)


def _waits(generation: Generation) -> bool:
    return generation.state == State.QUEUED and generation.attempt == 1


def _article(branch: _Branch, message: Message) -> Article:
    generation = branch.generations.get(message.pk)
    article = (
        _question(branch, message)
        if generation is None
        else _reply(message, generation)
    )
    if message.pk != branch.conversation.context_first:
        return article
    before = branch.conversation.context_dropped
    return replace(article, context_begins=True, turns_before=before)


def _question(branch: _Branch, message: Message) -> Article:
    waits = message.pk in branch.waiting
    next_up = waits and message.pk == branch.waiting[-1]
    author = message.author
    return Article(
        id=message.pk,
        conversation_id=message.conversation_id,
        parent_id=message.parent_id,
        role=message.role,
        state=State.QUEUED if waits else State.COMPLETE,
        attempt=0,
        created_at=message.created_at,
        author=author.name if author else "Somebody who left",
        initials=author.initials if author else "–",
        face=author.face if author else 0,
        closed_html=NOTHING,
        tail=message.content,
        offset=len(message.content),
        closed=0,
        note=_waiting_note(held=branch.held and next_up) if waits else "",
        can_withdraw=waits,
        can_start=branch.held and next_up,
    )


def _waiting_note(*, held: bool) -> str:
    return "waits for you" if held else "queued"


def _reply(message: Message, generation: Generation) -> Article:
    active = generation.state in ACTIVE
    text = _text_so_far(generation) if active else message.content
    html, closed = _render(message, text, active=active)
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
        closed_html=html,
        tail=text[closed:],
        offset=len(text),
        closed=closed,
    )
    return _with_facts(_with_actions(article, text), generation)


def _text_so_far(generation: Generation) -> str:
    """Read message and deltas in one SELECT: two would race with the end."""
    rows = (
        Message.objects.filter(pk=generation.message_id)
        .order_by("generations__deltas__offset")
        .values_list("content", "generations__deltas__text")
    )
    pieces = list(rows)
    # None where the conversation was deleted meanwhile.
    content = pieces[0][0] if pieces else ""
    return content + "".join(text for _, text in pieces if text)


def _render(message: Message, text: str, *, active: bool) -> tuple[SafeString, int]:
    if not active:
        return render(text), len(text)
    blocks = closed_blocks(text)
    html = SafeString("".join(block.html for block in blocks))
    return html, blocks[-1].end if blocks else 0


def _with_actions(article: Article, text: str) -> Article:
    ended = article.state not in ACTIVE
    return replace(
        article,
        can_stop=not ended,
        can_retry=ended,
        can_continue=article.state in CONTINUABLE and bool(text),
    )


def _with_facts(article: Article, generation: Generation) -> Article:
    usage = getattr(generation, "usage", None)
    revision = generation.revision
    seconds = None
    if generation.first_delta_at and generation.started_at and generation.ended_at:
        seconds = (generation.ended_at - generation.started_at).total_seconds()
    return replace(
        article,
        model=generation.model_title,
        prompt=str(revision) if revision else "",
        note=note_for(generation),
        detail=generation.error_detail,
        input_tokens=usage.input_tokens if usage else None,
        cached_tokens=usage.cached_input_tokens if usage else None,
        output_tokens=usage.output_tokens if usage else None,
        tokens_estimated=bool(usage and usage.estimated),
        seconds=seconds,
        started_at=generation.started_at,
    )
