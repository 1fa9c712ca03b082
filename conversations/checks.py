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


@register(Tags.security)
def check_single_sign_on(**_: Any) -> Sequence[CheckMessage]:
    names = ("OIDC_ISSUER_URL", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET")
    missing = [name for name in names if not getattr(settings, name)]
    if len(missing) in (0, len(names)):
        return []
    return [
        Error(
            f"Single sign-on lacks {' and '.join(missing)}: nobody could use it.",
            hint="Set all three of " + ", ".join(names) + ", or none of them.",
            id="conversations.E002",
        )
    ]
