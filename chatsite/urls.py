from __future__ import annotations

from allauth.account import views as account
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.decorators.http import require_http_methods

from conversations.views import sign_on
from conversations.views.identity_provider import offers_sign_on

handler400 = "conversations.views.errors.bad_request"
handler403 = "conversations.views.errors.forbidden"
handler404 = "conversations.views.errors.not_found"
handler500 = "conversations.views.errors.server_error"

# Asked for by the page, each time.
login = account.LoginView.as_view(extra_context={"offers_sign_on": offers_sign_on})

# Not all of allauth's say so themselves.
page = require_http_methods(["GET", "HEAD", "POST"])

urlpatterns = [
    path("", include("conversations.urls")),
    path("login/", page(login_not_required(login)), name="account_login"),
    path("login/single/", sign_on.begin, name="sign_on"),
    path("login/single/callback/", sign_on.callback, name="sign_on_callback"),
    path("logout/", page(account.logout), name="account_logout"),
    path(
        "password/change/",
        page(sign_on.change_password),
        name="account_change_password",
    ),
    path("admin/", admin.site.urls),
]
