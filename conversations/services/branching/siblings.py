"""Siblings: messages after the same one, as edits of a question, tries of an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conversations.models import Message
from conversations.rendering.articles import Siblings

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from uuid import UUID

    from conversations.models import Conversation


def read_siblings(
    *, conversation: Conversation, message_ids: Collection[UUID]
) -> dict[UUID, Siblings]:
    """Return where each message that has siblings is among them, by age."""
    rows = Message.objects.filter(pk__in=message_ids)
    parents = set(rows.values_list("parent", flat=True))
    return {
        pk: _place(group, index)
        for group in _read_groups(conversation, parents)
        if len(group) > 1
        for index, pk in enumerate(group)
    }


def mark_siblings(*, message: Message, version: int) -> None:
    """Say that a message and its siblings changed: there is one more."""
    beside = Message.objects.filter(
        conversation=message.conversation_id, parent=message.parent_id
    )
    beside.filter(role=message.role).update(changed=version)


def _read_groups(
    conversation: Conversation, parents: set[UUID | None]
) -> Iterable[list[UUID]]:
    # By their parents alone: sorted within the conversation, all of it would be read.
    columns = ("seq", "pk", "parent", "role")
    rows = Message.objects.filter(parent__in=parents - {None}).values_list(*columns)
    if None in parents:
        roots = conversation.messages.filter(parent=None).values_list(*columns)
        rows = rows.union(roots)
    groups: dict[tuple[UUID | None, str], list[UUID]] = {}
    for _, pk, parent, role in sorted(rows, key=lambda row: row[0]):
        groups.setdefault((parent, role), []).append(pk)
    return groups.values()


def _place(group: list[UUID], index: int) -> Siblings:
    before = group[index - 1] if index else None
    after = group[index + 1] if index + 1 < len(group) else None
    return Siblings(index + 1, len(group), before, after)
