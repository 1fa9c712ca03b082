from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig
from django.contrib.admin.apps import SimpleAdminConfig


class ConversationsConfig(AppConfig):
    name = "conversations"
    verbose_name = "Roundtable"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import_module("conversations.checks")


class AdminConfig(SimpleAdminConfig):
    """Django admin with our own pages only: none of other apps' are discovered."""

    default_site = "conversations.admin.site.RoundtableAdminSite"

    def ready(self) -> None:
        super().ready()
        import_module("conversations.admin")
