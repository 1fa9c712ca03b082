"""The mail server, from the environment: loud on nonsense, silent about passwords."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email
from environ import Env

if TYPE_CHECKING:
    from typing import Any

# The schemes that send, with the port each has where none is named.
_PORTS = {"smtp": 25, "smtps": 587, "smtp+tls": 587, "smtp+ssl": 465}


def read_mail(name: str) -> dict[str, Any]:
    """Return the mail server at the URL `name` as Django's settings; empty without."""
    raw = os.environ.get(name, "").strip()
    if not raw:
        return {}
    scheme = raw.partition("://")[0]
    try:
        found: dict[str, Any] = Env.email_url_config(raw) if scheme in _PORTS else {}
    except ValueError:
        found = {}
    if not found.get("EMAIL_HOST"):
        # The URL itself may hold a password.
        raise ImproperlyConfigured(
            f"{name} must look like smtp+tls://user:password@host:587, "
            "smtp+ssl://user:password@host:465 or smtp://host:25."
        )
    found["EMAIL_PORT"] = found["EMAIL_PORT"] or _PORTS[scheme]
    return found


def read_sender(name: str, *, site_url: str) -> str:
    """Return the address that mails come from."""
    sender = os.environ.get(name, "").strip()
    if not sender:
        return f"roundtable@{urlsplit(site_url).hostname}"
    try:
        validate_email(sender)
    except ValidationError:
        raise ImproperlyConfigured(
            f"{name} must be an address such as chat@example.org, not {sender!r}."
        ) from None
    return sender
