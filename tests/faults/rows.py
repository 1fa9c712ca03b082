"""Rows for a server of a test's own: made in its database, never in the suite's."""

from __future__ import annotations

from importlib import import_module
from typing import TypedDict
from uuid import uuid4

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.core.management import call_command

from conversations.models import Gateway, LanguageModel, User
from conversations.services.keys import set_key
from tests.factories import make_user

KEY = "sk-canary-4f9c1b7e2a6d8053"
WINDOW_TOKENS = 8192


class Wanted(TypedDict):
    """What a test asks for; a model's name is a scenario of the test gateway."""

    people: list[str]
    base_url: str
    models: list[str]


def make_rows(wanted: Wanted) -> dict[str, object]:
    call_command("migrate", verbosity=0)
    gateway = Gateway.objects.create(name="Test gateway")
    gateway.endpoints.create(base_url=wanted["base_url"])
    set_key(gateway=gateway, key=KEY)
    people = [make_user(name, is_staff=name == "staff") for name in wanted["people"]]
    models = [
        LanguageModel.objects.create(gateway=gateway, name=name, window=WINDOW_TOKENS)
        for name in wanted["models"]
    ]
    return {
        "people": {user.username: [user.pk, make_session(user)] for user in people},
        "models": {model.name: model.pk for model in models},
    }


def make_others(names: list[str], count: int) -> list[dict[str, tuple[int, str]]]:
    """Make the same people so many times more; they wait under other names."""
    pattern = {user.username: user for user in User.objects.filter(username__in=names)}
    return [{name: make_waiting(pattern[name]) for name in names} for _ in range(count)]


def make_waiting(pattern: User) -> tuple[int, str]:
    user = User.objects.create(
        username=f"{pattern.username}-{uuid4().hex}",
        password=pattern.password,
        is_staff=pattern.is_staff,
        is_superuser=pattern.is_superuser,
        is_active=False,
    )
    return user.pk, make_session(user)


def make_session(user: User) -> str:
    """Sign a person in and return the session's key, which is the cookie."""
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.save()
    return str(store.session_key)
