"""Rows for screens of several people: teams of any size, and what they said."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from django.utils import timezone

from conversations.models import (
    Access,
    Conversation,
    LanguageModel,
    Membership,
    Message,
    Share,
    Team,
    User,
    View,
)
from tests.factories import (
    make_answered_turn,
    make_conversation,
    make_mention,
    make_message,
)
from tests.faults.rows import make_session

if TYPE_CHECKING:
    from collections.abc import Sequence

FIRST = ("Ada", "Béla", "Chiara", "Dagny", "Emeka", "Farah", "Goran", "Hanneke", "Ivo")
LAST = ("Anders", "de la Fuente", "Grünwald", "Ito", "Kowalczyk", "O’Neill", "Žižka")
LONG = "Maximiliana Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh"
ROLES = ("owner", "admin", "member", "member", "guest")
TITLES = (
    "What do we tell the people of the old plan?",
    "Autumn meeting: who brings what, and who will open the house on Friday evening",
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
    "Letter to the landlord",
)
QUESTION = "How much do we owe somebody who leaves the yearly plan after five months?"
ANSWER = """\
Seven months are left, and two of them were the discount for staying, so **five monthly
prices** are due. In words for the letter:

> You paid for a year and stayed for five months; we send back what you did not use,
> less the two months that a full year would have been free.
"""


class Crowd(TypedDict):
    """What the screens need of a team that has been made."""

    team: int
    # User names with their sessions; alice, who owns the team, is not among them.
    sessions: dict[str, str]
    talk: str


def make_crowd(name: str, number: int) -> Crowd:
    """A team of so many people, with conversations; in the last they talk."""
    alice = User.objects.get(username="alice")
    team = Team.objects.create(name=name)
    people = [alice, *(_make_person(each) for each in range(number - 1))]
    for place, person in enumerate(people):
        role = ROLES[place % len(ROLES)] if place else "owner"
        Membership.objects.create(team=team, user=person, role=role)
    for place, title in enumerate(TITLES):
        _make_talk(people[place % len(people)], team, title)
    talk = _make_talk(alice, team, f"The words of {name}")
    _say(talk, people)
    for person in people[1:4]:
        Share.objects.create(conversation=talk, user=person, access=Access.WRITE)
    sessions = {each.username: make_session(each) for each in people[1:]}
    return {"team": team.pk, "sessions": sessions, "talk": str(talk.pk)}


def _make_person(number: int) -> User:
    first, last = FIRST[number % len(FIRST)], LAST[number % len(LAST)]
    if number == 2:
        first, last = LONG.split()
    count = User.objects.count()
    username = f"{first.split()[0].lower()}{count}"
    person = User(username=username, first_name=first, last_name=last)
    # One gave no name.
    if number == 3:
        person.first_name = person.last_name = ""
    person.set_unusable_password()
    person.save()
    return person


def _make_talk(owner: User, team: Team, title: str) -> Conversation:
    model = LanguageModel.objects.earliest("pk")
    talk = make_conversation(owner, title=title, model=model)
    Conversation.objects.filter(pk=talk.pk).update(team=team, names_authors=True)
    make_answered_turn(talk, QUESTION, ANSWER)
    return Conversation.objects.get(pk=talk.pk)


def _say(talk: Conversation, people: Sequence[User]) -> None:
    """What was said since alice looked; she is named in it."""
    alice, *others = people
    View.objects.create(conversation=talk, user=alice, read_seq=2)
    meant = Message.MeantFor
    said = (
        ("The bank says that two of them have been paid back already.", meant.EVERYONE),
        ("Please do not name the bank in the letter. @alice, agreed?", meant.PEOPLE),
    )
    for person, (words, meant_for) in zip(others, said, strict=False):
        last = talk.messages.order_by("seq").last()
        message = make_message(talk, words, parent=last, author=person)
        Message.objects.filter(pk=message.pk).update(meant_for=meant_for)
        if "@alice" in words:
            make_mention(message, alice)
    Conversation.objects.filter(pk=talk.pk).update(active_at=timezone.now())
