"""Turns: what people ask for, written down as rows. The row is the job."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from conversations import limits
from conversations.live.hub import get_hub
from conversations.models import Conversation, Generation, Message
from conversations.services.attachments.writing import Written, attach_files
from conversations.services.branching.branches import list_path
from conversations.services.branching.siblings import mark_siblings
from conversations.services.branching.viewing import find_end_in_view
from conversations.services.changes import (
    announce_after_commit,
    mark_changed,
    next_version,
    waiting_messages,
)
from conversations.services.endings import Ending
from conversations.services.errors import RefusedError, RestartingError
from conversations.services.finishing import finish, with_usage, withdraw
from conversations.services.mentions import note_mentions
from conversations.services.placing import place_message
from conversations.services.posts import choose_readers, name_for_model
from conversations.services.queue import release_waiting, start, start_next
from conversations.services.reading import mark_written
from conversations.wire import CONTINUABLE, State

if TYPE_CHECKING:
    from collections.abc import Callable

    from conversations.models import LanguageModel, User

# Turns that wait are at the end of a branch, withdrawn ones among them.
REACH_MESSAGES = 200


def refuse_while_draining() -> None:
    """Raise `RestartingError` where the server is about to end."""
    if get_hub().draining:
        raise RestartingError


def refuse_removed(message: Message) -> None:
    """Raise `RefusedError` where a message was deleted meanwhile."""
    if not Message.objects.filter(pk=message.pk).exists():
        raise RefusedError("This message has been deleted.")


def send_written(
    *,
    conversation: Conversation,
    author: User,
    written: Written,
    after: UUID | None = None,
    meant_for: str = Message.MeantFor.MODEL,
) -> Message:
    """Add a turn to a branch; it starts now or waits its turn. A post asks nothing.

    That is the branch through `after`, the last message of the page; without it the one
    the author looks at. Idempotent on `client_id` and text: where an answer got lost on
    its way, and the text was changed meanwhile, both are kept. Raises `RefusedError`.
    """
    here, words = conversation, written.content
    find = partial(find_end_in_view, conversation=here, user=author, after=after)
    return add_turn(
        conversation=here,
        author=author,
        written=written,
        find_parent=find,
        meant_for=choose_readers(conversation=here, content=words, wanted=meant_for),
    )


def add_turn(
    *,
    conversation: Conversation,
    author: User,
    written: Written,
    find_parent: Callable[[], UUID | None],
    meant_for: str = Message.MeantFor.MODEL,
) -> Message:
    """Add a turn, or a post, after the message that `find_parent` gives, within the transaction.

    Idempotent on `client_id`, text and files. Its author then looks at its branch. Raises
    `RefusedError`.
    """
    refuse_while_draining()
    content, client_id = written.content, written.client_id
    with transaction.atomic():
        version = next_version(conversation.pk, active_at=timezone.now())
        known = _find_sent(conversation, client_id)
        if known is not None and not written.is_said_by(known):
            client_id = written.id_of_text
            known = _find_sent(conversation, client_id)
        if known is not None:
            return known
        asked = Message(
            conversation=conversation,
            parent_id=find_parent(),
            role=Message.Role.USER,
            author=author,
            content=content,
            changed=version,
            client_id=client_id,
            meant_for=meant_for,
            sent_as=name_for_model(conversation, author, meant_for),
        )
        if asked.is_post:
            _add_messages([asked], author, written)
        else:
            _ask(asked, author, written)
        attach_files(message=asked, user=author, written=written)
        note_mentions(message=asked)
        announce_after_commit(conversation.pk, by=author.pk)
    return asked


def _find_sent(conversation: Conversation, client_id: UUID) -> Message | None:
    # What was deleted since was sent all the same.
    rows = Message.everything.filter(conversation=conversation, client_id=client_id)
    return next(iter(rows), None)


def _list_queued(conversation_id: UUID) -> set[UUID]:
    """Return the replies that wait to be written."""
    rows = Generation.objects.filter(conversation=conversation_id, state=State.QUEUED)
    return set(rows.values_list("message", flat=True))


def _refuse_more(queued: set[UUID]) -> None:
    if len(queued) >= limits.QUEUED_PER_CONVERSATION:
        raise RefusedError(
            f"{len(queued)} messages are waiting here already. "
            "Send this one when some of them have been answered."
        )


def _ask(asked: Message, author: User, written: Written) -> None:
    queued = _list_queued(asked.conversation_id)
    _refuse_more(queued)
    reply = _reply_to(asked, asked.changed)
    _add_messages([asked, reply], author, written)
    job = _add_generation(reply, author)
    # Started first: whoever reads what is new should not be in the way. What waits
    # above was asked for once more.
    if not _release_branch(asked.conversation_id, asked.parent_id, queued):
        start(job.pk)


def _add_messages(messages: list[Message], author: User, written: Written) -> None:
    """Add what a person wrote, and the reply to it where one is asked for."""
    first, *replies = messages
    is_newest = place_message(message=first)
    for reply in replies:
        reply.seq, reply.previous_reply_id = first.seq + 1, first.previous_reply_id
    Message.objects.bulk_create(messages)
    if not is_newest:
        mark_siblings(message=first, version=first.changed)
    is_edit = written.edits is not None
    mark_written(author=author, message=first, keeps_draft=is_edit)


def _release_branch(
    conversation_id: UUID, leaf: UUID | None, queued: set[UUID]
) -> bool:
    """Let what of `queued` is on the branch to `leaf` begin; tell whether any is."""
    path = list_path(leaf=leaf, limit=REACH_MESSAGES) if leaf and queued else []
    waiting = queued.intersection(path)
    if waiting:
        release_waiting(waiting)
        start_next(conversation_id)
    return bool(waiting)


def add_try(
    beside: Message,
    user: User,
    seq: int,
    version: int,
    model: LanguageModel | None = None,
) -> Generation:
    """Write down another reply to what `beside` answers, within a transaction.

    By `model`, else by the one that answers next.
    """
    assert beside.parent is not None
    reply = _reply_to(beside.parent, version)
    reply.seq, reply.previous_reply_id = seq, beside.previous_reply_id
    reply.save(force_insert=True)
    return _add_generation(reply, user, model)


def _reply_to(parent: Message, version: int) -> Message:
    return Message(
        conversation_id=parent.conversation_id,
        parent=parent,
        role=Message.Role.ASSISTANT,
        attempt=1,
        changed=version,
    )


def _add_generation(
    reply: Message, user: User, model: LanguageModel | None = None
) -> Generation:
    return Generation.objects.create(
        conversation_id=reply.conversation_id,
        message=reply,
        attempt=1,
        asked_by=user,
        model=model,
    )


def continue_reply(*, reply: Message, user: User) -> None:
    """Go on where an answer stopped: another attempt on the same message.

    Raises `RefusedError` unless it ended in a state that can be continued.
    """
    refuse_while_draining()
    with transaction.atomic():
        next_version(reply.conversation_id)
        reply.refresh_from_db()
        refuse_removed(reply)
        if current_generation(reply).state not in CONTINUABLE or not reply.content:
            raise RefusedError("This answer cannot be continued.")
        if has_gone_on(reply):
            raise RefusedError("Only the newest answer can be continued.")
        attempt = reply.attempt + 1
        job = Generation.objects.create(
            conversation=reply.conversation,
            message=reply,
            attempt=attempt,
            start=len(reply.content),
            asked_by=user,
        )
        Message.objects.filter(pk=reply.pk).update(attempt=attempt)
        waiting = waiting_messages(reply.conversation_id)
        mark_changed(reply.conversation_id, [reply.pk, *waiting])
    start(job.pk)


def stop_reply(*, reply: Message, user: User) -> bool:
    """Stop a running answer within a second, or withdraw a queued turn; true for that."""
    job = current_generation(reply)
    if job.state == State.QUEUED and withdraw(job, user):
        return True
    running = Generation.objects.filter(pk=job.pk, state=State.RUNNING)
    if running.update(stopped_by=user) and not get_hub().stop(job.pk):
        finish(job.pk, with_usage(job.pk, Ending(State.STOPPED)))
        start_next(reply.conversation_id)
    return False


def release_queue(*, reply: Message) -> None:
    """Let turns that wait on the branch to `reply` begin, although one above failed."""
    queued = _list_queued(reply.conversation_id)
    _release_branch(reply.conversation_id, reply.pk, queued)


def current_generation(reply: Message) -> Generation:
    """Return the newest attempt at a reply."""
    return reply.generations.get(attempt=reply.attempt)


def has_gone_on(reply: Message) -> bool:
    """Tell whether the talk went on after `reply`, other than by waiting turns.

    What people wrote to each other is no answer to it either.
    """
    rows = Message.objects.filter(previous_reply=reply, role=Message.Role.ASSISTANT)
    waiting = Generation.objects.filter(
        message__previous_reply=reply, state=State.QUEUED, attempt=1
    )
    return rows.exclude(pk__in=waiting.values("message")).exists()
