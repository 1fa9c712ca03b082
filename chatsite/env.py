"""Configuration from the environment: read once, loud on nonsense."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from urllib.parse import urlsplit

import environ
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

LOOPBACK = ("127.0.0.1", "localhost", "::1")

env = environ.Env()


def read_bool(name: str, *, default: bool = False) -> bool:
    raw = os.environ.get(name, "").strip().lower()
    if raw in ("", "1", "0", "true", "false", "yes", "no", "on", "off"):
        return raw in ("1", "true", "yes", "on") if raw else default
    raise ImproperlyConfigured(f"{name} must be true or false, not {raw!r}.")


def read_integer(name: str, *, default: int, low: int, high: int) -> int:
    raw = os.environ.get(name, "").strip()
    if not raw:
        return default
    if not raw.isdecimal() or not low <= int(raw) <= high:
        raise ImproperlyConfigured(
            f"{name} must be a whole number from {low} to {high}, not {raw!r}."
        )
    return int(raw)


def read_choice(name: str, choices: tuple[str, ...], *, default: str) -> str:
    value = os.environ.get(name, "").strip().upper() or default
    if value not in choices:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(choices)}.")
    return value


def read_site_url(host: str, port: int) -> tuple[str, list[str]]:
    """Return the site's URL and the origins that may open a socket."""
    raw = os.environ.get("SITE_URL", "").strip().rstrip("/")
    if raw:
        parts = urlsplit(raw)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path:
            raise ImproperlyConfigured(
                f"SITE_URL must look like https://chat.example, not {raw!r}."
            )
        return raw, [raw]
    if host not in LOOPBACK:
        raise ImproperlyConfigured(
            f"HOST is {host}, so other machines can reach this server. "
            "Set SITE_URL to the address people will use."
        )
    origins = [f"http://127.0.0.1:{port}", f"http://localhost:{port}"]
    return origins[0], origins


def read_or_make_secret(name: str, path: Path, *, field: bool = False) -> str:
    """Return the secret `name`, else the one kept in `path` (made, mode 0600)."""
    value = os.environ.get(name, "").strip()
    if value:
        return value
    if path.exists():
        return path.read_text().strip()
    value = Fernet.generate_key().decode() if field else secrets.token_urlsafe(50)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(descriptor, "w") as file:
        file.write(value + "\n")
    return value
