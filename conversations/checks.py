"""Loud on a configuration whose values are fine, but not together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

if TYPE_CHECKING:
    from collections.abc import Sequence


@register(Tags.security)
def check_proxy(**_: Any) -> Sequence[CheckMessage]:
    if not settings.SECURE or settings.TRUSTED_PROXY_COUNT:
        return []
    return [
        Error(
            "SITE_URL is https, but this server speaks plain HTTP and trusts no proxy: "
            "every page would redirect to itself for ever.",
            hint="Let a proxy end TLS and set X-Forwarded-Proto, and set "
            "TRUSTED_PROXY_COUNT to 1, or to how many there are.",
            id="conversations.E001",
        )
    ]
