from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from conversations.live.hub import get_hub

if TYPE_CHECKING:
    from django.http import HttpRequest


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """The process takes work: the database answers and no restart is under way."""
    if get_hub().draining:
        return _unready("restarting")
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return _unready("no database")
    return HttpResponse("ok\n", content_type="text/plain")


def _unready(why: str) -> HttpResponse:
    return HttpResponse(f"{why}\n", content_type="text/plain", status=503)
