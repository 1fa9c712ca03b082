from __future__ import annotations

from allauth.account import views as account
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path

handler400 = "conversations.views.errors.bad_request"
handler403 = "conversations.views.errors.forbidden"
handler404 = "conversations.views.errors.not_found"
handler500 = "conversations.views.errors.server_error"

urlpatterns = [
    path("", include("conversations.urls")),
    path("login/", login_not_required(account.login), name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("password/change/", account.password_change, name="account_change_password"),
    path("admin/", admin.site.urls),
]
