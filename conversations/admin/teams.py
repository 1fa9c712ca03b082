from __future__ import annotations

from django.contrib import admin

from conversations.admin.bases import ModelAdmin, TabularInline
from conversations.models import Membership, Team


class MembershipInline(TabularInline[Membership, Team]):
    model = Membership
    extra = 1
    autocomplete_fields = ["user"]


@admin.register(Team)
class TeamAdmin(ModelAdmin[Team]):
    fields = ["name"]
    list_display = ["name", "created_at"]
    search_fields = ["name"]
    inlines = [MembershipInline]
