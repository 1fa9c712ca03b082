"""Make people who are signed in already, each with an empty conversation.

Runs in `manage.py shell`, on the database of the server that is measured.
"""

from __future__ import annotations

import json
import secrets
import sys

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction

from conversations.models import Conversation, User


def make_person(number: int) -> dict[str, str]:
    """Make one person; return what their browser would hold."""
    user = User(username=f"person-{number}-{secrets.token_hex(3)}")
    user.set_unusable_password()
    user.save()
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    conversation = Conversation.objects.create(owner=user, title="Measured")
    return {"session": session.session_key or "", "conversation": str(conversation.pk)}


def print_people(count: int) -> None:
    """Make people; print what makes a `Person` of each, as JSON."""
    with transaction.atomic():
        people = [make_person(number) for number in range(count)]
    json.dump(people, sys.stdout)
