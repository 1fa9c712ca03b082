"""Where single sign-on is, from the environment: loud on nonsense."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from chatsite.env import LOOPBACK

# It names the provider in the rows of those who came through it.
ISSUER_CHARACTERS = 200
CREDENTIAL_CHARACTERS = 500


def read_issuer(name: str) -> str:
    """Return the URL `name` of an OpenID provider, empty where there is none."""
    raw = os.environ.get(name, "").strip()
    if raw and (len(raw) > ISSUER_CHARACTERS or not _is_issuer(raw)):
        raise ImproperlyConfigured(
            f"{name} must look like https://login.example/realm, not {raw!r}; "
            "plain http is for this machine only."
        )
    return raw


def read_credential(name: str) -> str:
    """Return the word `name` that the provider gave out, empty where there is none."""
    value = os.environ.get(name, "").strip()
    if len(value) > CREDENTIAL_CHARACTERS or not (value + "x").isprintable():
        # It may be the secret itself.
        raise ImproperlyConfigured(
            f"{name} must be one line of at most {CREDENTIAL_CHARACTERS} characters."
        )
    return value


def _is_issuer(raw: str) -> bool:
    try:
        parts = urlsplit(raw)
        _ = parts.port
    except ValueError:
        return False
    more = "@" in parts.netloc or parts.query or parts.fragment or not raw.isprintable()
    if more or not parts.hostname or " " in raw:
        return False
    local = parts.scheme == "http" and parts.hostname in LOOPBACK
    return local or parts.scheme == "https"
