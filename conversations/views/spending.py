from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from conversations.services.spending import format_dollars, month_of

if TYPE_CHECKING:
    from conversations.views.requests import MemberRequest


@require_safe
def spending(request: MemberRequest) -> HttpResponse:
    """What one has spent this month; nothing where nothing is spent or limited."""
    spent, limit, _ = month_of(user=request.user, at=timezone.now())
    if not spent and limit is None:
        return HttpResponse(status=204)
    context = {
        "spent": format_dollars(spent),
        "limit": None if limit is None else format_dollars(limit),
    }
    return render(request, "conversations/_spending.html", context)
