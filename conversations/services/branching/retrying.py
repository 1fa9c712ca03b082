"""Trying an answer again: a sibling of it, beside which it stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F, Min
from django.utils import timezone

from conversations.models import Generation, Message
from conversations.services.branching.branches import find_leaf_below, list_behind
from conversations.services.branching.siblings import mark_siblings
from conversations.services.branching.viewing import show_branch
from conversations.services.changes import (
    mark_changed,
    next_version,
    waiting_messages,
)
from conversations.services.errors import RefusedError
from conversations.services.queue import start
from conversations.services.turns import (
    add_try,
    current_generation,
    has_gone_on,
    refuse_removed,
    refuse_while_draining,
)
from conversations.wire import ACTIVE

if TYPE_CHECKING:
    from uuid import UUID

    from conversations.models import LanguageModel, User


def retry_reply(
    *,
    reply: Message,
    user: User,
    siblings: int | None = None,
    model: LanguageModel | None = None,
) -> Message:
    """Ask again: a sibling of `reply`, which stays as it is.

    By `model`, for this once; None is the one that answers next.

    What waits behind `reply` then waits behind the sibling; so does what people wrote
    after it. Asked twice, it is one sibling: where there are more than the `siblings`
    that the person knew of, or a newer one for None. Raises `RefusedError` while `reply`
    is not ended or where the talk has gone on.
    """
    refuse_while_draining()
    with transaction.atomic():
        version = next_version(reply.conversation_id, active_at=timezone.now())
        refuse_removed(reply)
        if (newest := _tried_already(reply, siblings)) is not None:
            return newest
        if current_generation(reply).state in ACTIVE or has_gone_on(reply):
            raise RefusedError("Only the newest answer can be tried again.")
        job, moved = _add_try(reply, user, version, model)
        leaf = find_leaf_below(conversation=reply.conversation, message=job.message_id)
        assert leaf is not None
        show_branch(conversation=reply.conversation, user=user, leaf=leaf)
        waiting = waiting_messages(reply.conversation_id)
        mark_changed(reply.conversation_id, [*waiting, *moved])
    start(job.pk)
    return job.message


def _tried_already(reply: Message, siblings: int | None) -> Message | None:
    tries = reply.conversation.messages.filter(
        parent=reply.parent_id, role=Message.Role.ASSISTANT
    )
    newest = tries.latest("seq")
    seen = newest.pk == reply.pk if siblings is None else tries.count() <= siblings
    return None if seen else newest


def _add_try(
    reply: Message, user: User, version: int, model: LanguageModel | None
) -> tuple[Generation, list[UUID]]:
    """Add a sibling of `reply`, and let it have what is behind that one.

    Returns its generation, and what was moved.
    """
    everything = Message.everything.filter(conversation=reply.conversation_id)
    newest = everything.latest("seq").seq
    reply.refresh_from_db(fields=["previous_reply"])
    job = add_try(reply, user, newest + 1, version, model)
    mark_siblings(message=job.message, version=version)
    moved = _move_behind(reply, job.message)
    rows = Message.everything.filter(pk__in=moved)
    rows.filter(previous_reply=reply).update(previous_reply=job.message)
    # A message comes after those before it.
    first = rows.aggregate(first=Min("seq"))["first"]
    if first is not None:
        rows.update(seq=F("seq") + newest + 2 - first)
    return job, moved


def _move_behind(reply: Message, sibling: Message) -> list[UUID]:
    """Let what is behind `reply` come after its sibling; return all that was moved.

    What was deleted below goes along. Where a model has answered in that, it stays: it
    was asked with `reply`, and may come back.
    """
    moved: list[UUID] = []
    for child in reply.children.all():
        behind = list_behind(message=child.pk)
        asked = Generation.objects.filter(message__in=behind)
        if not asked.exclude(started_at=None).exists():
            reply.children.filter(pk=child.pk).update(parent=sibling)
            moved += behind
    return moved
