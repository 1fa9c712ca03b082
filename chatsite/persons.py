"""Whose a request is, before anything of it is read."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.db import close_old_connections
from django.http import parse_cookie

if TYPE_CHECKING:
    from collections.abc import Mapping


def find_person(scope: Mapping[str, object]) -> str:
    """Return the key of whoever is signed in, empty where nobody is.

    For taking turns: what they may do is asked for later.
    """
    close_old_connections()
    headers: list[tuple[bytes, bytes]] = scope["headers"]  # type: ignore[assignment]  # so says ASGI
    said = [value for name, value in headers if name == b"cookie"]
    cookies = parse_cookie(b"; ".join(said).decode("latin-1"))
    engine = import_module(settings.SESSION_ENGINE)
    session = engine.SessionStore(cookies.get(settings.SESSION_COOKIE_NAME))
    return str(session.get(SESSION_KEY, ""))
