"""Make people who are signed in already, each with an empty conversation.

Runs in `manage.py shell`, on the database of the server that is measured.
"""

from __future__ import annotations

import json
import secrets
import sys
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction

from conversations.models import Conversation, Membership, Message, Team, User
from tests.long import make_long

if TYPE_CHECKING:
    from collections.abc import Sequence


def make_person(number: int) -> dict[str, str]:
    """Make one person; return what their browser would hold."""
    user, session = make_user(number)
    conversation = Conversation.objects.create(owner=user, title="Measured")
    return {"session": session, "conversation": str(conversation.pk)}


def make_user(number: int) -> tuple[User, str]:
    """Make an account; return it and the key of its session."""
    user = User(username=f"person-{number}-{secrets.token_hex(3)}")
    user.set_unusable_password()
    user.save()
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return user, session.session_key or ""


def print_people(count: int) -> None:
    """Make people; print what makes a `Person` of each, as JSON."""
    with transaction.atomic():
        people = [make_person(number) for number in range(count)]
    json.dump(people, sys.stdout)


def print_team(count: int) -> None:
    """Make a team with a conversation of its own; print its people as JSON."""
    with transaction.atomic():
        made = [make_user(number) for number in range(count)]
        team = Team.objects.create(name="Measured")
        Membership.objects.bulk_create(
            Membership(team=team, user=user) for user, _ in made
        )
        shared = Conversation.objects.create(
            owner=made[0][0], team=team, title="Measured"
        )
    people = [{"session": key, "conversation": str(shared.pk)} for _, key in made]
    json.dump(people, sys.stdout)


def print_talks(lengths: Sequence[int]) -> None:
    """Make one person with a conversation of each length; print it by conversation."""
    with transaction.atomic():
        user, key = make_user(0)
        talks = [make_long(user, length) for length in lengths]
    rows = [{"session": key, "conversation": str(talk.pk)} for talk in talks]
    json.dump(rows, sys.stdout)


def print_middles(conversations: Sequence[str]) -> None:
    """Print the message in the middle of each of these conversations."""
    found = {}
    for pk in conversations:
        rows = Message.objects.filter(conversation=UUID(pk)).order_by("seq")
        found[pk] = str(rows[rows.count() // 2].pk)
    json.dump(found, sys.stdout)
