from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import RedirectView

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from django.urls import URLPattern, URLResolver

# Pages of Django admin that everyone has outside it already.
ELSEWHERE = {
    "logout": "account_logout",
    "password_change": "account_change_password",
}


class RoundtableAdminSite(admin.AdminSite):
    """Behind the one login of this server, so that its limits hold here too."""

    site_header = "Roundtable admin"
    site_title = "Roundtable admin"
    index_title = "What people can use"

    @method_decorator(never_cache)
    @method_decorator(login_not_required)
    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if self.has_permission(request):
            return redirect("admin:index")
        if request.user.is_authenticated:
            raise PermissionDenied
        wanted = request.GET.get("next") or reverse("admin:index")
        return redirect_to_login(wanted, reverse("account_login"))

    def get_urls(self) -> list[URLPattern | URLResolver]:
        ours: list[URLPattern | URLResolver] = [
            path(
                f"{name}/",
                self.admin_view(RedirectView.as_view(pattern_name=target)),
                name=name,
            )
            for name, target in ELSEWHERE.items()
        ]
        return [*ours, *super().get_urls()]
