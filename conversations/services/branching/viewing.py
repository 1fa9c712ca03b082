"""Which branch a person looks at; it is that person's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conversations.live.room import Branch
from conversations.models import View
from conversations.services.branching.branches import (
    find_end,
    find_leaf,
    find_leaf_below,
)
from conversations.services.errors import RefusedError

if TYPE_CHECKING:
    from uuid import UUID

    from conversations.models import Conversation, User


def find_branch_in_view(*, conversation: Conversation, user: User) -> Branch:
    """Return the branch a person looks at: the newest, or the one they chose.

    What was added below their choice since belongs to it. Where it was deleted, it is
    the branch nearest to it.
    """
    views = conversation.views.filter(user=user)
    chosen = next(iter(views.values_list("leaf", flat=True)), None)
    leaf = chosen and find_end(conversation=conversation, message=chosen)
    if leaf is None:
        return Branch(find_leaf(conversation=conversation))
    return Branch(leaf, stays=leaf == chosen)


def find_end_in_view(
    *, conversation: Conversation, user: User, after: UUID | None = None
) -> UUID | None:
    """Return the end of the branch through `after`, the last message of a page.

    Without it, or where it is not here, that of the branch that `user` looks at; where
    it was deleted, that of the branch nearest to it.
    """
    leaf = after and find_end(conversation=conversation, message=after)
    return leaf or find_branch_in_view(conversation=conversation, user=user).at


def choose_branch(*, conversation: Conversation, user: User, message: UUID) -> None:
    """Let a person look at the branch through `message` that went on last.

    Raises `RefusedError` where the conversation has no such message.
    """
    leaf = find_leaf_below(conversation=conversation, message=message)
    if leaf is None:
        raise RefusedError("This message is not there any more.")
    show_branch(conversation=conversation, user=user, leaf=leaf)


def show_newest(*, conversation: Conversation, user: User) -> None:
    """Let a person look at the newest branch, and at whatever becomes the newest."""
    View.objects.filter(conversation=conversation, user=user).update(leaf=None)


def show_branch(*, conversation: Conversation, user: User, leaf: UUID) -> None:
    """Let a person look at the branch that ends at `leaf`.

    Where it is the newest, they follow whatever becomes the newest.
    """
    if leaf == find_leaf(conversation=conversation):
        show_newest(conversation=conversation, user=user)
        return
    View.objects.update_or_create(
        conversation=conversation, user=user, defaults={"leaf_id": leaf}
    )
