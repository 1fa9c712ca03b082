"""Loud on a configuration that would not be safe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from chatsite.env import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Sequence


@register(Tags.security)
def check_hosts(**_: Any) -> Sequence[CheckMessage]:
    if settings.DEBUG or "*" not in settings.ALLOWED_HOSTS:
        return []
    return [
        Error(
            "ALLOWED_HOSTS is *, so any site could pass for this one.",
            hint="Name the hosts, or leave it out: SITE_URL's host is allowed.",
            id="conversations.E001",
        )
    ]


@register(Tags.security)
def check_debug(**_: Any) -> Sequence[CheckMessage]:
    if not settings.DEBUG or settings.HOST in LOOPBACK:
        return []
    return [
        Error(
            "DEBUG shows the program's insides to everyone who can reach HOST.",
            hint="Unset DEBUG, or serve on 127.0.0.1 only.",
            id="conversations.E002",
        )
    ]


@register(Tags.security)
def check_field_key(**_: Any) -> Sequence[CheckMessage]:
    try:
        for key in settings.FIELD_KEY.split(","):
            Fernet(key.strip())
    except ValueError:
        return [
            Error(
                "FIELD_KEY is not a Fernet key (32 bytes in URL-safe base64).",
                hint="Several may be given, newest first, separated by commas.",
                id="conversations.E003",
            )
        ]
    return []


@register(Tags.security)
def check_secret_key(**_: Any) -> Sequence[CheckMessage]:
    if len(settings.SECRET_KEY) >= 50 and len(set(settings.SECRET_KEY)) >= 5:
        return []
    return [
        Error(
            "SECRET_KEY is too short or too simple to sign anything with.",
            hint="Leave it out: one is made and kept under var/.",
            id="conversations.E004",
        )
    ]
