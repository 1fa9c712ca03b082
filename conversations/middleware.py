"""What every request passes: headers, the reader's time zone, a socket's origin."""

from __future__ import annotations

import functools
import zoneinfo
from typing import TYPE_CHECKING, cast

from django.conf import settings
from django.middleware.gzip import GZipMiddleware
from django.utils import timezone

if TYPE_CHECKING:
    from collections.abc import Callable

    from asgiref.typing import (
        ASGI3Application,
        ASGIApplication,
        ASGIReceiveCallable,
        ASGISendCallable,
        Scope,
    )
    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase

TIME_ZONE_COOKIE = "timezone"

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; "
        "img-src 'self' blob:; font-src 'self'; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
        "object-src 'none'; manifest-src 'self'; worker-src 'none'"
    ),
    "Permissions-Policy": (
        "camera=(), microphone=(), geolocation=(), payment=(), usb=()"
    ),
}


class SecurityHeaders:
    """The header baseline, on every response, policies on documents; pages are never stored."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        is_part = response.get("Content-Type", "").startswith(PARTS)
        headers = BASELINE if is_part else {**HEADERS, **BASELINE, **OF_DOCUMENTS}
        for name, value in headers.items():
            response.setdefault(name, value)
        response.setdefault("Cache-Control", "private, no-store")
        return response


# A page loads many of these; a browser heeds a policy where it comes with a document.
PARTS = ("text/javascript", "text/css")

# Django's own middleware sets these too, but not on what is answered before it.
BASELINE = {
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
OF_DOCUMENTS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}


class CompressedPages(GZipMiddleware):
    """Pages are compressed, with chance in their length; files and frames are not."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if not response.get("Content-Type", "").startswith("text/html"):
            return response
        return super().process_response(request, response)


class ReaderTimeZone:
    """Days and times in the reader's time zone, as their browser names it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with timezone.override(_known_zone(request.COOKIES.get(TIME_ZONE_COOKIE))):
            return self.get_response(request)


# Finding them all reads the disk, for several milliseconds.
_all_zones = functools.cache(zoneinfo.available_timezones)


def _known_zone(name: str | None) -> zoneinfo.ZoneInfo:
    known = name is not None and name in _all_zones()
    return zoneinfo.ZoneInfo(name if name and known else settings.TIME_ZONE)


class ExactOrigin:
    """Refuse a handshake whose Origin is not exactly one of ours, before accept."""

    def __init__(self, app: ASGIApplication) -> None:
        self.app = cast("ASGI3Application", app)

    async def __call__(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        assert scope["type"] == "websocket"
        origins = [value for name, value in scope["headers"] if name == b"origin"]
        allowed = {origin.encode() for origin in settings.ALLOWED_ORIGINS}
        if len(origins) == 1 and origins[0] in allowed:
            await self.app(scope, receive, send)
            return
        # Closed before the accept, the server answers 403.
        await send({"type": "websocket.close", "code": 4403, "reason": None})
