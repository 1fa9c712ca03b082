from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin

from conversations.admin.bases import ModelAdmin
from conversations.admin.memberships import MembershipInline, log_changes
from conversations.models import Team
from conversations.services.changes import tell_people_after_commit
from conversations.services.departures import end_stray_shares, end_team
from conversations.services.teams import list_member_ids

if TYPE_CHECKING:
    from typing import Any

    from django.db.models import QuerySet
    from django.forms import ModelForm
    from django.http import HttpRequest


class MemberInline(MembershipInline):
    extra = 1
    autocomplete_fields = ["user"]


@admin.register(Team)
class TeamAdmin(ModelAdmin[Team]):
    fields = ["name", "model", "prompt"]
    list_display = ["name", "created_at"]
    search_fields = ["name"]
    inlines = [MemberInline]

    def save_related(
        self,
        request: HttpRequest,
        form: ModelForm[Team],
        formsets: Any,
        change: bool,
    ) -> None:
        before = set(list_member_ids(form.instance))
        super().save_related(request, form, formsets, change)
        log_changes(request, formsets)
        after = set(list_member_ids(form.instance))
        end_stray_shares(user_ids=before - after)
        tell_people_after_commit(before | after)

    def delete_model(self, request: HttpRequest, obj: Team) -> None:
        end_team(team=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Team]) -> None:
        for team in queryset:
            end_team(team=team)
