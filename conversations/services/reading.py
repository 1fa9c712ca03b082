"""Read positions: how far somebody has read, and what is new to them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.db import connection
from django.db.models import (
    BooleanField,
    Case,
    Count,
    Exists,
    ExpressionWrapper,
    IntegerField,
    OuterRef,
    Q,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from conversations.models import Mention, Message, View
from conversations.services.branching.branches import as_parameter, find_on_branch
from conversations.services.changes import tell_people_after_commit
from conversations.services.elsewhere import list_unread_mentions

if TYPE_CHECKING:
    from collections.abc import Collection

    from django.db.models import QuerySet

    from conversations.models import Conversation, User
    from conversations.models.conversations import ConversationQuerySet

_VIEWS = View._meta.db_table  # noqa: SLF001 - SQL of its own, as below
_MESSAGES = Message._meta.db_table  # noqa: SLF001
# No conversation has more messages.
EVERYTHING = 2**31 - 1

# A position is made or moved by one statement, and never back.
_READ = f"""
INSERT INTO {_VIEWS} (
    conversation_id, user_id, read_seq, draft, draft_version, kept_unread
)
SELECT conversation_id, %s, seq, '', 0, FALSE FROM {_MESSAGES}
WHERE id = %s AND conversation_id = %s
ON CONFLICT (conversation_id, user_id) DO UPDATE
SET read_seq = CASE WHEN {_VIEWS}.read_seq < excluded.read_seq
    THEN excluded.read_seq ELSE {_VIEWS}.read_seq END, kept_unread = FALSE
WHERE {_VIEWS}.read_seq < excluded.read_seq OR {_VIEWS}.kept_unread
"""  # noqa: S608 - our own table names

_WRITTEN = f"""
INSERT INTO {_VIEWS} (
    conversation_id, user_id, read_seq, draft, draft_version, kept_unread
)
VALUES (%s, %s, %s, '', 1, FALSE)
ON CONFLICT (conversation_id, user_id) DO UPDATE
SET read_seq = excluded.read_seq, leaf_id = NULL,
    draft = CASE WHEN %s THEN {_VIEWS}.draft ELSE '' END,
    draft_version = {_VIEWS}.draft_version + %s,
    kept_unread = FALSE, archived_at = NULL
"""  # noqa: S608 - our own table name


def mark_read(*, user: User, conversation: Conversation, message: UUID) -> None:
    """Move how far somebody has read forward to a message of the conversation.

    Where they are named on the branch down to it, they have read that. Their other pages
    are told. Where there is no such message, or it was read before, nothing happens.
    """
    pk, here = as_parameter(message), as_parameter(conversation.pk)
    with connection.cursor() as cursor:
        cursor.execute(_READ, [user.pk, pk, here])
        has_moved = cursor.rowcount > 0
    was_named = _read_mentions(user, conversation, message)
    if has_moved or was_named:
        tell_people_after_commit([user.pk], besides=conversation.pk)


def _read_mentions(user: User, conversation: Conversation, message: UUID) -> bool:
    named = list_unread_mentions(conversation=conversation, user=user)
    here = find_on_branch(leaf=message, wanted=named) if named else []
    rows = Mention.objects.filter(user=user, message__in=here, is_read=False)
    return bool(here) and rows.update(is_read=True) > 0


def mark_written(*, author: User, message: Message, keeps_draft: bool = False) -> None:
    """Mark the newest message of a conversation as read by its author.

    They look at the newest branch from then on, their draft is sent unless they wrote
    something else, and where they had archived it, it is back.
    """
    pk = as_parameter(message.conversation_id)
    kept = [keeps_draft, 0 if keeps_draft else 1]
    with connection.cursor() as cursor:
        cursor.execute(_WRITTEN, [pk, author.pk, message.seq, *kept])


def with_unread(rows: ConversationQuerySet, user: User) -> ConversationQuerySet:
    """Annotate conversations with `is_unread` and `mention_count` for a person.

    Unread is what others have written after what the person has read, answers among
    it; not what is still being written; and what the person has marked so. One's own conversation that one has never
    read in is not new.
    """
    views = View.objects.filter(conversation=OuterRef("pk"), user=user.pk)
    never = Case(When(owner=user.pk, then=Value(EVERYTHING)), default=Value(0))
    position = Coalesce(
        Subquery(views.values("read_seq")), never, output_field=IntegerField()
    )
    later = _by_others(user).filter(
        conversation=OuterRef("pk"), seq__gt=OuterRef("read_up_to")
    )
    named = (
        Mention.objects.filter(user=user.pk, is_read=False, conversation=OuterRef("pk"))
        .filter(message__removed_at=None)
        .order_by()
        .values("conversation")
        .annotate(number=Count("pk"))
    )
    by_hand = Exists(views.filter(kept_unread=True))
    return rows.annotate(read_up_to=position).annotate(
        is_unread=ExpressionWrapper(Exists(later) | by_hand, BooleanField()),
        mention_count=Coalesce(Subquery(named.values("number")), 0),
    )


def find_first_unread(
    *, conversation: Conversation, user: User, message_ids: Collection[UUID]
) -> UUID | None:
    """Return the first of some messages of a branch that others added for a person.

    An answer to their own question they wait for themselves. None where all or nothing
    is new: also where the one before the first is new already, and where the person has
    never read here.
    """
    views = View.objects.filter(conversation=conversation, user=user, read_seq__gt=0)
    # Looked for by their ids: after what was read there may be thousands.
    before = Message.objects.filter(pk__in=message_ids).values("parent")
    own_answer = Q(role=Message.Role.ASSISTANT, parent__author=user.pk)
    later = _by_others(user).filter(
        ~own_answer,
        Q(pk__in=message_ids) | Q(pk__in=before),
        seq__gt=Subquery(views.values("read_seq")),
    )
    first = later.order_by("seq").values_list("pk", flat=True).first()
    return first if first in message_ids else None


def _by_others(user: User) -> QuerySet[Message]:
    """Messages that have something to read and that somebody else wrote."""
    # What a person sent says something, if only by its files.
    rows = Message.objects.exclude(role=Message.Role.ASSISTANT, content="")
    return rows.filter(Q(author=None) | ~Q(author=user.pk))
