"""Forking: a conversation of one's own that begins with a branch of another."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from django.db import connection, models, transaction

from conversations import limits
from conversations.models import (
    Attachment,
    Conversation,
    Fact,
    Generation,
    Message,
    Summary,
    User,
    View,
)
from conversations.services.attachments.adding import refuse_over_quota
from conversations.services.branching.branches import as_parameter, find_on_branch
from conversations.services.changes import tell_people_after_commit
from conversations.services.errors import RefusedError
from conversations.wire import ACTIVE

if TYPE_CHECKING:
    from typing import Any

ADDED = " (fork)"
STILL_TO_COME = "An answer up to here is still to come. Fork it when it is there."
_MESSAGES = Message._meta.db_table  # noqa: SLF001 - rows are copied by SQL of its own

_PATH = f"""
WITH RECURSIVE path(id, parent_id) AS (
    SELECT id, parent_id FROM {_MESSAGES} WHERE id = %s
    UNION ALL
    SELECT m.id, m.parent_id FROM {_MESSAGES} m JOIN path ON m.id = path.parent_id
)
"""  # noqa: S608 - our own table name
_IS_HERE = "{column} IN (SELECT id FROM path)"

# What was sent, what it took and cost, belongs to where it was asked.
_OF_THE_REQUEST = {
    "manifest": "NULL",
    "request_sha256": "''",
    "epoch_id": "NULL",
    "estimate": "NULL",
    "sealed": "0",
    "predicted": "NULL",
    "predicted_cached": "NULL",
    "reserved": "NULL",
    "items": "''",
    "items_tokens": "0",
    "items_refused_at": "NULL",
    "answer_id": "''",
    "lease_until": "NULL",
    "retry_at": "NULL",
}


def fork_conversation(*, message: Message, user: User) -> Conversation:
    """Begin a private conversation of `user` with a copy of the branch to `message`.

    With the answers' reasoning, the files, the pins and what is remembered of it. It
    may be long: it is copied by a few statements. Raises `RefusedError` while an answer
    of it is being written or waits.
    """
    _refuse_unfinished(message)
    with transaction.atomic():
        # Whoever forks several at once has their files counted one after the other.
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        fork = _make(message, user)
        copy = _Copy(message, fork)
        copy.messages()
        copy.generations()
        # One that began meanwhile would never end here.
        if fork.generations.filter(state__in=ACTIVE).exists():
            raise RefusedError(STILL_TO_COME)
        copy.attachments(user)
        if fork.attachments.exists():
            refuse_over_quota(user=user, size=0)
        copy.remembered()
        newest = fork.messages.order_by("-seq").values_list("seq", flat=True)
        View.objects.create(conversation=fork, user=user, read_seq=newest[0])
        tell_people_after_commit([user.pk])
    return fork


def _refuse_unfinished(message: Message) -> None:
    active = Generation.objects.filter(
        conversation=message.conversation_id, state__in=ACTIVE
    )
    replies = set(active.values_list("message", flat=True))
    if replies and find_on_branch(leaf=message.pk, wanted=replies):
        raise RefusedError(STILL_TO_COME)


def _make(message: Message, user: User) -> Conversation:
    source = message.conversation
    title = source.title[: limits.TITLE_CHARACTERS - len(ADDED)]
    return Conversation.objects.create(
        owner=user,
        title=f"{title}{ADDED}",
        renamed=True,
        prompt=source.prompt,
        model=source.model,
        effort=source.effort,
        names_authors=source.names_authors,
        summarises=source.summarises,
        version=1,
        forked_from=message,
    )


class _Copy:
    """Rows of a branch in another conversation, by statements whatever its length.

    The id of a copy is made of chance and the number of its original, so that what
    points to it can be said at once.
    """

    def __init__(self, message: Message, fork: Conversation) -> None:
        self._message = as_parameter(message.pk)
        self._source = as_parameter(message.conversation_id)
        self._fork = as_parameter(fork.pk)
        self._chance = secrets.token_hex(8)

    def messages(self) -> None:
        """Copy the messages, numbered anew."""
        own = {
            "id": self._numbered("seq"),
            "parent_id": self._copied("r.parent_id"),
            "previous_reply_id": self._copied("r.previous_reply_id"),
            "seq": "row_number() OVER (ORDER BY seq)",
            "changed": "1",
            "client_id": "NULL",
        }
        self._insert(Message, own, _IS_HERE.format(column="id"))

    def generations(self) -> None:
        """Copy how the answers came to be, not what was sent for them."""
        own = {"message_id": self._copied("r.message_id"), **_OF_THE_REQUEST}
        self._insert(Generation, own, _IS_HERE.format(column="message_id"))

    def attachments(self, user: User) -> None:
        """Let the copies have the same files; they count as the person's own."""
        own = {
            "id": self._numbered("row_number() OVER (ORDER BY id)"),
            "message_id": self._copied("r.message_id"),
            "owner_id": str(int(user.pk)),
        }
        self._insert(Attachment, own, _IS_HERE.format(column="message_id"))

    def remembered(self) -> None:
        """Copy what is remembered of the branch, and of no message at all."""
        own = {"until_id": self._copied("r.until_id"), "usage_id": "NULL"}
        self._insert(Summary, own, _IS_HERE.format(column="until_id"))
        here = _IS_HERE.format(column="source_id")
        everywhere = "source_id IS NULL AND conversation_id = %s"
        own = {"source_id": self._copied("r.source_id")}
        known = f"deleted_at IS NULL AND ({here} OR {everywhere})"
        self._insert(Fact, own, known, self._source)

    def _copied(self, column: str) -> str:
        """Return the id of a copied message as SQL, of the original's id in a column of `r`."""
        return (
            f"(SELECT {self._numbered('o.seq')} "  # noqa: S608 - our own table name
            f"FROM {_MESSAGES} o WHERE o.id = {column})"
        )

    def _numbered(self, number: str) -> str:
        """Return an id that ends with a number, as this database keeps ids."""
        if connection.features.has_native_uuid_field:
            return f"('{self._chance}' || lpad(to_hex({number}), 16, '0'))::uuid"
        return f"'{self._chance}' || printf('%%016x', {number})"

    def _insert(
        self,
        model: type[models.Model],
        own: dict[str, str],
        where: str,
        *given: str,
    ) -> None:
        table = model._meta.db_table  # noqa: SLF001 - as above
        columns = [_column(field) for field in model._meta.concrete_fields]  # noqa: SLF001
        if "id" not in own:
            columns.remove("id")
        values = [
            "%s" if column == "conversation_id" else own.get(column, column)
            for column in columns
        ]
        with connection.cursor() as cursor:
            cursor.execute(
                f"{_PATH} INSERT INTO {table} ({', '.join(columns)}) "  # noqa: S608
                f"SELECT {', '.join(values)} FROM {table} r WHERE {where}",
                [self._message, self._fork, *given],
            )


def _column(field: Any) -> str:
    return str(field.column)
