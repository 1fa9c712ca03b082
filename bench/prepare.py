"""Make people who are signed in already, each with an empty conversation.

Run in a process of its own, on the database of the server that is measured; what it
prints is a list of `Person` as JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")

import django

django.setup()

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


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.prepare", description=__doc__)
    parser.add_argument("count", type=int)
    chosen = parser.parse_args()
    with transaction.atomic():
        people = [make_person(number) for number in range(chosen.count)]
    json.dump(people, sys.stdout)


if __name__ == "__main__":
    main()
