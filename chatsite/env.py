"""Configuration from the environment: read once, loud on nonsense."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from environ import Env

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

LOOPBACK = ("127.0.0.1", "localhost", "::1")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?|[0-9a-f:.]*:[0-9a-f:.]*")
_DATABASES = ("postgres", "postgresql", "sqlite")


def read_bool(name: str, *, default: bool = False) -> bool:
    raw = os.environ.get(name, "").strip().lower()
    if raw in ("", "1", "0", "true", "false", "yes", "no", "on", "off"):
        return raw in ("1", "true", "yes", "on") if raw else default
    raise ImproperlyConfigured(f"{name} must be true or false, not {raw!r}.")


def read_integer(name: str, *, default: int, low: int, high: int) -> int:
    raw = os.environ.get(name, "").strip()
    if not raw:
        return default
    # Python refuses to read numbers of thousands of digits.
    if not raw.isdecimal() or len(raw) > 9 or not low <= int(raw) <= high:
        raise ImproperlyConfigured(
            f"{name} must be a whole number from {low} to {high}, not {raw!r}."
        )
    return int(raw)


def read_choice(name: str, choices: tuple[str, ...], *, default: str) -> str:
    value = os.environ.get(name, "").strip().upper() or default
    if value not in choices:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(choices)}.")
    return value


def read_time_zone(name: str, *, default: str) -> str:
    value = os.environ.get(name, "").strip() or default
    try:
        return ZoneInfo(value).key
    except (OSError, ValueError, LookupError):
        raise ImproperlyConfigured(
            f"{name} must be a time zone such as Europe/Berlin, not {value!r}."
        ) from None


def read_site_url(host: str, port: int) -> tuple[str, list[str]]:
    """Return the site's URL and the origins that may open a socket.

    Both are written as browsers write an `Origin`.
    """
    raw = os.environ.get("SITE_URL", "").strip()
    if raw:
        origin = _origin(raw)
        if origin is None:
            raise ImproperlyConfigured(
                f"SITE_URL must look like https://chat.example, not {raw!r}."
            )
        return origin, [origin]
    if host not in LOOPBACK:
        raise ImproperlyConfigured(
            f"HOST is {host}, so other machines can reach this server. "
            "Set SITE_URL to the address people will use."
        )
    names = ["[::1]"] if host == "::1" else ["127.0.0.1", "localhost"]
    origins = [_join("http", name, port) for name in names]
    return origins[0], origins


def read_hosts(name: str, origins: Sequence[str], *, debug: bool) -> list[str]:
    """Return the hosts of `origins`, then the further ones that `name` lists."""
    further = [host.strip() for host in os.environ.get(name, "").split(",")]
    if "*" in further and not debug:
        raise ImproperlyConfigured(
            f"{name} is *, so any site could pass for this one. "
            "Name the hosts, or leave it out: SITE_URL's host is allowed."
        )
    own = [urlsplit(origin).netloc for origin in origins]
    return [re.sub(r":\d+$", "", host) for host in own] + [*filter(None, further)]


def read_database(name: str, *, default: str) -> dict[str, Any]:
    """Return Django's settings of the database at the URL `name`."""
    raw = os.environ.get(name, "").strip() or default
    known = raw.partition("://")[0] in _DATABASES
    try:
        found: dict[str, Any] = Env.db_url_config(raw) if known else {}
    except ValueError:
        found = {}
    if found.get("NAME") in (None, "", ":memory:"):
        # The URL itself may hold a password.
        raise ImproperlyConfigured(
            f"{name} must look like postgres://user:password@host:5432/name "
            "or sqlite:////path/to/file."
        )
    return found


def read_or_make_secret(name: str, path: Path, *, field: bool = False) -> str:
    """Return the secret `name`, else the one kept in `path` (made, mode 0600)."""
    value, source = os.environ.get(name, "").strip(), name
    if not value:
        value, source = _keep(path, field=field), str(path)
    if field:
        _refuse_field_key(value, source)
    else:
        _refuse_secret_key(value, source)
    return value


def _origin(raw: str) -> str | None:
    """Return the URL `raw` as an origin, None if it is more or less than one."""
    try:
        parts = urlsplit(raw)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode()
    except ValueError:
        return None
    more = "@" in parts.netloc or parts.path.strip("/") or parts.query or parts.fragment
    if more or port == 0 or parts.scheme not in _DEFAULT_PORTS:
        return None
    if not _HOST.fullmatch(host):
        return None
    return _join(parts.scheme, f"[{host}]" if ":" in host else host, port)


def _join(scheme: str, host: str, port: int | None) -> str:
    default = port is None or port == _DEFAULT_PORTS[scheme]
    return f"{scheme}://{host}" if default else f"{scheme}://{host}:{port}"


def _keep(path: Path, *, field: bool) -> str:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            _make(path, field=field)
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise ImproperlyConfigured(
            f"{path} could not be made or read: {reason}."
        ) from None


def _make(path: Path, *, field: bool) -> None:
    value = Fernet.generate_key().decode() if field else secrets.token_urlsafe(50)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "w") as file:
        file.write(value + "\n")


def _refuse_field_key(value: str, source: str) -> None:
    try:
        for key in value.split(","):
            Fernet(key.strip())
    except ValueError:
        raise ImproperlyConfigured(
            f"{source} must be a Fernet key (32 bytes in URL-safe base64), "
            "or several, newest first, separated by commas."
        ) from None


def _refuse_secret_key(value: str, source: str) -> None:
    if len(value) < 50 or len(set(value)) < 5:
        raise ImproperlyConfigured(
            f"{source} must be 50 characters or more, and not the same few: "
            "left out, one is made and kept."
        )
