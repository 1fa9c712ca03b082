"""People who are named in a message: `@username`, of those who may see it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.db.models import Q

from conversations.models import Mention, View
from conversations.services.audience import list_full_members, list_people
from conversations.services.posts import MODEL_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import QuerySet

    from conversations.models import Conversation, Message, User

# Somebody may want to name more people; nobody wants to be named by such a text.
MOST_NAMES = 50
MOST_SUGGESTED = 8
# Letters of a user name. An address of mail does not name anybody.
_NAMES = re.compile(r"(?<![\w@.+-])@([\w@.+-]+)")
_PUNCTUATION = ".+-@_"


def note_mentions(*, message: Message) -> None:
    """Store whom a message names, within its transaction; nobody names themselves."""
    wanted = list(_find_names(message.content))[:MOST_NAMES]
    if not wanted:
        return
    people = list_people(conversation=message.conversation)
    known = people.values_list("username", "pk")
    by_name = {name.casefold(): pk for name, pk in known}
    named = {_match(by_name, name) for name in wanted} - {None, message.author_id}
    Mention.objects.bulk_create(
        Mention(conversation=message.conversation, message=message, user_id=pk)
        for pk in sorted(filter(None, named))
    )
    # Who is named finds the conversation where they would look.
    views = View.objects.filter(conversation=message.conversation_id)
    views.filter(user__in=filter(None, named)).update(archived_at=None)


def suggest_people(
    *, conversation: Conversation, user: User, query: str
) -> list[tuple[str, str]]:
    """Return user names and names of a few others in a conversation, for `@query`.

    Who is not in its team learns of nobody beside those it was shared with by name.
    """
    people = _known_to(user, conversation).exclude(pk=user.pk)
    begins = people.filter(
        Q(username__istartswith=query)
        | Q(first_name__istartswith=query)
        | Q(last_name__istartswith=query)
    )
    found = [(one.username, one.name) for one in begins[:MOST_SUGGESTED]]
    if MODEL_NAME.startswith(query.casefold()) and conversation.asks_when_named:
        found.insert(0, (MODEL_NAME, "the model answers"))
    return found[:MOST_SUGGESTED]


def _known_to(user: User, conversation: Conversation) -> QuerySet[User]:
    people = list_people(conversation=conversation)
    members = list_full_members(conversation=conversation)
    if conversation.owner_id == user.pk or members.filter(user=user).exists():
        return people
    shares = conversation.shares.values("user")
    return people.filter(Q(pk=conversation.owner_id) | Q(pk__in=shares))


def _find_names(content: str) -> Iterator[str]:
    return (match[1].casefold() for match in _NAMES.finditer(content))


def _match(by_name: dict[str, int], written: str) -> int | None:
    """Return whose name was written, the punctuation after it left out."""
    name = written
    while name and name not in by_name:
        if name[-1] not in _PUNCTUATION:
            return None
        name = name[:-1]
    return by_name.get(name)
