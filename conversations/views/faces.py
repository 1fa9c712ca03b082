"""The faces in the head of a conversation: whose it is, as far as one may know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q

from conversations.services.audience import list_full_members, list_people

if TYPE_CHECKING:
    from conversations.models import Conversation, User

MOST_FACES = 4


def read_faces(conversation: Conversation, reader: User) -> dict[str, object]:
    """Return the first few people of a conversation, and how many there are.

    Who is in its team is for the team's own members to know.
    """
    people = list_people(conversation=conversation)
    members = list_full_members(conversation=conversation)
    if conversation.team_id and not members.filter(user=reader).exists():
        shared = Q(shares__conversation=conversation)
        people = people.filter(Q(pk=conversation.owner_id) | shared).distinct()
    count = people.count()
    return {
        "faces": list(people[:MOST_FACES]) if count > 1 else [],
        "faces_count": count,
        "faces_more": max(count - MOST_FACES, 0),
    }
