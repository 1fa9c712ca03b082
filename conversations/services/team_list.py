"""The conversations of a team as one of its people sees them: filtered, searched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef, Q, Subquery, Value
from django.db.models.functions import Greatest, Lower, StrIndex, Substr

from conversations.models import (
    Conversation,
    LanguageModel,
    Membership,
    Message,
    Share,
    User,
)
from conversations.services.reading import with_unread
from conversations.text import clean_line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from django.db.models import QuerySet

    from conversations.models.conversations import ConversationQuerySet

# What is shown of a message in which something was found.
BEFORE_CHARACTERS = 60
MOST_WORDS = 8
SNIPPET_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Found:
    """Where words were found in a message: the text around them."""

    message: UUID
    before: str
    words: str
    after: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the list. `speaker` wrote last; None where that account is gone."""

    conversation: Conversation
    speaker: User | None
    is_unread: bool
    mention_count: int
    found: Found | None


def list_conversations(*, membership: Membership) -> ConversationQuerySet:
    """Return what a member sees of the team's conversations.

    For a guest that is what people of the team share with them singly.
    """
    team, user = membership.team_id, membership.user
    seen = Conversation.objects.shared_with(user)
    if membership.role != Membership.Role.GUEST:
        return seen.filter(team=team)
    people = Membership.objects.filter(team=team).values("user")
    shared = Share.objects.filter(user=user).values("conversation")
    return seen.filter(Q(team=team) | Q(team=None, owner__in=people, pk__in=shared))


def list_people_in(*, membership: Membership) -> QuerySet[User]:
    """Return whose conversations a member can ask for; a guest learns of nobody."""
    if membership.role == Membership.Role.GUEST:
        return User.objects.none()
    people = Membership.objects.filter(team=membership.team_id)
    return User.objects.filter(pk__in=people.values("user")).order_by("username")


def list_models_in(*, membership: Membership) -> QuerySet[LanguageModel]:
    """Return the models of the conversations that a member sees."""
    seen = list_conversations(membership=membership)
    models = LanguageModel.objects.select_related("gateway")
    return models.filter(Exists(seen.filter(model=OuterRef("pk"))))


def filter_conversations(
    rows: ConversationQuerySet,
    *,
    user: User,
    q: str = "",
    person: User | None = None,
    model: LanguageModel | None = None,
    unread: bool = False,
) -> ConversationQuerySet:
    """Return those of `rows` that a person asks for.

    With all these words in the title or in one message, as they are; which somebody owns or
    wrote in; with this model; in which `user` has not read everything.
    """
    if words := _words(q):
        said = Message.objects.filter(conversation=OuterRef("pk"))
        said = said.filter(_with_all("content", words))
        rows = rows.filter(_with_all("title", words) | Exists(said))
    if person is not None:
        wrote = Message.objects.filter(author=person).values("conversation")
        rows = rows.filter(Q(owner=person) | Q(pk__in=wrote))
    if model is not None:
        rows = rows.filter(model=model)
    marked: Any = with_unread(rows, user)
    return marked.filter(is_unread=True) if unread else rows


def _words(q: str) -> list[str]:
    return q.split()[:MOST_WORDS]


def _with_all(field: str, words: Sequence[str]) -> Q:
    return Q(*(Q((f"{field}__icontains", word)) for word in words))


def describe(page: Sequence[Conversation], *, user: User, q: str = "") -> list[Line]:
    """Return the lines of a page of the list, in its order."""
    pks = [row.pk for row in page]
    said = Message.objects.filter(conversation=OuterRef("pk")).order_by("-seq")
    wrote = said.filter(role=Message.Role.USER).values("author")[:1]
    rows = Conversation.objects.filter(pk__in=pks).annotate(spoke=Subquery(wrote))
    rows = rows.select_related("owner", "model__gateway")
    words = _words(q)
    rows = with_unread(_with_places(rows, said, words) if words else rows, user)
    # Annotated as said above, which types do not know.
    found: dict[UUID, Any] = rows.in_bulk()
    people = User.objects.in_bulk({row.spoke for row in found.values()})
    lines = [found[pk] for pk in pks if pk in found]
    return [
        Line(
            conversation=row,
            speaker=people.get(row.spoke),
            is_unread=row.is_unread,
            mention_count=row.mention_count,
            found=_found(row, words) if words else None,
        )
        for row in lines
    ]


def _with_places(
    rows: ConversationQuerySet, said: QuerySet[Message], words: Sequence[str]
) -> ConversationQuerySet:
    """Annotate where all `words` are: the newest message, and its text at the first.

    Where they follow each other, the text at all of them.
    """
    text = Lower("content")
    first, together = (
        StrIndex(text, Lower(Value(one))) for one in (words[0], " ".join(words))
    )
    place = Greatest(first, together) - BEFORE_CHARACTERS
    piece = Substr("content", Greatest(place, 1), SNIPPET_CHARACTERS)
    holding = said.filter(_with_all("content", words))
    return rows.annotate(
        found_in=Subquery(holding.values("pk")[:1]),
        piece=Subquery(holding.annotate(piece=piece).values("piece")[:1]),
    )


def _found(row: Any, words: Sequence[str]) -> Found | None:
    if row.found_in is None:
        return None
    together = " ".join(words)
    word = together if together.lower() in row.piece.lower() else words[0]
    # Words stand so far in unless their message has begun just before.
    cut = row.piece.lower().find(word.lower()) >= BEFORE_CHARACTERS
    piece = clean_line(row.piece)
    if cut:
        piece = "… " + piece.partition(" ")[2]
    if len(row.piece) == SNIPPET_CHARACTERS:
        piece = piece.rpartition(" ")[0] + " …"
    at = piece.lower().find(word.lower())
    if at < 0:
        return Found(row.found_in, piece, "", "")
    end = at + len(word)
    return Found(row.found_in, piece[:at], piece[at:end], piece[end:])
