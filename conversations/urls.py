from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from conversations.views import actions, conversations, health, home, setup

message_urls: list[URLPattern] = [
    path("stop/", actions.stop, name="stop"),
    path("retry/", actions.retry, name="retry"),
    path("continue/", actions.go_on, name="continue"),
    path("start/", actions.start, name="start"),
]

conversation_urls: list[URLPattern | URLResolver] = [
    path("", conversations.show, name="conversation"),
    path("messages/", conversations.send, name="send"),
    path("older/", conversations.older, name="older"),
    path("rename/", conversations.rename, name="rename"),
    path("delete/", conversations.delete, name="delete"),
    path("m/<uuid:message_pk>/", include(message_urls)),
]

urlpatterns = [
    path("", home.home, name="home"),
    path("c/<uuid:pk>/", include(conversation_urls)),
    path("sidebar/", home.sidebar, name="sidebar"),
    path("setup/", setup.setup, name="setup"),
    path("setup/<str:token>/", setup.setup_link, name="setup_link"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
