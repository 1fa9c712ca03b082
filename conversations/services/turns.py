"""Turns: what people ask for, written down as rows. The row is the job."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from django.db import transaction
from django.utils import timezone

from conversations import limits
from conversations.live.hub import get_hub
from conversations.models import Conversation, Generation, Message
from conversations.services.branches import find_leaf
from conversations.services.changes import (
    announce_after_commit,
    mark_changed,
    next_version,
    waiting_messages,
)
from conversations.services.endings import Ending
from conversations.services.errors import RefusedError, RestartingError
from conversations.services.finishing import finish, withdraw
from conversations.services.queue import release_waiting, start, start_next
from conversations.text import first_words, shorten
from conversations.wire import ACTIVE, CONTINUABLE, State

if TYPE_CHECKING:
    from conversations.models import LanguageModel, SystemPrompt, User

TITLE_FROM_MESSAGE_CHARACTERS = 80


def start_conversation(
    *,
    owner: User,
    content: str,
    client_id: UUID,
    model: LanguageModel | None,
    prompt: SystemPrompt | None,
) -> Conversation:
    """Make a conversation of a first message and ask the model.

    `client_id` is also the conversation's id, so a repeated submit is one
    conversation. Raises `RefusedError`.
    """
    _refuse_while_draining()
    found, _ = Conversation.objects.get_or_create(
        pk=client_id,
        defaults={
            "owner": owner,
            "title": shorten(first_words(content), TITLE_FROM_MESSAGE_CHARACTERS),
            "model": model,
            "prompt": prompt,
        },
    )
    # Asked last: somebody else may have taken the id just now.
    if found.owner_id != owner.pk:
        raise RefusedError("Please send your message once more.")
    send_message(conversation=found, author=owner, content=content, client_id=client_id)
    return found


def _refuse_while_draining() -> None:
    if get_hub().draining:
        raise RestartingError


def send_message(
    *, conversation: Conversation, author: User, content: str, client_id: UUID
) -> Message:
    """Add a turn to the newest branch; it starts now or waits its turn.

    Idempotent on `client_id` and text: where an answer got lost on its way back, and
    the text was changed before it was sent again, both are kept. Raises
    `RefusedError`.
    """
    _refuse_while_draining()
    with transaction.atomic():
        version = next_version(conversation.pk, active_at=timezone.now())
        known = conversation.messages.filter(client_id=client_id).first()
        if known is not None and known.content != content:
            client_id = uuid5(client_id, content)
            known = conversation.messages.filter(client_id=client_id).first()
        if known is not None:
            return known
        waiting = _count_waiting(conversation)
        job = _add_turn(conversation, author, content, client_id, version)
        # Started first: whoever reads what is new should not be in the way.
        if waiting:
            release_queue(conversation=conversation)
        else:
            start(job.pk)
        announce_after_commit(conversation.pk)
    assert job.message.parent is not None
    return job.message.parent


def _count_waiting(conversation: Conversation) -> int:
    waiting = conversation.generations.filter(state=State.QUEUED).count()
    if waiting >= limits.QUEUED_PER_CONVERSATION:
        raise RefusedError(
            f"{waiting} messages are waiting here already. "
            "Send this one when some of them have been answered."
        )
    return waiting


def _add_turn(
    conversation: Conversation,
    author: User,
    content: str,
    client_id: UUID,
    version: int,
) -> Generation:
    newest = conversation.messages.order_by("-seq").values_list("seq", flat=True)
    seq = newest.first() or 0
    asked = Message.objects.create(
        conversation=conversation,
        parent_id=find_leaf(conversation=conversation),
        seq=seq + 1,
        role=Message.Role.USER,
        author=author,
        content=content,
        changed=version,
        client_id=client_id,
    )
    return _add_reply(conversation, asked, author, seq + 2, version)


def _add_reply(
    conversation: Conversation, parent: Message, user: User, seq: int, version: int
) -> Generation:
    reply = Message.objects.create(
        conversation=conversation,
        parent=parent,
        seq=seq,
        role=Message.Role.ASSISTANT,
        attempt=1,
        changed=version,
    )
    return Generation.objects.create(
        conversation=conversation, message=reply, attempt=1, asked_by=user
    )


def retry_reply(*, reply: Message, user: User) -> Message:
    """Ask again: a sibling of `reply`, which stays as it is.

    What waits behind `reply` then waits behind the sibling. Asked twice, it is one
    sibling. Raises `RefusedError` while `reply` is not ended or where the talk has
    gone on.
    """
    _refuse_while_draining()
    with transaction.atomic():
        version = next_version(reply.conversation_id, active_at=timezone.now())
        if (newer := _newer_sibling(reply)) is not None:
            return newer
        current = current_generation(reply)
        waiting = list(_waiting_behind(reply))
        if current.state in ACTIVE or has_gone_on(reply):
            raise RefusedError("Only the newest answer can be tried again.")
        assert reply.parent is not None
        newest = reply.conversation.messages.order_by("-seq").first()
        assert newest is not None
        job = _add_reply(
            reply.conversation, reply.parent, user, newest.seq + 1, version
        )
        Message.objects.filter(pk__in=waiting).update(parent=job.message)
        mark_changed(
            reply.conversation_id, [*waiting, *waiting_messages(reply.conversation_id)]
        )
    start(job.pk)
    return job.message


def continue_reply(*, reply: Message, user: User) -> None:
    """Go on where an answer stopped: another attempt on the same message.

    Raises `RefusedError` unless it ended in a state that can be continued.
    """
    _refuse_while_draining()
    with transaction.atomic():
        next_version(reply.conversation_id)
        reply.refresh_from_db()
        if current_generation(reply).state not in CONTINUABLE or not reply.content:
            raise RefusedError("This answer cannot be continued.")
        attempt = reply.attempt + 1
        job = Generation.objects.create(
            conversation=reply.conversation,
            message=reply,
            attempt=attempt,
            start=len(reply.content),
            asked_by=user,
        )
        Message.objects.filter(pk=reply.pk).update(attempt=attempt)
        mark_changed(
            reply.conversation_id, [reply.pk, *waiting_messages(reply.conversation_id)]
        )
    start(job.pk)


def stop_reply(*, reply: Message, user: User) -> None:
    """Stop a running answer within a second, or withdraw a queued turn."""
    job = current_generation(reply)
    if job.state == State.QUEUED and withdraw(job, user):
        return
    running = Generation.objects.filter(pk=job.pk, state=State.RUNNING)
    if running.update(stopped_by=user) and not get_hub().stop(job.pk):
        finish(job.pk, Ending(State.STOPPED))
        start_next(reply.conversation_id)


def release_queue(*, conversation: Conversation) -> None:
    """Let the oldest waiting turn start although the answer before it failed."""
    release_waiting(conversation.pk)
    start_next(conversation.pk)


def current_generation(reply: Message) -> Generation:
    """Return the newest attempt at a reply."""
    return reply.generations.get(attempt=reply.attempt)


def has_gone_on(reply: Message) -> bool:
    """Tell whether the talk went on after `reply`, other than by waiting turns."""
    waiting = _waiting_behind(reply)
    return reply.children.exclude(pk__in=waiting).exists()


def _newer_sibling(reply: Message) -> Message | None:
    siblings = reply.conversation.messages.filter(
        parent=reply.parent_id, role=Message.Role.ASSISTANT, seq__gt=reply.seq
    )
    return siblings.order_by("-seq").first()


def _waiting_behind(reply: Message) -> list[UUID]:
    rows = reply.children.filter(
        children__generations__state=State.QUEUED, children__attempt=1
    )
    return list(rows.values_list("pk", flat=True))
